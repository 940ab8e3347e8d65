"""G2G, all variants: the exchange of codes, the networks that train, the options, open runs."""

import importlib

import numpy as np
import pytest
import tensorflow as tf
from command_line import history
from PIL import Image
from systems import changed, evaluate, phase, train, trainable, trainer, update, weights
from toy_g2g import X1, X2, images, numbers, put, toy

from framework.engine.system import save_models
from framework.errors import UsageError
from framework.options import config
from framework.results import Run
from framework.results.images import LABELS
from framework.trainers import exchange, g2g_trainer
from framework.trainers.opening import open_run

VARIANTS = ("naive", "cyclefunit", "funit", "funit2funit")
OTHERS = VARIANTS[1:]  # naive is what the tests of every system have
ALL = {"content", "style", "gen"}


def small(variant: str, *argv: str, **given):
    """With untrained frozen nets, so that none is trained or looked for."""
    return trainer("g2g", "--g2g_variant", variant, "--dry_run", *argv, **given)


def test_the_halves_of_a_batch_are_exchanged():
    rows = tf.constant([[1, 1], [2, 2], [3, 3], [4, 4]])
    assert exchange.exchange(rows).numpy()[:, 0].tolist() == [3, 4, 1, 2]
    batch = dict(x1=rows[:2], x2=rows[2:], y1=rows[2:], y2=rows[:2])
    np.testing.assert_array_equal(exchange.pair(batch), rows)
    np.testing.assert_array_equal(exchange.pair(batch, "y"), exchange.exchange(rows))


def test_mixed_images_are_content_first_then_style():
    subject = toy("naive")
    swap = subject.system.coder(training=True).swap(images(X1, X2))
    m12, m21 = numbers(swap.mixed)
    assert m12 == (1 - 4, 3 * -4) and m21 == (5 + 2, 3 * 2)
    assert swap.mixed_content.numpy().ravel().tolist() == [-3, 7]
    assert swap.mixed_style.numpy().ravel().tolist() == [-12, 6]
    assert numbers(swap.back) == [(-3 + 6, 3 * 6), (7 - 12, 3 * -12)]
    # Several pairs: rows of image 1, then of image 2.
    coder = toy("naive", gen=put).system.coder(training=True)
    swap = coder.swap(images((1, 2), (3, 4), (5, 6), (7, 8)))
    assert numbers(swap.mixed) == [(1, 6), (3, 8), (5, 2), (7, 4)]
    assert numbers(swap.back) == [(1, 2), (3, 4), (5, 6), (7, 8)]


def test_averages_are_used_after_training_and_not_in_training():
    system = toy("naive").system
    system.averages = dict(gen=put)
    assert numbers(system.coder(training=False).swap(images(X1, X2)).mixed) == [(1, -4), (5, 2)]
    assert numbers(system.coder(training=True).swap(images(X1, X2)).mixed) == [(-3, -12), (7, 6)]


def test_a_system_encodes_and_decodes_arrays():
    system = toy("naive").system
    codes = system.encode(images(X1, X2, (7, 8)).numpy())
    assert codes.content.tolist() == [[1], [5], [7]] and codes.style.tolist() == [[2], [-4], [8]]
    assert numbers(system.decode(codes.content, codes.style)) == [(3, 6), (1, -12), (15, 24)]


@pytest.mark.parametrize("variant", OTHERS)
def test_each_phase_moves_exactly_its_nets(variant, eager):
    subject = small(variant, "--id_mode", "loss")
    order = ["gen", "disc"] if variant == "cyclefunit" else ["disc", "gen"]
    assert [each.name for each in subject.phases] == order
    for name in order:
        before = trainable(subject)
        terms = update(subject, name)
        assert all(np.isfinite(value) for value in terms.values())
        assert changed(before, trainable(subject)) == (ALL if name == "gen" else {"disc"})


@pytest.mark.parametrize("variant", ["cyclefunit", "funit2funit"])
def test_a_run_leaves_sheets_losses_and_models(variant, run, eager, capsys):
    argv = "--iterations 1 --eval_pairs 4 --num_samples_to_gen 2 --ema 0.9".split()
    subject = small(variant, *argv)
    assert train(subject, run) == 0
    for name in ("000000.png", "000001.png"):
        with Image.open(run.samples / name) as sheet:
            assert sheet.size == (LABELS + 2 * 2 * 32 + 6, 3 * 32)
    (row,) = history(run.folder)
    assert {"stat/val_loss", "stat/rec_l1", "stat/swap_acc", "stat/copy_rate"} <= row.keys()
    assert all(np.isfinite(float(value)) for value in row.values())
    save_models(subject.models(), run.models)
    assert {path.stem for path in run.models.iterdir()} == set(subject.nets)
    metrics = evaluate(subject)
    names = {"swap_acc", "copy_rate", "rec_l1", "short_l1", "evaluator_accuracy"}
    assert metrics.keys() == names and metrics["rec_l1"]["n"] == 8
    before = weights(subject)
    for net in (*subject.nets.values(), *subject.system.averages.values()):
        net.set_weights([w + 1 for w in net.get_weights()])
    subject.restore(run.checkpoints)
    assert not changed(before, weights(subject))


@pytest.mark.parametrize(
    "argv",
    [
        "--g2g_variant naive --ema 0.9",
        "--g2g_variant cyclefunit --perceptual_net classifier --id_mode replace",
        "--g2g_variant funit2funit --style_class_weight 1",
    ],
)
def test_a_finished_run_is_used_without_its_data(argv, tmp_path, eager):
    subject = trainer("g2g", *argv.split(), "--dry_run", "--iterations", "1")
    options = dict(subject.options.to_dict(), data_dir=str(tmp_path / "gone"), dry_run=False)
    run = Run.open(tmp_path / "run", options, "command")
    run.quiet = True
    run.write_data(subject.data.facts.to_dict())
    assert train(subject, run) == 0
    save_models(subject.models(), run.models)

    system = open_run(run.folder).system
    x = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    codes = system.encode(x)
    np.testing.assert_array_equal(codes.style, subject.system.encode(x).style)
    drawn = system.decode(codes.content, codes.style[::-1])
    assert drawn.shape == x.shape and drawn.dtype == np.float32
    assert np.isfinite(drawn).all() and np.abs(drawn).max() <= 1


@pytest.mark.parametrize("variant", ["naive", "funit"])  # the others have FUNIT's generator
def test_images_have_the_range_of_the_data(variant):
    drawn = _extremes(small(variant))
    assert drawn.min() < -0.9 and drawn.max() > 0.9 and np.abs(drawn).max() <= 1


def test_the_published_range_makes_grey_images():
    drawn = _extremes(small("naive", "--g2g_out", "sigmoid"))
    assert 0 <= drawn.min() < 0.1 and 0.9 < drawn.max() <= 1


def _extremes(subject) -> np.ndarray:
    """Images of codes that are far from all codes of images."""
    gen = subject.nets["gen"]
    random = np.random.default_rng(0)
    codes = [1e3 * random.standard_normal((8, *shape[1:])) for shape in gen.input_shape]
    for variable in gen.layers[-1].weights or gen.layers[-2].weights:
        variable.assign(10 * variable)
    return gen([each.astype(np.float32) for each in codes]).numpy()


def test_r1_now_and_then_is_compiled():
    subject = small("funit", "--penalty_every", "2")
    subject.phases = [phase(subject, "disc")]
    rows = subject.run_steps(subject.batches(0), 2).numpy()
    penalty = rows[:, subject.term_names.index("disc/penalty")]
    assert penalty[0] > 0 and penalty[1] == 0
    assert np.isfinite(rows).all()


def test_r1_now_and_then_is_not_compiled_by_xla():
    with pytest.raises(UsageError, match="add --penalty_every 1"):
        small("funit", "--penalty_every", "2", "--jit")


def test_the_evaluator_is_another_net_and_no_teacher():
    subject = small("cyclefunit", "--perceptual_net", "classifier", "--eval_pairs", "4")
    assert subject.frozen.keys() == {"evaluator", "perceptual"}
    names = {each: {v.shape for v in subject.frozen[each].weights} for each in subject.frozen}
    assert names["evaluator"] != names["perceptual"]
    with pytest.raises(UsageError, match="--evaluator_arch strided: must differ from"):
        config.parse("--gan_type g2g --evaluator_arch strided".split())


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (
            "--g2g_variant funit --id_mode loss --identity_net face128 --identity_metric face128",
            "--identity_metric face128: must differ from --identity_net",
        ),
        ("--id_mode loss", "--id_mode: needs --g2g_variant cyclefunit or funit or funit2funit"),
        (
            "--g2g_variant funit --id_mode replace",
            "--id_mode replace: needs --g2g_variant cyclefunit",
        ),
        ("--penalty_every 2", "--penalty_every: needs --g2g_variant funit or funit2funit, not"),
        ("--g2g_variant funit --ablate long", "--ablate: needs --g2g_variant funit2funit, not"),
        ("--g2g_variant stargan", "--g2g_variant stargan: choose from naive, cyclefunit"),
    ],
)
def test_what_a_variant_does_not_have_is_refused(argv, words):
    with pytest.raises(UsageError, match=words):
        config.parse(["--gan_type", "g2g", *argv.split()])


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_has_its_file(variant):
    options = config.parse(["--gan_type", "g2g", "--g2g_variant", variant])
    own = importlib.import_module(f"framework.trainers.g2g.{variant}").Trainer
    assert g2g_trainer.Trainer.choose(options) is own
    assert own.contract == ("labelled_pair" if "funit" in variant[:5] else "halves")
