import pytest
from data_options import options
from PIL import Image

from framework import data
from framework.data import directories
from framework.errors import MissingError, UsageError


def write(folder, *names, value=0):
    for i, name in enumerate(names):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (10, 10), (value + i, 0, 0)).save(file)


def images(folder, *subfolders, count=3):
    for number, name in enumerate(subfolders):
        write(folder / name, *(f"{i}.png" for i in range(count)), value=100 * number)


def loaded(folder, contract="domains", **given):
    return data.load(
        options(cogan_data="folder", dataset="folder", folder=str(folder), image_size=8, **given),
        contract,
    )


def numbers(pixels):
    return sorted(pixels[:, 0, 0, 0].tolist())


def test_two_sub_folders_are_the_domains_by_name(tmp_path):
    images(tmp_path, "dogs", "cats/deeper", ".hidden")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no image")
    cats, dogs = loaded(tmp_path).domains
    assert (cats.name, dogs.name) == ("cats", "dogs")
    assert numbers(dogs.images) == [0, 1] and numbers(dogs.test_images) == [2]
    assert numbers(cats.images) == [100, 101]


def test_the_layout_of_cyclegan_has_its_own_held_out_images(tmp_path, capsys):
    images(tmp_path, "trainA", "trainB", "testA", "testB", count=2)
    one, two = loaded(tmp_path).domains
    assert (one.name, two.name) == ("trainA", "trainB")
    assert numbers(one.images) == [0, 1] and numbers(one.test_images) == [200, 201]
    assert numbers(two.images) == [100, 101]
    assert "domain 1 (trainA): 2 training, 2 held out" in capsys.readouterr().out


def test_without_test_folders_every_tenth_image_is_held_out(tmp_path):
    images(tmp_path, "trainA", "trainB", "other")
    one, _ = loaded(tmp_path).domains
    assert numbers(one.images) == [0, 1] and numbers(one.test_images) == [2]


def test_pairs_are_matched_by_name_in_training_and_held_out_images(tmp_path):
    write(tmp_path / "trainA", "a.png", "b.png")
    write(tmp_path / "trainB", "b.png", "a.png", value=10)
    write(tmp_path / "testA", "c.png", "d.png", value=20)
    write(tmp_path / "testB", "d.png", "c.png", value=30)
    one, two = loaded(tmp_path, "paired").domains
    assert {*zip(one.images[:, 0, 0, 0], two.images[:, 0, 0, 0], strict=True)} == {(0, 11), (1, 10)}
    held_out = zip(one.test_images[:, 0, 0, 0], two.test_images[:, 0, 0, 0], strict=True)
    assert {*held_out} == {(20, 31), (21, 30)}


def test_a_system_of_one_domain_takes_images_or_classes(tmp_path):
    images(tmp_path / "plain", "")
    (domain,) = loaded(tmp_path / "plain", "single").domains
    assert domain.name == "plain" and len(domain.images) == 2
    images(tmp_path / "classes", "no", "yes")
    assert loaded(tmp_path / "classes", "labelled").classes == 2
    mixed = loaded(tmp_path / "classes", "labelled_pair")
    assert [d.name for d in mixed.domains] == ["classes"]
    images(tmp_path / "layout", "trainA", "trainB")
    assert [d.name for d in loaded(tmp_path / "layout", "halves").domains] == ["trainA", "trainB"]


@pytest.mark.parametrize(
    ("subfolders", "needed", "words"),
    [
        (["a", "b", "c"], 2, r"3 sub-folders with images \(a, b, c\).*--domain1 DIR and --domain2"),
        (["a"], 2, r"1 sub-folders with images \(a\)"),
        (["a", "b", ""], 2, "has images of its own, such as 0.png"),
        (["trainA", "b"], 2, "has trainA, but no folder trainB"),
        (["trainA", "trainB", "testB"], 2, "has testB, but no folder testA"),
        (["trainA", "trainB"], 1, "two domains, and this system takes one: use --data .*trainA"),
    ],
)
def test_other_folders_are_one_usage_line(tmp_path, subfolders, needed, words):
    images(tmp_path, *subfolders)
    with pytest.raises(UsageError, match=words) as caught:
        directories.find(str(tmp_path), needed, needed)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(MissingError, match="no such folder, and no such data set"):
        directories.find(str(tmp_path / "none"), 2, 2)
