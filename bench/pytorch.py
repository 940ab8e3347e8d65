"""The same step in plain, idiomatic PyTorch: eager or compiled, float32 or bfloat16 autocast.

Channels last; one fused Adam for the critics and one for the other networks; critics are frozen
while the generators are updated.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench import pytorch_nets, workloads
from bench.workloads import Workload

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
VGG_MEAN = (103.939, 116.779, 123.68)


def build(workload: Workload, *, compiled: bool, bfloat16: bool) -> Callable[[], int]:
    """Returns a function that runs one iteration and returns 1."""
    torch.manual_seed(1)
    system = System(workload, compiled)

    def step() -> int:
        with torch.autocast(DEVICE, torch.bfloat16, enabled=bfloat16):
            system.iteration()
        return 1

    return step


class System:
    """Two generators, two critics and an encoder with their updates."""

    def __init__(self, workload: Workload, compiled: bool):
        def placed(net: nn.Module) -> nn.Module:
            return net.to(DEVICE, memory_format=torch.channels_last)

        def fast(net: nn.Module) -> Callable:
            return torch.compile(net) if compiled else net

        self.workload = workload
        generators = nn.ModuleList(placed(pytorch_nets.Generator(workload)) for _ in range(2))
        self.critics = nn.ModuleList(placed(pytorch_nets.critic(workload)) for _ in range(2))
        self.generate = [fast(net) for net in generators]
        self.criticise = [fast(net) for net in self.critics]
        self.penalty = torch.compile(_penalty) if compiled else _penalty
        self.critic_optimizer = _adam(self.critics)
        team = nn.ModuleList(generators)
        if workload.perceptual:
            self.vgg = fast(placed(pytorch_nets.VGG19().requires_grad_(False).eval()))
            self.vgg_mean = torch.tensor(VGG_MEAN, device=DEVICE)[:, None, None]
        else:
            encoder = placed(pytorch_nets.encoder(workload).eval())
            team.append(encoder)
            self.encode = fast(encoder)
            classifier = pytorch_nets.classifier(workload).requires_grad_(False).eval()
            self.classify = fast(placed(classifier))
        self.team_optimizer = _adam(team)
        self.pixels = [
            torch.from_numpy(workloads.images(workload, domain)).permute(0, 3, 1, 2)
            for domain in range(2)
        ]

    def iteration(self) -> float:
        """Runs all updates of one iteration; returns the loss of the generators."""
        self.critics.requires_grad_(True)
        for _ in range(self.workload.critic_steps):
            reals = [self._batch(pixels) for pixels in self.pixels]
            z = self._latent()
            with torch.no_grad():
                fakes = [net(z)[0] for net in self.generate]
            loss = sum(self._critic_loss(i, reals[i], fakes[i]) for i in range(2))
            _update(self.critic_optimizer, loss)
        self.critics.requires_grad_(False)
        z = self._latent()
        outputs = [net(z) for net in self.generate]
        fakes = [image for image, _ in outputs]
        loss = sum(self._adversarial(self.criticise[i](fakes[i])) for i in range(2))
        if self.workload.perceptual:
            loss = loss + self._perceptual(fakes, reals)
        else:
            maps = [features[: workloads.FEATURE_MAPS] for _, features in outputs]
            loss = loss + self._coupling(z, fakes, maps)
        _update(self.team_optimizer, loss)
        return loss.item()

    def _batch(self, pixels: Tensor) -> Tensor:
        rows = torch.randint(len(pixels), (self.workload.batch_size,))
        return (pixels[rows].to(DEVICE).float() - 127.5) / 127.5

    def _latent(self) -> Tensor:
        shape = self.workload.batch_size, workloads.NOISE_DIM
        return torch.rand(shape, device=DEVICE) * 2 - 1

    def _critic_loss(self, domain: int, real: Tensor, fake: Tensor) -> Tensor:
        scores = self.criticise[domain](torch.cat([real, fake.float()]))
        real_logits, fake_logits = scores.float().chunk(2)
        if self.workload.loss == "ce":
            return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
        penalty = self.penalty(self.critics[domain], real, fake.float())
        return fake_logits.mean() - real_logits.mean() + workloads.PENALTY * penalty

    def _adversarial(self, logits: Tensor) -> Tensor:
        logits = logits.float()
        return F.softplus(-logits).mean() if self.workload.loss == "ce" else -logits.mean()

    def _coupling(self, z: Tensor, fakes: list[Tensor], maps: list[list[Tensor]]) -> Tensor:
        feature = sum(_squared(a, b) for a, b in zip(*maps, strict=True))
        semantic = _squared(*self.classify(torch.cat(fakes)).float().softmax(1).chunk(2))
        codes = self.encode(torch.cat(fakes)).chunk(2)
        cycle = sum(F.l1_loss(code.float(), z) for code in codes)
        weighted = workloads.FEATURE * feature + workloads.SEMANTIC * semantic
        return weighted + workloads.CYCLE * cycle

    def _perceptual(self, fakes: list[Tensor], reals: list[Tensor]) -> Tensor:
        with torch.no_grad():
            real_maps = self.vgg(self._vgg_input(torch.cat(reals)))
        fake_maps = self.vgg(self._vgg_input(torch.cat(fakes)))
        content = _squared(*fake_maps[0].chunk(2))
        # One mean over both domains is half the sum of the two.
        style = sum(
            2 / 5 * _squared(_gram(a), _gram(b))
            for a, b in zip(fake_maps[1:], real_maps[1:], strict=True)
        )
        return workloads.CONTENT * content + workloads.STYLE * style

    def _vgg_input(self, x: Tensor) -> Tensor:
        return (0.5 * x.flip(1) + 0.5) * 255 - self.vgg_mean


def _adam(net: nn.Module) -> torch.optim.Optimizer:
    rate, betas = workloads.LEARNING_RATE, workloads.BETAS
    return torch.optim.Adam(net.parameters(), rate, betas, eps=1e-7, fused=True)


def _update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def _penalty(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    mixed = torch.lerp(real, fake, torch.rand(len(real), 1, 1, 1, device=real.device))
    # Not torch.autograd.grad, through which torch.compile cannot differentiate.
    slope = torch.func.grad(lambda x: critic(x).float().sum())(mixed)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


def _squared(a: Tensor, b: Tensor) -> Tensor:
    return F.mse_loss(a.float(), b.float())


def _gram(x: Tensor) -> Tensor:
    flat = x.flatten(2)
    return flat @ flat.mT / flat.shape[2]
