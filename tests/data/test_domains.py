from dataclasses import replace

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


def test_a_domain_without_training_images_lacks_no_class():
    one, other = domain(6), domain(6)
    none = replace(other, images=other.images[:0], labels=other.labels[:0])
    pair = data.Data("domains", (one, none), "pair", 6)
    assert pair.classed("triple").contract == "triple"
    missing = replace(other, labels=np.zeros(6, np.int64))
    with pytest.raises(UsageError, match="no training image of class 1"):
        data.Data("domains", (one, missing), "pair", 6).classed("triple")


def test_a_fingerprint_that_is_known_stays_when_images_are_others():
    labelled, classes = data.Data("domains", (domain(4), domain(5)), "pair", 5), (0, 1)
    rows = data.fingerprint(labelled.domains)
    assert all(each.is_as_known for each in labelled.domains)
    others = tuple(replace(domain(3), name="moved", known_as=rows[number]) for number in classes)
    moved = data.Data("domains", others, "pair", 5)
    assert data.fingerprint(moved.domains) == rows
    assert data.fingerprint(moved.by_domain().domains) == data.fingerprint(
        labelled.by_domain().domains
    )
    assert not any(each.is_as_known for each in moved.domains)
    same = replace(labelled.domains[0], known_as=["other name", *rows[0][1:]])
    assert same.is_as_known and data.fingerprint((same,)) != rows[:1]


def test_numbers_of_images_are_upper_limits_in_an_evaluation():
    lacking = replace(two((9, 5)), may_lack_images=True)
    assert [len(each.images) for each in lacking.sampled((4, 6), 0).domains] == [4, 5]
