"""Training framework for coupled and disentangled image domains (TensorFlow 2, Keras 3)."""

import os

__version__ = "0.2.0"

# TensorFlow reads this when it is loaded. By itself it uses oneDNN on processors with AVX-512
# alone, and takes twice the time on others.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
