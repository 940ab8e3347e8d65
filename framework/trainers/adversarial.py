"""Loss terms, phases and optimisers that all systems with discriminators share."""

from collections.abc import Callable

import keras
import tensorflow as tf

from framework import losses, penalties
from framework.engine import devices, optimizers
from framework.engine.phase import Batch, Phase, Terms
from framework.engine.randomness import Random
from framework.options.adversarial import Adversarial, Generative
from nets.blocks import Style


def style(options: Generative) -> Style:
    """Returns the options of layers: activation, initial weights, weight decay and upsampling."""
    o = options
    return Style(o.prelu, o.weight_init, o.bias_init, o.weight_decay, o.upsample)


def real_and_fake(
    options: Adversarial, net: Callable, real: tf.Tensor, fake: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Computes the outputs of a discriminator for real and generated images.

    They are one batch, except for batch normalisation, whose statistics must not mix them.

    Args:
        options: options of the run; `norm` is the normalisation of the discriminators, if any.
        net: images [N, H, W, C] -> a tensor [N, ...] or a tuple of such tensors; a discriminator or
            a part of it.
        real: real images [N, H, W, C].
        fake: generated images [N, H, W, C].

    Returns:
        The outputs of `net` for real images, and for generated images.
    """
    if getattr(options, "norm", "none") == "batch":
        return net(real), net(fake)
    outputs = net(tf.concat([real, fake], axis=0))
    halves = tf.nest.map_structure(lambda output: tf.split(output, 2), outputs)
    if isinstance(outputs, tuple):
        return tuple(first for first, _ in halves), tuple(second for _, second in halves)
    return halves[0], halves[1]


def disc_terms(
    options: Adversarial,
    disc: Callable[[tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    fake: tf.Tensor,
    random: Random,
    logits: tuple[tf.Tensor, tf.Tensor] | None = None,
) -> dict[str, tf.Tensor]:
    """Computes the loss terms of one discriminator.

    Args:
        options: options of the run: loss, penalty and weight of the penalty.
        disc: images [N, H, W, C] in [-1, 1] -> logits [N, ...].
        real: real images [N, H, W, C].
        fake: generated images [N, H, W, C].
        random: random numbers of the update.
        logits: logits of `real` and of `fake`, if they have been computed already.

    Returns:
        Scalars: `adv`, the adversarial loss, and, with --disc_penalty, `penalty`, weighted.
    """
    real_logits, fake_logits = logits or real_and_fake(options, disc, real, fake)
    loss = losses.ADVERSARIAL[options.loss].disc(real_logits=real_logits, fake_logits=fake_logits)
    terms = {"adv": loss["real"] + loss["fake"]}
    if options.disc_penalty != "none":
        penalty = penalties.PENALTIES[options.disc_penalty]
        terms["penalty"] = options.penalty_weight_d * penalties.now_and_then(
            lambda: penalty(disc, real, fake, random.uniform), options.penalty_every, random.step
        )
    return terms


def gen_loss(
    options: Adversarial,
    disc: Callable[[tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    fake: tf.Tensor,
) -> tf.Tensor:
    """Computes the adversarial loss of a generator, a scalar.

    The discriminator processes real images only if the loss needs their logits. Arguments as for
    `disc_terms`.
    """
    loss = losses.ADVERSARIAL[options.loss]
    if not loss.needs_real:
        return loss.gen(fake_logits=disc(fake))
    real_logits, fake_logits = real_and_fake(options, disc, real, fake)
    return loss.gen(real_logits=real_logits, fake_logits=fake_logits)


def disc_phase(
    options: Adversarial,
    nets: tuple[str, ...],
    terms: Callable[[Batch, Random], Terms],
) -> Phase:
    """Returns the update of the discriminators.

    The weights of a Wasserstein critic without penalty are clipped after each update: Arjovsky et
    al., arXiv 1701.07875, algorithm 1.

    Args:
        options: options of the run: optimiser, learning rate and updates per iteration.
        nets: names of the discriminators.
        terms: loss terms, see `Phase`.
    """
    o = options

    def clip(variables: list[keras.Variable]) -> None:
        devices.assign(variables, lambda value: tf.clip_by_value(value, -o.clip, o.clip))

    after = clip if o.loss == "wgan" and o.disc_penalty == "none" else None
    branches = o.disc_penalty != "none" and o.penalty_every > 1
    return Phase("disc", nets, terms, disc_optimizer(o), o.disc_iters, after, branches=branches)


def disc_optimizer(options: Adversarial) -> keras.optimizers.Optimizer:
    """Builds an optimiser of discriminators: --optim_d with learning rate --lr_d."""
    return _optimizer(options, options.optim_d, options.lr_d, options.disc_iters)


def gen_optimizer(options: Adversarial, repeat: int = 1) -> keras.optimizers.Optimizer:
    """Builds an optimiser of generators with `repeat` updates per iteration: --optim_g, --lr_g."""
    return _optimizer(options, options.optim_g, options.lr_g, repeat)


def _optimizer(o: Adversarial, kind: str, rate: float, repeat: int) -> keras.optimizers.Optimizer:
    """Builds an optimiser with the schedule --lr_schedule, which is counted in iterations."""
    if o.lr_schedule != "constant":
        start, length = o.lr_decay_start * repeat, o.lr_decay_length * repeat
        schedule = optimizers.FallingRate(o.lr_schedule, rate, start, length)
        return optimizers.make(kind, schedule, o.b1, o.b2)
    return optimizers.make(kind, rate, o.b1, o.b2)
