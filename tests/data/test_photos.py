"""CycleGAN's sets: a folder or a zip with trainA, trainB, testA, testB."""

import os

import numpy as np
import pytest
from photographs import plain, side_files, write_folder, write_zip
from PIL import Image

from framework.data import photos, prepared, sources
from framework.errors import MissingError, UsageError


def check(root, size=16, counts=(5, 3)):
    for name, green in (("horse", 0), ("zebra", 200)):
        for part, (images, labels) in enumerate(sources.read(name, str(root), size)):
            assert images.shape == (counts[part], size, size, 3) and images.dtype == np.uint8
            assert labels is None
            expected = [[i, green, 100 * part] for i in range(counts[part])]
            assert images[:, 3, 3].tolist() == expected


@pytest.mark.parametrize("inside", ["", "horse2zebra/"])
def test_a_folder(tmp_path, inside):
    write_folder(tmp_path / "horse2zebra", side_files(root=inside))
    check(tmp_path)


def test_a_damaged_photograph_is_named(tmp_path):
    for part in ("trainA", "testA"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "0.png").write_bytes(b"no picture")
    with pytest.raises(MissingError, match=r"trainA/0\.png.*fetch it again"):
        photos.Side("A").read(tmp_path, 16)


def test_a_photograph_that_is_damaged_in_training_is_one_line(tmp_path):
    import tensorflow as tf

    from framework.data import Data, Domain, batches

    for part in ("trainA", "testA"):
        write_folder(tmp_path, {f"{part}/{i}.png": plain(0, (20, 20)) for i in range(2)})
    train, test = photos.Side("A").read(tmp_path, 16)
    for file in (tmp_path / "trainA").iterdir():
        file.write_bytes(b"no picture")
    horses = Data("single", (Domain("horse", train.images, None, test.images, None),), "horse", 0)
    with pytest.raises(tf.errors.UnknownError) as caught:
        next(iter(batches.dataset(horses, 2, 1, 0)))
    found = str(batches.reading_error(caught.value))
    assert found.startswith(f"{tmp_path}: cannot read trainA/") and "\n" not in found
    assert found.endswith("fetch it again")


def test_a_zip_in_any_order(tmp_path):
    order = np.random.default_rng(0).permutation(16)
    write_zip(tmp_path / "horse2zebra" / "horse2zebra.zip", side_files(), order)
    check(tmp_path)


def test_a_shuffled_listing_changes_nothing(tmp_path, monkeypatch):
    write_folder(tmp_path / "horse2zebra", side_files(root=""))
    listed = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: listed(path)[::-1])
    check(tmp_path)


def test_of_several_zips_the_first_that_is_large_enough_is_read(tmp_path):
    folder = tmp_path / "horse2zebra"
    write_zip(folder / "a.zip", {"notes/readme.png": plain(0)})
    write_zip(folder / "horse2zebra_40.zip", side_files())
    write_zip(folder / "horse2zebra_80.zip", side_files((80, 90), (2, 2)))
    check(tmp_path, 40)
    check(tmp_path, 41, (2, 2))
    check(tmp_path, 80, (2, 2))
    with pytest.raises(UsageError, match="--image_size 81: the images of .* have 80 pixels"):
        sources.read("horse", str(tmp_path), 81)


def test_the_middle_square_is_taken(tmp_path):
    files = side_files((40, 40))
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, 20:60] = 255
    write_folder(tmp_path / "horse2zebra", files)
    Image.fromarray(wide).save(tmp_path / "horse2zebra" / "horse2zebra" / "trainA" / "9.png")
    (images, _), _ = sources.read("horse", str(tmp_path), 20)
    assert images[-1][:, 1:-1].min() == 255 and images[-1].min() > 200


def test_a_zip_without_the_parts_is_named(tmp_path):
    write_zip(tmp_path / "horse2zebra" / "a.zip", {"trainA/1.jpg": plain(0)})
    with pytest.raises(MissingError, match="no zip with images in trainA and testA"):
        sources.read("horse", str(tmp_path), 16)


def test_nothing_there_is_told(tmp_path):
    words = (
        r"\(1\) put the folders trainB and testB, or a zip .*horse2zebra; \(2\).*cycle_gan/horse"
    )
    with pytest.raises(MissingError, match=words):
        sources.read("zebra", str(tmp_path), 16)
    assert sources.locate("zebra", str(tmp_path)) == ""
    write_zip(tmp_path / "horse2zebra" / "a.zip", side_files())
    assert "original files in" in sources.locate("zebra", str(tmp_path))


@pytest.mark.filterwarnings("ignore")
def test_a_prepared_set_with_images_of_any_size(tmp_path):
    import tensorflow as tf
    import tensorflow_datasets as tfds

    features = tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(None, None, 3))})
    parts = {
        part: tf.data.Dataset.from_tensor_slices({"image": np.full((n, 30, 40, 3), n, np.uint8)})
        for part, n in (("trainA", 5), ("testA", 3), ("trainB", 4), ("testB", 2))
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name="apple2orange", version="3.0.0", features=features, split_datasets=parts,
        data_dir=str(tmp_path / "cycle_gan"),
    )  # fmt: skip
    for name, counts in (("apple", (5, 3)), ("orange", (4, 2))):
        for (images, labels), n in zip(sources.read(name, str(tmp_path), 16), counts, strict=True):
            assert images.shape == (n, 16, 16, 3) and (images == n).all() and labels is None


@pytest.mark.filterwarnings("ignore")
def test_the_download_cache_of_one_set_is_enough(tmp_path):
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download.resource import get_dl_fname

    builder = tfds.builder("cycle_gan/horse2zebra", data_dir=str(tmp_path))
    assert not prepared._cached(builder, tmp_path)
    (url,) = (url for url in builder.url_infos if "horse2zebra" in url)
    file = tmp_path / "downloads" / "cycle_gan" / get_dl_fname(url, builder.url_infos[url].checksum)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    assert prepared._cached(builder, tmp_path)


@pytest.mark.parametrize(("size", "train"), [(16, (1067, 1334)), (256, (300, 300))])
def test_the_real_images(shared_data, tmp_path, size, train):
    (tmp_path / "horse2zebra").symlink_to(shared_data / "horse2zebra")
    for name, count, held_out in zip(("horse", "zebra"), train, (120, 140), strict=True):
        splits = sources.read(name, str(tmp_path), size)
        assert [split.images.shape for split in splits] == [
            (n, size, size, 3) for n in (count, held_out)
        ]
        assert 60 < splits.train.images.mean() < 180
