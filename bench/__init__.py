"""Speed measured side by side: the reference's way, PyTorch and this project; see README.md."""
