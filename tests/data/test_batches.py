import dataclasses
import functools

import numpy as np
import pytest
import tensorflow as tf
from numbered import domain, two
from PIL import Image

from framework import data
from framework.data import Data, Domain, batches
from framework.data.augmentation import Augmentation
from framework.data.storage import StoredImages
from framework.errors import MissingError, UsageError, UserError
from framework.options import config


def take(stream, count):
    return list(stream.take(count).as_numpy_iterator())


def same(left, right):
    return len(left) == len(right) and all(
        a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)
        for a, b in zip(left, right, strict=True)
    )


def test_an_element_has_the_updates_axis_first_and_static_shapes():
    spec = batches.dataset(two(), batch_size=4, updates=3, seed=0).element_spec
    assert spec["step"].shape == () and spec["step"].dtype == tf.int64
    assert spec["x1"].shape == spec["x2"].shape == (3, 4, 4, 4, 3)
    assert spec["x1"].dtype == tf.uint8
    spec = batches.dataset(
        two().labelled(), batch_size=4, updates=3, seed=0, replicas=2
    ).element_spec
    assert spec["x"].shape == (3, 2, 4, 4, 3)
    assert spec["y"].shape == (3, 2) and spec["y"].dtype == tf.int64


def test_labelled_source_adds_the_labels_of_domain_1_and_changes_no_image():
    pair = data.Data("domains", (domain(7), domain(5, labels=False)), "pair", 0)
    labelled = pair.labelled_source()
    assert labelled.classes == 7 and two().labelled_source().classes == two().classes
    with_labels, without = (
        take(batches.dataset(each, 4, 2, seed=0), 9) for each in (labelled, pair)
    )
    for mine in with_labels:
        assert mine["y1"].dtype == np.int64
        np.testing.assert_array_equal(mine["y1"], mine["x1"][..., 0, 0, 0])
        del mine["y1"]
    assert same(with_labels, without)


def test_attributes_come_with_their_images():
    def faces(size):
        plain = domain(size)
        return dataclasses.replace(plain, labels=np.stack([plain.labels, plain.labels % 2], axis=1))

    both = data.Data("labelled", (faces(7), faces(5)), "two", 2, ("index", "odd"))
    (element,) = take(batches.dataset(both, batch_size=6, updates=2, seed=0), 1)
    shown = element["x"][..., 0, 0, 0]
    assert element["y"].shape == (2, 6, 2)
    assert (element["y"][..., 0] == shown).all() and (element["y"][..., 1] == shown % 2).all()


def test_single_has_one_stream():
    (element,) = take(batches.dataset(data.Data("single", (domain(5),), "one", 5), 2, 1, seed=0), 1)
    assert element.keys() == {"step", "x1"}


MIXED = ("halves", "labelled_pair", "triple")


def under(contract):
    """Two domains of other images of the same four classes; points of 100 mark the second."""
    if contract == "domains":
        return two()
    if contract == "labelled":
        return two().labelled()
    first, second = domain(9), domain(7)
    first, second = (dataclasses.replace(d, labels=d.labels % 4) for d in (first, second))
    second = dataclasses.replace(second, images=second.images + 100)
    return data.Data("domains", (first, second), "two", 4).classed(contract)


@pytest.mark.parametrize("contract", ["domains", "labelled", "indexed", *MIXED])
@pytest.mark.parametrize("replicas", [1, 2])
def test_starting_at_a_step_equals_skipping_to_it(contract, replicas):
    source = under(contract)
    whole = batches.dataset(source, 4, 2, seed=3, replicas=replicas)
    later = batches.dataset(source, 4, 2, seed=3, first_step=5, replicas=replicas)
    assert same(take(whole.skip(5 * replicas), 6), take(later, 6))
    assert take(later, 1)[0]["step"] == 5


@pytest.mark.parametrize("contract", ["domains", "labelled", "indexed", *MIXED])
def test_replicas_share_the_batch_of_one(contract):
    source = under(contract)
    whole = take(batches.dataset(source, 6, 2, seed=0), 4)
    parts = take(batches.dataset(source, 6, 2, seed=0, replicas=2), 8)
    joined = [
        {k: first[k] if k == "step" else np.concatenate([first[k], second[k]], 1) for k in first}
        for first, second in zip(parts[::2], parts[1::2], strict=True)
    ]
    assert same(whole, joined)
    assert [int(part["step"]) for part in parts] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_an_image_comes_with_its_number_among_those_of_all_domains():
    source, plain = under("indexed"), dataclasses.replace(under("indexed"), contract="labelled")
    images, labels = (
        np.concatenate([getattr(d, part) for d in source.domains]) for part in ("images", "labels")
    )
    for mine, without in zip(
        *(take(batches.dataset(s, 6, 2, seed=0), 9) for s in (source, plain)), strict=True
    ):
        i = mine.pop("i")
        assert i.dtype == np.int64 and i.shape == (2, 6) and i.max() >= 9
        np.testing.assert_array_equal(images[i], mine["x"])
        np.testing.assert_array_equal(labels[i], mine["y"])
        assert same([mine], [without])


def test_each_epoch_visits_every_image_once_in_another_order():
    drawn = np.concatenate(
        [e["x1"][..., 0, 0, 0].ravel() for e in take(batches.dataset(two(), 3, 7, 0), 3)]
    )
    epochs = drawn.reshape(-1, 7)
    assert (np.sort(epochs, axis=1) == np.arange(7)).all()
    assert len({tuple(epoch) for epoch in epochs}) > 1


def orders(seed, first_epoch, count, size=50):
    """The orders of a set in some epochs."""
    stream = batches.dataset(two((size, size)), size, 1, seed=seed, first_step=first_epoch)
    return [tuple(element["x1"][0, :, 0, 0, 0]) for element in take(stream, count)]


def test_seeds_and_epochs_do_not_come_round_again():
    assert len({*orders(0, 0, 600)}) == 600, "an epoch's order depends on its lowest 8 bits alone"
    assert len({orders(seed, 2**16, 1)[0] for seed in (0, 256, 2**31)}) == 3


def test_seeds_of_orders_are_mixed_bits():
    """SplitMix64's first number after a seed of 0 is 0xE220A8397B1DCDAF."""
    zero = tf.constant([0], tf.int64)
    assert batches._seeds(zero).numpy().tolist() == [[0xCDAF, 0x7B1D, 0xA839]]


def test_seeds_and_domains_have_their_own_order():
    equal = two((50, 50))
    (a,), (b,) = (
        take(batches.dataset(equal, 50, 1, seed=0), 1),
        take(batches.dataset(equal, 50, 1, seed=1), 1),
    )
    assert not np.array_equal(a["x1"], b["x1"])
    assert not np.array_equal(a["x1"], a["x2"])


def test_labelled_rows_come_from_the_domains_in_turn():
    bright = domain(5)
    dark = data.Domain("low", bright.images + 100, bright.labels + 100, bright.images, None)
    mixed = data.Data("labelled", (domain(40), dark), "mixed", 105)
    elements = take(batches.dataset(mixed, batch_size=6, updates=2, seed=0), 10)
    x = np.concatenate([e["x"][..., 0, 0, 0].ravel() for e in elements])
    y = np.concatenate([e["y"].ravel() for e in elements])
    np.testing.assert_array_equal(x, y)
    np.testing.assert_array_equal(y >= 100, np.arange(len(y)) % 2 == 1)
    assert (np.sort(y[1::2].reshape(-1, 5), axis=1) == np.arange(100, 105)).all()


def drawn(source, batch_size=3, elements=96):
    """All rows of so many elements, by key; of images the number that they hold."""
    every = take(batches.dataset(source, batch_size, 1, seed=0), elements)
    keys = every[0].keys() - {"step"}
    return {k: np.stack([e[k].reshape(batch_size, -1)[:, 0] for e in every]).ravel() for k in keys}


@functools.cache
def rows_of(contract):
    """The 288 rows of 96 batches of three."""
    return drawn(under(contract))


@pytest.mark.parametrize(
    ("contract", "keys"),
    [
        ("halves", {"x1", "x2"}),
        ("labelled_pair", {"x1", "x2", "y1", "y2"}),
        ("triple", {"x1", "x2", "x3", "x4", "y1", "y3"}),
    ],
)
def test_what_mixed_contracts_have(contract, keys):
    spec = batches.dataset(
        under(contract), batch_size=4, updates=3, seed=0, replicas=2
    ).element_spec
    assert spec.keys() == keys | {"step"}
    for key in keys:
        assert spec[key].shape == ((3, 2, 4, 4, 3) if key[0] == "x" else (3, 2))
        assert spec[key].dtype == (tf.uint8 if key[0] == "x" else tf.int64)


@pytest.mark.parametrize("contract", ["labelled_pair", "triple"])
def test_labels_belong_to_their_images(contract):
    rows = rows_of(contract)
    others = {"labelled_pair": {"x2": "y2"}, "triple": {"x2": "y1", "x3": "y3", "x4": "y3"}}
    for image, label in ({"x1": "y1"} | others[contract]).items():
        np.testing.assert_array_equal(rows[image] % 100 % 4, rows[label])


def test_images_1_and_2_of_a_triple_are_of_one_class_and_3_of_any():
    rows = rows_of("triple")
    assert 0.1 < (rows["y1"] == rows["y3"]).mean() < 0.5, "about one in four"
    for first, second in (("x1", "x2"), ("x3", "x4")):
        assert (rows[first] == rows[second]).mean() < 0.5, "mostly another image of the class"
    for key in ("x1", "x2", "x3", "x4"):
        assert len(set(rows[key])) == 9 + 7, key


@pytest.mark.parametrize(
    ("contract", "draws"), [("halves", 2), ("labelled_pair", 2), ("triple", 4)]
)
def test_draws_are_of_every_combination_of_domains_as_often(contract, draws):
    sides = np.stack([rows_of(contract)[f"x{i}"] >= 100 for i in range(1, draws + 1)])
    counts = np.bincount(2 ** np.arange(draws) @ sides, minlength=2**draws)
    assert (counts == 288 // 2**draws).all()


@pytest.mark.parametrize("contract", MIXED)
def test_draws_are_independent_and_each_visits_every_image_once_an_epoch(contract):
    source = data.Data("domains", (domain(50),), "one", 50)
    rows = drawn(dataclasses.replace(source.labelled(), contract=contract), 50, 8)
    second = "x3" if contract == "triple" else "x2"
    assert (rows["x1"] == rows[second]).mean() < 0.06, "one in 50"
    for key in ("x1", second):
        assert (np.sort(rows[key].reshape(8, 50), axis=1) == np.arange(50)).all()


def test_draws_of_many_images_are_independent_too():
    many = np.arange(60_000)
    points = np.stack([many, many], axis=1).astype(np.float32)
    one = data.Domain("many", points, None, points[:1], None)
    (e,) = take(batches.dataset(data.Data("halves", (one,), "many", 0), 5000, 1, seed=0), 1)
    x1, x2 = e["x1"][0, :, 0], e["x2"][0, :, 0]
    assert abs(np.corrcoef(x1, x2)[0, 1]) < 0.06
    assert np.unique((x1 - x2) % len(many), return_counts=True)[1].max() < 20, "no fixed distance"


def test_halves_need_no_labels():
    bare = data.Data("halves", (domain(3, labels=False), domain(3)), "two", 0)
    assert drawn(bare).keys() == {"x1", "x2"}
    for contract in ("labelled_pair", "triple"):
        with pytest.raises(UsageError, match="d has no labels"):
            bare.classed(contract)


def test_every_domain_of_triples_needs_every_class():
    some = data.Data("domains", (domain(9, "all"), domain(4, "few")), "two", 9)
    with pytest.raises(UsageError, match="few has no training image of class 4") as caught:
        some.classed("triple")
    assert "\n" not in str(caught.value)
    assert drawn(some.classed("labelled_pair"))["y1"].max() == 8, "pairs need no second of a class"


@pytest.mark.parametrize("contract", ["labelled_pair", "triple"])
def test_domains_of_images_with_attributes_are_classes(contract):
    parts = [dataclasses.replace(domain(5), labels=np.ones((5, 2), int)) for _ in range(2)]
    parts[1] = dataclasses.replace(parts[1], images=parts[1].images + 100)
    faces = data.Data("domains", tuple(parts), "faces", 2, ("young", "smiling"), "smiling")
    source = faces.classed(contract)
    assert source.classes == 2 and not source.attributes
    with pytest.raises(UsageError, match="use a pair that one of them divides"):
        dataclasses.replace(faces, domains=faces.domains[:1]).classed(contract)
    assert [set(d.test_labels) for d in source.domains] == [{0}, {1}]
    rows = drawn(source, 4)
    second = {"labelled_pair": "y2", "triple": "y1"}[contract]
    np.testing.assert_array_equal(rows["x1"] >= 100, rows["y1"] == 1)
    np.testing.assert_array_equal(rows["x2"] >= 100, rows[second] == 1)
    assert rows["y1"].mean() == 0.5 and len(set(rows["x2"])) == 10


def test_a_domain_of_one_image_repeats_it():
    (element,) = take(batches.dataset(data.Data("single", (domain(1),), "one", 1), 4, 1, seed=0), 1)
    assert not element["x1"].any()


def test_a_mirrored_strategy_gets_one_element_per_replica():
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    source = two()
    shared = strategy.distribute_datasets_from_function(
        lambda _: batches.dataset(source, 4, 2, seed=0, replicas=2)
    )
    parts = strategy.experimental_local_results(next(iter(shared))["x1"])
    (whole,) = take(batches.dataset(source, 4, 2, seed=0), 1)
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole["x1"])


def test_a_batch_must_divide_among_the_replicas():
    with pytest.raises(UsageError, match="--batch_size 5 must be a multiple of the 2 replicas"):
        batches.dataset(two(), 5, 1, seed=0, replicas=2)


def test_pairs_keep_together():
    first = domain(9)
    second = data.Domain("b", first.images + 100, None, first.test_images, None)
    pairs = data.Data("domains", (first, second), "two", 0).paired()
    for element in take(batches.dataset(pairs, batch_size=4, updates=2, seed=0), 5):
        np.testing.assert_array_equal(element["x1"] + 100, element["x2"])
    some = pairs.sampled((3, 3), 1).domains
    np.testing.assert_array_equal(some[0].images + 100, some[1].images)


def outside(source):
    """The same data with images outside memory, and the rows that are read."""
    rows = []

    def kept(images):
        def read(index):
            rows.append(index)
            return images[index]

        return data.StoredImages(read, np.arange(len(images)), images.shape[1:])

    domains = tuple(dataclasses.replace(d, images=kept(d.images)) for d in source.domains)
    return dataclasses.replace(source, domains=domains), rows


@pytest.mark.parametrize("contract", list(batches.CONTRACTS))
def test_images_outside_memory_give_the_same_batches(contract):
    inside = under(contract) if contract in (*MIXED, "indexed") else two((5, 5))
    inside = dataclasses.replace(inside, contract=contract)
    stored, rows = outside(inside)
    for replicas in (1, 2):
        first, second = (
            batches.dataset(each, 4, 2, seed=0, first_step=3, replicas=replicas)
            for each in (inside, stored)
        )
        assert first.element_spec == second.element_spec
        assert same(take(first, 3), take(second, 3))
    if contract == "labelled":
        assert max(map(len, rows)) == 4, "of 8 images only those of the domain whose turn it is"


def test_data_that_do_not_fit_into_memory_are_named(monkeypatch):
    def none(*_):
        raise MemoryError

    monkeypatch.setattr(tf, "constant", none)
    with pytest.raises(UserError, match="the data: 7 images of d at --image_size 4 take 0.0 GB"):
        batches.dataset(two(), 1, 1, seed=0)


FLIPS = Augmentation(flip=True, seed=5)
CROPS = Augmentation(factor=1.5, seed=5)
BOTH = Augmentation(flip=True, factor=1.5, seed=5)


def slope(count=8, size=8):
    """Images that grow brighter from left to right."""
    row = np.arange(size, dtype=np.uint8) * 20
    images = np.broadcast_to(row[:, None], (count, size, size, 3)) + np.zeros((), np.uint8)
    return data.Domain("slope", images, np.arange(count), images[:1], np.zeros(1, int))


def slopes(contract="domains"):
    return data.Data(contract, (slope(), slope()), "slopes", 8)


def augmented(source, augmentation, count=4, **given):
    stream = batches.dataset(source, 4, 2, seed=0, augmentation=augmentation, **given)
    return take(stream, count)


def test_half_of_the_images_are_mirrored_and_no_other_is_changed():
    whole, flipped = augmented(slopes(), None, 64), augmented(slopes(), FLIPS, 64)
    mirrored = []
    for before, after in zip(whole, flipped, strict=True):
        for old, new in zip(before["x1"][0], after["x1"][0], strict=True):
            mirrored.append(np.array_equal(new, old[:, ::-1]))
            assert mirrored[-1] or np.array_equal(new, old)
    assert 0.35 < np.mean(mirrored) < 0.65


def test_both_domains_are_changed_independently_but_a_pair_is_changed_alike():
    elements = augmented(slopes(), BOTH, 16)
    assert not all(np.array_equal(e["x1"], e["x2"]) for e in elements)
    for element in augmented(slopes("paired"), BOTH, 16):
        np.testing.assert_array_equal(element["x1"], element["x2"])


def test_a_crop_is_a_window_of_the_enlarged_image():
    """A slope of 20 per pixel becomes one of 10, from anywhere in twice the width."""
    twice = Augmentation(factor=2.0)
    starts = set()
    for element in augmented(slopes(), twice, 16):
        rows = element["x1"].reshape(-1, 8, 8, 3)
        assert (rows == rows[:, :1]).all(), "every row of pixels is the same"
        steps = np.diff(rows[:, 0, :, 0].astype(int), axis=1)
        assert (np.abs(steps - 10) <= 1)[:, 2:5].all() and rows.shape[1:] == (8, 8, 3)
        starts |= {*rows[:, 0, 0, 0].tolist()}
    assert len(starts) > 5 and min(starts) == 0


def test_an_enlarged_image_is_bicubic():
    image = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), np.uint8)
    big = np.asarray(Image.fromarray(image[0]).resize((24, 24), Image.Resampling.BICUBIC), int)
    window = CROPS.apply(tf.constant(image), tf.constant([3], tf.int64), 0).numpy()[0]
    errors = [
        np.abs(big[i : i + 16, j : j + 16] - window).mean() for i in range(9) for j in range(9)
    ]
    assert min(errors) < 1, "but for rounding it is a window of the image that Pillow enlarges"


@pytest.mark.parametrize("contract", ["domains", "paired", "labelled", "triple"])
def test_augmentation_is_a_function_of_seed_and_step(contract):
    source = dataclasses.replace(slopes(), contract=contract)
    whole = augmented(source, BOTH, 6)
    assert same(whole[4:], augmented(source, BOTH, 2, first_step=4)), "as after a resume"
    parts = augmented(source, BOTH, 12, replicas=2)
    joined = [
        {k: np.concatenate([a[k], b[k]], axis=1) for k in a if k != "step"} | {"step": a["step"]}
        for a, b in zip(parts[::2], parts[1::2], strict=True)
    ]
    assert same(whole, joined)
    assert not same(whole, augmented(source, dataclasses.replace(BOTH, seed=6), 6))


def test_a_system_that_mirrors_images_itself_gets_them_as_they_are():
    for system, flips in (("cyclegan", True), ("content", False)):
        options = config.parse(["--gan_type", system, "--flip", "--random_crop", "1.5"])
        assert Augmentation.of(options, 7) == Augmentation(flips, 1.5, 7)


def test_labels_are_not_augmented():
    plain, changed = (augmented(slopes("labelled"), each) for each in (None, BOTH))
    for first, second in zip(plain, changed, strict=True):
        np.testing.assert_array_equal(first["y"], second["y"])


@pytest.mark.parametrize("error", [MissingError, UsageError])
def test_the_error_of_an_image_that_is_decoded_on_demand_keeps_its_text(error):
    def decode(rows):
        raise error("/photos.zip: cannot read horse/1.jpg (truncated): fetch it again")

    images = StoredImages(decode, np.arange(4), (8, 8, 3))
    domain = Domain("a", images, None, images, None)
    data = Data("single", (domain,), "photos", 0)
    with pytest.raises(tf.errors.UnknownError) as caught:
        next(iter(batches.dataset(data, 2, 1, 0)))
    found = batches.reading_error(caught.value)
    assert type(found) is error and str(found) == (
        "/photos.zip: cannot read horse/1.jpg (truncated): fetch it again"
    )
