"""Sound as images: log-compressed magnitudes of the short-time Fourier transform.

An image of S x S pixels shows a clip of S (S - 1) samples at 8 kHz, two seconds for S = 128. It has
S frames of 2 S samples; each frame starts S samples after the one before. Rows are frequencies, the
highest at the top; the frequency of half the sampling rate is left out. A magnitude is the
amplitude of a sine, m in [0, 1], and a pixel is

    x = 2 log(1 + m / FLOOR) / log(1 + 1 / FLOOR) - 1,

so that x = -1 is silence and x = 1 is a sine at full scale; louder sines are clipped to 1. The
inverse is exact for floats; 8-bit pixels change a magnitude plus FLOOR by at most 1.4 %.
"""

from dataclasses import dataclass

import numpy as np

RATE = 8000  # samples per second
FLOOR = 1e-3  # -60 dB: pixels are linear in decibels above it, linear in amplitude below it
RANGE = np.log1p(1 / FLOOR)


@dataclass(frozen=True)
class Clips:
    """The sound behind the test images of domain 2.

    Attributes:
        mixture: voices with music, float32 [N, L].
        voice: the voices alone, float32 [N, L]; None where they are unknown.
    """

    mixture: np.ndarray
    voice: np.ndarray | None = None


def clip_length(size: int) -> int:
    """Returns the number of samples of a clip whose image has size x size pixels."""
    return size * (size - 1)


def spectra(waves: np.ndarray, size: int) -> np.ndarray:
    """Returns the short-time Fourier transform of waves [N, L], with Hann windows.

    Args:
        waves: float [N, L].
        size: hop in samples; a window has 2 size samples.

    Returns:
        complex [N, ceil(L / size) + 1, size + 1].
    """
    import tensorflow as tf  # imported here, because data sets are listed without it

    rest = -waves.shape[1] % size
    padded = np.pad(waves.astype(np.float32), ((0, 0), (size, size + rest)))
    return tf.signal.stft(padded, 2 * size, size, 2 * size).numpy()


def waves(spectra: np.ndarray, length: int) -> np.ndarray:
    """Returns the waves, float32 [N, length], of the result of `spectra`: its exact inverse."""
    import tensorflow as tf

    size = spectra.shape[2] - 1
    window = tf.signal.inverse_stft_window_fn(size)
    padded = tf.signal.inverse_stft(spectra, 2 * size, size, 2 * size, window_fn=window)
    return padded[:, size : size + length].numpy()


def magnitudes(spectra: np.ndarray) -> np.ndarray:
    """Returns amplitudes [N, T, S] of spectra [N, T, S + 1], without the highest frequency."""
    size = spectra.shape[2] - 1
    return np.abs(spectra[..., :-1]) / (size / 2)


def to_images(magnitudes: np.ndarray) -> np.ndarray:
    """Returns images, float32 [N, S, T, 1] in [-1, 1], of magnitudes [N, T, S] (see above)."""
    pixels = np.minimum(2 * np.log1p(magnitudes / FLOOR) / RANGE - 1, 1)
    return pixels.astype(np.float32).transpose(0, 2, 1)[:, ::-1, :, None]


def to_magnitudes(images: np.ndarray) -> np.ndarray:
    """Returns magnitudes [N, T, S] in [0, 1] of images [N, S, T, C]; averages the channels."""
    pixels = images.mean(axis=3)[:, ::-1].transpose(0, 2, 1)
    return FLOOR * np.expm1((pixels + 1) / 2 * RANGE)


def pixels(waves: np.ndarray, size: int) -> np.ndarray:
    """Returns uint8 images [N, size, size, 1] of clips [N, clip_length(size)]."""
    images = to_images(magnitudes(spectra(waves, size)))
    return np.rint(images * 127.5 + 127.5).astype(np.uint8)
