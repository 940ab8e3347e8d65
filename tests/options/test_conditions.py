"""Conditions of options: when an option counts as having an effect, and what a refusal says."""

import dataclasses

import pytest

from framework.errors import UsageError
from framework.options import base, lord, ost
from framework.options.base import fields_only_if, inherited, option
from framework.options.conditions import ON, Allowed


@dataclasses.dataclass(frozen=True)
class Parent(base.Options):
    """Options with every kind of condition."""

    kind: str = option("a", "", "run", choices=("a", "b", "c", "none"))
    share: float = option(0.0, "", "run")
    fast: bool = option(False, "", "run")
    of_a: int = option(1, "", "run", only_if=dict(kind="a"))
    of_b_or_c: int = option(1, "", "run", only_if=dict(kind=("b", "c")))
    of_share: int = option(1, "", "run", only_if=dict(share=ON))
    of_slow: int = option(1, "", "run", only_if=dict(fast=False))
    of_fast: int = option(1, "", "run", only_if=dict(fast=True))
    of_large: int = option(1, "", "run", only_if=dict(large=Allowed((True,), "--image_size 64")))

    @property
    def large(self) -> bool:
        return self.image_size >= 64


@dataclasses.dataclass(frozen=True)
class Child(Parent):
    """Options that inherit a condition and add another one."""

    of_a: int = inherited(Parent, "of_a", only_if=dict(share=ON))
    of_kind: int = option(1, "", "run", only_if=dict(kind=ON))


@pytest.mark.parametrize(
    ("values", "given", "message"),
    [
        (dict(), "of_a", None),
        (dict(kind="b"), "of_a", "--of_a: needs --kind a, not b"),
        (dict(), "of_b_or_c", "--of_b_or_c: needs --kind b or c, not a"),
        (dict(kind="c"), "of_b_or_c", None),
        (dict(), "of_share", "--of_share: needs --share"),
        (dict(share=0.1), "of_share", None),
        (dict(), "of_slow", None),
        (dict(fast=True), "of_slow", "--of_slow: needs --fast false"),
        (dict(), "of_fast", "--of_fast: needs --fast"),
        (dict(fast=True), "of_fast", None),
        (dict(), "of_large", "--of_large: needs --image_size 64"),
        (dict(image_size=64), "of_large", None),
    ],
)
def test_an_option_is_refused_unless_its_condition_is_met(values, given, message):
    options = Parent(**values)
    if message is None:
        options.check_given({given: 1})
    else:
        with pytest.raises(UsageError) as caught:
            options.check_given({given: 1})
        assert str(caught.value) == message


def test_only_options_of_the_command_line_are_refused():
    Parent(kind="b").check_given({"kind": "b", "seed": 1})


def test_a_switch_that_is_given_counts_as_on_and_a_value_does_not():
    Parent().check_given({"of_share": 1, "share": 0.0})
    with pytest.raises(UsageError, match="needs --kind a"):
        Parent(kind="b").check_given({"of_a": 1, "kind": "b"})


def test_all_conditions_must_be_met_those_of_the_parent_too():
    Child(share=0.1).check_given({"of_a": 1})
    with pytest.raises(UsageError, match="needs --share"):
        Child().check_given({"of_a": 1})
    with pytest.raises(UsageError, match="needs --kind a"):
        Child(share=0.1, kind="b").check_given({"of_a": 1})


def test_the_value_none_is_off():
    Child(kind="b").check_given({"of_kind": 1})
    with pytest.raises(UsageError, match="needs --kind"):
        Child(kind="none").check_given({"of_kind": 1})


def test_an_inherited_option_keeps_its_place_and_all_but_its_condition():
    assert [*Child().to_dict()] == [*Parent().to_dict(), "of_kind"]
    parent, child = (
        {k: v for k, v in cls.__dataclass_fields__["of_a"].metadata.items() if k != "only_if"}
        for cls in (Parent, Child)
    )
    assert parent == child


def test_options_with_a_condition_are_found_by_it():
    assert fields_only_if(Parent, kind="a") == ("of_a",)
    assert fields_only_if(Child, share=ON) == ("of_a", "of_share")
    assert fields_only_if(Child, kind="a", share=ON) == ("of_a",)
    assert fields_only_if(Parent, kind="b") == ()


def test_stage_1_does_not_depend_on_these_options():
    """They are left out of the name of a run of stage 1, which runs of stage 2 share."""
    both = {"pretrained", "stage1_iterations"}
    assert {*fields_only_if(lord.Options, stage=2)} == both | {
        "lr_stage2", "code_weight", "lpips_net", "identity_metric",
    }  # fmt: skip
    assert {*fields_only_if(ost.Options, stage=2)} == both | {
        "selective", "one_way_cycle", "init_a", "max_items_A", "rec_weight", "cycle_weight",
    }  # fmt: skip
