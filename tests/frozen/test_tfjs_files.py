"""Weight files of TensorFlow.js read without it."""

import json

import numpy as np
import pytest

from framework.frozen import tfjs_files

GROUPS = [
    {
        "paths": ["one.bin", "two.bin"],
        "weights": [
            {"name": "plain", "shape": [2], "dtype": "float32"},
            {
                "name": "bytes",
                "shape": [2, 1],
                "dtype": "float32",
                "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1},
            },
        ],
    },
    {
        "paths": ["three.bin"],
        "weights": [
            {
                "name": "words",
                "shape": [],
                "dtype": "float32",
                "quantization": {"dtype": "uint16", "scale": 2, "min": 1},
            },
            {
                "name": "halves",
                "shape": [1],
                "dtype": "float32",
                "quantization": {"dtype": "float16"},
            },
        ],
    },
]


@pytest.fixture
def manifest(tmp_path):
    """A manifest of two groups; the first is cut in the middle of a number."""
    raw = np.float32([1.5, -2]).tobytes() + bytes([0, 255])
    (tmp_path / "one.bin").write_bytes(raw[:5])
    (tmp_path / "two.bin").write_bytes(raw[5:])
    words = np.array([300], "<u2").tobytes() + np.array([0.25], "<f2").tobytes()
    (tmp_path / "three.bin").write_bytes(words)
    file = tmp_path / "net-weights_manifest.json"
    file.write_text(json.dumps(GROUPS))
    return file


def test_weights_plain_and_quantised(manifest):
    found = tfjs_files.read(manifest)
    assert {name: array.tolist() for name, array in found.items()} == {
        "plain": [1.5, -2],
        "bytes": [[-1], [126.5]],  # 0 / 2 - 1, 255 / 2 - 1
        "words": 601,  # 2 * 300 + 1
        "halves": [0.25],
    }
    assert {array.dtype for array in found.values()} == {np.dtype("float32")}


@pytest.mark.parametrize("change", [lambda raw: raw[:-1], lambda raw: raw + b"\0"])
def test_files_of_another_length_are_refused(manifest, change):
    file = manifest.with_name("three.bin")
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(ValueError, match=r"net-weights_manifest\.json is damaged"):
        tfjs_files.read(manifest)


@pytest.mark.parametrize("path", ["../one.bin", "/etc/hostname", "", "..", "a/one.bin"])
def test_only_files_beside_the_manifest_are_read(manifest, path):
    manifest.write_text(json.dumps([{"paths": [path], "weights": []}]))
    with pytest.raises(ValueError, match="damaged"):
        tfjs_files.read(manifest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}}",
        "[1]",
        '[{"paths": []}]',
        '[{"paths": ["one.bin"], "weights": [{"name": "a", "shape": [1], "dtype": "int32"}]}]',
        '[{"paths": ["one.bin"], "weights": [{"name": "a", "shape": [-1], "dtype": "float32"}]}]',
        '[{"paths": [], "weights": [{"name": "a", "shape": "11", "dtype": "float32"}]}]',
    ],
)
def test_what_is_no_manifest_is_refused(manifest, text):
    manifest.write_text(text)
    with pytest.raises(ValueError, match=r"net-weights_manifest\.json is damaged"):
        tfjs_files.read(manifest)


def test_a_file_that_is_not_there_is_named(manifest):
    manifest.with_name("two.bin").unlink()
    with pytest.raises(FileNotFoundError, match=r"two\.bin"):
        tfjs_files.read(manifest)
