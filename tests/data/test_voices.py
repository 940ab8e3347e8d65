"""The built-in music and voices."""

import numpy as np
import pytest
from data_options import options

from framework import data
from framework.data import audio, voices
from framework.errors import UsageError


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(voices, "TRAIN", 6)
    monkeypatch.setattr(voices, "TEST", 3)


def decibels(a, b):
    return 10 * np.log10((a**2).sum(axis=1) / (b**2).sum(axis=1))


def test_a_clip_is_a_pure_function_of_its_number():
    first, again = voices.music(range(3), 4000), voices.music(range(2, 5), 4000)
    np.testing.assert_array_equal(first[2], again[0])
    assert np.abs(first[0] - first[1]).max() > 0.01
    sung = [
        voices.voices(numbers, 4000, first[:2]) for numbers in (range(2), range(2), range(2, 4))
    ]
    np.testing.assert_array_equal(sung[0], sung[1])
    assert np.abs(sung[0] - sung[2]).max() > 0.01


def test_no_mixture_without_its_voice_is_a_clip_of_music(few):
    ((train1, test1), (train2, test2)), sung = voices.pair(4032)
    assert [len(x) for x in (train1, test1, train2, test2, sung)] == [6, 3, 6, 3, 3]
    music, backgrounds = np.concatenate([train1, test1]), test2 - sung
    matched = voices.music(range(9, 18), 4032)
    np.testing.assert_allclose(backgrounds, matched[6:], atol=1e-6)
    loud = np.sqrt((backgrounds**2).mean(axis=1))
    assert (np.abs(backgrounds[:, None] - music).max(axis=2) > loud[:, None]).all()


def test_voices_are_about_as_loud_as_their_backgrounds():
    music = voices.music(range(12), 4032)
    ratio = decibels(voices.voices(range(12), 4032, music), music)
    assert ratio.min() >= -3.01 and ratio.max() <= 3.01 and np.ptp(ratio) > 2
    assert np.abs(music).max() < 0.6 and music.dtype == np.float32


def test_music_has_steady_notes_of_c_major():
    """The strongest frequencies of two seconds are multiples of notes of the scale."""
    clip = voices.music(range(1), 16000)[0]
    spectrum = np.abs(np.fft.rfft(clip * np.hanning(len(clip))))
    peak = spectrum.argmax() * audio.RATE / len(clip)
    notes = voices.LOWEST * 2 ** ((voices.SCALE[:, None] + 12 * np.arange(-1, 4)) / 12)
    multiples = (notes.ravel()[:, None] * np.arange(1, 7)).ravel()
    assert np.abs(multiples / peak - 1).min() < 0.005


def test_vowels_have_a_pitch_and_formants():
    """Only multiples of the pitch sound, and none where it would be folded back."""
    wave = voices._vowel(np.random.default_rng(0), 200.0, 1.0)[800:1824]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    hertz = np.fft.rfftfreq(len(wave), 1 / audio.RATE)
    assert spectrum[hertz > 3960].max() < 1e-3 * spectrum.max()
    assert spectrum[hertz < 90].max() < 0.02 * spectrum.max()


def test_the_pair_as_data(few):
    loaded = data.load(options(cogan_data="tones2voices", image_size=16), "domains")
    assert [d.name for d in loaded.domains] == ["tones", "voices"] and loaded.classes == 0
    for domain in loaded.domains:
        assert domain.images.shape == (6, 16, 16, 3) and domain.images.dtype == np.uint8
        assert domain.test_images.shape == (3, 16, 16, 3) and domain.labels is None
    assert loaded.clips.mixture.shape == loaded.clips.voice.shape == (3, 240)
    brightness = [d.images.mean() for d in loaded.domains]
    assert brightness[1] > brightness[0], "voices are added"
    mixed = data.load(options(dataset="tones2voices", image_size=16), "halves")
    assert mixed.contract == "halves" and len(mixed.domains) == 2
    with pytest.raises(UsageError, match="no pairs"):
        data.load(options(cogan_data="tones2voices", image_size=16), "paired")
