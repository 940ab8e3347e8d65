"""Sound as images: log-compressed magnitudes of the short-time Fourier transform.

An image of S x S pixels is a clip of S (S - 1) samples at 8 kHz, two seconds for S = 128: S frames
of 2 S samples, each S after the one before. Rows are frequencies, the highest above; that of half
the sampling rate is left out. A magnitude is the amplitude of a sine, m in [0, 1], and a pixel

    x = 2 log(1 + m / FLOOR) / log(1 + 1 / FLOOR) - 1,

so that x = -1 is silence and x = 1 a sine at full scale; louder ones are clipped to 1. As floats
images are turned back exactly, as 8-bit pixels to within 1.4 % of each magnitude plus FLOOR.
"""

from dataclasses import dataclass

import numpy as np

RATE = 8000  # samples per second
FLOOR = 1e-3  # -60 dB: above it pixels follow decibels, below it amplitudes
RANGE = np.log1p(1 / FLOOR)


@dataclass(frozen=True)
class Clips:
    """The sound behind the test images of domain 2, float32 [N, L].

    voice: what `mixture` has more than a background; None where nobody knows.
    """

    mixture: np.ndarray
    voice: np.ndarray | None = None


def clip_length(size: int) -> int:
    """Samples of a clip whose image has size x size pixels."""
    return size * (size - 1)


def spectra(waves: np.ndarray, size: int) -> np.ndarray:
    """Complex [N, ceil(L / size) + 1, size + 1] of waves [N, L]: Hann windows of 2 size samples."""
    import tensorflow as tf  # here: data sets are named and listed without it

    rest = -waves.shape[1] % size
    padded = np.pad(waves.astype(np.float32), ((0, 0), (size, size + rest)))
    return tf.signal.stft(padded, 2 * size, size, 2 * size).numpy()


def waves(spectra: np.ndarray, length: int) -> np.ndarray:
    """What `spectra` were made of, float32 [N, length]; its exact inverse."""
    import tensorflow as tf

    size = spectra.shape[2] - 1
    window = tf.signal.inverse_stft_window_fn(size)
    padded = tf.signal.inverse_stft(spectra, 2 * size, size, 2 * size, window_fn=window)
    return padded[:, size : size + length].numpy()


def magnitudes(spectra: np.ndarray) -> np.ndarray:
    """Amplitudes [N, T, S] of complex [N, T, S + 1], without the highest frequency."""
    size = spectra.shape[2] - 1
    return np.abs(spectra[..., :-1]) / (size / 2)


def to_images(magnitudes: np.ndarray) -> np.ndarray:
    """Float32 images [N, S, T, 1] in [-1, 1] of magnitudes [N, T, S]."""
    pixels = np.minimum(2 * np.log1p(magnitudes / FLOOR) / RANGE - 1, 1)
    return pixels.astype(np.float32).transpose(0, 2, 1)[:, ::-1, :, None]


def to_magnitudes(images: np.ndarray) -> np.ndarray:
    """Magnitudes [N, T, S] in [0, 1] of images [N, S, T, C], of whose channels the mean counts."""
    pixels = images.mean(axis=3)[:, ::-1].transpose(0, 2, 1)
    return FLOOR * np.expm1((pixels + 1) / 2 * RANGE)


def pixels(waves: np.ndarray, size: int) -> np.ndarray:
    """uint8 images [N, size, size, 1] of clips [N, clip_length(size)]."""
    images = to_images(magnitudes(spectra(waves, size)))
    return np.rint(images * 127.5 + 127.5).astype(np.uint8)
