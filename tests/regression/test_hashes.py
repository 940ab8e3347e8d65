"""Short runs of every system give the bytes that they gave before."""

import fingerprints
import pytest
from cases import TRAINING

QUICK = ("gan-ring", "classifier", "cogan")
CASES = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in TRAINING]


@pytest.mark.parametrize("name", CASES)
def test_a_run_gives_the_bytes_that_are_kept(name, tmp_path, capsys):
    known = fingerprints.read_table().get(name)
    if not known:
        pytest.skip(f"no hashes of {name} on such a machine: {fingerprints.table_path().name}")
    found = fingerprints.run_case(name, tmp_path, fingerprints.write_inputs(tmp_path))
    assert fingerprints.differences(known, found) == []


def test_differences_are_named():
    known, found = {"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9", "d": "4"}
    assert fingerprints.differences(known, known) == []
    assert fingerprints.differences(known, found) == ["c is missing", "d is new", "b differs"]
