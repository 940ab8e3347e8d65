"""Files of a run are known again by their content."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from framework.data import folder, identity
from framework.errors import MissingError, UsageError


def fill(root, numbers, suffix=".png"):
    """Saves images whose pixels are their numbers."""
    root.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        Image.new("L", (8, 8), int(number)).save(root / f"{number:03}{suffix}")
    return root


def read(*roots, kept=None, refuses=True, **options):
    kept = kept and identity.from_dict(kept, refuses)
    return folder.read([*map(str, roots)], 8, str(roots[0].parent), kept=kept, **options)


def kept_of(*roots, **options):
    return identity.to_dict([each.files for each in read(*roots, **options)])


def numbers(loaded):
    """The numbers of the training images, and of the held-out images, sorted."""
    return tuple(sorted(part.images[:, 0, 0, 0].tolist()) for part in loaded.splits)


def test_a_run_keeps_names_and_contents(tmp_path):
    root = fill(tmp_path / "a", range(20))
    kept = kept_of(root)
    (domain,) = kept["domains"]
    assert domain["folder"] == str(root) and list(domain["held_out"]) == ["009.png", "019.png"]
    assert len(domain["training"]) == 18
    digest, *state = domain["training"]["000.png"].split()
    status = (root / "000.png").stat()
    assert state == [str(status.st_ino), str(status.st_size), str(status.st_mtime_ns)]
    import hashlib

    assert digest == hashlib.sha256((root / "000.png").read_bytes()).hexdigest()


@pytest.mark.parametrize("refuses", [True, False])
def test_moved_files_are_accepted_without_a_word(tmp_path, refuses, capsys):
    root = fill(tmp_path / "a", range(20))
    kept = kept_of(root)
    before = numbers(*read(root))
    shutil.copytree(root, tmp_path / "b")
    shutil.rmtree(root)
    capsys.readouterr()
    assert numbers(*read(tmp_path / "b", kept=kept, refuses=refuses)) == before
    assert capsys.readouterr().out == "domain 1 (b): 18 training, 2 held out\n"


def change_missing(root):
    (root / "003.png").unlink()


def change_new(root):
    fill(root, [100])


def change_content(root):
    fill(root, [200])
    (root / "200.png").rename(root / "003.png")


def change_names(root):
    """Times and sizes stay; only the names are exchanged."""
    (root / "003.png").rename(root / "x.png")
    (root / "009.png").rename(root / "003.png")
    (root / "x.png").rename(root / "009.png")


@pytest.mark.parametrize(
    "change, words",
    [
        (change_missing, r"1 missing \(003\.png\)"),
        (change_new, r"1 new \(100\.png\)"),
        (change_content, r"1 changed \(003\.png\)"),
        (change_names, r"2 changed \(003\.png, 009\.png\)"),
    ],
)
def test_changed_files_are_refused_when_a_run_goes_on(tmp_path, change, words):
    root = fill(tmp_path / "a", range(20))
    for file in root.iterdir():
        os.utime(file, ns=(10**18, 10**18))
    kept = kept_of(root)
    change(root)
    with pytest.raises(UsageError, match=rf"domain 1 \(.*/a\) is not as .*{words}: restore"):
        read(root, kept=kept)


def test_at_most_twenty_changes_are_named(tmp_path):
    kept = kept_of(fill(tmp_path / "a", range(30)))
    with pytest.raises(
        UsageError, match=r"30 missing \(000\.png, .*019\.png, and 10 more\), 30 new"
    ):
        read(fill(tmp_path / "b", range(100, 130)), kept=kept)


def test_an_image_that_was_trained_on_is_never_held_out(tmp_path, capsys):
    kept = kept_of(fill(tmp_path / "a", range(40)))
    held = {9, 19, 29, 39}
    new = tmp_path / "b"
    fill(new, range(100, 110))
    for number in range(5, 40):  # other names, in another order
        shutil.copy(tmp_path / "a" / f"{number:03}.png", new / f"{90 - number:03}.png")
    training, held_out = numbers(*read(new, kept=kept, refuses=False))
    assert set(training) == set(range(5, 40)) - held and set(held_out) == held
    out = capsys.readouterr().out
    assert "domain 1 (b) has changed since the run began: 40 missing" in out
    assert "31 training, 4 held out, 10 not used" in out


def test_new_images_are_held_out_where_no_held_out_image_is_left(tmp_path, capsys):
    root = fill(tmp_path / "a", range(20))
    kept = kept_of(root)
    for number in (9, 19):
        (root / f"{number:03}.png").unlink()
    fill(root, range(100, 103))
    training, held_out = numbers(*read(root, kept=kept, refuses=False))
    assert len(training) == 18 and held_out == [100, 101, 102]
    assert "now its new images are held out" in capsys.readouterr().out


def test_copies_of_a_training_image_are_no_held_out_images(tmp_path):
    root = fill(tmp_path / "a", range(20))
    shutil.copy(root / "000.png", root / "009.png")  # which is held out
    kept = kept_of(root)
    fill(root, [100])
    _, held_out = numbers(*read(root, kept=kept, refuses=False))
    assert held_out == [19]


def test_pairs_stay_together(tmp_path):
    a, b = fill(tmp_path / "a", range(20)), fill(tmp_path / "b", range(20), ".bmp")
    kept = kept_of(a, b, pairs=True)
    for root in (a, b):
        fill(root, [30], ".gif")
    shutil.copy(a / "000.png", a / "019.png")  # the pair was held out; now its image was trained on
    first, second = read(a, b, pairs=True, kept=kept, refuses=False)
    assert numbers(second) == (sorted({*range(20)} - {9}), [9])
    assert len(first.splits.train.images) == 19 and numbers(first)[1] == [9]


def test_classes_keep_their_numbers(tmp_path):
    root = tmp_path / "a"
    for name in ("cat", "dog", "eel"):
        fill(root / name, range(10))
    kept = kept_of(root)
    shutil.rmtree(root / "cat")
    (loaded,) = read(root, kept=kept, refuses=False)
    assert loaded.classes == ("cat", "dog", "eel") and set(loaded.splits.train.labels) == {1, 2}
    fill(root / "fox", [40])
    with pytest.raises(UsageError, match="has fox, but the classes of the run are cat, dog, eel"):
        read(root, kept=kept, refuses=False)


def test_links_to_one_file_are_read_once(tmp_path, monkeypatch):
    fill(tmp_path / "real", [7])
    root = tmp_path / "a"
    root.mkdir()
    for number in range(50):
        (root / f"{number}.png").symlink_to(tmp_path / "real" / "007.png")
    files = folder.find_images(root).files
    calls, digest = [], identity._digest
    monkeypatch.setattr(identity, "_digest", lambda file: calls.append(file) or digest(file))
    kept = identity.to_dict([identity.DomainFiles(root, (), files, ())])
    assert len(calls) == 1 and len(set(kept["domains"][0]["training"].values())) == 1


def test_files_that_have_not_changed_are_not_read_again(tmp_path, monkeypatch):
    root = fill(tmp_path / "a", range(20))
    kept = kept_of(root)
    monkeypatch.setattr(identity, "_digest", lambda file: pytest.fail(f"{file} was read"))
    assert len(read(root, kept=kept)[0].splits.test.images) == 2


def test_a_file_that_disappears_is_told(tmp_path):
    with pytest.raises(MissingError, match=r"cannot read .*gone\.png"):
        identity.to_dict([identity.DomainFiles(tmp_path, (), (tmp_path / "gone.png",), ())])


def test_names_of_any_bytes_are_kept(tmp_path):
    root = fill(tmp_path / "a", range(3))
    (root / "002.png").rename(root / os.fsdecode(b"\xfe.png"))
    kept = kept_of(root)
    assert "\\xfe.png" in kept["domains"][0]["held_out"]
    assert numbers(*read(root, kept=kept)) == ([0, 1], [2])


def test_a_single_image_is_known_again(tmp_path):
    one, others = fill(tmp_path / "a", [3]) / "003.png", fill(tmp_path / "b", range(20))
    kept = kept_of(one, others, allow_one=True)
    assert len(read(one, others, allow_one=True, kept=kept)[0].splits.train.images) == 1
    np.testing.assert_array_equal(kept["domains"][0]["held_out"], {})


def test_an_image_of_the_other_domain_that_was_trained_on_is_never_held_out(tmp_path):
    roots = fill(tmp_path / "a", range(20)), fill(tmp_path / "b", range(100, 120))
    kept = kept_of(*roots)
    swapped = read(*reversed(roots), kept=kept, refuses=False)
    for loaded, held_out in zip(swapped, ([109, 119], [9, 19]), strict=True):
        assert numbers(loaded) == ([], held_out)


def test_a_run_without_classes_stays_without(tmp_path):
    kept = kept_of(fill(tmp_path / "a", range(20)))
    for name in ("x", "y"):
        fill(tmp_path / "b" / name, range(30, 50))
    (loaded,) = read(tmp_path / "b", kept=kept, refuses=False)
    assert loaded.classes == () and loaded.splits.test.labels is None


def test_of_new_pairs_both_domains_are_told(tmp_path, capsys):
    kept = kept_of(fill(tmp_path / "a", range(10)), fill(tmp_path / "b", range(10)), pairs=True)
    others = fill(tmp_path / "c", range(30, 40)), fill(tmp_path / "d", range(30, 40))
    capsys.readouterr()
    for loaded in read(*others, pairs=True, kept=kept, refuses=False):
        assert numbers(loaded) == ([], [*range(30, 40)])
    first, second, *_ = capsys.readouterr().out.splitlines()
    for number, line in ((1, first), (2, second)):
        assert line.startswith(f"domain {number} (") and line.endswith(
            "its new images are held out"
        )
