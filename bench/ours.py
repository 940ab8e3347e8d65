"""This project's trainer, built through its public options."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from bench import flops, workloads
from bench.workloads import Workload
from framework.commands import training
from framework.data import Data, Domain, batches
from framework.engine.trainer import Trainer
from framework.options import config
from nets import classifier

READ = 20  # iterations per call of the input step


def build(workload: Workload, *, flags: list[str]) -> Callable[[], int]:
    """Returns a function that calls the compiled step once and returns its iterations."""
    system = trainer(workload, flags)
    iterator, count = system.batches(0), system.options.steps_per_call

    def step() -> int:
        tf.convert_to_tensor(system.run_steps(iterator, count)).numpy()
        return count

    return step


def build_input(workload: Workload) -> Callable[[], int]:
    """Returns a function that only reads the batches of some iterations and returns how many."""
    stream = batches.dataset(data(workload), workload.batch_size, _updates(workload), seed=1)
    iterator = iter(stream)

    def step() -> int:
        for _ in range(READ):
            next(iterator)
        return READ

    return step


def count_flops(workload: Workload) -> int:
    """Returns the floating-point operations of one iteration with plain layers, see `flops`."""
    system = trainer(workload, ["--fast_layers", "false"])
    system.compiled = lambda compute: compute  # all in one graph: called functions do not count
    size = (_updates(workload), workload.batch_size, workload.image_size, workload.image_size, 3)
    element = {name: tf.TensorSpec(size, tf.uint8) for name in ("x1", "x2")}
    element |= {"step": tf.TensorSpec([], tf.int64)}
    return flops.count(tf.function(system.iteration).get_concrete_function(element).graph)


def trainer(workload: Workload, flags: list[str]) -> Trainer:
    """Returns the SCoGAN trainer of a workload."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "classifier.keras")
        if not workload.perceptual:
            size = dict(image_size=workload.image_size, classes=workloads.CLASSES)
            classifier.classifier(width=workload.width, **size).save(path)
        argv = [*workload_flags(workload, path), *flags]
        return training.build_trainer(config.parse(argv), data(workload))


def workload_flags(workload: Workload, classifier_path: str) -> list[str]:
    """Returns the command line of a workload."""
    text = f"--gan_type scogan --loss {workload.loss} --disc_iters {workload.critic_steps}"
    text += f" --batch_size {workload.batch_size} --image_size {workload.image_size}"
    text += f" --width {workload.width} --seed 1 --eval_pairs 0"
    if workload.loss == "wgan":
        text += " --disc_penalty wgan-gp"
    if workload.image_size == 128:
        text += " --norm layer"
    if workload.perceptual:
        return [*text.split(), "--perceptual_loss", "--perceptual_weights", "random"]
    text += " --feature_loss --semantic_loss --cycle_loss"
    return [*text.split(), "--classifier_path", classifier_path]


def data(workload: Workload) -> Data:
    """Returns random images of both domains."""
    pixels = [workloads.images(workload, domain) for domain in range(2)]
    domains = (Domain(f"noise{i}", x, None, x[:2], None) for i, x in enumerate(pixels))
    return Data("domains", tuple(domains), "noise", 0)


def _updates(workload: Workload) -> int:
    """Returns the batches per iteration: one per critic step, and one for the generators."""
    return workload.critic_steps + 1
