"""Networks: plain functions with keyword arguments that return `keras.Model`s."""
