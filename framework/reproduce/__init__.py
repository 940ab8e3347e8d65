"""`main.py reproduce`: runs the thesis' experiments and sets its numbers beside ours."""
