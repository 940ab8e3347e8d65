"""Pretrained networks that are never updated: their files, how they are read, what they give."""
