"""Built-in sound: chords of plucked tones, and sung vowels with other chords behind them."""

import numpy as np

from framework.data.audio import RATE

TRAIN, TEST = 1000, 100  # clips per domain
RMS = 0.06  # root mean square of a background, before its loudness is varied
STEP = RATE // 2  # samples per chord
LOWEST = 130.8  # Hz: the note C, root of the scale
SCALE = np.array([0, 2, 4, 5, 7, 9, 11])  # semitones of the degrees of C major
TOP = 3900.0  # Hz: highest partial, below half the sampling rate (no aliasing)
# Frequencies in Hz of the first three formants of men: Peterson and Barney, JASA 24 (1952).
VOWELS = np.array(
    [[730, 1090, 2440], [530, 1840, 2480], [270, 2290, 3010], [570, 840, 2410], [300, 870, 2240]]
)
BANDWIDTHS = (80.0, 100.0, 140.0)  # Hz


def pair(length: int) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Returns clips of music, clips of voices with music, and the voices of the held-out clips.

    The two domains have no music in common.

    Args:
        length: samples per clip.

    Returns:
        [(training, held-out clips) of music, the same of voices with music] and the voices alone;
        all arrays are float32 [N, length].
    """
    alone = music(range(TRAIN + TEST), length)
    numbers = range(len(alone), 2 * len(alone))
    backgrounds = music(numbers, length)
    sung = voices(numbers, length, backgrounds)
    return [(clips[:TRAIN], clips[TRAIN:]) for clips in (alone, backgrounds + sung)], sung[TRAIN:]


def music(numbers: range, length: int) -> np.ndarray:
    """Returns clips of chords, float32 [N, length]; a number always gives the same clip."""
    return np.stack([_loud(_chords(np.random.default_rng([1, n]), length), n) for n in numbers])


def voices(numbers: range, length: int, backgrounds: np.ndarray) -> np.ndarray:
    """Returns clips of sung vowels, float32 [N, length].

    Args:
        numbers: numbers of the clips; a number always gives the same vowels.
        length: samples per clip.
        backgrounds: clips [N, length]; a voice is 3 dB softer to 3 dB louder than its own.
    """
    clips = []
    for n, background in zip(numbers, backgrounds, strict=True):
        rng = np.random.default_rng([2, n])
        voice, ratio = _phrase(rng, length), 10 ** (rng.uniform(-3, 3) / 20)
        clips.append(voice * (ratio * _rms(background) / _rms(voice)))
    return np.stack(clips)


def _loud(sound: np.ndarray, number: int) -> np.ndarray:
    loudness = np.random.default_rng([3, number]).uniform(0.7, 1.3)
    return sound * (loudness * RMS / _rms(sound))


def _rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def _chords(rng: np.random.Generator, length: int) -> np.ndarray:
    """Returns a triad of C major with a bass note every half second, by one instrument."""
    skipped, tilt, decay = rng.integers(STEP), rng.uniform(1, 2), rng.uniform(1, 6)
    time = np.arange(STEP, dtype=np.float32) / RATE
    envelope = np.exp(-decay * time) * _ramps(STEP, 0.01, 0.02)
    number = np.arange(1, 7)
    sounds = []
    for _ in range(-(-(skipped + length) // STEP)):
        hertz = np.outer(_triad(rng), number)
        amplitude = np.where(hertz < TOP, number**-tilt, 0).astype(np.float32)
        phase = (2 * np.pi * hertz).astype(np.float32)[..., None] * time
        sounds.append(np.einsum("pk,pkt->t", amplitude, np.sin(phase)) * envelope)
    return np.concatenate(sounds)[skipped : skipped + length]


def _triad(rng: np.random.Generator) -> np.ndarray:
    """Returns frequencies [4] in Hz: a bass note, and a triad on any degree in any inversion."""
    degrees = rng.integers(len(SCALE)) + np.array([0, 0, 2, 4])
    octaves = np.array([0, 1, 1, 1])
    octaves[1 : 1 + rng.integers(3)] += 1
    semitones = SCALE[degrees % len(SCALE)] + 12 * (degrees // len(SCALE) + octaves)
    return LOWEST * 2 ** (semitones / 12)


def _phrase(rng: np.random.Generator, length: int) -> np.ndarray:
    """Returns vowels of one singer one after the other; the first has already begun."""
    pitch, tract = rng.uniform(130, 260), rng.uniform(0.95, 1.2)
    sounds: list[np.ndarray] = []
    skipped = int(rng.uniform(0, 0.1) * RATE)
    while sum(len(sound) for sound in sounds) < skipped + length:
        sounds.append(_vowel(rng, pitch, tract))
        sounds.append(np.zeros(int(rng.uniform(0.02, 0.15) * RATE), np.float32))
    return np.concatenate(sounds)[skipped : skipped + length]


def _vowel(rng: np.random.Generator, pitch: float, tract: float) -> np.ndarray:
    """Returns a gliding pitch with vibrato; three resonances shape its harmonics of 1 / k."""
    count = int(rng.uniform(0.2, 0.5) * RATE)
    time = np.arange(count) / RATE
    first, last = pitch * 2 ** (rng.uniform(-4, 4) / 12), pitch * 2 ** (rng.uniform(-4, 4) / 12)
    vibrato = rng.uniform(0.005, 0.02) * np.sin(2 * np.pi * rng.uniform(5, 6.5) * time)
    hertz = np.linspace(first, last, count) * (1 + vibrato)
    k = np.arange(1, int(TOP / hertz.max()) + 1, dtype=np.float32)[:, None]
    phase = np.float32(2 * np.pi * np.cumsum(hertz) / RATE % (2 * np.pi))
    f = k * np.float32(hertz)
    gain = rng.uniform(0.6, 1) / k
    for formant, width in zip(VOWELS[rng.integers(len(VOWELS))] * tract, BANDWIDTHS, strict=True):
        gain = gain * np.float32(formant**2) / np.hypot(formant**2 - f**2, width * f)
    return (gain * np.sin(k * phase)).sum(axis=0).astype(np.float32) * _ramps(count, 0.03, 0.06)


def _ramps(count: int, rise: float, fall: float) -> np.ndarray:
    """Returns an envelope [count] that rises for `rise` and falls for `fall` seconds."""
    place = np.arange(count, dtype=np.float32) / RATE
    return np.minimum(1, np.minimum(place / rise, place[::-1] / fall))
