"""This project's trainer, built through its public options."""

import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from bench import flops, workloads
from bench.workloads import Workload
from framework import config
from framework.data import Data, Domain, batches
from framework.trainer import Trainer
from nets import classifier

READ = 20  # iterations whose batches are read at once


def build(workload: Workload, *, flags: list[str]) -> Callable[[], int]:
    """A function that makes one call of the compiled step and returns its iterations."""
    system = trainer(workload, flags)
    iterator, count = system.batches(0), system.options.steps_per_call

    def step() -> int:
        tf.convert_to_tensor(system.run_steps(iterator, count)).numpy()
        return count

    return step


def build_input(workload: Workload) -> Callable[[], int]:
    """A function that reads the batches of some iterations and nothing else."""
    stream = batches.dataset(data(workload), workload.batch_size, _updates(workload), seed=1)
    iterator = iter(stream)

    def step() -> int:
        for _ in range(READ):
            next(iterator)
        return READ

    return step


def count_flops(workload: Workload) -> int:
    """Floating-point operations of the matrix work of one iteration, plain layers."""
    system = trainer(workload, ["--fast_layers", "false"])
    system.compiled = lambda compute: compute  # all in one graph: called functions do not count
    size = (_updates(workload), workload.batch_size, workload.image_size, workload.image_size, 3)
    element = {name: tf.TensorSpec(size, tf.uint8) for name in ("x1", "x2")}
    element |= {"step": tf.TensorSpec([], tf.int64)}
    return flops.count(tf.function(system.iteration).get_concrete_function(element).graph)


def trainer(workload: Workload, flags: list[str]) -> Trainer:
    """The SCoGAN trainer of a workload."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "classifier.keras")
        if not workload.perceptual:
            size = dict(image_size=workload.image_size, classes=workloads.CLASSES)
            classifier.classifier(width=workload.width, **size).save(path)
        argv = [*workload_flags(workload, path), *flags]
        module = importlib.import_module("framework.scogan_trainer")
        return module.Trainer(config.parse(argv), data(workload))


def workload_flags(workload: Workload, classifier_path: str) -> list[str]:
    """The command line of a workload."""
    text = f"--gan_type scogan --loss {workload.loss} --disc_iters {workload.critic_steps}"
    text += f" --batch_size {workload.batch_size} --image_size {workload.image_size}"
    text += f" --width {workload.width} --seed 1"
    if workload.loss == "wgan":
        text += " --disc_penalty wgan-gp"
    if workload.image_size == 128:
        text += " --norm layer"
    if workload.perceptual:
        return [*text.split(), "--perceptual_loss", "--perceptual_weights", "random"]
    text += " --feature_loss --semantic_loss --cycle_loss"
    return [*text.split(), "--classifier_path", classifier_path]


def data(workload: Workload) -> Data:
    """The random images of both domains, in memory."""
    pixels = [workloads.images(workload, domain) for domain in range(2)]
    domains = (Domain(f"noise{i}", x, None, x[:2], None) for i, x in enumerate(pixels))
    return Data("domains", tuple(domains), "noise", 0)


def _updates(workload: Workload) -> int:
    """Batches of one iteration: one for each critic step, one for the generators."""
    return workload.critic_steps + 1
