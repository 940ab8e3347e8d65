"""Voices taken out of music: what is left without the extra is subtracted from the mixture.

"Pixel-space" subtraction of Press et al.'s slides on content transfer, with magnitudes as pixels
and the phases of the mixture. An image without its extra is the spectrogram of the background.
"""

from collections.abc import Callable

import numpy as np

from framework import evaluate
from framework.data import Data, audio
from framework.data.views import to_rgb
from framework.results import Run
from framework.utils import batched

EXAMPLES = 5  # clips that are written and shown
ROWS = 50  # spectrograms that a net sees at a time

Remove = Callable[[np.ndarray], np.ndarray]
"""Images [N, S, S, 3] of mixtures -> those of their backgrounds."""


def separate(waves: np.ndarray, remove: Remove, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Voices and backgrounds, float32 [N, L] each, that add up to these waves of any length.

    `remove` sees images of `size` pixels; longer spectrograms in windows that overlap by half.
    """
    spectra = audio.spectra(waves, size)
    voices = subtract(spectra, background(audio.magnitudes(spectra), remove), waves.shape[1])
    return voices, waves - voices


def background(magnitudes: np.ndarray, remove: Remove) -> np.ndarray:
    """Magnitudes [N, T, S] without the extra; where windows overlap, one fades into the other."""
    _, frames, size = magnitudes.shape
    step = size // 2
    starts = [step * i for i in range(1 + -(-max(frames - size, 0) // step))]
    padded = np.pad(magnitudes, ((0, 0), (0, starts[-1] + size - frames), (0, 0)))
    weight = np.minimum(np.arange(1, size + 1), np.arange(size, 0, -1))[:, None]
    total, weights = np.zeros_like(padded), np.zeros((padded.shape[1], 1))
    for start in starts:
        part = slice(start, start + size)
        images = to_rgb(audio.to_images(padded[:, part]))
        (left,) = batched(lambda x: (remove(x),), images, size=ROWS)
        total[:, part] += weight * audio.to_magnitudes(left)
        weights[part] += weight
    return (total / weights)[:, :frames]


def subtract(spectra: np.ndarray, background: np.ndarray, length: int) -> np.ndarray:
    """Voices [N, length]: magnitudes less those of backgrounds [N, T, S], 0 where none is left.

    `spectra` [N, T, S + 1] are the mixtures'; the highest frequency is left to the background.
    """
    whole = audio.magnitudes(spectra)
    share = np.maximum(whole - background, 0) / np.maximum(whole, 1e-12)
    return audio.waves(np.pad(share, ((0, 0), (0, 0), (0, 1))) * spectra, length)


def metrics(data: Data, remove: Remove, count: int, protocol: str) -> dict[str, dict]:
    """Gains in SDR on `count` held-out mixtures; none of data whose true voices are unknown.

    `sdr_gain` is that of the voices found, `sdr_gain_oracle` that with the true background's
    magnitudes, `sdr_gain_mean` that with the mean spectrum of domain 1 for all.
    """
    if data.clips.voice is None:
        return {}
    mixture, voice = data.clips.mixture[:count], data.clips.voice[:count]
    music = data.domains[0].images
    spectra = audio.spectra(mixture, music.shape[1])
    typical = audio.to_magnitudes(music / np.float32(127.5) - 1).mean(axis=(0, 1))
    backgrounds = {
        "sdr_gain": background(audio.magnitudes(spectra), remove),
        "sdr_gain_oracle": audio.magnitudes(audio.spectra(mixture - voice, music.shape[1])),
        "sdr_gain_mean": typical,
    }
    return {
        name: evaluate.sdr_gain(voice, mixture, subtract(spectra, each, mixture.shape[1]), protocol)
        for name, each in backgrounds.items()
    }


def examples(data: Data, remove: Remove, run: Run) -> np.ndarray:
    """Writes audio/<i>_<part>.wav of held-out clips; their spectrograms [parts, N, S, S, 1]."""
    mixture, size = data.clips.mixture[:EXAMPLES], data.domains[0].images.shape[1]
    voice, rest = separate(mixture, remove, size)
    parts = {"mixture": mixture, "background": rest, "voice": voice}
    if data.clips.voice is not None:
        truth = data.clips.voice[:EXAMPLES]
        parts |= {"true_background": mixture - truth, "true_voice": truth}
    for name, waves in parts.items():
        for i, wave in enumerate(waves, start=1):
            run.sound(wave, audio.RATE, f"{i}_{name}")
    return np.stack(
        [audio.to_images(audio.magnitudes(audio.spectra(x, size))) for x in parts.values()]
    )
