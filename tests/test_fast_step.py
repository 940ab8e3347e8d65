"""One whole update with fast layers is that of the plain ones: same terms, same gradients."""

import numpy as np
import pytest
from systems import FULL, NO_DROPOUT, save_classifier, trainable, trainer, update

# With plain gradient descent at rate 1, an update changes the weights by the gradient itself.
DESCENT = "--optim_d sgd --optim_g sgd --lr_d 1 --lr_g 1 --width 0.05 --batch_size 12".split()


def step(tmp_path, phase, fast_layers, precision):
    """Return the terms of one update and each net's gradient as one vector."""
    flags = ["--classifier_path", save_classifier(tmp_path / "classifier.keras")]
    flags += ["--fast_layers", fast_layers, "--mixed_precision", precision]
    system = trainer("scogan", *NO_DROPOUT, *FULL, *DESCENT, *flags)
    before = trainable(system)
    terms = update(system, phase)
    after = trainable(system)
    pairs = {name: zip(before[name], after[name], strict=True) for name in system.nets}
    gradients = {n: np.concatenate([(b - a).ravel() for b, a in each]) for n, each in pairs.items()}
    return terms, {name: each for name, each in gradients.items() if each.any()}


def apart(one, other):
    return {name: np.linalg.norm(one[name] - g) / np.linalg.norm(g) for name, g in other.items()}


@pytest.mark.parametrize("phase", ["disc", "gen"])
def test_the_fast_step_is_the_plain_step(tmp_path, phase):
    fast_terms, fast = step(tmp_path, phase, "true", "no")
    plain_terms, plain = step(tmp_path, phase, "false", "no")
    assert fast_terms == pytest.approx(plain_terms, rel=1e-4)
    assert fast.keys() == plain.keys() != set()
    assert max(apart(fast, plain).values()) < 1e-4


@pytest.mark.parametrize("phase", ["disc", "gen"])
def test_in_bfloat16_the_fast_step_is_as_near_to_float32_as_the_plain_one(tmp_path, phase):
    exact_terms, exact = step(tmp_path, phase, "false", "no")
    terms, fast = step(tmp_path, phase, "true", "bfloat16")
    _, plain = step(tmp_path, phase, "false", "bfloat16")
    assert terms == pytest.approx(exact_terms, rel=3e-2)
    errors, usual = apart(fast, exact), apart(plain, exact)
    assert all(1e-4 < errors[name] < 1.15 * usual[name] for name in exact), (errors, usual)
