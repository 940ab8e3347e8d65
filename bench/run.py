"""Measures the speed of all contenders: `python -m bench.run --help`."""

import argparse
import datetime
import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import contenders, table
from bench.worker import Worker, WorkerError
from bench.workloads import WORKLOADS

RESULTS = Path(__file__).parent / "results"
# No GPU unless --gpu is given: a CPU build of PyTorch could not be compared with it.
HIDDEN_GPU = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line; returns its exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        chosen = contenders.select(args.contenders, list(contenders.table()))
        workloads = contenders.select(args.workloads, list(WORKLOADS))
    except ValueError as error:
        parser.error(str(error))
    files = [Path(name) for name in args.files] or sorted(RESULTS.glob("*.json"))[-1:]
    if args.table:
        print(table.markdown(table.merged([json.loads(path.read_text()) for path in files])))
        return 0
    if not args.gpu:
        os.environ.update(HIDDEN_GPU)
    result = {"machine": machine()}
    path = RESULTS / f"{_now()}-{_slug(result['machine'])}.json"
    for name in workloads:
        result[name] = measure(name, chosen, args.rounds, result["machine"])
        _write(path, result)
    if args.startup:
        result["startup"] = _ask("startup", str(args.rounds))
        _write(path, result)
    print(table.markdown(result))
    print(path)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("bench.run", description=__doc__, allow_abbrev=False)
    parser.add_argument("--workloads", default="W*", help="patterns, comma-separated [W*]")
    parser.add_argument("--rounds", type=int, default=5, help="timed iterations of each [5]")
    parser.add_argument(
        "--contenders", default=contenders.DEFAULT,
        help=f"patterns, comma-separated, ! leaves out [{contenders.DEFAULT}]",
    )  # fmt: skip
    parser.add_argument("--startup", action="store_true", help="measure the program's start too")
    parser.add_argument("--gpu", action="store_true", help="let the contenders see a GPU")
    parser.add_argument("--table", action="store_true", help="print the newest results, no run")
    parser.add_argument("files", nargs="*", help="results for --table, joined [the newest]")
    return parser


def measure(workload: str, names: Sequence[str], rounds: int, about: dict) -> dict[str, dict]:
    """Returns contender -> timings of a workload; skips, with a message, those that fail."""
    times: dict[str, dict] = {}
    flops = _ask("flops", workload).get("flops")
    waiting = [name for name in names if name != contenders.ANCHOR]
    anchored = contenders.ANCHOR in names
    anchor_times: list[float] = []
    while waiting or (anchored and not anchor_times):
        group, waiting = _start(workload, waiting, anchored)
        if not group:
            break
        try:
            seconds, peaks = _rounds(group, rounds)
        finally:
            first = {name: worker.first["seconds"] for name, worker in group.items()}
            for worker in group.values():
                worker.close()
        anchor = seconds.get(contenders.ANCHOR)
        anchor_times += anchor or []
        for name in group:
            times[name] = _row(name, seconds[name], anchor, first[name], peaks[name], flops, about)
    if anchor_times:
        times[contenders.ANCHOR] |= _spread(anchor_times)
    return times


def _start(workload: str, waiting: list[str], anchored: bool) -> tuple[dict[str, Worker], list]:
    """Starts contenders, the anchor first, while there is memory; also returns the others."""
    group: dict[str, Worker] = {}
    todo = [contenders.ANCHOR] * anchored + waiting
    held = 0
    while todo and (held < 1 + anchored or _available() > WORKLOADS[workload].gib):
        name, *todo = todo
        try:
            group[name] = Worker("step", name, workload)
            held += 1
            print(f"{workload} {name}: first call {group[name].first['seconds']:.1f} s", flush=True)
        except WorkerError as error:
            print(f"{workload} {name}: left out, {error}", flush=True)
    return group, todo


def _available() -> float:
    """Returns the GiB of free memory; 0 if unknown, so that groups have two contenders."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0.0
    sizes = dict(line.split(":") for line in lines)
    return int(sizes["MemAvailable"].split()[0]) / 2**20


def _rounds(group: dict[str, Worker], rounds: int) -> tuple[dict, dict]:
    """Times one step of each contender per round; the order rotates."""
    names = list(group)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    peaks: dict[str, float] = {}
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            answer = group[name].step()
            seconds[name].append(answer["seconds"])
            peaks[name] = answer["peak_mib"]
        print("  ".join(f"{name} {values[-1]:.2f}" for name, values in seconds.items()), flush=True)
    return seconds, peaks


def _row(
    name: str, seconds: list[float], anchor: list[float] | None, first: float, peak_mib: float,
    flops: int | None, about: dict,
) -> dict:  # fmt: skip
    row = _spread(seconds) | {"first_call": round(first, 2), "peak_mib": peak_mib}
    if anchor:
        row["vs_reference"] = round(statistics.median(anchor) / row["median"], 3)
    kind = "bfloat16" if "bf16" in name else "float32"
    if flops and name != contenders.INPUT and kind in about["peak_flops"]:
        row["share_of_peak"] = round(flops / row["median"] / about["peak_flops"][kind], 3)
        row["flops"] = flops
    return row


def _spread(values: list[float]) -> dict:
    quartiles = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else []
    return {
        "median": float(f"{statistics.median(values):.4g}"),
        "quartiles": [float(f"{value:.4g}") for value in quartiles[::2]],
        "rounds": len(values),
    }


def machine() -> dict:
    """Returns processor, cores, and the matrix-multiply peak in operations per second."""
    peaks = {kind: _ask("peak", kind) for kind in ("float32", "bfloat16")}
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "peak_flops": {kind: round(max(by.values())) for kind, by in peaks.items() if by},
    }


def _ask(*words: str) -> dict:
    try:
        worker = Worker(*words)
    except WorkerError as error:
        print(f"{' '.join(words)}: {error}", flush=True)
        return {}
    worker.close()
    return worker.first


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _slug(about: dict) -> str:
    words = "".join(c if c.isalnum() else " " for c in about["processor"].lower()).split()
    return "-".join([*words[:3], f"{about['cores']}cores"])


def _now() -> str:
    return datetime.datetime.now().strftime("%Y-%m-%d-%H%M")


def _write(path: Path, result: dict) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
