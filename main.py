"""Entry point: `python main.py --gan_type scogan --cogan_data mnist2svhn --semantic_loss`."""

import sys

from softgan.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
