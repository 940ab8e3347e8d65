"""Separates voices from music: a mixture less what is left of it without the extra is the voice.

"Pixel-space" subtraction of Press et al.'s slides on content transfer, with magnitudes as pixels
and the phases of the mixture. An image without its extra is the spectrogram of the background.
"""

from collections.abc import Callable

import numpy as np

from framework.data import Data, audio
from framework.data.views import to_rgb
from framework.engine.capabilities import Transfers
from framework.evaluation import captions, metrics
from framework.evaluation.evaluation import Evaluation, Metrics
from framework.results import Run, false_colours
from framework.utils import batched

LOGGED = 128  # held-out clips that are measured for each row of history.csv
EXAMPLES = 5  # clips that are written and shown
ROWS = 50  # spectrograms in a batch

Remove = Callable[[np.ndarray], np.ndarray]
"""Images [N, S, S, 3] of mixtures -> those of their backgrounds."""


class Separation(Evaluation):
    """Gain in signal-to-distortion ratio of voices, and examples as wav files and a sheet."""

    system: Transfers

    def statistics(self) -> dict[str, float]:
        """The gain of a few held-out clips; none if the true voices are unknown."""
        if not self.data.held_out:
            return {}
        gains = sdr_gains(self.data, self.system.remove, LOGGED, "")
        return {"stat/sdr_gain": gains["sdr_gain"]["value"]} if gains else {}

    def metrics(self) -> Metrics:
        """Gains of up to --eval_pairs held-out clips, see `sdr_gains`."""
        if not self.can_measure:
            return {}
        o = self.options
        protocol = f"held-out images, seed {o.seed + 2}, iteration {self.step}"
        return sdr_gains(self.data, self.system.remove, o.eval_pairs, protocol)

    def figures(self) -> None:
        """Examples of voices and backgrounds."""
        if self.run:
            cells = false_colours(examples(self.data, self.system.remove, self.run))
            self.run.table(cells, "separation", top=1, caption=captions.SEPARATION)


def separate(waves: np.ndarray, remove: Remove, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Voices and backgrounds, float32 [N, L] each, whose sum is these waves of any length.

    Args:
        waves: mixtures [N, L].
        remove: is given images of `size` pixels; longer spectrograms are divided into windows that
            overlap by half.
        size: height and width of these images.
    """
    spectra = audio.spectra(waves, size)
    voices = subtract(spectra, background(audio.magnitudes(spectra), remove), waves.shape[1])
    return voices, waves - voices


def background(magnitudes: np.ndarray, remove: Remove) -> np.ndarray:
    """Magnitudes [N, T, S] without the extra.

    Where windows overlap, they are averaged with weights that fall towards their ends.
    """
    _, frames, size = magnitudes.shape
    step = size // 2
    starts = [step * i for i in range(1 + -(-max(frames - size, 0) // step))]
    padded = np.pad(magnitudes, ((0, 0), (0, starts[-1] + size - frames), (0, 0)))
    weight = np.minimum(np.arange(1, size + 1), np.arange(size, 0, -1))[:, None]
    total, weights = np.zeros_like(padded), np.zeros((padded.shape[1], 1))
    for start in starts:
        part = slice(start, start + size)
        images = to_rgb(audio.to_images(padded[:, part]))
        (backgrounds,) = batched(lambda x: (remove(x),), images, size=ROWS)
        total[:, part] += weight * audio.to_magnitudes(backgrounds)
        weights[part] += weight
    return (total / weights)[:, :frames]


def subtract(spectra: np.ndarray, background: np.ndarray, length: int) -> np.ndarray:
    """Voices [N, length]: magnitudes of mixtures less those of backgrounds, but not below 0.

    Args:
        spectra: of the mixtures, [N, T, S + 1]; the highest frequency stays in the background.
        background: magnitudes [N, T, S], or of a shape that broadcasts to it.
        length: of the waves.
    """
    mixture = audio.magnitudes(spectra)
    share = np.maximum(mixture - background, 0) / np.maximum(mixture, 1e-12)
    return audio.waves(np.pad(share, ((0, 0), (0, 0), (0, 1))) * spectra, length)


def sdr_gains(data: Data, remove: Remove, count: int, protocol: str) -> Metrics:
    """Gains in SDR on `count` held-out mixtures; none of data whose true voices are unknown.

    `sdr_gain` is that of the separated voices, `sdr_gain_oracle` that with the magnitudes of the
    true background, `sdr_gain_mean` that with the mean spectrum of domain 1 for all mixtures.
    """
    if data.clips is None or data.clips.voice is None:
        return {}
    mixture, voice = data.clips.mixture[:count], data.clips.voice[:count]
    music = data.domains[0].images[:]
    spectra = audio.spectra(mixture, music.shape[1])
    typical = audio.to_magnitudes(music / np.float32(127.5) - 1).mean(axis=(0, 1))
    backgrounds = {
        "sdr_gain": background(audio.magnitudes(spectra), remove),
        "sdr_gain_oracle": audio.magnitudes(audio.spectra(mixture - voice, music.shape[1])),
        "sdr_gain_mean": typical,
    }
    voices = {name: subtract(spectra, x, mixture.shape[1]) for name, x in backgrounds.items()}
    return {name: metrics.sdr_gain(voice, mixture, x, protocol) for name, x in voices.items()}


def examples(data: Data, remove: Remove, run: Run) -> np.ndarray:
    """Writes audio/<i>_<part>.wav of held-out clips.

    Returns:
        Their spectrograms [parts, N, S, S, 1]: mixtures, backgrounds and voices, then the true
        backgrounds and voices if they are known.
    """
    if data.clips is None:
        raise ValueError(f"{data.name} has no sound")
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
