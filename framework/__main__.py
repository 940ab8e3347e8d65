"""`python -m framework`: the same as `python main.py`."""

import sys

from framework.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
