"""The bench: equal mathematics, counted operations, tables, and the rounds."""

import importlib.util
import json

import pytest
import tensorflow as tf

from bench import contenders, flops, ours, reference, run, table, workloads
from bench.workloads import Workload
from framework.engine.phase import is_statistic
from framework.engine.randomness import Random
from framework.utils import to_float

DIGITS = Workload("", critic_steps=1, batch_size=3, width=0.02)
TINY = {
    "digits": DIGITS,
    "digits ce": Workload("", "ce", 1, batch_size=3, width=0.02),
    "faces": Workload("", critic_steps=1, image_size=128, batch_size=2, width=0.01),
    "perceptual": Workload("", critic_steps=1, batch_size=2, perceptual=True, width=0.02),
}


class Fixed(Random):
    """The same numbers at every draw, whatever the order in which a system draws."""

    def __init__(self, z: tf.Tensor):
        super().__init__(0, tf.constant(0))
        self._z = z

    def uniform(self, shape):
        return tf.fill(shape, 0.25)

    def latent(self, kind, rows, size):
        assert self._z.shape == (rows, size)
        return self._z


@pytest.fixture(params=TINY)
def pair(request):
    """Reference and our trainer with the same weights, without dropout in the critics."""
    workload = TINY[request.param]
    system = ours.trainer(workload, ["--fast_layers", "false", "--prelu", "element"])
    other = reference.Reference(workload, dropout=False)
    names = ("gen1", "gen2", "disc1", "disc2")
    for name, net in zip(names, [*other.generators, *other.critics], strict=True):
        net.set_weights(system.nets[name].get_weights())
        for layer in system.nets[name].layers:
            if hasattr(layer, "rate"):
                layer.rate = 0.0
    if workload.perceptual:
        other.vgg.set_weights(system.frozen["trunk"].get_weights())
    else:
        other.encoder.set_weights(system.nets["encoder"].get_weights())
        other.classifier.set_weights(system.frozen["classifier"].get_weights())
    return workload, system, other


def test_reference_and_trainer_compute_the_same_terms(pair):
    workload, system, other = pair
    reals = [to_float(workloads.images(workload, i)[: workload.batch_size]) for i in range(2)]
    z = tf.random.uniform([workload.batch_size, workloads.NOISE_DIM], -1.0, 1.0)
    batch, random = {"x1": reals[0], "x2": reals[1]}, Fixed(z)
    by_name = {phase.name: phase for phase in system.phases}

    critics = by_name["disc"].terms(batch, random)
    expected = {}
    for i, real in enumerate(reals):
        fake = other.generators[i](z, training=True)[-1]
        terms = other.critic_terms(i, real, fake, tf.fill([len(real), 1, 1, 1], 0.25))
        expected |= {f"{key}{i + 1}": value for key, value in terms.items()}
    assert _numbers(critics) == pytest.approx(_numbers(expected), rel=1e-4, abs=1e-6)
    assert all(abs(value) > 1e-4 for value in _numbers(critics).values())

    adversarial, shared, _ = other.generator_terms(z, reals)
    expected = {f"adv{i + 1}": value for i, value in enumerate(adversarial)} | shared
    terms = by_name["gen"].terms(batch, random)
    terms = {name: value for name, value in terms.items() if not is_statistic(name)}
    assert _numbers(terms) == pytest.approx(_numbers(expected), rel=1e-4, abs=1e-6)


def _numbers(terms: dict) -> dict[str, float]:
    return {name: float(value) for name, value in terms.items()}


def test_reference_moves_every_net_and_keeps_its_losses(pair):
    workload, _, other = pair
    nets = [*other.generators, *other.critics]
    nets += [] if workload.perceptual else [other.encoder]
    before = [[v.numpy() for v in net.trainable_variables] for net in nets]
    assert other.iteration() == 1
    for net, old in zip(nets, before, strict=True):
        assert any(
            (v.numpy() != o).any() for v, o in zip(net.trainable_variables, old, strict=True)
        )
    assert other.history["weight_diff"][0] > 0


@pytest.mark.parametrize("size", [32, 128])
def test_full_width_networks_have_the_thesis_parameters(size):
    from bench import reference_nets

    workload = Workload("", image_size=size)
    generators = {32: 8_116_099, 128: 13_870_787}
    critics = {32: 1_628_071, 128: 15_114_497}
    assert reference_nets.generator(workload, "element").count_params() == generators[size]
    assert reference_nets.critic(workload, "element").count_params() == critics[size]
    assert reference_nets.encoder(Workload("")).count_params() == 928_100


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("name", TINY)
def test_pytorch_networks_have_the_same_parameters(name):
    from bench import pytorch_nets, reference_nets

    workload = TINY[name]
    for net, keras_net in (
        (pytorch_nets.Generator(workload), reference_nets.generator(workload, "channel")),
        (pytorch_nets.critic(workload), reference_nets.critic(workload, "channel")),
        (pytorch_nets.encoder(workload), reference_nets.encoder(workload)),
        (pytorch_nets.classifier(workload), reference_nets.classifier(workload)),
    ):
        expected = sum(tf.size(v).numpy() for v in keras_net.trainable_variables)
        assert sum(p.numel() for p in net.parameters()) == expected


def test_a_step_of_ours_makes_the_iterations_that_it_reports():
    step = ours.build(DIGITS, flags=["--steps_per_call", "2"])
    assert step() == 2


def test_an_unknown_option_of_a_contender_is_told():
    with pytest.raises(Exception, match="no_such_option"):
        ours.trainer(DIGITS, ["--no_such_option", "1"])


def test_operations_are_two_per_multiply_add():
    @tf.function
    def product(a, b):
        return a @ b

    graph = product.get_concrete_function(tf.zeros([2, 3]), tf.zeros([3, 4])).graph
    assert flops.count(graph) == 2 * 2 * 3 * 4


def test_operations_of_a_convolution_and_both_gradients():
    @tf.function
    def gradients(x, kernel):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = tf.nn.conv2d(x, kernel, 2, "SAME")
        return tape.gradient(y, [x, kernel])

    spec = tf.TensorSpec([2, 8, 8, 3]), tf.TensorSpec([5, 5, 3, 7])
    once = 2 * (2 * 4 * 4 * 7) * (5 * 5 * 3)
    assert flops.count(gradients.get_concrete_function(*spec).graph) == 3 * once


def test_twice_the_images_are_twice_the_operations():
    once, twice = (
        ours.count_flops(Workload("", "ce", 1, batch_size=size, width=0.02)) for size in (2, 4)
    )
    assert twice == 2 * once > 0


def test_contenders_are_chosen_by_patterns():
    names = list(contenders.table())
    assert contenders.select("ours_bf16*,!*_jit*,!*_call4", names) == [
        "ours_bf16",
        "ours_bf16_plain",
    ]
    assert sum(name.startswith("ours_") for name in names) == 16
    with pytest.raises(ValueError, match="reference_eager"):
        contenders.select("nobody", names)


class Clock:
    """A worker whose steps last what it is told."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.first = {"seconds": 9.0}
        self.steps = 0

    def step(self):
        self.steps += 1
        return {"seconds": self.seconds * self.steps, "peak_mib": 100 + self.steps}

    def close(self):
        pass


def _measured(monkeypatch, available: float) -> dict:
    speeds = {"reference_eager": 8.0, "torch_eager_f32": 4.0, "ours_f32": 2.0, "input": 0.01}
    monkeypatch.setattr(run, "Worker", lambda task, name, workload: Clock(speeds[name]))
    monkeypatch.setattr(run, "_available", lambda: available)
    monkeypatch.setattr(run, "_ask", lambda *words: {"flops": 12_000})
    about = {"processor": "abacus", "cores": 2, "peak_flops": {"float32": 4000.0}}
    rows = run.measure("W1", list(speeds), 3, about)
    return {"machine": about, "W1": rows, "startup": {"help": {"median": 0.5}}}


@pytest.mark.parametrize("available", [100.0, 0.0])  # all at a time; pairs with the reference
def test_rows_hold_medians_ratios_and_the_share_of_the_peak(monkeypatch, available):
    rows = _measured(monkeypatch, available)["W1"]
    assert rows["ours_f32"]["median"] == 4.0  # of 2, 4 and 6 seconds
    assert rows["ours_f32"]["quartiles"] == [3.0, 5.0]
    assert rows["ours_f32"]["vs_reference"] == 4.0
    assert rows["ours_f32"]["share_of_peak"] == 0.75
    assert rows["ours_f32"]["peak_mib"] == 103
    assert "share_of_peak" not in rows["input"]


def test_table_has_the_ratio_to_the_best_pytorch_and_the_input(monkeypatch):
    text = table.markdown(json.loads(json.dumps(_measured(monkeypatch, 100.0))))
    assert "| ours_f32 | 4.00 | 3.00 to 5.00 | 4.00 | 2.00 | 103 | 9 | 75% |" in text
    assert "200 times faster than the fastest step" in text
    assert "| help | 0.50 |" in text


def test_without_reference_or_pytorch_the_table_leaves_the_ratios_out():
    rows = {"ours_f32": {"median": 2.0, "quartiles": [], "rounds": 1, "peak_mib": 5}}
    about = {"processor": "abacus", "cores": 2, "peak_flops": {}}
    text = table.markdown({"machine": about, "W1": rows})
    assert "| ours_f32 | 2.00 |  |  |  | 5 |  |  |" in text


def test_a_later_run_replaces_a_workload():
    old, new = {"W1": {"a": 1}, "W2": {"b": 2}}, {"W1": {"a": 3}}
    assert table.merged([old, new]) == {"W1": {"a": 3}, "W2": {"b": 2}}
