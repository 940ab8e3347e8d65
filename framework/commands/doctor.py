"""Checks this machine; each line of the output is `ok ...` or `-- ...: what to do`.

The exit code is 3 if something required is missing: Python and packages of the right versions, the
built-in data, a writable folder with 1 GB of free space, and the data of --cogan_data if given.
"""

import contextlib
import itertools
from collections.abc import Sequence

from framework.commands.base import load_tensorflow, parser
from framework.errors import MissingError
from framework.options.base import Options


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("doctor", __doc__, run=False)
    arguments.add_argument(
        "--data_dir", default=Options.data_dir, help="folder of the data sets [%(default)s]"
    )
    arguments.add_argument(
        "--results_dir", default=Options.results_dir, help="folder of the runs [%(default)s]"
    )
    arguments.add_argument("--cogan_data", default="", help="pair whose data are required")
    args = arguments.parse_args(argv)
    from framework.commands import doctor_checks

    environment = list(doctor_checks.environment())  # checked before TensorFlow reads it
    with contextlib.suppress(ImportError):  # `check_all` reports it
        load_tensorflow()
    checks = doctor_checks.check_all(args.data_dir, args.results_dir, args.cogan_data)
    code = 0
    for finding in itertools.chain(environment, checks):
        print(finding, flush=True)
        if finding.required and finding.remedy:
            code = MissingError.code
    return code
