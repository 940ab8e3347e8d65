"""CycleGAN and its kin: two translators, kept from forgetting by the way back.

Zhu et al., arXiv 1703.10593. By options also DiscoGAN (1703.05192), DualGAN (1704.02510),
DistanceGAN (1706.00826) and, on pairs, pix2pix (1611.07004); their settings are presets.
"""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from scipy.spatial.distance import pdist

from framework import cluster, config, devices, evaluate, penalties, translation
from framework.config import option
from framework.data import Data
from framework.errors import UsageError
from framework.phase import Batch, Phase
from framework.results import Run
from framework.utils import Random, float_array
from nets import cyclegan, digits
from nets.blocks import scaled

LAW_IMAGES = 100  # per domain, whose distances give the law of distances: 4,950 pairs


@dataclasses.dataclass(frozen=True)
class Options(config.Translation):
    """Options of `--gan_type cyclegan`."""

    NEEDS = config.Translation.NEEDS | dict(
        paired=("paired_weight",),
        rate=("rate_later", "rate_change"),
        distance_weight=("distance_of",),
        cycle_weight=("cycle_norm",),
    )
    WAYS = {"both": ((1, 2), (2, 1)), "12": ((1, 2),), "21": ((2, 1),)}

    direction: str = option(
        "both", "translators: there and back, or one alone, without a cycle", "translation",
        choices=tuple(WAYS),
    )  # fmt: skip
    paired: bool = option(
        False, "images of both domains belong together: pix2pix, with conditional discriminators",
        "translation",
    )  # fmt: skip
    paired_weight: float = option(
        100.0, "weight of L1 to the other image of the pair (--paired)", "translation", low=0
    )
    cycle_norm: str = option(
        "l1", "difference after the cycle", "translation", choices=("l1", "l2")
    )
    identity_weight: float = option(
        5.0, "weight of images that are of the other domain already and shall stay as they are",
        "translation", low=0,
    )  # fmt: skip
    fm_weight: float = option(
        0.0, "weight of the discriminators' mean features of translations (DiscoGAN)",
        "translation", low=0,
    )  # fmt: skip
    rate: float = option(
        0.0, "DiscoGAN's share r of the cycle, all else has 1 - r; 0: all as weighted",
        "translation", low=0, high=1,
    )  # fmt: skip
    rate_later: float = option(
        0.5, "that share from --rate_change on", "translation", low=0, high=1
    )
    rate_change: int = option(10_000, "iteration at which it changes", "translation", low=0)
    distance_weight: float = option(
        0.0, "weight of distances that translation shall keep (DistanceGAN)", "translation", low=0
    )
    distance_of: str = option(
        "pairs", "these distances: of pairs of a batch, or of an image's upper and lower half",
        "translation", choices=("pairs", "halves"),
    )  # fmt: skip
    gen_iters: int = option(1, "generator updates per iteration", "training", low=1)
    pool: int = option(
        50, "earlier translations per domain that discriminators are shown again", "adversary",
        low=0,
    )  # fmt: skip

    def check(self) -> None:
        """Refuses a cycle without a way back and pairs of one."""
        super().check()
        if self.direction != "both" and self.cycle_weight:
            raise UsageError(
                f"--direction {self.direction}: there is no way back; add --cycle_weight 0"
            )
        if self.paired and self.augment:
            raise UsageError("--augment: not with --paired, whose images belong together")
        self.check_rows(self.batch_size)

    def check_rows(self, rows: int) -> None:
        """Refuses distances of pairs among fewer than two images. Raises UsageError."""
        if self.distance_weight and self.distance_of == "pairs" and rows < 2:
            raise UsageError("--distance_of pairs: needs two images per device, or use halves")


class Trainer(translation.Translator):
    """The translators `gen12` and `gen21`, then their discriminators."""

    options: Options

    def __init__(self, options: Options, data: Data, run: Run | None = None):
        """As every system; UsageError for distances of fewer than two images."""
        self.ways = options.WAYS[options.direction]
        self.sides = tuple(i for i, _ in self.ways)
        self.averaged = tuple(f"gen{i}{j}" for i, j in self.ways)
        replicas = cluster.workers() * len(devices.names(options.devices))
        options.check_rows(options.batch_size // replicas)  # before evaluators are trained
        super().__init__(options, data, run)

    @classmethod
    def of(cls, options: Options) -> type["Trainer"]:
        """The class of pairs with --paired."""
        return Paired if options.paired else cls

    def build_nets(self) -> dict[str, keras.Model]:
        """A translator for each way, a discriminator for each domain that is translated into."""
        o = self.options
        sizes = dict(image_size=o.image_size, layers=translation.layers(o))
        width = scaled(64, o.width)
        blocks = o.res_blocks or (9 if o.image_size >= 256 else 6)
        make, more = digits.generator, dict(width=width)
        if not o.of_digits:
            make, more = cyclegan.generator, dict(nf=width, res_blocks=blocks)
        nets = {name: make(name, **sizes, **more) for name in self.averaged}
        channels = 6 if o.paired else 3
        for j in self.judged:
            nets[f"disc{j}"] = translation.discriminator(o, f"disc{j}", channels)
        self.maps = {j: _maps(nets[f"disc{j}"]) for j in self.judged}
        self.laws = [_law(o, domain.images) for domain in self.data.domains]
        return nets

    def build_phases(self) -> list[Phase]:
        """Translators first, as in CycleGAN's program."""
        gens = Phase("gen", self.averaged, self.gen_terms, self.options.gen_iters)
        return [gens, self.judges()]

    def translate(self, x: tf.Tensor, source: int, training: bool = False) -> tf.Tensor:
        """Images of domain `source` in the other one."""
        name = f"gen{source}{3 - source}"
        net = self.nets[name] if training else self.sampling_net(name)
        return net(x, training=training)

    def gen_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Every term of each translator, weighted."""
        terms, images = {}, self.both(batch, random)
        for i, j in self.ways:
            parts = self._way(images, i, j, random)
            terms |= {f"{name}{i}{j}": value for name, value in parts.items()}
        return terms

    def _way(
        self, images: dict[int, tf.Tensor], i: int, j: int, random: Random
    ) -> dict[str, tf.Tensor]:
        o, x, real = self.options, images[i], images[j]
        fake = self.translate(x, i, training=True)
        shown = self.seen(fake, x)
        terms = {"adv": self.fooled(shown, j)}
        if o.fm_weight:
            maps = [self.maps[j](rows, training=True) for rows in (self.seen(real, x), shown)]
            terms["fm"] = o.fm_weight * penalties.feature_matching(*maps)
        if o.identity_weight:
            kept = self.translate(real, i, training=True)
            terms["identity"] = o.identity_weight * penalties.distance(kept, real)
        if o.distance_weight:
            law = penalties.SELF_DISTANCES[o.distance_of]
            laws = self.laws[i - 1], self.laws[j - 1]
            change = penalties.distance_change(law(x), law(fake), laws)
            terms["distance"] = o.distance_weight * change
        if o.paired:
            terms["pixel"] = o.paired_weight * penalties.distance(fake, real)
        rate = self._rate(random.step)
        terms = {name: (1 - rate) * value for name, value in terms.items()} if o.rate else terms
        if o.cycle_weight:
            back = self.translate(fake, j, training=True)
            weight = o.cycle_weight * (rate if o.rate else 1.0)
            terms["cycle"] = weight * penalties.distance(back, x, o.cycle_norm)
        return terms

    def _rate(self, step: tf.Tensor) -> tf.Tensor:
        o = self.options
        return tf.where(step < o.rate_change, o.rate, o.rate_later)


class Paired(Trainer):
    """pix2pix: discriminators see the source beside the image; translations are compared too."""

    contract = "paired"

    def seen(self, images: tf.Tensor, source: tf.Tensor) -> tf.Tensor:
        """[N, H, W, 6]: source and image."""
        return tf.concat([source, images], axis=-1)

    def metrics(self) -> dict[str, dict]:
        """Also `l1_pair12`, the mean difference of held-out translations and their partners."""
        found = super().metrics()
        domains, count = self.data.domains, self.options.eval_pairs
        if not count or self.data.held_out < 2:
            return {}
        for i, j in self.ways:
            made = self.pictures(domains[i - 1].test_images[:count], i)[f"{i}{j}"]
            partners = float_array(domains[j - 1].test_images[:count])
            note = f"held-out pairs, iteration {int(self.step)}; L1 of [-1, 1]"
            metric = evaluate.mean_distance(partners, made, evaluate.l1, note)
            found[f"l1_pair{i}{j}"] = metric
        return found


def _maps(disc: keras.Model) -> keras.Model:
    """Its hidden maps but the first, which has no norm."""
    hidden = [each.output for each in disc.layers if isinstance(each, keras.layers.LeakyReLU)]
    return keras.Model(disc.input, hidden[1:])


def _law(options: Options, images: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the distances of --distance_of in images, uint8."""
    if not options.distance_weight:
        return 0.0, 1.0
    least = 3 if options.distance_of == "pairs" else 2  # a single distance does not deviate
    if len(images) < least:
        raise UsageError(f"--distance_weight: needs at least {least} images of each domain")
    pixels = float_array(images[:LAW_IMAGES])
    if options.distance_of == "pairs":
        rows = pixels.reshape(len(pixels), -1)
        found = pdist(rows, "cityblock") / rows.shape[1]
    else:
        found = penalties.half_distances(pixels).numpy()
    return float(found.mean()), max(float(found.std()), 1e-6)
