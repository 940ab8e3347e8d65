"""The encoders and the generator that a variant of G2G is made of."""

import keras

from framework.g2g_trainer import Options
from nets import funit, lord
from nets.blocks import Style, scaled


def build(options: Options, style_dim: int) -> dict[str, keras.Model]:
    """`content`, `style` and `gen` of --g2g_nets."""
    return KINDS[options.nets_used](
        options, style_dim, Style("channel", "he", 0.0, options.weight_decay)
    )


def _lord(o: Options, style_dim: int, layers: Style) -> dict[str, keras.Model]:
    """Convolutional encoders of vectors and LORD's generator."""
    sizes = dict(image_size=o.image_size, layers=layers)
    encoders = {
        name: lord.naive_encoder(name, width=scaled(32, o.width), code_dim=dim, **sizes)
        for name, dim in (("content", o.content_dim), ("style", style_dim))
    }
    factor = o.width * o.gen_width
    return encoders | {
        "gen": lord.generator(
            content_dim=o.content_dim, style_dim=style_dim, width=8 * scaled(32, factor),
            tail=scaled(64, factor), adain_layers=o.adain_layers, out=o.g2g_out, **sizes,
        )
    }  # fmt: skip


def _funit(o: Options, style_dim: int, layers: Style) -> dict[str, keras.Model]:
    """FUNIT's encoders, of a content map and of a style vector, and its decoder."""
    shared = dict(image_size=o.image_size, nf=scaled(64, o.width), layers=layers)
    code = dict(downs=o.content_downs, res_blocks=o.res_blocks)
    code |= dict(code_channels=o.content_channels or None)
    return {
        "content": funit.content_encoder(**shared, **code),
        "style": funit.class_encoder(**shared, downs=o.class_downs, style_dim=style_dim),
        "gen": funit.decoder(
            **shared, **code, style_dim=style_dim, mlp_width=o.mlp_width, unit_gain=o.unit_gain
        ),
    }


KINDS = {"lord": _lord, "funit": _funit}
