import keras
import numpy as np
import pytest
from symbolic import count

from framework.utils import dtype_policy
from nets import blocks, content

PUBLISHED, TINY = content.widths(128), content.widths(32, 16, 8)


def code(widths, sep):
    return 2, 2, widths["hidden"][0] - sep


def decoders(widths, sep):
    return dict(common=code(widths, sep), sep=sep, hidden=widths["hidden"])


def test_published_widths():
    assert PUBLISHED == {
        "common": (32, 64, 128, 256, 487, 487),
        "separate": (32, 64, 128, 128, 128, 25),
        "hidden": (512, 256, 128, 64, 32),
    }
    assert content.widths(256)["common"] == (32, 64, 128, 256, 487, 487, 487)


@pytest.mark.parametrize("size", [16, 32, 64, 128, 256])
def test_codes_are_2x2_and_as_wide_together_as_the_decoder(size):
    widths = content.widths(size, 8, 3)
    assert 2 ** len(widths["common"]) == 2 ** len(widths["separate"]) == size // 2
    assert len(widths["hidden"]) == len(widths["common"]) - 1
    assert widths["common"][-1] + widths["separate"][-1] == widths["hidden"][0]


def test_wrong_sizes():
    with pytest.raises(ValueError, match="power of two from 16, not 48"):
        content.widths(48)
    with pytest.raises(ValueError, match="power of two from 16, not 8"):
        content.widths(8)
    for sep in (0, 64):
        with pytest.raises(ValueError, match=f"above 0 and below 64, not {sep}"):
            content.widths(32, 16, sep)
    with pytest.raises(ValueError, match="unknown norm"):
        content.encoder("e", image_size=16, widths=(2,), norm="layer")


def conv(*channels):
    """Parameters of 4x4 convolutions with bias through these channels."""
    return sum(16 * a * b + b for a, b in zip(channels, channels[1:], strict=False))


@pytest.mark.parametrize(
    ("make", "options", "parameters"),
    [
        (
            content.encoder,
            dict(name="common", image_size=128, widths=PUBLISHED["common"]),
            conv(3, 32, 64, 128, 256, 487, 487),
        ),
        (
            content.encoder,
            dict(name="separate", image_size=128, widths=PUBLISHED["separate"]),
            conv(3, 32, 64, 128, 128, 128, 25),
        ),
        (content.decoder, decoders(PUBLISHED, 25), conv(512, 512, 256, 128, 64, 32, 3)),
        (content.discriminator, dict(code=(2, 2, 487)), 1948 * 512 + 512 + 513),
        (
            content.mask_decoder,
            decoders(PUBLISHED, 25) | dict(norm="instance"),
            conv(512, 512, 256, 128, 64, 32, 4),
        ),
        # Batch norm has four numbers per channel.
        (
            content.fader_decoder,
            dict(code=(2, 2, 512), hidden=PUBLISHED["hidden"]),
            conv(512, 512, 256, 128, 64, 32, 3)
            + 16 * 2 * (512 + 256 + 128 + 64 + 32 + 3)
            + 4 * (512 + 256 + 128 + 64 + 32),
        ),
        (
            content.fader_discriminator,
            dict(code=(2, 2, 512)),
            conv(512, 512) + 4 * 512 + 512 * 512 + 512 + 513,
        ),
    ],
)
def test_parameters(make, options, parameters):
    assert count(make, **options) == parameters


def test_a_tiny_system_has_about_300_000_parameters():
    total = sum(
        count(content.encoder, name=name, image_size=32, widths=TINY[name], norm="batch")
        for name in ("common", "separate")
    )
    total += count(content.decoder, **decoders(TINY, 8), norm="batch")
    total += count(content.discriminator, code=(2, 2, 56), units=128)
    assert 270_000 < total < 300_000


def test_maps():
    net = content.encoder("e", image_size=32, widths=(2, 3, 4, 5))
    assert [net.get_layer(f"e_{row}").output.shape[1] for row in range(4)] == [16, 8, 4, 2]
    assert net.output_shape == (None, 2, 2, 5)
    gen = content.decoder(common=(2, 2, 3), sep=2, hidden=(5, 4, 2))
    assert [gen.get_layer(f"gen_{row}").output.shape[1] for row in range(3)] == [4, 8, 16]
    assert gen.output_shape == (None, 32, 32, 3)
    assert gen.get_layer("gen_codes").output.shape == (None, 2, 2, 5)


@pytest.mark.parametrize(
    ("norm", "numbers"), [("instance", {"gamma": None}), ("batch", {"momentum": 0.9})]
)
def test_norms_are_those_of_the_papers(norm, numbers):
    layer = content.encoder("e", image_size=16, widths=(2, 2), norm=norm).get_layer("e_1_norm")
    assert layer.epsilon == 1e-5
    assert {name: getattr(layer, name, None) for name in numbers} == numbers


def test_the_norm_of_an_instance_takes_the_mean_of_a_code_and_that_of_a_batch_does_not():
    x = np.stack([np.full((16, 16, 3), value, "f") for value in (-1, 1)])
    nets = [
        content.encoder("e", image_size=16, widths=(4, 4, 4), norm=kind)
        for kind in ("instance", "batch")
    ]
    apart = [float(np.abs(np.diff(net(x, training=True), axis=0)).mean()) for net in nets]
    assert apart[1] > 0.1 and apart[0] < apart[1]


def test_mask_composition():
    image, ground = np.array([[1.0, 1, 1]]), np.array([[-1.0, -1, 0]])
    mask = np.array([[1.0, 0, 0.25]])
    assert content.compose(image, mask, ground).tolist() == [[1, -1, 0.25]]


def test_ranges_of_image_and_mask():
    net = content.mask_decoder(common=(2, 2, 3), sep=2, hidden=(5, 4))
    image, mask = net([1e3 * np.random.normal(size=(4, 2, 2, n)).astype("f") for n in (3, 2)])
    assert image.shape == (4, 16, 16, 3) and mask.shape == (4, 16, 16, 1)
    assert -1 <= image.numpy().min() < -0.1 and 0.1 < image.numpy().max() <= 1
    assert 0 <= mask.numpy().min() < 0.5 < mask.numpy().max() <= 1


def test_every_row_of_fader_sees_the_attribute():
    net = content.fader_decoder(code=(2, 2, 3), hidden=(5, 4))
    told = [net.get_layer(f"gen_told{row}").output.shape for row in range(3)]
    assert told == [(None, 2, 2, 5), (None, 4, 4, 7), (None, 8, 8, 6)]
    code, attribute = np.ones((2, 2, 2, 3), "f"), np.eye(2, dtype="f")
    spread = keras.Model(net.input, net.get_layer("gen_told1").output)([code, attribute]).numpy()
    assert (spread[0, ..., 5:] == [1, 0]).all() and (spread[1, ..., 5:] == [0, 1]).all()
    absent, present = net([code, attribute]).numpy()
    assert np.abs(absent - present).max() > 1e-3


@pytest.mark.parametrize(("side", "rows"), [(2, 1), (4, 2)])
def test_faders_discriminator_goes_down_to_one_place(side, rows):
    net = content.fader_discriminator(code=(side, side, 4), units=6)
    assert net.get_layer("disc_flatten").output.shape == (None, 4)
    dropouts = [layer for layer in net.layers if isinstance(layer, blocks.Dropout)]
    assert len(dropouts) == rows and dropouts[0].rate == 0.3
    assert net.output_shape == (None, 1)


def test_images_and_logits_are_float32_under_bfloat16():
    with dtype_policy("bfloat16"):
        nets = [
            content.decoder(common=(2, 2, 3), sep=2, hidden=(5,)),
            content.mask_decoder(common=(2, 2, 3), sep=2, hidden=(5,)),
            content.discriminator(code=(2, 2, 3), units=4),
        ]
    assert nets[0].get_layer("gen_0").output.dtype == "bfloat16"
    outputs = [output for net in nets for output in net.outputs]
    assert [output.dtype for output in outputs] == ["float32"] * 4
