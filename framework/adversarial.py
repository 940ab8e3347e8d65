"""What every system of generators and discriminators shares: the critic's terms, rates, metrics."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from framework import (
    classifier_trainer,
    config,
    devices,
    evaluate,
    features,
    losses,
    lpips,
    optimizers,
    penalties,
    trainer,
)
from framework.data import celeba
from framework.phase import Phase
from framework.utils import Random, batched, float_array, sample_latent
from nets.blocks import Style

COLOUR_SAMPLES = 64
MOST_REALS = 2000  # photographs; as floats they take much memory
PHOTOGRAPH, GRID_IMAGES = 64, 500  # pixels from which a grid is looked for, in so many images


def style(options: config.Generative) -> Style:
    """How the nets of these options are built."""
    o = options
    return Style(o.prelu, o.weight_init, o.bias_init, o.weight_decay, o.upsample)


def disc_terms(
    options: config.Adversarial,
    disc: Callable[[tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    fake: tf.Tensor,
    random: Random,
) -> dict[str, tf.Tensor]:
    """Terms one discriminator minimises: `adv` and, with --disc_penalty, the weighted `penalty`.

    Real and fake images [N, H, W, C] pass through the discriminator as one batch, unless it has
    batch statistics, which must not mix them.
    """
    if getattr(options, "norm", "none") == "batch":
        real_logits, fake_logits = disc(real), disc(fake)
    else:
        real_logits, fake_logits = tf.split(disc(tf.concat([real, fake], axis=0)), 2)
    parts = losses.ADVERSARIAL[options.loss].disc(real_logits=real_logits, fake_logits=fake_logits)
    terms = {"adv": parts["real"] + parts["fake"]}
    if options.disc_penalty != "none":
        penalty = penalties.PENALTIES[options.disc_penalty]
        terms["penalty"] = options.penalty_weight_d * penalties.now_and_then(
            lambda: penalty(disc, real, fake, random.uniform), options.penalty_every, random.step
        )
    return terms


class Trainer(trainer.Trainer):
    """Base of systems of generators and discriminators; it has no nets of its own."""

    options: config.Adversarial

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """No frozen nets; weights that only the metrics need are asked for before training."""
        o = self.options
        if o.kid_features == "inception" and o.eval_pairs and not o.dry_run:
            features.of_photographs()
        lpips.expect(o)
        return super().prepare()

    def build_optimizer(self, phase: str) -> keras.optimizers.Optimizer:
        """Discriminators learn at --lr_d, everything else at --lr_g; both fall together."""
        o = self.options
        kind, rate = (o.optim_d, o.lr_d) if phase == "disc" else (o.optim_g, o.lr_g)
        if o.lr_schedule != "constant":
            updates = {each.name: each.repeat for each in self.phases}[phase]  # per iteration
            span = o.lr_decay_start * updates, o.lr_decay_length * updates
            rate = optimizers.Falling(o.lr_schedule, rate, *span)
        return optimizers.make(kind, rate, o.b1, o.b2)

    def disc_phase(self, nets: tuple[str, ...], terms: Callable) -> Phase:
        """The discriminators' update; a Wasserstein critic without penalty is clipped after it."""
        o = self.options
        clipped = o.loss == "wgan" and o.disc_penalty == "none"
        after = self._clip if clipped else None
        return Phase("disc", nets, terms, o.disc_iters, after)

    def _clip(self, variables: list[keras.Variable]) -> None:
        limit = self.options.clip
        devices.assign(variables, lambda value: tf.clip_by_value(value, -limit, limit))

    def latent(self, rows: int, random: Random) -> tf.Tensor:
        """New latent vectors [rows, noise_dim]."""
        return random.latent(self.options.noise_type, rows, self.options.noise_dim)

    def fixed_latent(self, rows: int, seed: int | None = None) -> np.ndarray:
        """The same latent vectors [rows, noise_dim] at every call."""
        seed = self.options.seed if seed is None else seed
        return sample_latent(self.options.noise_type, rows, self.options.noise_dim, seed)

    def sample(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        """Images per domain [N, H, W, C] in [-1, 1] of latent vectors [N, D]; none by default."""
        return ()

    def generate(self, nets: tuple[str, ...], z: np.ndarray) -> tuple[np.ndarray, ...]:
        """Images [N, H, W, C] in [-1, 1] of each net in inference mode, in batches."""
        sampling = [self.sampling_net(name) for name in nets]
        return batched(lambda rows: tuple(net(rows, training=False)[0] for net in sampling), z)

    def metrics(self) -> dict[str, dict]:
        """Metrics of --eval_pairs samples by nets that took no part in training.

        Empty without --eval_pairs and with hardly any held-out images; data without labels have
        no evaluator.
        """
        o, domains = self.options, self.data.domains
        if not o.eval_pairs or self.data.held_out < 2:
            return {}
        fakes = self.sample(self.fixed_latent(o.eval_pairs, o.seed + 2))
        source = f"z seed {o.seed + 2}, iteration {int(self.step)}"
        net, who, metrics = None, "", {}
        if all(domain.labels is not None for domain in domains):
            settings = classifier_trainer.for_evaluation(o)
            net = keras.models.load_model(classifier_trainer.obtain(settings, self.data.labelled()))
            who = f"evaluator {settings.classifier_arch}, seed {settings.seed}"
            metrics = self._evaluate(net, who, source, fakes)
        seen = features.choose(o.kid_features, net, who)
        metrics |= features.distances(o, seen, fakes, domains, source, self.tell)
        if o.lpips_net != "none":
            metrics |= self._lpips_metrics(fakes, source)
        return metrics | self._checkerboards(fakes, source)

    def _checkerboards(self, fakes: tuple[np.ndarray, ...], source: str) -> dict[str, dict]:
        """Of photographs: how strongly samples and real images show a grid."""
        if fakes[0].shape[1] < PHOTOGRAPH:
            return {}
        found = {}
        for i, (domain, images) in enumerate(zip(self.data.domains, fakes, strict=True), start=1):
            reals = float_array(domain.test_images[:GRID_IMAGES])
            found[f"checkerboard{i}"] = evaluate.checkerboard(images[:GRID_IMAGES], source)
            found[f"real_checkerboard{i}"] = evaluate.checkerboard(reals, "held-out images")
        return found

    def _lpips_metrics(self, fakes: tuple[np.ndarray, ...], source: str) -> dict[str, dict]:
        """Distances of pairs and domains; the most and the least alike pairs are shown."""
        o = self.options
        distance = lpips.Distance(o.lpips_net, lpips.folder(o), fakes[0].shape[1])
        found = lpips.compare(distance, fakes, self.data.domains)
        if self.run and "lpips_pair" in found:
            cells = lpips.nearest_and_farthest(fakes, found["lpips_pair"])
            self.run.table(cells, "nearest_and_farthest", top=2)
        taught = getattr(o, "perceptual_loss", False) and o.perceptual_net == o.lpips_net
        about = f"{distance.protocol}{lpips.TAUGHT if taught else ''}; {source}"
        return {name: evaluate.mean(each, about, 0.0) for name, each in found.items()}

    def _evaluate(
        self, net: keras.Model, who: str, source: str, fakes: tuple[np.ndarray, ...]
    ) -> dict[str, dict]:
        """Metrics by an evaluator `net`, its own accuracy on real images beside them."""
        domains = self.data.domains
        classify, source = classifier_trainer.outputs(net), f"{who}; {source}"
        if self.data.attributes:
            return self._attribute_metrics(fakes, classify, who, source)
        reals = [float_array(domain.test_images) for domain in domains]
        metrics = self.measure_samples(fakes, reals, classify, source)
        for i, (domain, real) in enumerate(zip(domains, reals, strict=True)):
            known = evaluate.accuracy(classify, real, domain.test_labels, f"{who}; held-out images")
            metrics[f"evaluator_accuracy{i + 1}"] = known
        return metrics

    def _attribute_metrics(
        self, fakes: tuple, classify: evaluate.Classify, who: str, source: str
    ) -> dict[str, dict]:
        """Metrics of data that have attributes: diversity, and of pairs what divides and joins."""
        data, metrics = self.data, {}
        judged = [classify(images) for images in fakes]
        for i, (domain, (_, embedded)) in enumerate(
            zip(data.domains, judged, strict=True), start=1
        ):
            reals = float_array(domain.test_images[:MOST_REALS])
            told, real_features = classify(reals)
            labels = domain.test_labels[:MOST_REALS]
            known = evaluate.attribute_accuracy(told, labels, data.attributes, who)
            metrics[f"diversity{i}"] = evaluate.diversity(embedded, source)
            metrics[f"real_diversity{i}"] = evaluate.diversity(real_features, who)
            metrics[f"evaluator_accuracy{i}"] = known[""]
            if data.divided_by:
                metrics[f"evaluator_divides{i}"] = known[data.divided_by]
        if data.divided_by:
            pair = [told for told, _ in judged]
            metrics |= evaluate.attribute_pairs(
                *pair, data.attributes, celeba.dividing(data.divided_by), source
            )
        return metrics

    def measure_samples(
        self, fakes: tuple, reals: list, classify: evaluate.Classify, protocol: str
    ) -> dict[str, dict]:
        """Metrics of samples beside real images, one array [N, H, W, C] per domain each."""
        return evaluate.domain(fakes[0], reals[0], classify, protocol)

    def tell(self, text: str) -> None:
        """A line for the user: in the run's log, if there is a run."""
        self.run.note(text) if self.run else print(text)

    def sheet(self) -> None:
        """Samples of the fixed latent vectors, `samples/<iteration>.png`."""
        if self.run:
            images = self.sample(self.fixed_latent(self.options.num_samples_to_gen))
            self.run.sheet(images, f"{int(self.step):06d}")
            if int(self.step):
                self._tell_colours()

    def _tell_colours(self) -> None:
        """A line on how bright, varied and alike to the real images the samples are, per domain."""
        samples = self.sample(self.fixed_latent(COLOUR_SAMPLES))
        for i, (fakes, domain) in enumerate(zip(samples, self.data.domains, strict=True), start=1):
            reals = float_array(domain.images[:COLOUR_SAMPLES])
            self.run.note(f"domain {i}: {evaluate.colours(fakes, reals)}")
