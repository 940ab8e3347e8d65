"""Tiny data and quick trainers for the tests of the systems."""

import dataclasses
import os
import signal
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from framework.commands import training
from framework.data import Data, Domain
from framework.engine import recording, stages
from framework.engine.loop import Loop
from framework.engine.phase import Phase
from framework.engine.randomness import Random
from framework.engine.trainer import Trainer
from framework.options import config
from framework.options.base import Options
from framework.results import Run
from framework.trainers.registry import trainer_class
from framework.utils import to_float
from nets import classifier, pretrained

SMALL = "--preset smoke --width 0.01".split()
LATENT = ["--noise_dim", "4"]
# What a system has instead of LATENT.
OTHERS = {
    "classifier": [],
    **dict.fromkeys(("content", "factors", "cyclegan", "unit", "ost"), ["--eval_pairs", "0"]),
    "lord": "--eval_pairs 0 --adain_layers 2 --content_dim 4 --style_dim 4 --dry_run".split(),
    "g2g": ["--eval_pairs", "0"],
}
# Set without being asked for: each is of some variants alone.
UNASKED = {"g2g": dict(adain_layers=2, content_dim=4, style_dim=4, d_blocks=2)}
NO_DROPOUT = ["--d_arch", "strided", "--d_width", "1"]  # its masks depend on where a row stands
# Every term that SCoGAN has, and a penalty.
FULL = (
    "--feature_loss --weight_loss --semantic_loss --cycle_loss --disc_penalty wgan-gp "
    "--perceptual_loss --perceptual_weights random --disc_iters 2"
).split()


def domain(name: str, seed: int, count: int = 12, size: int = 32) -> Domain:
    """Random images of three classes."""
    images = np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)
    labels = np.arange(count) % 3
    return Domain(name, images, labels, images[:6], labels[:6])


def tiny_data(contract: str, size: int = 32) -> Data:
    """Random images under a batch contract."""
    domains = domain("a", 1, size=size), domain("b", 2, size=size)
    return Data(contract, domains[:1] if contract == "single" else domains, "tiny", 3)


def face_data(contract: str) -> Data:
    """Random images with three attributes; Smiling divides the domains."""
    domains = []
    for i, each in enumerate((domain("no_smiling", 1), domain("smiling", 2))):
        labels = np.random.default_rng(i).integers(0, 2, (len(each.images), 3))
        labels[:, 1] = i
        domains.append(dataclasses.replace(each, labels=labels, test_labels=labels[:6]))
    return Data(contract, tuple(domains), "faces", 3, ("Young", "Smiling", "Male"), "Smiling")


def trainer(system: str, *argv: str, data=tiny_data) -> Trainer:
    """A trainer with tiny nets; later flags win."""
    own = OTHERS.get(system, LATENT)
    options = config.parse(["--gan_type", system, *SMALL, *own, *argv])
    more = {k: v for k, v in UNASKED.get(system, {}).items() if f"--{k}" not in argv}
    options = dataclasses.replace(options, **more)
    kind = trainer_class(options)
    with mock.patch.object(pretrained, "vgg19", small_trunk):
        return build(options, data(kind.contract))


def build(options: Options, data: Data, kind: type[Trainer] | None = None) -> Trainer:
    """As `training.build_trainer`, without a first stage."""
    with mock.patch.object(stages, "obtain", return_value=None):
        return training.build_trainer(options, data, kind)


def train(subject: Trainer, run: Run | None = None, **how) -> int:
    """Trains to the end, with sheets and statistics in `run` if there is one; the exit code."""
    if run is None:
        return Loop(subject).run()
    suite = training.suite_of(subject, run)
    return recording.train(subject, run, statistics=suite.statistics, sheet=suite.sheet, **how)


def evaluate(subject: Trainer, run: Run | None = None) -> dict[str, dict]:
    """The metrics of a trainer's system."""
    return training.suite_of(subject, run).metrics()


def small_trunk(weights=None) -> keras.Model:
    """What stands in for VGG19, whose passes take longer than all else in a test."""
    x = keras.Input((None, None, 3))
    maps = [(0.5 * x + 0.5) * 255]
    for filters, stride in ((2, 4), (3, 2), (4, 1)):
        law = keras.initializers.GlorotUniform(seed=filters)
        conv = keras.layers.Conv2D(
            filters, 3, stride, "same", activation="relu", kernel_initializer=law
        )
        maps.append(conv(maps[-1]))
    trunk = keras.Model(x, maps[1:])
    trunk.trainable = False
    return trunk


def flags(system: str, classifier_path: str = "") -> list[str]:
    """Flags with which a system uses all of its parts and no dropout in the discriminators."""
    if system == "classifier":
        return ["--classifier_arch", "strided"]
    own = {"cogan": NO_DROPOUT, "uda": NO_DROPOUT, "scogan": [*NO_DROPOUT, *FULL]}.get(system, [])
    own = own + ["--classifier_path", classifier_path] if system == "scogan" else own
    return [*own, "--ema", "0.9", "--weight_decay", "1e-3"]


def save_classifier(path, **options) -> str:
    """An untrained classifier of three classes, or of what the options say, as a file."""
    keras.utils.set_random_seed(5)
    classifier.classifier(**{"classes": 3, "width": 0.05} | options).save(path)
    return str(path)


def phase(trainer: Trainer, name: str) -> Phase:
    return next(phase for phase in trainer.phases if phase.name == name)


def update(trainer: Trainer, name: str, step: int = 0) -> dict[str, float]:
    """One eager update of one phase on the first batch; returns its terms."""
    element = next(trainer.batches(step))
    batch = {k: to_float(v[0]) if k[0] == "x" else v[0] for k, v in element.items() if k != "step"}
    terms = trainer.update(phase(trainer, name), batch, Random(7, tf.constant(step)))
    return {key: float(value) for key, value in terms.items()}


def weights(trainer: Trainer) -> dict[str, list[np.ndarray]]:
    """Copies of all weights by net, the frozen and averaged ones included."""
    return {name: [np.array(w) for w in net.get_weights()] for name, net in _nets(trainer).items()}


def trainable(trainer: Trainer) -> dict[str, list[np.ndarray]]:
    """`weights` without batch statistics, which follow every pass in training mode."""
    return {
        name: [np.array(v.numpy()) for v in net.trainable_variables]
        for name, net in _nets(trainer).items()
    }


def _nets(trainer: Trainer) -> dict[str, keras.Model]:
    nets = trainer.nets | {f"frozen {name}": net for name, net in trainer.frozen.items()}
    return nets | {f"average {name}": net for name, net in trainer.system.averages.items()}


def slots(trainer: Trainer) -> dict[str, list[np.ndarray]]:
    """Copies of all optimiser variables by phase."""
    return {
        phase.name: [np.array(v.numpy()) for v in phase.optimizer.variables]
        for phase in trainer.phases
    }


def changed(before: dict[str, list], after: dict[str, list]) -> set[str]:
    """Names of the nets with a weight that is not what it was."""
    return {
        name
        for name, values in before.items()
        if any(not np.array_equal(a, b) for a, b in zip(values, after[name], strict=True))
    }


class Watch(keras.callbacks.Callback):
    """Records what it is told and, at one iteration, asks the run to stop as a cluster does."""

    def __init__(self, watched, stop_at=0):
        super().__init__()
        self.watched, self.stop_at = watched, stop_at
        self.logs, self.states = [], {}

    def on_train_begin(self, logs=None):
        self.states[int(self.watched.step)] = weights(self.watched)

    def on_epoch_end(self, epoch, logs=None):
        self.logs.append((epoch, logs))
        self.states[epoch] = weights(self.watched)
        if epoch == self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)

    def on_train_end(self, logs=None):
        self.logs.append("end")
