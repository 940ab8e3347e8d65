import bz2
import gzip
import shutil
import urllib.request

import numpy as np
import pytest
import tensorflow as tf

from framework.data import prepared, readers, sources
from framework.errors import MissingError, UsageError


def digits(count, size=28, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, size, size), dtype=np.uint8), np.arange(count) % 10


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def write_mnist(folder, packed=True, counts=(20, 10)):
    folder.mkdir(parents=True)
    for part, count in zip(("train", "t10k"), counts, strict=True):
        for kind, array in zip(("images-idx3", "labels-idx1"), digits(count), strict=True):
            raw, name = idx(array), f"{part}-{kind}-ubyte"
            (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(raw) if packed else raw)


def write_mat(folder):
    from scipy.io import savemat

    folder.mkdir(parents=True)
    for part, count in (("train", 12), ("test", 10)):
        images, labels = digits(count, 32)
        colour = np.stack([images, images // 2, images // 3], axis=-1)
        labels = np.where(labels == 0, 10, labels)[:, None]
        savemat(folder / f"{part}_32x32.mat", {"X": np.moveaxis(colour, 0, 3), "y": labels})


def check(splits, counts, shape):
    for split, count in zip(splits, counts, strict=True):
        assert split.images.shape == (count, *shape) and split.images.dtype == np.uint8
        assert split.labels.tolist() == (np.arange(count) % 10).tolist()
        assert split.labels.dtype == np.int64


def test_mini_is_5000_digits_with_every_tenth_of_a_class_held_out():
    train, test = sources.mini()
    assert train.images.shape == (4500, 28, 28, 1) and test.images.shape == (500, 28, 28, 1)
    assert np.bincount(train.labels).tolist() == [450] * 10
    assert np.bincount(test.labels).tolist() == [50] * 10
    assert len(set(train.labels[:50])) == len(set(test.labels[:50])) == 10, "not sorted by class"
    kept = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in kept for image in test.images)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    "name, folder", [("mnist", "mnist"), ("fashion", "fashion"), ("fashion", "fashion_mnist")]
)
def test_idx_files(tmp_path, packed, name, folder):
    write_mnist(tmp_path / folder, packed)
    splits = sources.read(name, str(tmp_path), 32)
    check(splits, (20, 10), (28, 28, 1))
    np.testing.assert_array_equal(splits.train.images[..., 0], digits(20)[0])


def test_svhn_mat_files_have_ten_for_zero_and_are_decoded_once(tmp_path, monkeypatch):
    write_mat(tmp_path / "svhn")
    first = sources.read("svhn", str(tmp_path), 32)
    check(first, (12, 10), (32, 32, 3))
    monkeypatch.setattr(readers, "_mat", None)
    again = sources.read("svhn", str(tmp_path), 32)
    np.testing.assert_array_equal(again.train.images, first.train.images)
    np.testing.assert_array_equal(again.train.images[..., 0], digits(12, 32)[0])


def test_svhn_npz_files(tmp_path):
    (tmp_path / "svhn_cropped").mkdir()
    for part, count in (("train", 12), ("test", 10)):
        images, labels = digits(count, 32)
        colour = np.stack([images] * 3, axis=-1)
        np.savez(tmp_path / "svhn_cropped" / f"{part}.npz", image=colour, label=labels)
    check(sources.read("svhn", str(tmp_path), 32), (12, 10), (32, 32, 3))
    assert not (tmp_path / ".cache").exists()


@pytest.mark.parametrize("kind", ["npz", "libsvm", "bz2", "h5"])
def test_usps_in_each_published_form(tmp_path, kind):
    folder, parts = tmp_path / "usps", {"train": digits(12, 16), "test": digits(10, 16, seed=1)}
    folder.mkdir()
    if kind == "npz":
        arrays = {f"{k}_{p}": v for p, xy in parts.items() for k, v in zip("xy", xy, strict=True)}
        np.savez(folder / "usps.npz", **arrays)
    elif kind == "h5":
        import h5py

        with h5py.File(folder / "usps.h5", "w") as file:
            for part, (x, y) in parts.items():
                file[f"{part}/data"] = x.reshape(len(x), -1) / 255
                file[f"{part}/target"] = y
    else:
        for name, (x, y) in zip(("usps", "usps.t"), parts.values(), strict=True):
            values = x.reshape(len(x), -1) / 127.5 - 1
            rows = [
                f"{label + 1} " + " ".join(f"{i}:{v:.6f}" for i, v in enumerate(row, 1))
                for label, row in zip(y, values, strict=True)
            ]
            text = "\n".join(rows).encode()
            packed = kind == "bz2"
            (folder / (name + ".bz2" * packed)).write_bytes(bz2.compress(text) if packed else text)
    splits = sources.read("usps", str(tmp_path), 32)
    check(splits, (12, 10), (16, 16, 1))
    np.testing.assert_array_equal(splits.train.images[..., 0], parts["train"][0])


@pytest.mark.parametrize(
    "name, ways", [("mnist", 3), ("fashion", 3), ("svhn", 3), ("usps", 1)]
)  # fmt: skip
def test_a_missing_set_names_the_ways_in_one_line(tmp_path, name, ways):
    with pytest.raises(MissingError) as caught:
        sources.read(name, str(tmp_path / "data"), 32)
    text = str(caught.value)
    assert "\n" not in text and f"({ways})" in text and f"({ways + 1})" not in text
    assert str(tmp_path / "data" / name) in text
    assert not (tmp_path / "data").exists()


def test_three_of_four_files_are_a_missing_set(tmp_path):
    write_mnist(tmp_path / "mnist")
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(MissingError, match="no data for mnist"):
        sources.read("mnist", str(tmp_path), 32)


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "raw cut", "other count"])
def test_a_damaged_idx_file_is_named(tmp_path, damage):
    write_mnist(tmp_path / "mnist", packed=damage != "raw cut")
    file = next((tmp_path / "mnist").glob("train-images*"))
    content = {
        "cut": file.read_bytes()[:-2000],
        "text": b"<html>not found</html>",
        "empty": b"",
        "raw cut": file.read_bytes()[:-5],
        "other count": gzip.compress(idx(digits(3)[0])),
    }
    file.write_bytes(content[damage])
    with pytest.raises(MissingError, match=f"{file.name} is damaged") as caught:
        sources.read("mnist", str(tmp_path), 32)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_damaged_mat_npz_bz2_and_h5_files_are_named(tmp_path, content):
    for name, files in {
        "svhn": ("train_32x32.mat", "test_32x32.mat"),
        "svhn_cropped": ("train.npz", "test.npz"),
        "usps": ("usps.bz2", "usps.t.bz2"),
        "usps.h5": ("usps.h5",),
        "usps.npz": ("usps.npz",),
    }.items():
        root = tmp_path / f"root of {name}"
        folder = root / name.split(".")[0]
        folder.mkdir(parents=True)
        for file in files:
            (folder / file).write_bytes(bytes(300) if content is None else content)
        with pytest.raises(MissingError, match=f"{files[0]} is damaged"):
            sources.read(name.split(".")[0].replace("_cropped", ""), str(root), 32)
        assert not (root / ".cache").exists()


@pytest.mark.parametrize(
    "name, counts, shape",
    [
        ("mnist", (60000, 10000), (28, 28, 1)),
        ("svhn", (4434, 1000), (32, 32, 3)),
        ("usps", (7291, 2007), (16, 16, 1)),
    ],
)
def test_the_real_files(shared_data, name, counts, shape):
    for split, count in zip(sources.read(name, str(shared_data), 32), counts, strict=True):
        assert split.images.shape == (count, *shape)
        assert set(split.labels) == set(range(10))


def test_the_newest_finished_preparation_is_found(tmp_path):
    for version in ("3.0.9", "3.0.10", "4.0.0.incomplete"):
        (tmp_path / "mnist" / version).mkdir(parents=True)
    for version in ("3.0.9", "3.0.10"):
        (tmp_path / "mnist" / version / "dataset_info.json").write_text("{}")
    assert prepared.find("mnist", tmp_path) == tmp_path / "mnist" / "3.0.10"
    assert prepared.find("svhn_cropped", tmp_path) is None


def write_prepared(root, name="mnist", counts=(20, 10)):
    """A folder as TFDS leaves it, written through its public writer."""
    import tensorflow_datasets as tfds

    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(28, 28, 1)),
            "label": tfds.features.ClassLabel(num_classes=10),
        }
    )
    examples = {}
    for part, count in zip(("train", "test"), counts, strict=True):
        images, labels = digits(count)
        arrays = {"image": images[..., None], "label": labels}
        examples[part] = tf.data.Dataset.from_tensor_slices(arrays)
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name, version="3.0.1", features=features, split_datasets=examples, data_dir=str(root)
    )


@pytest.mark.filterwarnings("ignore")
def test_a_prepared_folder_comes_before_the_original_files(tmp_path):
    write_prepared(tmp_path)
    folder = tmp_path / "mnist"
    write_mnist(tmp_path / "elsewhere", counts=(5, 5))
    for file in (tmp_path / "elsewhere").iterdir():
        shutil.move(file, folder)
    splits = sources.read("mnist", str(tmp_path), 32)
    assert [len(split.images) for split in splits] == [20, 10]
    expected = {image.tobytes() for image in digits(20)[0]}
    assert {image.tobytes() for image in splits.train.images} == expected
    shutil.rmtree(tmp_path / ".cache")
    (record,) = folder.glob("3.0.1/*train*")
    record.write_bytes(record.read_bytes()[:-40])
    with pytest.raises(MissingError, match="3.0.1 is damaged"):
        sources.read("mnist", str(tmp_path), 32)


@pytest.mark.parametrize(
    "error",
    [MemoryError(), tf.errors.ResourceExhaustedError(None, None, "full"), UsageError("too small")],
    ids=lambda error: type(error).__name__,
)
def test_a_prepared_set_is_not_called_damaged_for_other_errors(tmp_path, error):
    with pytest.raises(type(error)) as caught, prepared.errors_of(tmp_path):
        raise error
    assert caught.value is error
    with pytest.raises(MissingError, match="is damaged"), prepared.errors_of(tmp_path):
        raise tf.errors.DataLossError(None, None, "cut")


def fill_download_cache(root, originals_folder, name="mnist"):
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download.resource import get_dl_fname

    folder = root / "downloads" / name
    folder.mkdir(parents=True)
    for url, info in tfds.builder(name, data_dir=str(root)).url_infos.items():
        target = folder / get_dl_fname(url, info.checksum)
        shutil.copy(originals_folder / url.split("/")[-1], target)
        target.with_name(target.name + ".INFO").write_text("{}")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_tfds_prepares_from_its_download_cache_without_network(tmp_path, shared_data):
    fill_download_cache(tmp_path, shared_data / "mnist")
    first = sources.read("mnist", str(tmp_path), 32)
    original = sources.read("mnist", str(shared_data), 32)
    for ours, theirs in zip(first, original, strict=True):
        assert len(ours.images) == len(theirs.images)
        assert np.bincount(ours.labels).tolist() == np.bincount(theirs.labels).tolist()
        assert ours.images.sum() == theirs.images.sum()
    assert (tmp_path / "mnist" / "3.0.1" / "dataset_info.json").exists()


@pytest.mark.filterwarnings("ignore")
def test_a_failing_download_is_one_line(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    def fail(*_, **__):
        raise RuntimeError("the server\nsaid no")

    monkeypatch.setattr(prepared, "_reachable", lambda _: True)
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(MissingError, match="TFDS cannot prepare mnist: the server said no"):
        sources.read("mnist", str(tmp_path), 32)


def test_the_probe_tells_reachable_from_not(monkeypatch):
    class Builder:
        url_infos = {"http://example.invalid/file": None}

    assert not prepared._reachable(Builder)

    class Answer:
        __enter__ = __exit__ = lambda *_: None

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Answer())
    assert prepared._reachable(Builder)


def test_a_line_of_usps_that_is_cut_off_is_damage(tmp_path):
    folder = tmp_path / "usps"
    folder.mkdir()
    pixels = " ".join(f"{i}:0.5" for i in range(1, 257))
    (folder / "usps").write_text(f"1 {pixels}\n2 {pixels[:40]}")
    (folder / "usps.t").write_text(f"1 {pixels}\n")
    with pytest.raises(MissingError, match="usps is damaged"):
        sources.read("usps", str(tmp_path), 32)
