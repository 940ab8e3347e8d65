"""Compares short runs of every system with the hashes that are kept, or keeps new ones.

    python tests/regression/record.py [CASE ...]              prints what differs, by case
    python tests/regression/record.py --write [CASE ...]      keeps the hashes of these cases

Numbers differ in their last bits from one kind of processor to another, and from one version of
TensorFlow to the next, so there is a table for each (`hashes/`), and only that of this machine is
compared.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]
os.environ.update(CUDA_VISIBLE_DEVICES="", MPLBACKEND="Agg", TF_CPP_MIN_LOG_LEVEL="3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import fingerprints
import tensorflow as tf
from cases import TRAINING


def main() -> int:
    """Runs the named cases, or all of them; returns 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--write", action="store_true", help="keep these hashes")
    parser.add_argument("--part", default="1/1", help="a part of all cases, such as 1/2")
    args = parser.parse_args()
    part, parts = map(int, args.part.split("/"))
    names = args.cases or list(TRAINING)[part - 1 :: parts]
    if not args.write and not fingerprints.table_path().is_file():
        raise SystemExit(f"no hashes of this machine: {fingerprints.table_path().name}")
    devices = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        inputs = fingerprints.write_inputs(Path(folder))
        for name in names:
            found = fingerprints.run_case(name, Path(folder), inputs)
            if args.write:
                _keep(name, found)
                continue
            lines = fingerprints.differences(fingerprints.read_table().get(name, {}), found)
            different += bool(lines)
            print(f"{name}: {'; '.join(lines) or 'equal'}", flush=True)
    return int(bool(different))


def _keep(name: str, found: fingerprints.Hashes) -> None:
    path, table = fingerprints.table_path(), fingerprints.read_table() | {name: found}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(dict(sorted(table.items())), indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
