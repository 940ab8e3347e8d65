"""The commands, one file each: a function `run(argv)`, and its help as docstring."""
