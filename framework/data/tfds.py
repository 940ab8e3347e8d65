"""Image data sets of TensorFlow Datasets (TFDS) by name: `tfds:NAME[/CONFIG][@LABEL[=A,B]]`.

With `@LABEL` the images of two classes become two domains. Images of any size are cropped to their
middle square and resized. TFDS is imported only when a set is read.
"""

import functools
import re
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps

from framework.data import prepared, storage
from framework.data.cache import cached
from framework.data.decode import open_image
from framework.data.domains import Domain
from framework.data.folder import held_out
from framework.data.splits import Split, Splits
from framework.errors import MissingError, UsageError, UserError

PREFIX = "tfds:"
FORM = re.compile(r"tfds:([\w.]+(?:/[\w.+-]+)?)(?:@([\w./-]+)(?:=([^,=]+),([^,=]+))?)?")
ENCODED_SHARE = 0.5  # of the free memory, which the encoded images of a set may take


class Name(NamedTuple):
    """What a name `tfds:...` asks for.

    Attributes:
        dataset: NAME or NAME/CONFIG of TensorFlow Datasets.
        label: feature by which the images are divided, such as `label` or `attributes/Smiling`;
            None for one domain.
        classes: names or numbers of the classes that become the domains; None for the only two.
    """

    dataset: str
    label: str | None
    classes: tuple[str, str] | None


def parse(item: str) -> Name:
    """Splits a name `tfds:...` of one data set. Raises UsageError for another form."""
    match = FORM.fullmatch(item)
    if not match:
        raise UsageError(
            f"data set {item!r}: use tfds:NAME, tfds:NAME/CONFIG, tfds:NAME@LABEL for a feature of "
            "two classes, or tfds:NAME@LABEL=A,B"
        )
    dataset, label, *classes = match.groups()
    return Name(dataset, label, (classes[0], classes[1]) if classes[0] else None)


def check_pair(name: str) -> None:
    """Checks the name of a pair: one set that a label divides, or two sets joined by "+".

    Raises UsageError.
    """
    parts = [parse(item) for item in name.split("+")]
    if [part.label is None for part in parts] not in ([False], [True, True]):
        raise UsageError(
            f"data {name}: a pair is two sets, tfds:NAME1+tfds:NAME2, or one that a label divides, "
            "tfds:NAME@LABEL"
        )


def domains(item: str, data_dir: str, size: int) -> list[Domain]:
    """Reads a set as one domain, or as two if a label divides it.

    The splits `train` and `test` become training and held-out images. Where there is no `test`, or
    its images have no labels, every tenth image of the first split is held out.

    Args:
        item: `tfds:...`, of one set.
        data_dir: the folder in which TFDS keeps its sets.
        size: height and width of the images returned.

    Raises:
        UsageError: there is no such set, label or class, or the set has no images.
        MissingError: the set is neither in `data_dir` nor reachable, or is damaged.
    """
    name = parse(item)
    folder = _find(name.dataset, Path(data_dir)) or _prepare(name.dataset, Path(data_dir))
    with prepared.errors_of(folder):
        builder = prepared.builder(folder)
        features = builder.info.features
    image = _image_feature(item, features)
    label = name.label or _class_feature(features)
    classes = _classes(item, name, features) if name.label else {}
    files = sorted(file for file in folder.iterdir() if file.is_file())
    build = functools.partial(_read, folder, image, label, size)
    splits = cached(data_dir, f"tfds {name.dataset} {label} {size}", files, build, item)
    if not classes:
        return [_domain(name.dataset, splits)]
    return [_domain(title, _of_class(splits, value, item)) for value, title in classes.items()]


def _find(dataset: str, root: Path) -> Path | None:
    """Returns the newest prepared folder of a set; without a config, of its only config there."""
    if (folder := prepared.find(dataset, root)) or "/" in dataset:
        return folder
    configs = sorted({info.parents[1].name for info in (root / dataset).glob("*/*/*_info.json")})
    if len(configs) > 1:
        names = ", ".join(f"{PREFIX}{dataset}/{config}" for config in configs)
        raise UsageError(f"{PREFIX}{dataset}: several parts of it are prepared: use one of {names}")
    return prepared.find(f"{dataset}/{configs[0]}", root) if configs else None


def _prepare(dataset: str, root: Path) -> Path:
    close = prepared.similar(dataset.split("/")[0])
    if close:
        raise UsageError(f"{PREFIX}{dataset}: TensorFlow Datasets has no such set; {close}")
    prepared.prepare(dataset, root)
    if folder := _find(dataset, root):
        return folder
    raise MissingError(
        f"no data for {PREFIX}{dataset}: (1) put a prepared TFDS folder at {root / dataset}/"
        "<version>; (2) run again with a network connection to download it"
    )


def _image_feature(item: str, features: Any) -> str:
    """Returns the name of the first feature that is an image, `image` if there is one."""
    import tensorflow_datasets as tfds

    kinds = (np.uint8, np.uint16)
    names = [
        name
        for name, feature in features.items()
        if type(feature) is tfds.features.Image and feature.np_dtype in kinds
    ]
    if not names:
        raise UsageError(f"{item}: this set of TensorFlow Datasets has no images")
    return "image" if "image" in names else names[0]


def _class_feature(features: Any) -> str | None:
    """Returns the name of the only feature that is a class, `label` if there is one."""
    import tensorflow_datasets as tfds

    names = [n for n, feature in features.items() if isinstance(feature, tfds.features.ClassLabel)]
    if "label" in names:
        return "label"
    return names[0] if len(names) == 1 else None


def _classes(item: str, name: Name, features: Any) -> dict[int, str]:
    """Returns the values of the label that become domains 1 and 2, with the domains' names."""
    feature, title = features, str(name.label).split("/")[-1]
    for part in str(name.label).split("/"):
        if part not in (feature if hasattr(feature, "keys") else ()):
            raise UsageError(f"{item}: no feature {name.label}; there are {', '.join(features)}")
        feature = feature[part]
    if feature.shape != () or np.dtype(feature.np_dtype).kind not in "biu":
        raise UsageError(f"{item}: the feature {name.label} is no class")
    known = list(getattr(feature, "names", None) or ())
    if np.dtype(feature.np_dtype).kind == "b":
        known = [f"no_{title}", title]
    if name.classes is None:
        if len(known) != 2:
            raise UsageError(f"{item}: not two classes; choose two of them, @{name.label}=A,B")
        return dict(enumerate(known))
    return {_value(item, text, known): text for text in name.classes}


def _value(item: str, text: str, known: list[str]) -> int:
    if text in known:
        return known.index(text)
    if text.isdigit() and (not known or int(text) < len(known)):
        return int(text)
    raise UsageError(f"{item}: no class {text}; there are {', '.join(known[:20])}")


def _read(folder: Path, image: str, label: str | None, size: int) -> Splits:
    """Reads both splits; the images are decoded when they are read."""
    with prepared.errors_of(folder):
        builder = prepared.builder(folder)
        parts = list(builder.info.splits)
        room = ENCODED_SHARE * storage.free_memory()
    if builder.info.dataset_size > room:
        raise UserError(
            f"{folder} takes {builder.info.dataset_size / 1e9:.1f} GB, more than half of the free "
            "memory: save the images that you need in a folder and use --data DIR"
        )
    with prepared.errors_of(folder):
        train = _split(
            folder, builder, "train" if "train" in parts else parts[0], image, label, size
        )
        if "test" in parts and "train" in parts:
            test = _split(folder, builder, "test", image, label, size)
            if test.labels is None or test.labels.min(initial=0) >= 0:
                return Splits(train, test)
    mask = held_out(len(train.images))
    return Splits(train.select(~mask), train.select(mask))


def _split(
    folder: Path, builder: Any, part: str, image: str, label: str | None, size: int
) -> Split:
    import tensorflow_datasets as tfds

    decoders = {image: tfds.decode.SkipDecoding()}
    encoded, labels = [], []
    for example in builder.as_dataset(split=part, decoders=decoders).as_numpy_iterator():
        encoded.append(example[image])
        if label:
            labels.append(
                functools.reduce(lambda values, key: values[key], label.split("/"), example)
            )

    def decode(index: int) -> Image.Image:
        file = BytesIO(encoded[index])
        file.name = f"image {index} of {folder}"
        return ImageOps.fit(open_image(file), (size, size), Image.Resampling.BILINEAR)

    images = storage.on_demand(len(encoded), size, decode)
    return Split(images, np.array(labels, np.int64) if label else None)


def _of_class(splits: Splits, value: int, item: str) -> Splits:
    """Returns the images of one class, without labels."""
    chosen = []
    for split, least, part in zip(splits, (2, 1), ("training", "held-out"), strict=True):
        mask = np.asarray(split.labels) == value
        if mask.sum() < least:
            raise MissingError(f"{item}: less than {least} of the {part} images have class {value}")
        chosen.append(Split(storage.select(split.images, mask), None))
    return Splits(*chosen)


def _domain(name: str, splits: Splits) -> Domain:
    (images, labels), (test_images, test_labels) = splits
    return Domain(name, images, labels, test_images, test_labels)
