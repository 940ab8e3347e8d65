"""Stores classifiers that teach or evaluate other systems; each is trained once per data set.

A classifier is `<results_dir>/classifiers/<data>-<net>-<checksum>.keras`. Its options and held-out
accuracy are in a JSON file of the same name.
"""

import dataclasses
import functools
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from framework.data import Data, fingerprint
from framework.errors import MissingError, UsageError, UserError
from framework.frozen.weights import Maker
from framework.options import config, scogan
from framework.options.base import LARGEST_SEED, Options
from framework.options.classifier import Options as ClassifierOptions
from framework.options.exchange import Exchange
from framework.results import once
from framework.utils import Rows, batched, to_float
from nets import classifier

Classify = Callable[[Rows], tuple[np.ndarray, np.ndarray]]
"""Float images [N, S, S, C] in [-1, 1] -> (probabilities [N, K], features [N, D])."""


@dataclasses.dataclass
class ClassifierStore:
    """Finds stored classifiers and trains missing ones.

    Attributes:
        train: function of (options, data, path) that trains a classifier and writes it to the path,
            with its JSON file.
        writes: whether this process trains; only the chief of several workers does.
        wait: waits until every worker has called it.
    """

    train: Callable[[ClassifierOptions, Data, Path], None]
    writes: bool = True
    wait: Callable[[], None] = lambda: None

    def ready(self, options: ClassifierOptions, data: Data) -> Maker:
        """Returns the maker of a classifier, which is trained now if it is not stored.

        In a dry run the network is untrained and nothing is stored.

        Args:
            options: options of the classifier.
            data: its data.

        Raises:
            Stopped: a signal stopped the training; the same command resumes it.
            UsageError: several workers do not share the folder of the classifiers.
        """
        if options.dry_run:
            return functools.partial(build, options, data)
        return functools.partial(keras.models.load_model, self.obtain(options, data))

    def obtain(self, options: ClassifierOptions, data: Data) -> Path:
        """Returns the file of a classifier; arguments and errors as for `ready`."""
        path = stored_file(options, data)
        if not is_stored(path) and not all(domain.is_as_known for domain in data.domains):
            raise MissingError(
                f"{path}: no such classifier, and the images that the run began with are not there "
                "to train it: evaluate the run with its own images once"
            )
        if self.writes:
            once(path, lambda: is_stored(path), lambda: self.train(options, data, path))
            self._print_accuracy(options, data, path)
        self.wait()
        if not is_stored(path):
            raise UsageError("--results_dir: must be a folder that all workers share")
        return path

    def teacher(self, options: Exchange | scogan.Options, data: Data) -> Maker:
        """Returns the maker of the classifier that teaches a system (--classifier_*).

        Args:
            options: options of this system.
            data: data of this system.

        Raises:
            Stopped, UsageError: as `ready`.
        """
        classifier_options = settings(
            options, classifier_arch=options.classifier_arch, width=options.classifier_width,
            iterations=options.classifier_iterations,
        )  # fmt: skip
        return self.ready(classifier_options, data.labelled())

    def evaluator(self, options: Options, data: Data) -> Maker:
        """Returns the maker of the evaluator of a system, see `for_evaluation`.

        Arguments and errors as for `teacher`.
        """
        return self.ready(for_evaluation(options), data)

    def _print_accuracy(self, options: ClassifierOptions, data: Data, path: Path) -> None:
        accuracy = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["accuracy"]
        names = [f"accuracy_{domain.name}" for domain in data.domains]
        text = ", ".join(f"{name} {accuracy[name]:.1%}" for name in names)
        print(f"{options.classifier_arch} classifier of {data.name}: {text} (held out)")


class LoadedClassifiers(ClassifierStore):
    """Loads each classifier once, for evaluations that follow one another."""

    def __init__(self, train: Callable[[ClassifierOptions, Data, Path], None]) -> None:
        super().__init__(train)
        self._nets: dict[Path, keras.Model] = {}

    def ready(self, options: ClassifierOptions, data: Data) -> Maker:
        """As `ClassifierStore.ready`; the maker returns the same network every time."""
        path = stored_file(options, data)
        if path not in self._nets:
            self._nets[path] = super().ready(options, data)()
        return lambda: self._nets[path]


def for_evaluation(options: Options) -> ClassifierOptions:
    """Returns the options of the evaluator of a run.

    Its network and its seed differ from those of a teacher.
    """
    seed, iterations = (options.seed + 1) % (LARGEST_SEED + 1), options.evaluator_iterations
    return settings(
        options, classifier_arch=options.evaluator_arch, iterations=iterations, seed=seed
    )


def settings(options: Options, **values: Any) -> ClassifierOptions:
    """Returns options of a classifier for the data of another system.

    Args:
        options: options of the other system, from which data, folders and seed are taken.
        **values: further options of the classifier.
    """
    same = ("seed", "results_dir", "data_dir", "image_size", "dry_run", "max_time", "devices")
    inherited = {name: getattr(options, name) for name in same}
    defaults = dict(gan_type="classifier", batch_size=64, log_every=100)
    return ClassifierOptions(**(inherited | defaults | values))


def stored_file(options: ClassifierOptions, data: Data) -> Path:
    """Returns the file of a classifier; its name has a checksum of the data and options."""
    relevant = config.identity(options) | dict(data=fingerprint(data.domains))
    checksum = zlib.crc32(json.dumps(relevant, sort_keys=True).encode())
    name = f"{data.name}-{options.classifier_arch}-{checksum:08x}.keras".replace(":", "_")
    return Path(options.results_dir) / "classifiers" / name


def is_stored(path: Path) -> bool:
    """Returns whether the classifier and its JSON file exist."""
    return path.is_file() and path.with_suffix(".json").is_file()


def build(options: ClassifierOptions, data: Data) -> keras.Model:
    """Builds an untrained classifier for the images and classes of the data."""
    size = data.domains[0].images.shape[1]
    return classifier.classifier(
        options.classifier_arch, image_size=size, classes=data.classes, width=options.width,
        multilabel=bool(data.attributes),
    )  # fmt: skip


def probabilities(net: keras.Model, images: Rows) -> np.ndarray:
    """Returns probabilities [N, K] of the classes or attributes of images.

    Args:
        net: images [N, H, W, C] -> logits [N, K].
        images: [N, H, W, C], uint8, or float in [-1, 1].
    """

    def classify(pixels: np.ndarray) -> tuple[tf.Tensor]:
        return (classifier.probabilities(net, net(to_float(pixels), training=False)),)

    return batched(classify, images)[0]


def with_features(net: keras.Model) -> Classify:
    """Returns a function from images to the probabilities and features of a classifier."""
    both = keras.Model(net.input, [net.output, net.get_layer("features").output])

    def classify(images: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        logits, features = both(images, training=False)
        return classifier.probabilities(net, logits), features

    def classify_all(images: Rows) -> tuple[np.ndarray, np.ndarray]:
        probabilities, features = batched(classify, images)
        return probabilities, features

    return classify_all


def check_given(path: str, image_size: int, data: Data) -> Path:
    """Checks a classifier file of the user (--classifier_path).

    It must map images [N, image_size, image_size, 3] to the logits of all classes or attributes of
    the data. The last attribute may be missing: a pair of domains that is divided by an attribute
    outside the thesis' 13 has this one as the last.

    Args:
        path: a `.keras` file.
        image_size: height and width of the images.
        data: data of the run.

    Returns:
        The path.

    Raises:
        MissingError: there is no such file.
        UsageError: it has other inputs or outputs.
        UserError: it is no Keras model.
    """
    if not Path(path).is_file():
        raise MissingError(f"--classifier_path {path}: no such file; leave it out to train one")
    try:
        net = keras.models.load_model(path)
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"--classifier_path {path}: not a readable .keras model") from error
    if (shape := net.input_shape[1:]) != (image_size, image_size, 3):
        raise UsageError(
            f"--classifier_path {path}: takes images {shape}; --image_size is {image_size}"
        )
    linear = keras.activations.linear
    if getattr(net.layers[-1], "activation", linear) is not linear:
        raise UsageError(
            f"--classifier_path {path}: must end in logits, without softmax or sigmoid"
        )
    _check_outputs(path, net, data)
    return Path(path)


def _check_outputs(path: str, net: keras.Model, data: Data) -> None:
    """Raises UsageError unless a classifier has the classes or attributes of the data."""
    outputs, count, has_attributes = net.output_shape[1], data.classes, bool(data.attributes)
    expected = "attributes" if has_attributes else "classes"
    actual = "attributes" if classifier.is_multilabel(net) else "classes"
    fits = actual == expected and count - has_attributes <= outputs <= count
    if count and not fits:
        raise UsageError(
            f"--classifier_path {path}: has {outputs} {actual}; the data have {count} {expected}"
        )
