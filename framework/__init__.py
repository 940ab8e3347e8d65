"""Training framework for coupled and disentangled image domains (TensorFlow 2, Keras 3)."""
