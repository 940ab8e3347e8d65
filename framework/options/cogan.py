"""CoGAN: two GANs on two domains that share their first generator and last discriminator layers."""

import dataclasses
from typing import ClassVar

from framework.errors import UsageError
from framework.options.adversarial import Generative
from framework.options.base import option


@dataclasses.dataclass(frozen=True)
class Options(Generative):
    """Options of `--gan_type cogan`."""

    # Image size -> numbers of blocks in (generator, discriminator): all, and those CoGAN shares.
    BLOCKS: ClassVar = {32: (4, 4), 64: (5, 7), 128: (6, 8), 256: (7, 8)}
    THESIS: ClassVar = {32: (4, 3), 64: (4, 6), 128: (5, 7), 256: (6, 7)}

    cogan_data: str = option("mnist2edge", "pair of domains that the command `list` shows", "data")
    g_shared_layers: int = option(
        -1, "shared generator blocks, counted from the latent vector (a dense layer is a block); "
        "-1: as in the thesis' CoGAN (4; 5 for 128 pixels, 6 for 256)", "coupling", low=-1, high=7,
    )  # fmt: skip
    d_shared_layers: int = option(
        -1, "shared discriminator blocks, counted from the output; -1: all but the first",
        "coupling", low=-1, high=8,
    )  # fmt: skip
    use_firstlayer: bool = option(
        False, "add the first layer of 4x4 maps of the thesis' table 3.1", "nets"
    )
    residual: bool = option(
        False, "build generators of residual blocks (proposed in the thesis' chapter 7)", "nets"
    )
    d_arch: str = option(
        "lenet", "architecture of the discriminators for 32x32 images; lenet: as in the thesis",
        "nets", choices=("lenet", "strided"),
    )  # fmt: skip
    d_width: float = option(
        1.0, "factor on discriminator widths, multiplied by --width", "nets", low=0.001
    )
    norm: str = option(
        "none", "normalisation in the discriminators", "nets",
        choices=("none", "batch", "layer", "channel", "instance"),
    )  # fmt: skip

    @property
    def shared(self) -> tuple[int, int]:
        """Numbers of shared blocks: of the generators, of the discriminators."""
        gens, discs = self.THESIS[self.image_size]
        return (
            self.g_shared_layers if self.g_shared_layers >= 0 else gens,
            self.d_shared_layers if self.d_shared_layers >= 0 else discs,
        )

    @property
    def maps(self) -> int:
        """Number of feature maps that a generator returns: of all hidden blocks but the first."""
        return self.BLOCKS[self.image_size][0] - 1 + self.use_firstlayer

    def check(self) -> None:
        """Refuses image sizes without networks, and layers that the networks of a size lack."""
        super().check()
        size = self.image_size
        if size not in self.BLOCKS:
            known = ", ".join(map(str, self.BLOCKS))
            raise UsageError(f"--image_size {size}: there are networks for {known} pixels")
        if size != 32 and self.use_firstlayer:
            raise UsageError(f"--use_firstlayer: only for 32x32 images, not for {size}x{size}")
        if self.residual and self.use_firstlayer:
            raise UsageError("--use_firstlayer: generators of --residual blocks have no such layer")
        if size != 32 and self.d_arch != "lenet":
            raise UsageError(
                f"--d_arch {self.d_arch}: only for 32x32 images, not for {size}x{size}"
            )
        for i, net in enumerate(("generator", "discriminator")):
            shared, blocks = self.shared[i], self.BLOCKS[size][i]
            if shared > blocks:
                flag = f"--{net[0]}_shared_layers {shared}"
                raise UsageError(f"{flag}: a {net} for {size}x{size} images has {blocks} blocks")
