"""The installed command `softgan`, and `python -m softgan`: the same as `python main.py`."""

import sys

from softgan import packages


def main() -> int:
    """Runs the command line of this process; returns the exit code of `framework.cli.main`."""
    if message := packages.hidden():
        print(f"softgan: {message}", file=sys.stderr)
        return 1
    from framework import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
