"""What `main.py NAME ...` runs: a file per command, with `run(argv)`, its help as docstring."""
