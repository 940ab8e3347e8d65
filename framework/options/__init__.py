"""Options of every system, the command line and `config.json`; never imports TensorFlow."""
