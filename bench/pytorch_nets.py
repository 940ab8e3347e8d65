"""The same networks as a PyTorch user writes them, with the padding and names of PyTorch."""

from torch import Tensor, nn

from bench.workloads import CLASSES, NOISE_DIM, Workload

FACE_CONVOLUTIONS = (  # channels, kernel, dropout rate
    (32, 5, 0), (64, 5, 0), (128, 5, 0.1), (256, 3, 0.3), (512, 3, 0.3), (1024, 3, 0.5),
)  # fmt: skip
VGG19_WIDTHS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 2))  # up to block5_conv2


def _up(before: int, after: int, faces: bool) -> nn.Sequential:
    shape = dict(kernel_size=4) if faces else dict(kernel_size=3, output_padding=1)
    return nn.Sequential(
        nn.ConvTranspose2d(before, after, stride=2, padding=1, **shape),
        nn.BatchNorm2d(after, eps=1e-3, momentum=0.01),
        nn.PReLU(after),
    )


class Generator(nn.Module):
    """A net: z [N, 100] -> (image [N, 3, S, S], maps after all upsamplings)."""

    def __init__(self, workload: Workload):
        super().__init__()
        self.faces = workload.image_size == 128
        widths = [512, 256, 128, 64, 32] if self.faces else [512, 256, 128]
        first, *rest = widths = [workload.units(units) for units in (1024, *widths)]
        self.dense = nn.Linear(NOISE_DIM, 16 * first)
        self.start = nn.Sequential(nn.BatchNorm2d(first, eps=1e-3, momentum=0.01), nn.PReLU(first))
        self.ups = nn.ModuleList(
            _up(a, b, self.faces) for a, b in zip(widths[:-1], rest, strict=True)
        )
        shape = dict(kernel_size=3, padding=1) if self.faces else dict(kernel_size=6, padding=2)
        self.image = nn.ConvTranspose2d(rest[-1], 3, **shape)

    def forward(self, z: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Returns the image and the maps."""
        x = self.start(self.dense(z).unflatten(1, (-1, 4, 4)))
        maps = []
        for up in self.ups:
            x = up(x)
            maps.append(x)
        size = x.shape[-1]  # an even kernel gives one row and column too many
        return self.image(x)[..., :size, :size].tanh(), maps


def critic(workload: Workload) -> nn.Sequential:
    """Returns a net: image [N, 3, S, S] -> logits [N, 1]."""
    net, channels = nn.Sequential(), 3
    faces = workload.image_size == 128
    for units, kernel, rate in FACE_CONVOLUTIONS if faces else ((20, 5, 0), (50, 5, 0)):
        units = workload.units(units)
        net.append(nn.Conv2d(channels, units, kernel, 2 if faces else 1, kernel // 2))
        if faces:
            net.extend([nn.GroupNorm(1, units, eps=1e-3), nn.PReLU(units)])
            net.extend([nn.Dropout(rate)] if rate else [])
        else:
            net.append(nn.MaxPool2d(2))
        channels = units
    cells, hidden = (4, 2048) if faces else (64, 500)
    hidden = workload.units(hidden)
    net.extend([nn.Flatten(), nn.Linear(cells * channels, hidden)])
    net.extend([nn.GroupNorm(1, hidden, eps=1e-3)] if faces else [])
    net.extend([nn.PReLU(hidden), nn.Dropout(0.5), nn.Linear(hidden, 1)])
    return net


def encoder(workload: Workload) -> nn.Sequential:
    """Returns a net: image [N, 3, S, S] -> estimate of z [N, 100]."""
    net, channels = nn.Sequential(), 3
    for units, stride in ((64, 1), (128, 2), (128, 2), (256, 2)):
        units = workload.units(units)
        net.extend([nn.Conv2d(channels, units, 3, stride, 1), nn.LeakyReLU(0.2)])
        channels = units
    cells = (workload.image_size // 8) ** 2
    return net.extend([nn.Flatten(), nn.Dropout(0.4), nn.Linear(cells * channels, NOISE_DIM)])


def classifier(workload: Workload) -> nn.Sequential:
    """Returns a net: image [N, 3, S, S] -> logits [N, 10]."""
    first, second, hidden = (workload.units(units) for units in (32, 64, 128))
    cells = ((workload.image_size - 4) // 2) ** 2
    return nn.Sequential(
        *(nn.Conv2d(3, first, 3), nn.LeakyReLU(0.3), nn.Conv2d(first, second, 3)),
        *(nn.LeakyReLU(0.3), nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten()),
        *(nn.Linear(cells * second, hidden), nn.LeakyReLU(0.3), nn.Dropout(0.5)),
        nn.Linear(hidden, CLASSES),
    )


class VGG19(nn.Module):
    """A net: image [N, 3, S, S] -> maps of block5_conv2, and of block1_conv1 to block5_conv1."""

    def __init__(self):
        super().__init__()
        self.blocks, channels = nn.ModuleList(), 3
        for units, count in VGG19_WIDTHS:
            sizes = [channels, *[units] * count]
            convolutions = (
                nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.ReLU(inplace=True))
                for a, b in zip(sizes[:-1], sizes[1:], strict=True)
            )
            self.blocks.append(nn.ModuleList(convolutions))
            channels = units

    def forward(self, x: Tensor) -> list[Tensor]:
        """Returns the content map and the style maps."""
        styles = []
        for number, block in enumerate(self.blocks):
            x = nn.functional.max_pool2d(x, 2) if number else x
            x = block[0](x)
            styles.append(x)
            for convolution in block[1:]:
                x = convolution(x)
        return [x, *styles]
