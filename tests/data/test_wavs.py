"""Wav files of every kind, and what is said of those that do not serve."""

from pathlib import Path

import numpy as np
import pytest
from data_options import options
from scipy.io import wavfile

from framework import data
from framework.data import audio, wavs
from framework.errors import MissingError, UsageError, UserError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def ramp(count):
    return np.linspace(-0.5, 0.5, count)


@pytest.mark.parametrize(
    ("kind", "scale", "step"),
    [("int16", 2**15, 2**-15), ("int32", 2**31, 1e-6), ("float32", 1, 1e-6), ("uint8", 128, 2**-7)],
)
def test_full_scale_is_one_in_every_format(kind, scale, step):
    middle = 128 if kind == "uint8" else 0
    wavfile.write("a.wav", audio.RATE, (ramp(50) * scale + middle).astype(kind))
    found = wavs.wave(Path("a.wav"))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, ramp(50), atol=1.01 * step)


def test_channels_are_averaged():
    wavfile.write("a.wav", audio.RATE, np.stack([ramp(50), 0 * ramp(50)], axis=1))
    np.testing.assert_allclose(wavs.wave(Path("a.wav")), ramp(50) / 2, atol=1e-6)


def test_higher_rates_are_resampled():
    """A tone of 1 kHz stays one; a tone of 6 kHz, which 8 kHz cannot hold, goes."""
    time = np.arange(44100) / 44100
    for hertz, rms in ((1000, 0.5**0.5), (6000, 0)):
        wavfile.write("a.wav", 44100, np.sin(2 * np.pi * hertz * time))
        found = wavs.wave(Path("a.wav"))
        assert found.shape == (8000,)
        assert np.sqrt(np.mean(found[1000:-1000] ** 2)) == pytest.approx(rms, abs=0.01)
        if rms:
            same = np.sin(2 * np.pi * hertz * np.arange(8000) / 8000)
            np.testing.assert_allclose(found[1000:-1000], same[1000:-1000], atol=0.01)


def test_clips_cover_a_wave():
    wave = np.arange(10.0)
    assert wavs.cut(wave, 5).tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert wavs.cut(wave, 4)[:, 0].tolist() == [0, 3, 6]
    assert wavs.cut(wave[:2], 4).tolist() == [[0, 1, 0, 0]]


def write(folder, count, length=300):
    Path(folder).mkdir()
    for i in range(count):
        wavfile.write(f"{folder}/{i:02}.wav", audio.RATE, np.full(length, (i + 1) / 100, "f"))
    return folder


def test_every_tenth_file_is_held_out():
    train, test = wavs.read(write("a", 12), 240)
    assert train.shape == (22, 240) and np.unique(test).tolist() == [np.float32(0.1)]


def test_two_folders_are_a_pair_without_known_voices():
    given = options(
        cogan_data="audio", domain1=write("a", 3), domain2=write("b", 5, 200), image_size=16
    )
    loaded = data.load(given, "domains")
    assert [d.name for d in loaded.domains] == ["music", "mixed"]
    assert [d.images.shape for d in loaded.domains] == [(4, 16, 16, 3), (4, 16, 16, 3)]
    assert loaded.clips.voice is None and loaded.clips.mixture.shape == (1, 240)
    pixels = audio.pixels(loaded.clips.mixture, 16)
    np.testing.assert_array_equal(loaded.domains[1].test_images, np.repeat(pixels, 3, axis=3))
    with pytest.raises(UsageError, match="data set audio needs --domain2 DIR"):
        data.load(options(**vars(given) | {"domain2": None}), "domains")


def test_folders_that_do_not_serve():
    with pytest.raises(MissingError, match="nowhere is not a folder: give one with wav files"):
        wavs.listed("nowhere")
    Path("empty").mkdir()
    Path("empty/a.mp3").touch()
    with pytest.raises(MissingError, match="empty has no .wav files"):
        wavs.listed("empty")
    with pytest.raises(UsageError, match="one has 1 wav file: a domain needs at least 2"):
        wavs.read(write("one", 1), 240)


def broken_files():
    good = Path("a.wav")
    wavfile.write(good, audio.RATE, np.zeros(100, np.int16))
    yield b"", "no samples|format|RIFF|end|EOF"
    yield b"no sound at all", "RIFF"
    yield good.read_bytes()[:30], ""
    wavfile.write(good, audio.RATE, np.zeros(0, np.int16))
    yield good.read_bytes(), "no samples"
    wavfile.write(good, audio.RATE, np.array([0, np.nan], np.float32))
    yield good.read_bytes(), "not finite"


def test_broken_files_are_named():
    for content, words in broken_files():
        Path("bad.wav").write_bytes(content)
        with pytest.raises(UserError, match=f"cannot read bad.wav \\(.*({words})") as caught:
            wavs.wave(Path("bad.wav"))
        assert caught.value.code == 1 and "\n" not in str(caught.value)


def test_lower_rates_are_refused():
    wavfile.write("slow.wav", 4000, np.zeros(100, np.int16))
    with pytest.raises(UsageError, match="slow.wav has 4000 samples per second, 8000 are needed"):
        wavs.wave(Path("slow.wav"))
