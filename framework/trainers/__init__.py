"""The systems: one `<system>_trainer.py` each, with its networks, phases and loss terms."""
