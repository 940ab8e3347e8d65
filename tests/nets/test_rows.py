import keras
import pytest

from nets import rows


def test_towers_share_the_rows_they_are_told_to():
    makers = [
        lambda prefix, row=row: [keras.layers.Dense(2, name=f"{prefix}{row}")] for row in "ab"
    ]
    tower1, tower2 = rows.towers(makers, {0}, ("one", "two"))
    assert tower1[0] is tower2[0]
    assert [tower[1][0].name for tower in (tower1, tower2)] == ["oneb", "twob"]


@pytest.mark.parametrize("shared", [-1, 3])
def test_too_many_shared_rows(shared):
    makers = [lambda prefix: [keras.layers.Dense(2, name=f"{prefix}_a")]] * 2
    with pytest.raises(ValueError, match=f"shared_layers must be 0..2, not {shared}"):
        rows.coupled_discriminators((3,), makers, shared)
