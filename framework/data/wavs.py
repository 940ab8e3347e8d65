"""Reads the wav files of the user's folders as waves at 8 kHz, and cuts them into clips."""

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
    """Reads training clips and held-out clips, float32 [N, length], of the files in a folder.

    Every tenth file by sorted name is held out. Raises UsageError for less than 2 files, and the
    errors of `listed` and `wave`.
    """
    files = listed(folder)
    if len(files) < 2:
        raise UsageError(f"{folder} has {len(files)} wav file: a domain needs at least 2")
    clips, mask = [cut(wave(file), length) for file in files], held_out(len(files))
    train, test = (
        np.concatenate(
            [part for part, is_test in zip(clips, mask, strict=True) if is_test == wanted]
        )
        for wanted in (False, True)
    )
    return train, test


def listed(folder: str) -> list[Path]:
    """Returns the wav files of a folder by name. Raises MissingError where there are none."""
    place = Path(folder)
    if not place.is_dir():
        raise MissingError(f"{folder} is not a folder: give one with wav files")
    files = with_suffix(place, (".wav",))
    if not files:
        raise MissingError(f"{folder} has no .wav files")
    return files


def wave(file: Path) -> np.ndarray:
    """Reads a wav file as a wave at 8 kHz: channels averaged, higher sampling rates reduced.

    Returns:
        float32 [L]; full scale is [-1, 1].

    Raises:
        UserError: the file cannot be read.
        UsageError: its sampling rate is lower than 8 kHz.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", wavfile.WavFileWarning
            )  # for chunks that contain no sound
            rate, samples = wavfile.read(file)
        sound = _full_scale(samples)
    except (OSError, ValueError, EOFError, struct.error) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"cannot read {file} ({reason}): repair or remove it") from error
    if rate < RATE:
        raise UsageError(f"{file} has {rate} samples per second, {RATE} are needed: remove it")
    if rate > RATE:
        shared = gcd(rate, RATE)
        sound = resample_poly(sound, RATE // shared, rate // shared)
    return sound.astype(np.float32)


def cut(wave: np.ndarray, length: int) -> np.ndarray:
    """Cuts a wave [L] into clips [N, length] at even distances; adds silence to a short wave."""
    wave = np.pad(wave, (0, max(length - len(wave), 0)))
    starts = np.linspace(0, len(wave) - length, -(-len(wave) // length)).astype(int)
    return np.stack([wave[start : start + length] for start in starts])


def _full_scale(samples: np.ndarray) -> np.ndarray:
    """Returns the mean over channels as floats; full scale is 1."""
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
