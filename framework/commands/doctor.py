"""Looks at this machine: each line is `ok ...` or `-- ...: what to do`.

Exit code 3 when something needed is missing: Python and packages of the right versions, the
built-in data, a place to write with 1 GB of room, and the data of --cogan_data if given.
"""

import contextlib
import itertools
from collections.abc import Sequence

from framework.commands.base import load_tensorflow, parser
from framework.config import Options
from framework.errors import MissingError


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("doctor", __doc__, run=False)
    arguments.add_argument("--data_dir", default=Options.data_dir, help="[%(default)s]")
    arguments.add_argument("--results_dir", default=Options.results_dir, help="[%(default)s]")
    arguments.add_argument("--cogan_data", default="", help="pair whose data is needed")
    args = arguments.parse_args(argv)
    from framework import doctor as doctors

    worst, lines = 0, list(doctors.environment())
    with contextlib.suppress(ImportError):  # it will be told below
        load_tensorflow()
    examined = doctors.examine(args.data_dir, args.results_dir, args.cogan_data)
    for line in itertools.chain(lines, examined):
        print(line, flush=True)
        worst = max(worst, MissingError.code if line.needed and line.remedy else 0)
    return worst
