"""Training itself: the step, the loop, checkpoints, devices and keyed random numbers."""
