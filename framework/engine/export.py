"""Writes networks in formats of other programs, and compares what these compute with the run.

A network in a file has float32 inputs and outputs, is in inference mode and needs nothing of this
project. Inputs have any number of rows; in the format `tflite` they have one, because its converter
cannot follow all operations for a number of rows that is not known.
"""

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from nets import plain

Network = Callable[[dict[str, np.ndarray]], list[np.ndarray]]
"""Inputs by name, N rows each -> outputs, N rows each."""

ROWS, SEED = 3, 0  # of the inputs of the comparison
SIDE = 64  # of their images if a network takes any size
TOLERANCE = 1e-3
"""Largest accepted difference from the run, in units of the largest output if that is above 1.

In an image it is an eighth of a step of 8-bit pixels.
"""


class Format(NamedTuple):
    """A format of files of networks.

    Attributes:
        suffix: end of the file's name; empty for a folder.
        write: writes a network to a path that does not exist.
        read: reads a network from a path, without using Keras if the format does not need it.
    """

    suffix: str
    write: Callable[[keras.Model, Path], None]
    read: Callable[[Path], Network]


def write(net: keras.Model, format: str, path: Path) -> float:
    """Writes a network to a file, reads the file and compares what both compute.

    Args:
        net: network of a run: an array or a list of arrays -> an array or a list of arrays.
        format: key of `FORMATS`.
        path: file or folder to write; it must not exist and must end in the suffix of the format.

    Returns:
        The largest absolute difference between the outputs of the run's network and of the file,
        for random inputs; infinite if one of them is not finite or has another shape.
    """
    inputs = random_inputs(net)
    expected = outputs(net, inputs)
    with _quiet():
        converted = plain.for_inference(net)
        outputs(converted, inputs)  # Keras exports only what has been called
        FORMATS[format].write(converted, path)
        computed = FORMATS[format].read(path)(inputs)
    return difference(computed, expected)


def difference(computed: list[np.ndarray], expected: list[np.ndarray]) -> float:
    """Returns the largest absolute difference; infinite if shapes differ or it is not finite."""
    if [each.shape for each in computed] != [each.shape for each in expected]:
        return np.inf
    pairs = zip(computed, expected, strict=True)
    largest = float(np.max([np.abs(a - b).max() for a, b in pairs]))  # nan if one is nan
    return largest if np.isfinite(largest) else np.inf


def tolerance(net: keras.Model) -> float:
    """Returns the largest difference that `write` may return for a network."""
    largest = max(float(np.abs(each).max()) for each in outputs(net, random_inputs(net)))
    return TOLERANCE * max(1.0, largest)


def random_inputs(net: keras.Model) -> dict[str, np.ndarray]:
    """Returns the same inputs at every call, in [-1, 1], by name; whole numbers are 0."""
    random = np.random.default_rng(SEED)
    return {
        each.name: random.uniform(-1, 1, _shape(each, ROWS, SIDE)).astype(each.dtype)
        for each in net.inputs
    }


def outputs(net: keras.Model, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Returns the outputs of a network of Keras in inference mode."""
    arrays = [inputs[each.name] for each in net.inputs]
    results = net(arrays if len(arrays) > 1 else arrays[0], training=False)
    return [np.asarray(each) for each in keras.tree.flatten(results)]


def describe(net: keras.Model) -> tuple[str, str]:
    """Returns inputs and outputs as text, such as `z [N, 100]` and `[N, 32, 32, 3]`."""
    shapes = [", ".join(map(str, _shape(each, "N", "any"))) for each in net.inputs + net.outputs]
    texts = [f"[{shape}]" for shape in shapes]
    count = len(net.inputs)
    inputs = [f"{each.name} {text}" for each, text in zip(net.inputs, texts[:count], strict=True)]
    return ", ".join(inputs), ", ".join(texts[count:])


def _shape(tensor: keras.KerasTensor, rows: Any, unknown: Any) -> tuple:
    """Returns the shape of a tensor, with these values for the rows and for unknown sizes."""
    return rows, *(unknown if size is None else size for size in tensor.shape[1:])


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses what converters write to stderr; their errors are exceptions too."""
    logging.disable(logging.WARNING)
    stderr = os.dup(2)
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 2)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(logging.NOTSET)
        os.dup2(stderr, 2)
        os.close(stderr)


def _save(net: keras.Model, path: Path) -> None:
    net.save(path)


def _read_keras(path: Path) -> Network:
    net = keras.models.load_model(path, compile=False)
    return lambda inputs: outputs(net, inputs)


def _write_saved_model(net: keras.Model, path: Path) -> None:
    net.export(path, format="tf_saved_model", verbose=False)


def _read_saved_model(path: Path) -> Network:
    loaded = tf.saved_model.load(str(path))

    def compute(inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        tensors = {name: tf.constant(array) for name, array in inputs.items()}
        results = loaded.signatures["serving_default"](**tensors)
        return _ordered({name: result.numpy() for name, result in results.items()})

    return compute


def _write_tflite(net: keras.Model, path: Path) -> None:
    specs = [
        keras.InputSpec(each.dtype, (1, *each.shape[1:]), name=each.name) for each in net.inputs
    ]
    net.export(
        path, format="litert", verbose=False, input_signature=[specs] if len(specs) > 1 else specs,
        target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]},
    )  # fmt: skip


def _read_tflite(path: Path) -> Network:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(path)).get_signature_runner("serving_default")

    def compute(inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        count = len(next(iter(inputs.values())))
        singles = [{name: rows[i : i + 1] for name, rows in inputs.items()} for i in range(count)]
        parts = [_ordered(runner(**single)) for single in singles]
        return [np.concatenate(each) for each in zip(*parts, strict=True)]

    return compute


def _ordered(results: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Returns `output_0`, `output_1` and so on."""
    return [results[f"output_{i}"] for i in range(len(results))]


def _write_onnx(net: keras.Model, path: Path) -> None:
    net.export(path, format="onnx", verbose=False)


def _read_onnx(path: Path) -> Network:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, inputs)


FORMATS: dict[str, Format] = {
    "keras": Format(".keras", _save, _read_keras),
    "saved_model": Format("", _write_saved_model, _read_saved_model),
    "tflite": Format(".tflite", _write_tflite, _read_tflite),
    "onnx": Format(".onnx", _write_onnx, _read_onnx),
}
