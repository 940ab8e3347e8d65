"""docs/systems.md: its table of metrics is the one of `framework.evaluation.metrics`.

`python tests/test_docs.py` renews the table.
"""

from pathlib import Path

from framework.evaluation.metrics import DESCRIPTIONS, registry

PAGE = Path(__file__).resolve().parent.parent / "docs" / "systems.md"
START, END = "<!-- metrics: generated -->\n", "<!-- end -->\n"


def renewed(page: str) -> str:
    """The page with the present table between both marker comments."""
    before, rest = page.split(START)
    _, after = rest.split(END)
    return before + START + registry.table() + END + after


def test_the_table_of_metrics_is_the_present_one():
    page = PAGE.read_text()
    assert page == renewed(page), "docs/systems.md: renew it by `python tests/test_docs.py`"


def test_every_metric_has_a_row_of_five_cells():
    header, line, *rows = registry.table().splitlines()
    assert header == "| metric | meaning | better | baseline | 95 % interval |"
    assert [row.split("`")[1] for row in rows] == [each.name for each in DESCRIPTIONS]
    assert {row.count(" | ") for row in (line, *rows)} == {4}


def test_a_baseline_that_is_a_metric_is_code_and_loses_the_mark_of_its_domain():
    (kid,) = (row for row in registry.table().splitlines() if row.startswith("| `kid`"))
    (diversity,) = (row for row in registry.table().splitlines() if row.startswith("| `diversity`"))
    assert kid.endswith("| lower | 0 for equal distributions | delete-d jackknife over subsets |")
    assert "|  | `real_diversity` |" in diversity


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text()))
