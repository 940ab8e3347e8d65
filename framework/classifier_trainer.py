"""Classifier: trained for the semantic loss, for pruning SVHN and, as another net, to evaluate.

Thesis appendix B. Data whose labels are attributes get a net with one sigmoid for each (table B.2),
other data a softmax over their classes (table B.1). A classifier that another system needs is
trained by the same command and kept below `<results_dir>/classifiers/`.
"""

import dataclasses
import functools
import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from framework import cluster, config, devices, evaluate, loop, losses, results, trainer
from framework.config import option
from framework.data import Data, fingerprint
from framework.errors import MissingError, UsageError, UserError
from framework.options import LARGEST_SEED
from framework.phase import Batch, Phase
from framework.utils import Random, batched, float_array, shift, to_float
from nets import classifier


@dataclasses.dataclass(frozen=True)
class Options(config.Options):
    """Options of `--gan_type classifier`."""

    dataset: str = option("mnist", "data set of a single GAN or classifier; see `list`", "data")
    classifier_arch: str = option(
        "thesis", "net of a classifier, also of the semantic loss", "nets",
        choices=config.CLASSIFIERS,
    )  # fmt: skip
    width: float = option(1.0, "factor on hidden widths; 1 is the thesis", "nets", low=0.001)
    shift: int = option(
        2, "pixels by which training images of a classifier are moved at random", "data",
        low=0, high=16,
    )  # fmt: skip
    iterations: int = option(
        5000, "updates; the learning rate falls to zero over them", "training", low=1,
        aliases=("epochs",),
    )  # fmt: skip
    lr: float = option(1e-3, "learning rate of the classifier (Adam)", "optimisers", low=0)


class Trainer(trainer.Trainer):
    """One net that labels images of all domains mixed."""

    contract = "labelled"
    options: Options

    def build_nets(self) -> dict[str, keras.Model]:
        """`clf` of --classifier_arch."""
        return {"clf": build(self.options, self.data)}

    def build_phases(self) -> list[Phase]:
        """One update."""
        return [Phase("clf", ("clf",), self.clf_terms)]

    def build_optimizer(self, phase: str) -> keras.optimizers.Optimizer:
        """Adam at --lr, falling to zero along a cosine."""
        return keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(self.options.lr, self.options.iterations)
        )

    def clf_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Cross-entropy in nats, for attributes the mean of theirs."""
        images = shift(batch["x"], self.options.shift, random)
        logits = self.nets["clf"](images, training=True)
        if self.data.attributes:
            present = tf.cast(batch["y"], tf.float32)
            each = tf.nn.sigmoid_cross_entropy_with_logits(present, logits)
            return {"loss": tf.reduce_mean(each)}
        return {"loss": losses.cross_entropy(batch["y"], logits)}

    def metrics(self) -> dict[str, dict]:
        """Accuracy on held-out images per domain; for attributes their mean and each of them."""
        protocol = (
            f"{self.options.classifier_arch} classifier, seed {self.options.seed}; held-out images"
        )
        if self.data.attributes:
            return self._attribute_metrics(protocol)
        classify, found = outputs(self.nets["clf"]), {}
        for domain in self.data.domains:
            judged = float_array(domain.test_images), domain.test_labels
            found[f"accuracy_{domain.name}"] = evaluate.accuracy(classify, *judged, protocol)
        return found

    def _attribute_metrics(self, protocol: str) -> dict[str, dict]:
        metrics = {}
        for domain in self.data.domains:
            found = evaluate.attribute_accuracy(
                probabilities(self.nets["clf"], domain.test_images),
                domain.test_labels, self.data.attributes, protocol,
            )  # fmt: skip
            metrics |= {f"accuracy_{domain.name}_{k}".rstrip("_"): v for k, v in found.items()}
        return metrics


def build(options: Options, data: Data) -> keras.Model:
    """A new classifier for the images and classes of the data."""
    size = data.domains[0].images.shape[1]
    return classifier.classifier(
        options.classifier_arch, image_size=size, classes=data.classes, width=options.width,
        multilabel=bool(data.attributes),
    )  # fmt: skip


def probabilities(net: keras.Model, images: np.ndarray) -> np.ndarray:
    """Probabilities [N, K] of classes or attributes of uint8 images [N, H, W, C]."""

    def judge(pixels: np.ndarray) -> tuple[tf.Tensor]:
        return (classifier.probabilities(net, net(to_float(pixels), training=False)),)

    return batched(judge, images)[0]


def outputs(net: keras.Model) -> evaluate.Classify:
    """Function from float images [N, H, W, C] to (probabilities [N, K], features [N, D])."""
    both = keras.Model(net.input, [net.output, net.get_layer("features").output])

    def classify(images: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        logits, features = both(images, training=False)
        return classifier.probabilities(net, logits), features

    return lambda images: batched(classify, images)


def given(path: str, image_size: int, data: Data) -> Path:
    """A classifier file of the user's, from images [N, image_size, image_size, 3] to logits.

    Of data with attributes it must tell all, or all but the last: a pair has as its last the one
    that divides it, if that is none of the thesis' 13.

    Raises:
        MissingError: there is no such file.
        UserError: it is no Keras model.
        UsageError: it takes other images or tells something else.
    """
    if not Path(path).is_file():
        raise MissingError(f"--classifier_path {path}: no such file; leave it out to train one")
    try:
        net = keras.models.load_model(path)
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"--classifier_path {path}: not a readable .keras model") from error
    shape, told = net.input_shape[1:], net.output_shape[1]
    if shape != (image_size, image_size, 3):
        raise UsageError(
            f"--classifier_path {path}: takes images {shape}; --image_size is {image_size}"
        )
    linear = keras.activations.linear
    if getattr(net.layers[-1], "activation", linear) is not linear:
        raise UsageError(
            f"--classifier_path {path}: must end in logits, without softmax or sigmoid"
        )
    attributes = bool(data.attributes)
    count, kind = data.classes, "attributes" if attributes else "classes"
    what = "attributes" if classifier.is_multilabel(net) else "classes"
    if count and (what != kind or not count - attributes <= told <= count):
        raise UsageError(
            f"--classifier_path {path}: tells {told} {what}; the data have {count} {kind}"
        )
    return Path(path)


def teacher(options: config.Options, data: Data) -> Callable[[], keras.Model]:
    """Maker, as `ready`, of the classifier that teaches a system (--classifier_*)."""
    net = dict(classifier_arch=options.classifier_arch, width=options.classifier_width)
    own = settings(options, iterations=options.classifier_iterations, **net)
    return ready(own, data.labelled())


def for_evaluation(options: config.Options) -> Options:
    """Options of the evaluator: another network and another seed than the semantic loss has."""
    seed, iterations = (options.seed + 1) % (LARGEST_SEED + 1), options.evaluator_iterations
    return settings(
        options, classifier_arch=options.evaluator_arch, iterations=iterations, seed=seed
    )


def settings(options: config.Options, **values) -> Options:
    """Options of a classifier for the data, places and seed of other options, and these values."""
    same = ("seed", "results_dir", "data_dir", "image_size")
    inherited = {name: getattr(options, name) for name in (*same, "dry_run", "max_time")}
    own = dict(gan_type="classifier", batch_size=64, log_every=100)
    own |= dict(devices=devices.names(options.devices)[0])  # too small a net for several
    return Options(**(inherited | own | values))


def ready(options: Options, data: Data) -> Callable[[], keras.Model]:
    """Maker of the classifier of these options, which is trained now if it is not kept already.

    A dry run gets an untrained net and keeps nothing. Of several workers the chief trains it.
    """
    if options.dry_run:
        return functools.partial(build, options, data)
    path = obtain(options, data) if cluster.is_chief() else _kept_file(options, data)
    if cluster.workers() > 1:
        devices.agree(devices.of_all_workers(), 0)  # the others wait here
        if not _is_kept(path):
            raise UsageError("--results_dir: must be a folder that all workers share")
    return functools.partial(keras.models.load_model, path)


def obtain(options: Options, data: Data) -> Path:
    """File of the classifier of these options and data; trained first if it is not kept already.

    `<results_dir>/classifiers/<data>-<net>-<key>.keras` has its options and its held-out accuracy
    beside it in a JSON file of the same name. Raises Stopped when a signal ends the training.
    """
    path = _kept_file(options, data)
    results.once(path, lambda: _is_kept(path), lambda: _train(options, data, path))
    accuracy = json.loads(path.with_suffix(".json").read_text())["accuracy"]
    main = [f"accuracy_{domain.name}" for domain in data.domains]
    shown = ", ".join(f"{name} {accuracy[name]:.1%}" for name in main)
    print(f"{options.classifier_arch} classifier of {data.name}: {shown} (held out)")
    return path


def _train(options: Options, data: Data, path: Path) -> None:
    print(f"training the {options.classifier_arch} classifier of {data.name}: {path}")
    clf, unfinished = Trainer(options, data), path.with_suffix("")  # gone once the file is there
    loop.train_first(clf, unfinished, "the classifier", config.inert_options("classifier"))
    accuracy = {name: metric["value"] for name, metric in clf.metrics().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with results.whole(path) as temporary:
        clf.nets["clf"].save(temporary)
    record = {"accuracy": accuracy, "options": options.to_dict()}
    results.write_json(path.with_suffix(".json"), record)
    shutil.rmtree(unfinished)


def _is_kept(path: Path) -> bool:
    return path.is_file() and path.with_suffix(".json").is_file()


def _kept_file(options: Options, data: Data) -> Path:
    """Where the classifier is kept: another file for any other data or option that matters."""
    values = options.to_dict()
    matters = {name: values[name] for name in values.keys() - config.inert_options("classifier")}
    matters["data"] = fingerprint(data.domains)
    key = zlib.crc32(json.dumps(matters, sort_keys=True).encode())
    name = f"{data.name}-{options.classifier_arch}-{key:08x}.keras".replace(":", "_")
    return Path(options.results_dir) / "classifiers" / name
