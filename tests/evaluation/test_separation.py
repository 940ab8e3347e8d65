"""Voices separated from music: subtraction, windows, files of a run, the command."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command_line import refused
from conftest import eagerly
from PIL import Image
from scipy.io import wavfile

from framework.cli import main
from framework.data import Clips, Data, Domain, audio, voices
from framework.data.views import to_rgb
from framework.evaluation import separation

SIZE = 16
LENGTH = audio.clip_length(SIZE)


def sine(row, length=LENGTH, amplitude=0.5):
    """A tone in the middle of one row of the spectrogram."""
    return (amplitude * np.sin(np.pi * row * np.arange(length) / SIZE)).astype("f")[None]


def magnitudes(waves):
    return audio.magnitudes(audio.spectra(waves, SIZE))


def silence(images):
    return -np.ones_like(images)


def nothing(images):
    return images


def sound_data(voice, music):
    images = [to_rgb(audio.pixels(x, SIZE)) for x in (music, music + voice)]
    domains = (Domain(name, x, None, x, None) for name, x in zip("ab", images, strict=True))
    return Data("domains", tuple(domains), "sound", 0, clips=Clips(music + voice, voice))


# Subtraction


def test_with_the_background_known_the_voice_is_what_is_left():
    voice, music = sine(10), sine(3, amplitude=0.3)
    found = separation.subtract(audio.spectra(voice + music, SIZE), magnitudes(music), LENGTH)
    inside = slice(2 * SIZE, -2 * SIZE)
    np.testing.assert_allclose(found[:, inside], voice[:, inside], atol=1e-3)


def test_nothing_is_left_of_less_than_the_background():
    music = sine(3)
    found = separation.subtract(audio.spectra(music, SIZE), 2 * magnitudes(music), LENGTH)
    assert not found.any()


@pytest.mark.parametrize("length", [LENGTH, 50, 5 * LENGTH + 3])
def test_voice_and_background_add_up_to_waves_of_any_length(length):
    waves = np.concatenate([sine(3, length), sine(5, length)])
    found, rest = separation.separate(waves, silence, SIZE)
    assert found.shape == rest.shape == waves.shape
    np.testing.assert_allclose(found + rest, waves, atol=1e-6)
    np.testing.assert_allclose(found[:, 32:-32], waves[:, 32:-32], atol=2e-3)
    found, rest = separation.separate(waves, nothing, SIZE)
    np.testing.assert_allclose(rest, waves, atol=1e-4)


def test_windows_fade_into_each_other():
    levels = iter((0.2, 0.5))

    def constant(images):
        return audio.to_images(np.full((1, 4, 4), next(levels))) + 0 * images

    found = separation.background(np.zeros((1, 6, 4), np.float32), constant)
    by_head = [0.2, 0.2, (2 * 0.2 + 0.5) / 3, (0.2 + 2 * 0.5) / 3, 0.5, 0.5]
    np.testing.assert_allclose(found[0], np.repeat([by_head], 4, axis=0).T, rtol=1e-5)


@pytest.mark.parametrize(("frames", "windows"), [(1, 1), (4, 1), (5, 2), (6, 2), (7, 3), (12, 5)])
def test_as_few_windows_as_cover_all(frames, windows):
    calls = []

    def remove(images):
        calls.append(images.shape)
        return images

    given = np.random.default_rng(0).uniform(0, 1, (2, frames, 4))
    np.testing.assert_allclose(separation.background(given, remove), given, rtol=1e-5, atol=1e-7)
    assert calls == [(2, 4, 4, 3)] * windows


# Metrics and examples


def test_metrics_of_removals_that_do_all_or_nothing():
    voice, music = np.repeat(sine(10), 3, axis=0), np.repeat(sine(3), 3, axis=0)
    data = sound_data(voice, music)

    def perfect(images):
        return to_rgb(audio.to_images(magnitudes(music)))[: len(images)]

    found = separation.sdr_gains(data, perfect, 2, "p")
    assert found.keys() == {"sdr_gain", "sdr_gain_oracle", "sdr_gain_mean"}
    assert all(metric["n"] == 2 for metric in found.values())
    assert found["sdr_gain"]["value"] == pytest.approx(found["sdr_gain_oracle"]["value"], abs=0.01)
    assert found["sdr_gain_oracle"]["value"] > 15
    assert abs(separation.sdr_gains(data, nothing, 2, "")["sdr_gain"]["value"]) < 0.5
    assert 10 < found["sdr_gain_mean"]["value"], "always the same music: the mean is the truth"


def test_voices_that_nobody_knows_are_not_measured(run):
    data = sound_data(sine(10), sine(3))
    unknown = Data("domains", data.domains, "sound", 0, clips=Clips(data.clips.mixture))
    assert separation.sdr_gains(unknown, nothing, 9, "") == {}
    assert separation.examples(unknown, nothing, run).shape == (3, 1, SIZE, SIZE, 1)
    assert {path.stem for path in run.audio.iterdir()} == {"1_mixture", "1_background", "1_voice"}


def test_examples_are_what_their_names_say(run):
    voice, music = sine(10), sine(3)
    sheets = separation.examples(sound_data(voice, music), silence, run)
    rate, written = wavfile.read(run.audio / "1_true_voice.wav")
    assert rate == audio.RATE and written.dtype == np.int16
    np.testing.assert_allclose(written / 32767, voice[0], atol=1e-4)
    _, found = wavfile.read(run.audio / "1_voice.wav")
    np.testing.assert_allclose(found[32:-32] / 32767, (voice + music)[0, 32:-32], atol=2e-3)
    np.testing.assert_allclose(sheets[0], audio.to_images(magnitudes(voice + music)), atol=1e-6)
    np.testing.assert_allclose(sheets[-1], audio.to_images(magnitudes(voice)), atol=1e-6)


# A run and the command


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A run on a few clips of the built-in pair."""
    place = tmp_path_factory.mktemp("trained")
    argv = "--gan_type content --cogan_data tones2voices --image_size 16 --preset smoke --name it"
    with pytest.MonkeyPatch.context() as patch, eagerly():
        patch.setattr(voices, "TRAIN", 8)
        patch.setattr(voices, "TEST", 3)
        more = ["--results_dir", str(place), "--num_samples_to_gen", "2"]
        assert main([*argv.split(), *more]) == 0
    return place / "it"


@pytest.fixture
def place(trained, tmp_path, monkeypatch) -> Path:
    """A copy of the run `it` beside a folder `given` of two files of different lengths."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(voices, "TRAIN", 8)
    monkeypatch.setattr(voices, "TEST", 3)
    shutil.copytree(trained, "it")
    Path("given").mkdir()
    for name, length in (("short", 100), ("long", 1000)):
        wavfile.write(f"given/{name}.wav", audio.RATE, sine(3, length)[0])
    return tmp_path


def test_what_a_run_on_sound_leaves(trained):
    metrics = json.loads((trained / "metrics.json").read_text())
    assert {"sdr_gain", "sdr_gain_oracle", "sdr_gain_mean", "rec_l1", "guided"} <= metrics.keys()
    assert metrics["sdr_gain"]["n"] == 3 and "class_kept" not in metrics
    assert "stat/sdr_gain" in (trained / "history.csv").read_text().splitlines()[0]
    parts = ("background", "mixture", "true_background", "true_voice", "voice")
    names = {f"{i}_{part}.wav" for i in (1, 2, 3) for part in parts}
    assert {path.name for path in (trained / "audio").iterdir()} == names
    with Image.open(trained / "samples/separation.png") as image:
        assert image.size == (3 * (SIZE + 1), 5 * (SIZE + 1) + 6)
        pixels = np.asarray(image)
    assert np.ptp(pixels[:SIZE].astype(int), axis=2).max() > 60, "false colours"
    with Image.open(trained / "samples/000002.png") as image:
        assert (np.asarray(image)[:SIZE, :SIZE] == 128).all()
    page = (trained / "index.html").read_text()
    assert page.count("<audio controls") == 15 and "true voice" in page


def test_separate_writes_a_voice_and_a_background_of_each_file(place, capsys):
    assert main("separate it --wavs given".split()) == 0
    written = [Path(line) for line in capsys.readouterr().out.splitlines()[-4:]]
    assert [path.name for path in written] == [
        "long_voice.wav", "long_background.wav", "short_voice.wav", "short_background.wav",
    ]  # fmt: skip
    assert {path.parent for path in written} == {Path("it/audio/given")}
    for pair, length in ((written[:2], 1000), (written[2:], 100)):
        waves = [wavfile.read(path)[1].astype(float) / 32767 for path in pair]
        np.testing.assert_allclose(sum(waves), sine(3, length)[0], atol=1e-4)


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        ("separate it", 2, "--wavs"),
        ("separate it --wavs nowhere", 3, "nowhere is not a folder"),
        ("separate given --wavs given", 3, "no run folder"),
        ("separate it --wavs slow", 2, "slow/a.wav has 4000 samples per second"),
        ("separate it --wavs bad", 1, "cannot read bad/a.wav"),
    ],
)
def test_mistakes(place, capsys, argv, code, words):
    for folder in ("slow", "bad"):
        Path(folder).mkdir()
    wavfile.write("slow/a.wav", 4000, np.zeros(99, np.int16))
    Path("bad/a.wav").write_text("no sound")
    assert words in refused(capsys, code, *argv.split())


def test_a_run_on_images_separates_nothing(place, capsys):
    file = Path("it/data.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"sound": False}))
    assert "it: was not trained on sound" in refused(capsys, 2, *"separate it --wavs given".split())
