"""The reference: the training step of the thesis' code, with eager Keras layers.

As in that code (chapters 3 to 5), but in Keras 3: per-element PReLU, one tape and optimiser per
network, three tapes that all record the passes of the generators, a list of all losses, and the
distance of the generators' weights in every iteration. Unlike in that code, and as for all other
contenders, the generators share no layers, and every network has its own optimiser, which Keras 3
requires.
"""

import collections
from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from bench import reference_nets, workloads
from bench.workloads import Workload


def build(workload: Workload) -> Callable[[], int]:
    """Returns a function that runs one iteration and returns 1."""
    keras.utils.set_random_seed(1)
    return Reference(workload).iteration


class Reference:
    """Two generators, two critics and an encoder with their steps.

    Args:
        workload: the step, with feature, semantic and cycle terms or with perceptual terms.
        prelu: `element`, as in the thesis' code, or `channel`.
        dropout: whether the critics have dropout.
    """

    def __init__(self, workload: Workload, prelu: str = "element", dropout: bool = True):
        self.workload = workload
        self.generators = [reference_nets.generator(workload, prelu) for _ in range(2)]
        self.critics = [reference_nets.critic(workload, prelu, dropout) for _ in range(2)]
        if workload.perceptual:
            self.vgg = reference_nets.vgg19()
        else:
            self.encoder = reference_nets.encoder(workload)
            self.classifier = reference_nets.classifier(workload)
            self.encoder_optimizer = _adam()
        self.generator_optimizers = [_adam() for _ in range(2)]
        self.critic_optimizers = [_adam() for _ in range(2)]
        self.streams = [_stream(workload, domain) for domain in range(2)]
        self.history: dict[str, list] = collections.defaultdict(list)

    def iteration(self) -> int:
        """Runs all updates of one iteration; returns 1."""
        for _ in range(self.workload.critic_steps):
            reals = [next(stream) for stream in self.streams]
            z = self._latent()
            for domain, real in enumerate(reals):
                epsilon = tf.random.uniform([len(real), 1, 1, 1])
                self.train_critic(domain, real, z, epsilon)
        self.train_generators(self._latent(), reals)
        pairs = zip(*(net.trainable_variables for net in self.generators), strict=True)
        distances = [tf.reduce_mean(tf.math.squared_difference(a, b)) for a, b in pairs]
        self.history["weight_diff"].append(float(tf.add_n(distances)))
        return 1

    def _latent(self) -> tf.Tensor:
        return tf.random.uniform([self.workload.batch_size, workloads.NOISE_DIM], -1.0, 1.0)

    def train_critic(self, domain: int, real: tf.Tensor, z: tf.Tensor, epsilon: tf.Tensor) -> None:
        """Updates one critic."""
        critic = self.critics[domain]
        fake = self.generators[domain](z, training=True)[-1]
        with tf.GradientTape() as tape:
            terms = self.critic_terms(domain, real, fake, epsilon)
            loss = tf.add_n(list(terms.values()))
        gradients = tape.gradient(loss, critic.trainable_variables)
        self.critic_optimizers[domain].apply_gradients(
            zip(gradients, critic.trainable_variables, strict=True)
        )
        for name, value in terms.items():
            self.history[f"{name}{domain + 1}"].append(value)

    def critic_terms(
        self, domain: int, real: tf.Tensor, fake: tf.Tensor, epsilon: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Returns the loss terms of one critic: `adv` and, for `wgan`, `penalty`."""
        critic = self.critics[domain]
        real_logits, fake_logits = critic(real, training=True), critic(fake, training=True)
        if self.workload.loss == "ce":
            ones, zeros = tf.ones_like(real_logits), tf.zeros_like(fake_logits)
            return {"adv": _cross_entropy(ones, real_logits) + _cross_entropy(zeros, fake_logits)}
        mixed = real + epsilon * (fake - real)
        with tf.GradientTape() as tape:
            tape.watch(mixed)
            logits = critic(mixed, training=True)
        slope = tf.sqrt(tf.reduce_sum(tf.square(tape.gradient(logits, mixed)), axis=[1, 2, 3]))
        return {
            "adv": tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits),
            "penalty": workloads.PENALTY * tf.reduce_mean(tf.square(slope - 1.0)),
        }

    def train_generators(self, z: tf.Tensor, reals: list[tf.Tensor]) -> None:
        """Computes the gradients of both generators and updates them, then the encoder."""
        with tf.GradientTape() as tape1, tf.GradientTape() as tape2, tf.GradientTape() as tape3:
            adversarial, shared, recovery = self.generator_terms(z, reals)
            added = tf.add_n(list(shared.values()))
            losses = [loss + added for loss in adversarial]
        gradients = [
            tape.gradient(loss, net.trainable_variables)
            for tape, loss, net in zip((tape1, tape2), losses, self.generators, strict=True)
        ]
        for optimizer, gradient, net in zip(
            self.generator_optimizers, gradients, self.generators, strict=True
        ):
            optimizer.apply_gradients(zip(gradient, net.trainable_variables, strict=True))
        if recovery is not None:
            variables = self.encoder.trainable_variables
            gradient = tape3.gradient(recovery, variables)
            self.encoder_optimizer.apply_gradients(zip(gradient, variables, strict=True))
        for name, value in shared.items():
            self.history[name].append(value)
        self.history["gen"].append(losses)

    def generator_terms(
        self, z: tf.Tensor, reals: list[tf.Tensor]
    ) -> tuple[list[tf.Tensor], dict[str, tf.Tensor], tf.Tensor | None]:
        """Returns adversarial losses per generator, terms added to both, and the encoder loss."""
        outputs = [net(z, training=True) for net in self.generators]
        fakes = [maps[-1] for maps in outputs]
        logits = [critic(x, training=True) for critic, x in zip(self.critics, fakes, strict=True)]
        if self.workload.loss == "ce":
            adversarial = [_cross_entropy(tf.ones_like(scores), scores) for scores in logits]
        else:
            adversarial = [-tf.reduce_mean(scores) for scores in logits]
        if self.workload.perceptual:
            return adversarial, self._perceptual(fakes, reals), None
        maps = zip(*(features[: workloads.FEATURE_MAPS] for features in outputs), strict=True)
        feature = tf.add_n([_squared(a, b) for a, b in maps])
        semantic = _squared(*(tf.nn.softmax(self.classifier(x, training=False)) for x in fakes))
        recovered = [self.encoder(x) for x in fakes]
        recovery = tf.add_n([tf.reduce_mean(tf.abs(code - z)) for code in recovered])
        shared = {
            "feature": workloads.FEATURE * feature,
            "semantic": workloads.SEMANTIC * semantic,
            "cycle": workloads.CYCLE * recovery,
        }
        return adversarial, shared, recovery

    def _perceptual(self, fakes: list, reals: list) -> dict[str, tf.Tensor]:
        fake_maps = [self.vgg(_vgg_input(x)) for x in fakes]
        real_maps = [self.vgg(_vgg_input(x)) for x in reals]
        content = _squared(fake_maps[0][0], fake_maps[1][0])
        style = tf.add_n(
            [
                _squared(_gram(a), _gram(b)) / 5.0
                for fake, real in zip(fake_maps, real_maps, strict=True)
                for a, b in zip(fake[1:], real[1:], strict=True)
            ]
        )
        return {
            "perceptual_content": workloads.CONTENT * content,
            "perceptual_style": workloads.STYLE * style,
        }


def _adam() -> keras.optimizers.Optimizer:
    beta_1, beta_2 = workloads.BETAS
    return keras.optimizers.Adam(workloads.LEARNING_RATE, beta_1=beta_1, beta_2=beta_2)


def _stream(workload: Workload, domain: int) -> Iterator[tf.Tensor]:
    pixels = workloads.images(workload, domain)
    data = tf.data.Dataset.from_tensor_slices((pixels.astype(np.float32) - 127.5) / 127.5)
    return iter(data.shuffle(len(pixels)).repeat().batch(workload.batch_size))


def _cross_entropy(target: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(target, logits))


def _squared(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.math.squared_difference(a, b))


def _gram(x: tf.Tensor) -> tf.Tensor:
    pixels = tf.cast(tf.shape(x)[1] * tf.shape(x)[2], tf.float32)
    return tf.einsum("nhwc,nhwd->ncd", x, x) / pixels


def _vgg_input(x: tf.Tensor) -> tf.Tensor:
    return keras.applications.vgg19.preprocess_input((0.5 * x + 0.5) * 255.0)
