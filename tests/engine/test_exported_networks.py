"""Exported networks compute what the capabilities of their systems compute, in every format."""

import keras
import numpy as np
import pytest
from variants import VARIANTS, randomize, variant

from framework.engine import capabilities, export
from framework.engine.system import System
from nets import gan

FORMATS = {"keras": (), "saved_model": (), "tflite": ("ai_edge_litert",), "onnx": ("onnxruntime",)}
IMAGES = np.random.default_rng(1).uniform(-1, 1, (2, 3, 64, 64, 3)).astype(np.float32)


def expected(system: System, size: int) -> dict[str, tuple[list, np.ndarray]]:
    """By network: inputs, and what a method of the system computes of them."""
    first, second = IMAGES[:, :, :size, :size]
    found = {}
    if isinstance(system, capabilities.Samples):
        z = system.latent(3, seed=0)
        images = system.sample(z)
        names = [f"generator{i}" for i in (1, 2)] if len(images) == 2 else ["generator"]
        found |= {name: ([z], image) for name, image in zip(names, images, strict=True)}
    if isinstance(system, capabilities.Translates):
        for each in system.directions():
            found[f"translator{each}"] = [first], system.translate(first, each)
    elif isinstance(system, capabilities.Reconstructs):
        for domain in system.domains():
            found[f"autoencoder{domain}"] = [first], system.reconstruct(first, domain)
    if isinstance(system, capabilities.Encodes):
        content, style, *_ = system.encode(first)
        found["content_encoder"], found["style_encoder"] = ([first], content), ([first], style)
        found["decoder"] = [content, style[::-1]], system.decode(content, style[::-1])
    if isinstance(system, capabilities.Embeds):
        codes = system.embedded(np.arange(3), np.arange(3))
        found["decoder"] = list(codes[:2]), system.decode(*codes[:2])
    if isinstance(system, capabilities.Transfers):
        found["remover"] = [first], system.remove(first)
        inputs = [first, second] if system.uses_guides() else [first]
        found["adder"] = inputs, system.add(first, second)
    if isinstance(system, capabilities.Adapts) and not isinstance(system, capabilities.Samples):
        found["classifier"] = [first], system.classify(first)
    elif isinstance(system, capabilities.Adapts):
        for domain in (1, 2):
            found[f"classifier{domain}"] = [first], system.classify(first, domain)
    elif isinstance(system, capabilities.Classifies):
        found["classifier"] = [first], system.classify(first)
    return found


@pytest.mark.parametrize("name", [name for name in VARIANTS if "bfloat16" not in name])
def test_exports_compute_what_the_system_computes(name):
    system = variant(name, "--no-fast_layers").system
    for seed, net in enumerate((*system.nets.values(), *system.averages.values())):
        randomize(net, seed)
    wanted, nets = expected(system, system.options.image_size), system.exports()
    assert nets.keys() == wanted.keys()
    for name, (inputs, outputs) in wanted.items():
        assert len(nets[name].inputs) == len(inputs) and len(nets[name].outputs) == 1
        given = dict(zip([each.name for each in nets[name].inputs], inputs, strict=True))
        [found] = export.outputs(nets[name], given)
        np.testing.assert_allclose(found, outputs, atol=1e-5 * max(1, np.abs(outputs).max()))


@pytest.fixture
def nets() -> dict[str, keras.Model]:
    """Networks that together have every operation of exports, by variant and name."""
    chosen = {
        "gan": "generator", "g2g-naive": "style_encoder", "g2g-funit": "decoder",
        "content-mask": "remover", "content-fader": "adder",
    }  # fmt: skip
    return {name: variant(name).system.exports()[key] for name, key in chosen.items()}


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_computes_the_same(format, nets, tmp_path):
    for module in FORMATS[format]:
        pytest.importorskip(module)
    for number, (name, net) in enumerate(nets.items()):
        path = tmp_path / f"{number}{export.FORMATS[format].suffix}"
        difference = export.write(net, format, path)
        assert difference <= export.tolerance(net) < 0.01, name
        assert path.exists()


def test_a_file_that_computes_something_else_is_noticed(monkeypatch, tmp_path):
    net, other = (gan.generator("toy", noise_dim=2, width=0.1) for _ in range(2))
    monkeypatch.setattr(export.plain, "for_inference", lambda _: other)
    assert export.write(net, "keras", tmp_path / "net.keras") > export.tolerance(net)


def test_the_difference_is_the_largest_one():
    assert export.difference([np.zeros((2, 2))], [np.array([[0, -3.0], [1, 2]])]) == 3


@pytest.mark.parametrize("wrong", [np.full((2, 1), np.nan), np.zeros((1, 1))])
def test_what_is_not_finite_or_of_another_shape_differs_infinitely(wrong):
    assert export.difference([wrong], [np.zeros((2, 1))]) == np.inf


def test_inputs_and_outputs_are_described():
    net = gan.generator("toy", noise_dim=2, width=0.1)
    assert export.describe(export.plain.without_features(net)) == ("z [N, 2]", "[N, 2]")
