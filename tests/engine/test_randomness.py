"""Random numbers that depend on seed, iteration, update and part alone."""

import numpy as np
import pytest
import tensorflow as tf

from framework.engine.randomness import Random, sample_latent


@pytest.mark.parametrize("law", ["uniform", "normal"])
def test_parts_and_their_pieces_get_their_rows_of_the_whole_batch(law):
    step = tf.constant(3, tf.int64)
    whole = getattr(Random(1, step), law)((6, 2)).numpy()
    parts = [getattr(Random(1, step, 0, part, 3), law)((2, 2)).numpy() for part in range(3)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    pieces = [getattr(p, law)((1, 2)) for i in (0, 1, 2) for p in Random(1, step, 0, i, 3).split(2)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    assert len(np.unique(whole)) == whole.size


def test_numbers_depend_on_seed_step_and_turn_alone():
    def draw(seed, step):
        random = Random(seed, tf.constant(step))
        return [random.uniform((4,)).numpy().tolist() for _ in range(2)]

    assert draw(1, 2) == draw(1, 2)
    others = [tuple(numbers) for key in ((1, 2), (1, 3), (2, 2)) for numbers in draw(*key)]
    assert len(set(others)) == 6


def test_a_shape_may_be_a_tensor():
    shape = tf.constant([3, 1, 2])
    numbers = Random(1, tf.constant(0)).uniform(shape)
    np.testing.assert_array_equal(numbers, Random(1, tf.constant(0)).uniform((3, 1, 2)))


def test_the_two_laws_of_latent_vectors():
    uniform, normal = (sample_latent(kind, 2000, 5, seed=1) for kind in ("uniform", "normal"))
    assert uniform.shape == normal.shape == (2000, 5)
    assert -1 <= uniform.min() < -0.99 and 0.99 < uniform.max() <= 1
    assert abs(uniform.mean()) < 0.03 and abs(uniform.var() - 1 / 3) < 0.02
    assert abs(normal.mean()) < 0.03 and abs(normal.std() - 1) < 0.03
    np.testing.assert_array_equal(sample_latent("uniform", 2000, 5, seed=1), uniform)
