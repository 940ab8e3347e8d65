import numpy as np
import pytest
from symbolic import count

from framework.utils import dtype_policy
from nets import ost


def autoencoder(downs=2, unshared=2, nf=64, size=256, res_blocks=6):
    """Makers of the four parts, in order, with their options."""
    inner = dict(image_size=size, nf=nf, unshared=unshared)
    outer = dict(inner, downs=downs, res_blocks=res_blocks)
    return [
        (ost.unshared_encoder, dict(inner, name="enc")),
        (ost.shared_encoder, outer),
        (ost.shared_decoder, outer),
        (ost.unshared_decoder, dict(inner, name="dec")),
    ]


def test_the_parts_are_the_generator_of_cyclegan_with_12_residual_blocks():
    parameters = [count(make, **options) for make, options in autoencoder()]
    blocks = 6 * 2 * (9 * 256 * 256 + 256)
    assert parameters[1:3] == [blocks, blocks]
    assert sum(parameters) == 11_378_179 + 3 * blocks // 6


@pytest.mark.parametrize("unshared", [0, 1, 2, 3])
def test_where_the_autoencoder_is_cut_does_not_change_its_size(unshared):
    cut = autoencoder(downs=3, unshared=unshared, nf=4, size=32, res_blocks=1)
    nets = [make(**options) for make, options in cut]
    side, units = 32 >> unshared, 4 << unshared
    assert nets[0].output_shape == nets[2].output_shape == (None, side, side, units)
    assert nets[1].output_shape == (None, 4, 4, 32)
    assert nets[3].output_shape == (None, 32, 32, 3)
    whole = sum(count(make, **options) for make, options in autoencoder(3, 3, 4, 32, 1))
    assert sum(net.count_params() for net in nets) == whole


def test_image_goes_through_under_bfloat16():
    with dtype_policy("bfloat16"):
        nets = [make(**options) for make, options in autoencoder(2, 1, 2, 16, 1)]
    x = np.random.uniform(-1, 1, (2, 16, 16, 3)).astype("f")
    for net in nets:
        x = net(x)
    assert x.dtype == "float32" and x.shape == (2, 16, 16, 3) and abs(x.numpy()).max() <= 1
