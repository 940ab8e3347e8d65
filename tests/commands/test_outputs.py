"""Names of results, and files that are never replaced."""

from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from framework.commands import outputs
from framework.errors import UsageError

pytestmark = pytest.mark.usefixtures("empty_folder")


@pytest.mark.parametrize(
    ("inputs", "results"),
    [
        (["1.jpg", "a/1.jpg", "a/b/x.y.webp"], ["1.png", "a/1.png", "a/b/x.y.png"]),
        (["1.jpg", "1.png", "2.png"], ["1.jpg.png", "1.png.png", "2.png"]),
        (["A.jpg", "a.png"], ["A.jpg.png", "a.png.png"]),  # equal on some disks
        (["1.jpg", "1.png", "1.jpg.gif"], ["1.jpg.png", "1.png.png", "1.jpg.gif.png"]),
        (["a/1.jpg", "b/1.png"], ["a/1.png", "b/1.png"]),
    ],
)
def test_every_input_has_a_result_of_its_own(inputs, results):
    assert [str(name) for name in outputs.names([*map(PurePosixPath, inputs)], ".png")] == results


def test_existing_files_are_named_and_counted():
    paths = [Path(f"{i:02}.png") for i in range(25)]
    outputs.refuse_existing(paths, overwrite=False)
    for path in paths[:23]:
        path.touch()
    with pytest.raises(UsageError) as error:
        outputs.refuse_existing(paths, overwrite=False)
    message = str(error.value)
    assert "18.png, 19.png, and 3 more exist" in message and "20.png" not in message
    outputs.refuse_existing(paths, overwrite=True)


def test_an_input_is_never_replaced():
    Path("1.png").touch()
    with pytest.raises(UsageError, match="1.png would be replaced, but the command reads"):
        outputs.refuse_existing([Path("1.png")], overwrite=True, inputs=[Path("1.png")])


def test_an_array_file_is_that_of_numpy():
    values = np.arange(12, dtype=np.float32).reshape(4, 3)
    with outputs.array_file(Path("new/x.npy"), 4, (3,)) as array:
        array[:2], array[2:] = values[:2], values[2:]
    np.save("y.npy", values)
    assert Path("new/x.npy").read_bytes() == Path("y.npy").read_bytes()
