"""Images and attributes belong together by file name, whatever order anything is listed in."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from data_options import options
from photographs import (
    attribute_lines,
    expected,
    face_files,
    write_attributes,
    write_folder,
    write_zip,
)
from PIL import Image

from framework import data
from framework.data import celeba, sources
from framework.errors import MissingError

COUNT = 50  # of which 4 % are 2


def read(root, size=8):
    return sources.read("celeba", str(root), size)


def numbers(split):
    return split.images[:][:, 4, 4, 0].tolist()


def check(splits, held_out=(49, 50), count=COUNT):
    rest = [i for i in range(1, count + 1) if i not in held_out]
    for split, faces in zip(splits, (rest, list(held_out)), strict=True):
        assert split.images.dtype == np.uint8 and split.images.shape == (len(faces), 8, 8, 3)
        assert numbers(split) == faces
        np.testing.assert_array_equal(split.labels, expected(faces))
        assert split.labels.dtype == np.int64


@pytest.fixture
def folder(tmp_path):
    write_attributes(tmp_path / "celeba" / "list_attr_celeba.txt", COUNT)
    return tmp_path / "celeba"


@pytest.mark.parametrize("name", ["img_align_celeba.zip", "img_align_celeba_10k_89x109.zip"])
def test_a_zip_in_any_order(tmp_path, folder, name):
    write_zip(folder / name, face_files(COUNT), np.random.default_rng(1).permutation(COUNT))
    check(read(tmp_path))


@pytest.mark.parametrize("inside", ["", "img_align_celeba/"])
def test_a_folder_as_published_or_nested(tmp_path, folder, inside):
    write_folder(folder / "img_align_celeba", face_files(COUNT, inside))
    check(read(tmp_path))


def test_a_shuffled_listing_changes_nothing(tmp_path, folder, monkeypatch):
    write_folder(folder / "img_align_celeba", face_files(COUNT, ""))
    listed, rng = Path.rglob, np.random.default_rng(2)

    def shuffled(self, pattern):
        found = list(listed(self, pattern))
        return iter([found[i] for i in rng.permutation(len(found))])

    monkeypatch.setattr(Path, "rglob", shuffled)
    check(celeba.Faces().read(folder, 8))
    lines = attribute_lines(COUNT)
    write_attributes(folder / "list_attr_celeba.txt", COUNT, lines[::-1])
    check(celeba.Faces().read(folder, 8))


def test_attributes_of_more_faces_than_there_are(tmp_path, folder):
    write_attributes(folder / "list_attr_celeba_first20000.txt", COUNT)
    (folder / "list_attr_celeba.txt").unlink()
    write_zip(folder / "img_align_celeba.zip", face_files(25))
    check(read(tmp_path), held_out=(25,), count=25)


def test_kaggles_tables(tmp_path, folder):
    (folder / "list_attr_celeba.txt").unlink()
    header = ",".join(["image_id", *celeba.ATTRIBUTES])
    rows = [line.replace(" ", ",") for line in attribute_lines(COUNT)]
    (folder / "list_attr_celeba.csv").write_text("\n".join([header, *rows]))
    parts = [f"{i:06}.jpg,{2 if i == 7 else 0}" for i in range(1, COUNT + 1)]
    (folder / "list_eval_partition.csv").write_text("\n".join(["image_id,partition", *parts]))
    write_zip(folder / "img_align_celeba.zip", face_files(COUNT))
    check(read(tmp_path), held_out=(7,))


@pytest.mark.parametrize(
    ("test_from", "held_out"), [(41, range(41, 51)), (60, (49, 50)), (1, (49, 50))]
)
def test_the_partition_file_decides_where_it_divides(tmp_path, folder, test_from, held_out):
    parts = [f"{i:06}.jpg {2 if i >= test_from else i % 2}" for i in range(1, COUNT + 1)]
    (folder / "list_eval_partition.txt").write_text("\n".join(parts))
    write_zip(folder / "img_align_celeba.zip", face_files(COUNT))
    check(read(tmp_path), tuple(held_out))


def test_faces_are_decoded_once_per_size(tmp_path, folder, monkeypatch):
    write_zip(folder / "img_align_celeba.zip", face_files(COUNT))
    check(read(tmp_path))
    monkeypatch.setattr(Image, "open", None)
    again = read(tmp_path)
    check(again)
    assert isinstance(again.train.images, np.memmap)
    with pytest.raises(MissingError, match="NoneType"):
        read(tmp_path, size=9)


@pytest.mark.parametrize(
    ("size", "box"), [((178, 218), (26, 32, 152, 186)), ((89, 109), (13, 16, 76, 93))]
)
def test_the_middle_of_a_face_is_what_central_crop_takes(size, box):
    """154x126 of 218x178 and 77x63 of 109x89, height first, as tf.image.central_crop."""
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 0
    assert not np.asarray(celeba.Faces().fit(Image.fromarray(pixels), 16)).any()
    pixels[box[1], box[0]] = pixels[box[3] - 1, box[2] - 1] = 255
    corners = np.asarray(celeba.Faces().fit(Image.fromarray(pixels), 64))[[0, -1], [0, -1]]
    assert corners.min() > 0


def test_an_image_without_attributes_is_named(tmp_path, folder):
    write_zip(folder / "img_align_celeba.zip", face_files(COUNT + 2))
    with pytest.raises(MissingError, match="no line for 2 of the 52 images, such as 000051.jpg"):
        read(tmp_path)


def test_two_images_of_one_name_are_refused(tmp_path, folder):
    write_zip(folder / "img_align_celeba.zip", face_files(3) | face_files(1, "copy/"))
    with pytest.raises(MissingError, match="two images of one file name"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "is empty|no table"),
        (["000001.jpg 1 1"], "no table"),
        (["000001.jpg" + " 7" * 40], "not -1, 0 or 1"),
        (["000001.jpg" + " 1" * 40] * 2, "two lines for one image"),
    ],
)
def test_damaged_tables_are_named(tmp_path, folder, lines, words):
    write_zip(folder / "img_align_celeba.zip", face_files(1))
    write_attributes(folder / "list_attr_celeba.txt", 1, lines)
    with pytest.raises(MissingError, match=words) as caught:
        read(tmp_path)
    assert "list_attr_celeba.txt" in str(caught.value) and "\n" not in str(caught.value)


def test_damaged_images_are_named(tmp_path, folder):
    files = face_files(COUNT)
    files["img_align_celeba/000003.jpg"] = b"no image"
    write_zip(folder / "img_align_celeba.zip", files)
    with pytest.raises(MissingError, match="img_align_celeba.zip: cannot read .*000003.jpg"):
        read(tmp_path)
    (folder / "img_align_celeba.zip").write_bytes(b"no zip")
    with pytest.raises(MissingError, match="img_align_celeba.zip is damaged"):
        read(tmp_path)


def test_images_alone_and_nothing_at_all_are_told(tmp_path):
    words = r"\(1\) put img_align_celeba.zip .*list_attr_celeba.txt into .*celeba; \(2\).*celeb_a"
    for _ in range(2):
        with pytest.raises(MissingError, match=words):
            read(tmp_path)
        write_zip(tmp_path / "celeba" / "img_align_celeba.zip", face_files(3))
    assert sources.locate("celeba", str(tmp_path)) == ""
    write_attributes(tmp_path / "celeba" / "list_attr_celeba.txt", 3)
    assert "celeba" in sources.locate("celeba", str(tmp_path))


@pytest.mark.filterwarnings("ignore")
def test_prepared_faces(tmp_path):
    import tensorflow as tf
    import tensorflow_datasets as tfds

    attributes = {name: tf.bool for name in celeba.ATTRIBUTES}
    image = tfds.features.Image(shape=(218, 178, 3))
    features = tfds.features.FeaturesDict({"image": image, "attributes": attributes})

    def faces(numbers):
        images = np.zeros((len(numbers), 218, 178, 3), np.uint8)
        images += np.array(numbers, np.uint8)[:, None, None, None]
        values = dict(zip(celeba.ATTRIBUTES, expected(numbers).T == 1, strict=True))
        return tf.data.Dataset.from_tensor_slices({"image": images, "attributes": values})

    parts = {"train": faces(range(1, 6)), "validation": faces([6]), "test": faces([7, 8])}
    tfds.dataset_builders.store_as_tfds_dataset(
        name="celeb_a", version="2.1.0", features=features, split_datasets=parts,
        data_dir=str(tmp_path),
    )  # fmt: skip
    splits = read(tmp_path)
    assert [sorted(numbers(split)) for split in splits] == [[1, 2, 3, 4, 5, 6], [7, 8]]
    for split in splits:
        np.testing.assert_array_equal(split.labels, expected(numbers(split)))


@pytest.fixture(scope="module")
def real(shared_data, tmp_path_factory):
    """A data folder with the real faces, in which a cache can be left."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "celeba").symlink_to(shared_data / "celeba")
    return folder


def test_the_first_real_faces_and_their_attributes(real):
    """Read by other means than the project's: line i of the table, member of that name."""
    train, test = sources.read("celeba", str(real), 32)
    assert len(train.images) == 9600 and len(test.images) == 400
    lines = (real / "celeba" / "list_attr_celeba_first20000.txt").read_text().splitlines()[2:52]
    with zipfile.ZipFile(real / "celeba" / "img_align_celeba_10k_89x109.zip") as archive:
        for place, line in enumerate(lines):
            name, *values = line.split()
            assert name == f"{place + 1:06}.jpg"
            assert train.labels[place].tolist() == [int(value == "1") for value in values]
            with Image.open(archive.open(f"img_align_celeba/{name}")) as image:
                middle = image.crop((13, 16, 76, 93)).resize((32, 32), Image.Resampling.BILINEAR)
            np.testing.assert_array_equal(train.images[place], np.asarray(middle))


@pytest.mark.parametrize(
    ("pair", "without", "with_it"),
    [("smiling", 5178, 4822), ("blond", 8548, 1452), ("glasses", 9326, 674), ("male", 5783, 4217)],
)
def test_split_sizes_of_the_real_faces(real, pair, without, with_it):
    given = options(cogan_data=f"celeba_{pair}", data_dir=str(real), image_size=32)
    domains = data.load(given, "domains").domains
    counts = [len(domain.images) + len(domain.test_images) for domain in domains]
    assert counts == [without, with_it] and sum(counts) == 10_000


def test_facial_hair_is_that_of_men_without_stubble():
    def person(*names):
        return [int(name in names) for name in celeba.ATTRIBUTES]

    labels = np.array(
        [
            person("Male", "No_Beard"),
            person("Male"),
            person("Male", "Mustache", "No_Beard"),
            person("Male", "Goatee"),
            person("Male", "Goatee", "5_o_Clock_Shadow"),
            person("No_Beard"),
        ]
    )
    assert celeba.values(labels, "Facial_Hair").tolist() == [0, 1, 1, 1, -1, -1]
    assert celeba.values(labels, "Male").tolist() == [1, 1, 1, 1, 1, 0]


def test_the_real_men_with_facial_hair(real):
    given = options(cogan_data="celeba_facial_hair", data_dir=str(real), image_size=32)
    loaded = data.load(given, "domains")
    counts = [len(domain.images) + len(domain.test_images) for domain in loaded.domains]
    assert 300 < counts[1] < counts[0] < 4217
    assert [set(domain.labels[:, -1]) for domain in loaded.domains] == [{0}, {1}]
    assert loaded.divided_by == loaded.attributes[-1] == "Facial_Hair"
