"""Files that are whole or absent, on a full disk too."""

import pytest
from command_line import everything_below, room_for

from framework.results import files


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("before\n")
    return path


def full(path):
    """Check that the block fails as on a full disk, and says where."""
    return pytest.raises(OSError, match=str(path))


def test_a_file_is_replaced_whole_or_not_at_all(path):
    with files.complete_file(path) as temporary:
        temporary.write_text("after\n")
        assert path.read_text() == "before\n" and temporary.suffix == path.suffix
    assert path.read_text() == "after\n"
    with pytest.raises(KeyboardInterrupt), files.complete_file(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "after\n" and everything_below(path.parent) == [path.name]


@pytest.mark.parametrize("room", [0, 10])
def test_writing_to_a_full_disk_names_the_file_and_changes_nothing(path, room):
    with room_for(room), full(path):
        files.write_text(path, "something longer\n")
    assert path.read_text() == "before\n" and everything_below(path.parent) == [path.name]


@pytest.mark.parametrize("room", [0, 7, 10])
def test_appending_to_a_full_disk_names_the_file_and_changes_nothing(path, room):
    with room_for(room), full(path):
        files.append_text(path, "something longer\n")
    assert path.read_text() == "before\n"
    files.append_text(path, "and after, ä\n")
    assert path.read_text(encoding="utf-8") == "before\nand after, ä\n"
