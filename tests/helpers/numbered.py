"""Domains whose images show their own number."""

import numpy as np

from framework import data


def domain(size, name="d", labels=True):
    """Images whose pixels all hold their own index, so that a batch shows what was drawn."""
    images = np.broadcast_to(np.arange(size, dtype=np.uint8)[:, None, None, None], (size, 4, 4, 3))
    labels = np.arange(size) if labels else None
    return data.Domain(name, images, labels, images[:1], labels if labels is None else labels[:1])


def two(sizes=(7, 5)):
    return data.Data("domains", tuple(domain(n) for n in sizes), "two", max(sizes))
