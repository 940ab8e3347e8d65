"""Compares the speed of the thesis' implementation, PyTorch and this project; see README.md."""
