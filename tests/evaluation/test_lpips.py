"""LPIPS against the official program (lpips 0.1.4), on weights that both make by formula."""

import dataclasses
from pathlib import Path

import lpips_weights
import numpy as np
import pytest
from command_line import refused
from PIL import Image
from systems import evaluate, tiny_data, trainer

from framework.cli import main
from framework.data import Domain
from framework.errors import MissingError, UsageError, UserError
from framework.evaluation.metrics import lpips
from framework.evaluation.perceptual import Distance, compare, nearest_and_farthest
from framework.options import config
from nets import torchvision

OFFICIAL = {
    "alex": [0.1388419, 0.1403224, 0.1334854],
    "vgg": [0.1034662, 0.1008473, 0.1051382],
    "squeeze": [0.1612044, 0.1574599, 0.1608207],
}
OFFICIAL_SQUEEZE = {32: [0.0665294, 0.0851137, 0.0715652], 64: [0.0879396, 0.0959784, 0.0874478]}


def weights(net):
    """Return every weight of a trunk by torchvision's name."""
    arrays = {}
    for layer in torchvision.trunk(net, 64).layers:
        if layer.weights:
            name = layer.name.replace("_", ".")
            height, width, inputs, outputs = layer.weights[0].shape
            shape = (outputs, inputs, height, width)
            arrays[f"{name}.weight"] = lpips_weights.numbers(f"{name}.weight", shape)
            arrays[f"{name}.bias"] = lpips_weights.numbers(f"{name}.bias", (outputs,))
    return arrays


@pytest.mark.parametrize("net", OFFICIAL)
def test_distances_are_the_official_ones(net):
    size = lpips_weights.SHAPES[net]
    trunk = torchvision.trunk(net, size, weights(net))
    heads = [lpips_weights.head(net, i, o.shape[-1]) for i, o in enumerate(trunk.outputs)]
    found = lpips.distances(*lpips_weights.images(size), trunk.predict_on_batch, heads)
    np.testing.assert_allclose(found, OFFICIAL[net], rtol=1e-5)


@pytest.mark.parametrize("size", OFFICIAL_SQUEEZE)
def test_distances_of_the_real_squeezenet_are_the_official_ones(shared_data, size):
    found = Distance("squeeze", shared_data / "lpips", size)(*lpips_weights.images(size))
    np.testing.assert_allclose(found, OFFICIAL_SQUEEZE[size], rtol=1e-5)


def identity(images):
    return [images]


def test_a_distance_by_hand():
    # One layer, one place. Scaled colours (1, 0, 0) and (0, 1, 0) have length 1 already.
    colours = np.eye(3, dtype=np.float32)[:2] * lpips.SCALE + lpips.SHIFT
    first, second = colours.reshape(2, 1, 1, 1, 3)
    found = lpips.distances(first, second, identity, [np.array([2.0, 3.0, 5.0])])
    np.testing.assert_allclose(found, [2.0 + 3.0], rtol=1e-6)


def test_alike_is_0_and_the_order_does_not_matter():
    first, second = lpips_weights.images(8)
    heads = [np.ones(3)]
    assert lpips.distances(first, first, identity, heads).tolist() == [0.0] * 3
    there, back = (lpips.distances(*p, identity, heads) for p in [(first, second), (second, first)])
    np.testing.assert_array_equal(there, back)
    assert (there > 0.01).all()


def test_many_batches_are_one(monkeypatch):
    monkeypatch.setattr(lpips, "PIXELS", 2 * 8 * 8)
    first, second = lpips_weights.images(8)
    apart = [
        lpips.distances(first[i:][:1], second[i:][:1], identity, [np.ones(3)]) for i in range(3)
    ]
    whole = lpips.distances(first, second, identity, [np.ones(3)])
    np.testing.assert_allclose(whole, np.concatenate(apart), rtol=1e-6)


@pytest.mark.parametrize("wrong", [lambda x: (x * 127).astype(np.uint8), lambda x: x * 2])
def test_other_ranges_are_refused(wrong):
    first, second = lpips_weights.images(8)
    with pytest.raises(ValueError, match="images must be"):
        lpips.distances(wrong(first), wrong(second), identity, [np.ones(3)])


def test_images_of_other_shapes_are_refused():
    first, second = lpips_weights.images(8)
    with pytest.raises(ValueError, match="alike"):
        lpips.distances(first, second[:2], identity, [np.ones(3)])


class MeanDifference:
    """Stand in for LPIPS."""

    protocol = "mean difference"

    def __call__(self, first, second):
        return np.abs(first - second).mean(axis=(1, 2, 3))

    def between(self, images, pairs):
        return np.stack([self(images[i], images[j]) for i, j in pairs])


DISTANCES = {
    "lpips_pair", "lpips_domain1", "lpips_domain2", "lpips_cross12", "lpips_cross21", "lpips_real",
    "lpips_unpaired",
}  # fmt: skip


def test_the_distances_of_a_pair_of_domains(tiny_domains, monkeypatch):
    fakes = tuple(lpips_weights.images(32))

    monkeypatch.setattr(lpips, "PIXELS", 2 * 32 * 32)
    distance = MeanDifference()
    found = compare(distance, fakes, tiny_domains)
    assert found.keys() == DISTANCES
    np.testing.assert_allclose(found["lpips_pair"], distance(*fakes))
    apart = distance(fakes[0], fakes[1][[-1, *range(len(fakes[1]) - 1)]])
    np.testing.assert_allclose(found["lpips_unpaired"], apart)
    alone = compare(distance, fakes[:1], tiny_domains[:1])
    assert alone.keys() == {"lpips_domain1"}
    np.testing.assert_array_equal(alone["lpips_domain1"], found["lpips_domain1"])


def test_generators_against_data_of_the_other_domain():
    """Images of one colour each: every distance is a difference of two numbers."""
    fakes = tuple(np.full((3, 32, 32, 3), value, np.float32) for value in (0.5, 0.25))
    reals = [np.full((4, 32, 32, 3), colour, np.uint8) for colour in (0, 255)]  # -1 and 1
    domains = [Domain("", images, None, images, None) for images in reals]
    found = compare(MeanDifference(), fakes, domains)
    expected = dict(
        domain1=1.5, cross12=0.5, cross21=1.25, domain2=0.75, pair=0.25, real=2.0, unpaired=0.25
    )
    assert found.keys() == {f"lpips_{name}" for name in expected}
    for name, value in expected.items():
        np.testing.assert_allclose(found[f"lpips_{name}"], [value] * 3, rtol=1e-6)


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (5, 2), (40, 8)])
def test_the_most_and_least_alike_pairs_are_shown_in_their_order(count, shown):
    levels = np.random.default_rng(0).permutation(count).astype("f")
    fakes = tuple(np.ones((count, 4, 4, 3), "f") * levels[:, None, None, None] + i for i in (0, 99))
    cells = nearest_and_farthest(fakes, levels)
    assert cells.shape == (4, shown, 4, 4, 3)
    near, far = np.arange(shown), count - 1 - np.arange(shown)
    np.testing.assert_array_equal(cells[..., 0, 0, 0], [near, near + 99, far, far + 99])


@pytest.fixture
def tiny_domains():
    return tiny_data("domains").domains


def test_missing_and_foreign_weights(tmp_path, monkeypatch):
    with pytest.raises(MissingError, match="alex.pth"):
        Distance("alex", tmp_path, 32)
    np.savez(tmp_path / "lpips_v0.1_linear_heads.npz", **{"alex/lin0": np.ones(64, "float32")})
    monkeypatch.setattr("keras.utils.get_file", lambda *_, **__: 1 / 0)
    with pytest.raises(MissingError, match="curl .*alexnet-owt-7be5be79.pth"):
        Distance("alex", tmp_path, 32)
    np.savez(tmp_path / "alexnet.npz", other=np.ones(3))
    with pytest.raises(UserError, match="features.0.weight"):
        Distance("alex", tmp_path, 32)


def test_heads_of_another_network_are_refused(tmp_path):
    np.savez(tmp_path / "lpips_v0.1_linear_heads.npz", **{"squeeze/lin0": np.ones(64, "float32")})
    np.savez(tmp_path / "squeezenet1_1.npz", **weights("squeeze"))
    with pytest.raises(UserError, match="no heads of LPIPS 0.1 for squeeze"):
        Distance("squeeze", tmp_path, 32)


def test_images_too_small_for_a_network(tmp_path):
    with pytest.raises(UsageError, match="alex needs at least 31"):
        Distance("alex", tmp_path, 30)


@pytest.mark.parametrize("net", torchvision.SMALLEST)
def test_the_smallest_images_give_maps_and_smaller_ones_do_not(net):
    size = torchvision.SMALLEST[net]
    assert torchvision.trunk(net, size).output_shape[-1][1:3] == (1, 1)
    with pytest.raises(ValueError, match="negative|zero|0|smaller"):
        torchvision.trunk(net, size - 1)


def test_missing_weights_are_an_error_before_training(tmp_path):
    how = ["--lpips_net", "squeeze", "--data_dir", str(tmp_path)]
    with pytest.raises(MissingError, match="squeeze.pth"):
        trainer("cogan", *how)
    trainer("cogan", *how, "--dry_run")
    assert config.parse(how).name == config.parse([]).name, "it changes nothing in training"


def test_metrics_of_data_without_labels(shared_data, run):
    how = ["--lpips_net", "squeeze", "--lpips_weights", str(shared_data / "lpips")]

    def unlabelled(contract):
        data = tiny_data(contract)
        bare = (dataclasses.replace(d, labels=None, test_labels=None) for d in data.domains)
        return dataclasses.replace(data, domains=tuple(bare), classes=0)

    argv = [*how, "--eval_pairs", "5", "--kid_features", "none"]
    metrics = evaluate(trainer("cogan", *argv, data=unlabelled), run)
    assert metrics.keys() == DISTANCES
    for metric in metrics.values():
        low, high = metric["ci95"]
        assert 0 <= low <= metric["value"] <= high and metric["n"] == 5
        assert "LPIPS 0.1, squeeze; 32x32, not resized" in metric["protocol"]
    with Image.open(run.samples / "nearest_and_farthest.png") as sheet:
        assert sheet.size == (2 * 32, 4 * 32 + 6)  # half of five pairs, a gap between the kinds


def test_a_download_that_is_not_the_file_is_refused_and_removed(tmp_path, monkeypatch):
    np.savez(tmp_path / "lpips_v0.1_linear_heads.npz", **{"alex/lin0": np.ones(64, "float32")})
    fetched = tmp_path / "cache.pth"
    fetched.write_bytes(b"not it")
    monkeypatch.setattr("keras.utils.get_file", lambda *_, **__: str(fetched))
    with pytest.raises(UserError, match="came damaged"):
        Distance("alex", tmp_path, 32)
    assert not fetched.exists()


def test_the_command_compares_files_and_folders(shared_data, tmp_path, capsys):
    first, second = lpips_weights.images(32)
    for side, images in (("a", first), ("b", second)):
        (tmp_path / side).mkdir()
        for i, image in enumerate(images):
            np.save(tmp_path / side / f"{i}.npy", image)
    how = ["--net", "squeeze", "--lpips_weights", str(shared_data / "lpips")]
    assert main(["lpips", str(tmp_path / "a/0.npy"), str(tmp_path / "b/0.npy"), *how]) == 0
    assert float(capsys.readouterr().out) == pytest.approx(OFFICIAL_SQUEEZE[32][0], abs=1e-5)
    assert main(["lpips", str(tmp_path / "a"), str(tmp_path / "b"), *how]) == 0
    printed = capsys.readouterr().out
    assert float(printed.split()[0]) == pytest.approx(np.mean(OFFICIAL_SQUEEZE[32]), abs=1e-5)
    (tmp_path / "b/2.npy").unlink()
    assert main(["lpips", str(tmp_path / "a"), str(tmp_path / "b"), *how]) == 2
    np.save(tmp_path / "two.npy", np.stack([first[0], first[1]]))
    assert main(["lpips", str(tmp_path / "two.npy"), str(tmp_path / "b/0.npy"), *how]) == 2
    assert "has 2 images" in capsys.readouterr().err
    assert main(["lpips", str(tmp_path / "none"), str(tmp_path / "b"), *how]) == 3


def test_files_are_decoded_as_they_look(tmp_path, shared_data, capsys):
    """Upright and with all 16 bits, so that the same picture is the same however it is kept."""
    noise = np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)
    plain = Image.fromarray(noise)
    plain.save(tmp_path / "a.png")
    Image.fromarray(noise.astype(np.uint16) * 257).save(tmp_path / "b.png")
    exif = Image.Exif()
    exif[0x0112] = 3  # lies on its head
    plain.rotate(180).save(tmp_path / "c.png", exif=exif)
    how = ["--net", "squeeze", "--lpips_weights", str(shared_data / "lpips")]
    for name in "bc":
        assert main(["lpips", str(tmp_path / "a.png"), str(tmp_path / f"{name}.png"), *how]) == 0
        assert float(capsys.readouterr().out) == pytest.approx(0, abs=1e-6)


def test_mistaken_images_are_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    Image.fromarray(noise).save("small.png")
    Image.fromarray(noise[:, :12]).save("oblong.png")
    Path("broken.png").write_text("no image")
    np.save("range.npy", np.full((24, 24, 3), 2.0))
    np.save("whole.npy", np.ones((24, 24, 3), int))
    with open("archive.npy", "wb") as file:
        np.savez(file, noise)
    assert "archive.npy" in refused(capsys, 1, "lpips", "archive.npy", "small.png")
    assert "at least 31" in refused(capsys, 2, "lpips", "small.png", "small.png")
    assert "oblong.png" in refused(capsys, 2, "lpips", "oblong.png", "oblong.png")
    assert "broken.png" in refused(capsys, 1, "lpips", "broken.png", "small.png")
    assert "range.npy" in refused(capsys, 2, "lpips", "range.npy", "small.png")
    assert "whole.npy" in refused(capsys, 2, "lpips", "whole.npy", "small.png")
    assert "squeeze.pth" in refused(capsys, 3, "lpips", *["small.png"] * 2, "--net", "squeeze")
