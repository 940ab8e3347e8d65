import numpy as np
import pytest
from numbered import domain, two

from framework import data
from framework.errors import UsageError


def test_labelled_source_needs_labels_of_domain_1():
    pair = data.Data("domains", (domain(7, "x", labels=False), domain(5)), "pair", 0)
    with pytest.raises(UsageError, match="x has no classes"):
        pair.labelled_source()
    faces = data.Data("domains", (domain(7, "f"), domain(5)), "faces", 2, ("Young", "Male"))
    with pytest.raises(UsageError, match="f has no classes"):
        faces.labelled_source()


def test_sampled_images_keep_their_labels_and_depend_on_the_seed():
    parts = [two((9, 5)).sampled((4, 0), seed).domains for seed in (0, 0, 1)]
    for first, second in parts:
        assert first.images[:, 0, 0, 0].tolist() == first.labels.tolist()
        assert len(set(first.labels)) == 4 and len(second.images) == 5
        assert len(first.test_images) == 1
    names = [first.labels.tolist() for first, _ in parts]
    assert names[0] == names[1] != names[2]
    with pytest.raises(UsageError, match="d has 5 training images, not 6"):
        two((9, 5)).sampled((4, 6), 0)


def test_labelled_needs_labels():
    bare = data.Data("domains", (domain(3), domain(3, "domain2", labels=False)), "folder", 0)
    with pytest.raises(UsageError, match="domain2 has no labels"):
        bare.labelled()


def test_prune_keeps_what_is_above_the_threshold():
    best = np.array([0.39, 0.4, 0.41, 0.9, 0.2, 0.5])

    def probabilities(images):
        top = best[images[:, 0, 0, 0]]
        return np.stack([top, np.zeros_like(top)], axis=1)

    pruned = data.prune(domain(6), probabilities, threshold=0.4)
    assert pruned.labels.tolist() == pruned.images[:, 0, 0, 0].tolist() == [2, 3, 5]
    assert len(pruned.test_images) == 1


def test_prune_refuses_to_leave_nothing():
    with pytest.raises(UsageError, match="leaves 0 images"):
        data.prune(domain(4), lambda images: np.zeros((len(images), 2)))


def test_domains_of_other_lengths_are_no_pairs():
    with pytest.raises(UsageError, match="9 and 5 images, which are no pairs"):
        two((9, 5)).paired()
