"""Formats results as Markdown tables."""

from collections.abc import Sequence

from bench.contenders import INPUT
from bench.workloads import WORKLOADS

HEAD = (
    "contender", "s/iteration", "quartiles", "x reference", "x best PyTorch", "peak MiB",
    "first call s", "share of peak",
)  # fmt: skip


def merged(results: Sequence[dict]) -> dict:
    """Merges results; if two have the same workload, the later one is kept."""
    return {key: part for result in results for key, part in result.items()}


def markdown(result: dict) -> str:
    """Returns a table per workload, fastest contender last, and one of the program start."""
    about = result["machine"]
    peaks = ", ".join(
        f"{kind} {peak / 1e9:.0f} GFLOP/s" for kind, peak in about["peak_flops"].items()
    )
    parts = [f"{about['processor']}, {about['cores']} cores; matrix-multiply peak: {peaks}."]
    for name, rows in result.items():
        if name in WORKLOADS:
            parts.append(f"**{name}**: {WORKLOADS[name].help}.\n\n{_workload(rows)}")
    if "startup" in result:
        rows = [(key, f"{row['median']:.2f}") for key, row in result["startup"].items()]
        parts.append(_table(("start of the program", "s"), rows))
    return "\n\n".join(parts)


def _workload(rows: dict[str, dict]) -> str:
    """Returns the table of a workload, slowest contender first.

    The ratio to PyTorch is the quotient of two ratios to the reference, because two contenders may
    have run at different times, but each ran beside the reference.
    """
    steps = {name: row for name, row in rows.items() if name != INPUT}
    names = sorted(steps, key=lambda name: -_speed(steps[name])[0])
    torch = [row for name, row in steps.items() if name.startswith("torch")]
    best = min((_speed(row)[1] for row in torch), default=None)
    lines = [_line(name, steps[name], best) for name in names]
    text = _table(HEAD, lines)
    if INPUT in rows and steps:
        input_time = rows[INPUT]["median"]
        fastest = min(row["median"] for row in steps.values())
        text += (
            f"\n\nInput alone: {1e3 * input_time:.1f} ms per iteration, "
            f"{fastest / input_time:.0f} times faster than the fastest step needs it."
        )
    return text


def _speed(row: dict) -> tuple[float, float]:
    """Returns seconds, and seconds relative to the reference, if it was measured."""
    return row["median"], 1 / row["vs_reference"] if "vs_reference" in row else row["median"]


def _line(name: str, row: dict, best: float | None) -> tuple[str, ...]:
    def number(key: str, form: str) -> str:
        return f"{row[key]:{form}}" if key in row else ""

    quartiles = " to ".join(f"{seconds:.2f}" for seconds in row["quartiles"])
    return (
        name, number("median", ".2f"), quartiles, number("vs_reference", ".2f"),
        f"{best / _speed(row)[1]:.2f}" if best else "", number("peak_mib", ".0f"),
        number("first_call", ".0f"), number("share_of_peak", ".0%"),
    )  # fmt: skip


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
