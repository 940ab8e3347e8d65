"""Wav files of a user's folder as waves at 8 kHz, and clips of them."""

import struct
import warnings
from math import gcd
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly

from framework.data.audio import RATE
from framework.data.folder import held_out, with_suffix
from framework.errors import MissingError, UsageError, UserError


def read(folder: str, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Training clips and held-out clips, float32 [N, length], of the wav files in a folder.

    Every tenth file by sorted name is held out. Raises UsageError for less than 2 files, and as
    `listed` and `wave` do.
    """
    files = listed(folder)
    if len(files) < 2:
        raise UsageError(f"{folder} has {len(files)} wav file: a domain needs at least 2")
    clips, mask = [cut(wave(file), length) for file in files], held_out(len(files))
    return tuple(
        np.concatenate([part for part, own in zip(clips, mask, strict=True) if own == side])
        for side in (False, True)
    )


def listed(folder: str) -> list[Path]:
    """The wav files of a folder by name. Raises MissingError without any."""
    place = Path(folder)
    if not place.is_dir():
        raise MissingError(f"{folder} is not a folder: give one with wav files")
    files = with_suffix(place, (".wav",))
    if not files:
        raise MissingError(f"{folder} has no .wav files")
    return files


def wave(file: Path) -> np.ndarray:
    """Float32 [L] at 8 kHz, full scale in [-1, 1]: channels averaged, higher rates resampled.

    Raises UserError for a file that cannot be read, UsageError for a lower sampling rate.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks that are no sound
            rate, samples = wavfile.read(file)
        sound = _full_scale(samples)
    except (OSError, ValueError, EOFError, struct.error) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"cannot read {file} ({reason}): mend or remove it") from error
    if rate < RATE:
        raise UsageError(f"{file} has {rate} samples per second, {RATE} are needed: remove it")
    if rate > RATE:
        shared = gcd(rate, RATE)
        sound = resample_poly(sound, RATE // shared, rate // shared)
    return sound.astype(np.float32)


def cut(wave: np.ndarray, length: int) -> np.ndarray:
    """Clips [N, length] that cover a wave evenly; silence follows one that is too short."""
    wave = np.pad(wave, (0, max(length - len(wave), 0)))
    starts = np.linspace(0, len(wave) - length, -(-len(wave) // length)).astype(int)
    return np.stack([wave[start : start + length] for start in starts])


def _full_scale(samples: np.ndarray) -> np.ndarray:
    """The mean over channels, as floats of which 1 is full scale."""
    if not samples.size:
        raise ValueError("no samples")
    if samples.dtype == np.uint8:
        sound = samples.astype(np.float64) / 128 - 1
    elif samples.dtype.kind == "i":
        sound = samples / -float(np.iinfo(samples.dtype).min)
    else:
        sound = samples
    if not np.isfinite(sound).all():
        raise ValueError("values that are not finite")
    return sound.mean(axis=1) if sound.ndim == 2 else sound
