"""Content transfer: what is removed, put on and shown."""

import dataclasses

import numpy as np
import pytest
from PIL import Image
from systems import tiny_data
from tiny_content import VARIANTS, content, known, random_images

from nets.content import compose


@pytest.mark.parametrize("variant", VARIANTS)
def test_ranges_and_shapes_of_what_is_made(variant):
    subject, x = known(variant), random_images(3)
    made = subject.remove(x), subject.put(x, subject.extra(x)), *subject.rebuild(x, x)
    for images in made:
        assert images.shape == x.shape and np.abs(images).max() <= 1 + 1e-6


def test_removing_is_putting_nothing():
    subject, x = known("press"), random_images(2)
    nothing = subject.nothing(subject.extra(x))
    assert not nothing.numpy().any()
    np.testing.assert_array_equal(subject.remove(x), subject.put(x, nothing))


def test_the_guide_matters_but_not_to_fader():
    x, guides = random_images(2), random_images(2, seed=1)
    for variant, matters in (("press", True), ("mask", True), ("fader", False)):
        subject = known(variant)
        images = [subject.put(x, subject.extra(each)).numpy() for each in (x, guides)]
        assert np.array_equal(*images) != matters


@pytest.mark.parametrize(("threshold", "all_stay"), [("1", True), ("0", False)])
def test_removal_by_mask_leaves_the_rest_as_it_was(threshold, all_stay):
    subject, x = content("mask", "--mask_threshold", threshold), random_images(2)
    assert np.array_equal(subject.remove(x), x) == all_stay
    image, mask = subject.nets["masked"](
        [subject.nets["common"](x), subject.nets["separate"](x)], training=False
    )
    put = subject.put(x, subject.extra(x))
    np.testing.assert_allclose(put, compose(image, mask, x), atol=1e-5)


def test_images_are_those_of_the_averaged_nets():
    subject, x = content("press", "--ema", "0.9"), random_images(2)
    before = subject.put(x, subject.extra(x)).numpy()
    for net in subject.nets.values():
        net.set_weights([w + 1 for w in net.get_weights()])
    np.testing.assert_array_equal(subject.put(x, subject.extra(x)), before)


def test_unequal_numbers_of_held_out_images():
    def few(contract):
        data = tiny_data(contract)
        first, second = data.domains
        first = dataclasses.replace(first, test_images=first.test_images[:2])
        return dataclasses.replace(data, domains=(first, second))

    x1, x2 = content(data=few).held_out(9, seed=0)
    assert x1.shape == x2.shape and len(x2) == 6
    assert len(np.unique(x1, axis=0)) == 2 and len(np.unique(x2, axis=0)) == 6


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("variant", VARIANTS)
def test_sheets(variant, run):
    subject = content(variant, "--num_samples_to_gen", "4", run=run)
    subject.sheet()
    subject.figures()
    sheets = {path.stem: pixels(path) for path in run.samples.iterdir()}
    sizes = {name: sheet.shape[1::-1] for name, sheet in sheets.items()}
    assert sizes == {
        "000000": (5 * 32 + 6, 5 * 32 + 6),
        "removal": (4 * 32, 2 * 32 + 6),
        "swap": (4 * 32, 3 * 32 + 6),
        "guides": (12 * 32 + 6, 4 * 32),
    }
    matrix = sheets["000000"]
    assert (matrix[:32, :32] == 128).all()
    x1, x2 = subject.held_out(4, subject.options.seed)
    np.testing.assert_array_equal(matrix[:32, 38:70], x1[0])
    np.testing.assert_array_equal(matrix[38:70, :32], x2[0])


def test_an_interpolation_begins_with_nothing_and_ends_with_the_second_guide():
    subject, x = known("press"), random_images(2)
    guides = random_images(2, seed=1), random_images(2, seed=2)
    strip = subject._interpolation(x, *guides)
    ends = [subject.nothing(subject.extra(x)), *map(subject.extra, guides)]
    for column, code in zip((3, 7, 11), ends, strict=True):
        np.testing.assert_allclose(strip[:, column], subject.put(x, code), atol=1e-5)
