"""Clips of sound as images and back."""

import numpy as np
import pytest

from framework.data import audio

SIZE = 32
LENGTH = audio.clip_length(SIZE)


def sine(hertz, length=LENGTH, amplitude=0.5):
    time = np.arange(length) / audio.RATE
    return (amplitude * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def noise(length, count=2):
    return np.random.default_rng(0).uniform(-0.5, 0.5, (count, length)).astype(np.float32)


def test_a_clip_is_a_square_image():
    assert LENGTH == 32 * 31
    assert audio.pixels(noise(LENGTH), SIZE).shape == (2, SIZE, SIZE, 1)


@pytest.mark.parametrize("length", [LENGTH, LENGTH + 1, 5, 3 * LENGTH - 7])
def test_spectra_are_turned_back_at_any_length(length):
    waves = noise(length)
    spectra = audio.spectra(waves, SIZE)
    assert spectra.shape == (2, -(-length // SIZE) + 1, SIZE + 1)
    np.testing.assert_allclose(audio.waves(spectra, length), waves, atol=1e-6)


def test_a_magnitude_is_the_amplitude_of_a_sine_in_its_row():
    row = 5
    found = audio.magnitudes(audio.spectra(sine(row * audio.RATE / (2 * SIZE))[None], SIZE))
    assert found.shape == (1, SIZE, SIZE)
    assert found[0, 5:-5].argmax(axis=1).tolist() == [row] * (SIZE - 10)
    np.testing.assert_allclose(found[0, 5:-5, row], 0.5, rtol=1e-4)


def test_pixels_by_head():
    magnitudes = np.zeros((1, 2, 2), np.float32)
    magnitudes[0, 0, 1], magnitudes[0, 1, 0] = 1, 1000**0.5 / 1000  # half of log(1001), nearly
    x = audio.to_images(magnitudes)[0, :, :, 0]
    assert x[0, 0] == pytest.approx(1) and x[0, 1] == x[1, 0] == -1, "high notes stand above"
    assert x[1, 1] == pytest.approx(2 * np.log1p(1000**0.5) / np.log(1001) - 1, abs=1e-6)
    assert audio.to_images(magnitudes * 7).max() == 1, "clipped"


def test_images_are_turned_back_exactly_as_floats_and_nearly_as_bytes():
    there = np.random.default_rng(1).uniform(0, 1, (3, SIZE, SIZE)) ** 4
    images = audio.to_images(there)
    np.testing.assert_allclose(audio.to_magnitudes(images), there, rtol=2e-6, atol=1e-8)
    coarse = np.rint(images * 127.5 + 127.5) / 127.5 - 1
    error = np.abs(audio.to_magnitudes(coarse) - there)
    bound = 0.014 * (there + audio.FLOOR)
    assert (error <= bound).all() and (error > 0.5 * bound).any()


def test_wave_to_image_to_wave_with_the_phases_kept():
    waves = np.stack([sine(600), sine(1450, amplitude=0.2)])
    spectra = audio.spectra(waves, SIZE)
    images = audio.to_images(audio.magnitudes(spectra))
    made = audio.to_magnitudes(images) * (SIZE / 2) * np.exp(1j * np.angle(spectra[..., :-1]))
    back = audio.waves(np.pad(made, ((0, 0), (0, 0), (0, 1))).astype(np.complex64), LENGTH)
    inside = slice(2 * SIZE, -2 * SIZE)  # where a sine begins it has all frequencies
    np.testing.assert_allclose(back[:, inside], waves[:, inside], atol=2e-4)


def test_grey_images_of_three_channels_are_the_same_magnitudes():
    there = np.random.default_rng(1).uniform(0, 1, (1, 4, 4))
    images = audio.to_images(there)
    three = np.concatenate([images - 0.1, images, images + 0.1], axis=3)
    np.testing.assert_allclose(audio.to_magnitudes(three), there, rtol=1e-4, atol=1e-7)
