"""The tables and figures of the SCoGAN thesis: which runs each needs and what it reports.

`main.py reproduce` runs them. A run is a preset; the same run may serve several tables. All
numbers are the thesis': LPIPS (AlexNet, version 0.1), means over its own sample counts.
"""

import dataclasses
from collections.abc import Mapping

from framework import presets

SCALES = ("full", "cpu", "smoke")
LPIPS = {
    "lpips_pair": "LPIPS of a pair",
    "lpips_domain1": "LPIPS of domain 1 and its data",
    "lpips_domain2": "LPIPS of domain 2 and its data",
}
PAIRS = {"pair_accuracy_balanced": "pair accuracy"}
WEIGHTS = ("stat/weight_diff",)
CPU_ITERATIONS = 3000  # a table of six runs in about half an hour on two cores
# What a CPU-sized run keeps of its preset: what couples the domains, not sizes and weights.
KEPT = ("gan_type", "cogan_data", "dataset", "arch", "g_shared_layers")
# A preset's own numbers where the CPU-sized recipe would hide what the experiment varies.
VARIED = {"scogan_fr_svhn": ("feature_weight", "feature_layers")}


@dataclasses.dataclass(frozen=True)
class Experiment:
    """One table or figure.

    Attributes:
        title: what the thesis shows there.
        runs: label -> preset.
        measures: metric -> its title in the table.
        published: label -> metric -> number in the thesis; the label "data" is its baseline.
        curves: columns of history.csv drawn over each other for all runs.
        drawing: file of a figure that needs no run, of `evaluate.curves`.
        finding: what the thesis concludes.
        caveat: why a number is not comparable even at full scale.
    """

    title: str
    runs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    measures: Mapping[str, str] = dataclasses.field(default_factory=dict)
    published: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)
    curves: tuple[str, ...] = ()
    drawing: str = ""
    finding: str = ""
    caveat: str = ""

    @property
    def data(self) -> tuple[str, ...]:
        """Names of the data sets or pairs that the runs need."""
        options = [presets.PRESETS[name].options for name in self.runs.values()]
        names = (each.get("cogan_data") or each.get("dataset", "mnist") for each in options)
        return tuple(dict.fromkeys(names))


def _lpips(**rows: tuple[float, float, float]) -> dict[str, dict[str, float]]:
    return {label: dict(zip(LPIPS, row, strict=True)) for label, row in rows.items()}


def _runs(data: str, *names: str) -> dict[str, str]:
    return {_label(name): f"{data}_{name}" for name in names}


def _label(name: str) -> str:
    return "CoGAN" if name == "cogan" else name.upper()


TOY = {"modes_covered": "modes covered of 10", "high_quality": "share within 3 sigma of a mode"}
GLYPHS = "the thesis counts 30,000 pairs (edge) or 50,000 (SVHN) and its SVHN is a 4,434-image part"

EXPERIMENTS = {
    "fig2.7": Experiment(
        "Jensen-Shannon divergence of two normal laws that drift apart", drawing="jsd_curve",
        finding="it stays at ln 2 when they no longer overlap: no gradient there",
    ),
    "fig2.10": Experiment(
        "toy ring, one discriminator step", dict(GAN="toy_k1"), TOY,
        dict(GAN=dict(modes_covered=10)), ("stat/modes",), finding="all 10 modes",
    ),
    "fig2.11": Experiment(
        "toy ring, five discriminator steps", dict(GAN="toy_k5"), TOY,
        dict(GAN=dict(modes_covered=6)), ("stat/modes",), finding="mode collapse: 6 of 10",
    ),
    "fig2.12": Experiment(
        "Wasserstein distance of two normal laws that drift apart", drawing="wd_curve",
        finding="it grows with their distance everywhere",
    ),
    "fig2.14": Experiment(
        "toy ring, WGAN-GP with five critic steps",
        {"WGAN-GP": "toy_wgangp", "WGAN-GP, own settings": "toy_wgangp_tuned"}, TOY,
        {"WGAN-GP": dict(modes_covered=10)}, ("stat/modes", "disc/adv"),
        finding="the ring is learned, modes less precise",
    ),
    "fig3.2": Experiment(
        "CoGAN on outlines, negatives and turned digits",
        dict(edge="cogan_edge", negative="cogan_negative", rotate="cogan_rotate"),
        PAIRS | LPIPS, finding="corresponding digits",
    ),
    "fig3.8": Experiment(
        "CoGAN on MNIST and SVHN, four to one shared generator blocks",
        {f"{n} shared": f"cogan_svhn_share{n}" for n in (4, 3, 2, 1)}, PAIRS | LPIPS,
        {"4 shared": {"lpips_pair": 0.3541}, "1 shared": {"lpips_pair": 0.3423}},
        finding="never joint; SVHN improves as fewer are shared", caveat=GLYPHS,
    ),
    "fig4.1": Experiment(
        "difference of the generators' weights over training",
        {"FR": "weightdiff_fr", "CoGAN": "weightdiff_cogan", "SCoGAN, no regulariser":
         "weightdiff_plain"}, curves=WEIGHTS,
        finding="soft coupling lets weights differ more than sharing does",
    ),
    "fig4.2": Experiment(
        "two GANs with and without the feature regulariser, outlines",
        dict(plain="scogan_plain_edge", FR="scogan_fr_edge"), PAIRS | LPIPS,
        finding="uncorrelated without, joint with it",
    ),
    "fig4.3": Experiment(
        "feature regulariser of weight 10 to 100 on MNIST and SVHN",
        {f"weight {a}": f"scogan_fr_svhn_a{a}" for a in (10, 50, 75, 100)}, PAIRS | LPIPS,
        finding="10: not joint; 100: similar shapes, but SVHN's style is lost",
    ),
    "fig4.4": Experiment(
        "WGAN-GP and the feature regulariser on 3 or 2 maps",
        {f"{k} maps": f"scogan_fr_svhn_gp_k{k}" for k in (3, 2)}, PAIRS | LPIPS,
        finding="3: vaguely joint, SVHN's style leaks; 2: no correlation",
    ),
    "fig5.1": Experiment(
        "classifier of MNIST", dict(MNIST="cls_mnist"), {"accuracy_mnist": "accuracy"},
        dict(MNIST=dict(accuracy_mnist=0.98)),
    ),
    "fig5.2": Experiment(
        "classifier of MNIST and SVHN", {"MNIST, SVHN": "cls_mnist_svhn"},
        {"accuracy_mnist": "accuracy, MNIST", "accuracy_svhn": "accuracy, SVHN"},
        finding="92 % over both", caveat="the thesis gives one number for both",
    ),
    "table5.1": Experiment(
        "MNIST and outlines: CoGAN against each regulariser",
        _runs("edge", "cogan", "fr", "sl", "cc", "pl"), PAIRS | LPIPS,
        _lpips(CoGAN=(0.1026, 0.1157, 0.1157), FR=(0.1227, 0.1217, 0.1429),
               SL=(0.1039, 0.1141, 0.1100), CC=(0.1092, 0.1148, 0.1092),
               PL=(0.1019, 0.1110, 0.1064)) | dict(data=dict(lpips_real=0.1627)),
        finding="all joint", caveat=GLYPHS,
    ),
    "table5.2": Experiment(
        "MNIST and SVHN: CoGAN against combinations of regularisers",
        _runs("svhn", "cogan", "fr", "slfr", "slcc", "frcc", "pl"), PAIRS | LPIPS,
        _lpips(CoGAN=(0.3400, 0.1126, 0.2151), FR=(0.2434, 0.1194, 0.1941),
               SLFR=(0.3016, 0.1162, 0.2046), SLCC=(0.3093, 0.1153, 0.2083),
               FRCC=(0.3022, 0.1146, 0.2094), PL=(0.2948, 0.1120, 0.2117))
        | dict(data=dict(lpips_real=0.3304)),
        finding="SLFR and SLCC joint, FRCC not, PL partly", caveat=GLYPHS,
    ),
    "table7.1": Experiment(
        "MNIST and SVHN: the semantic regulariser alone",
        _runs("svhn", "cogan", "sl", "slfr", "slcc"), PAIRS | LPIPS,
        _lpips(CoGAN=(0.3400, 0.1126, 0.2151), SL=(0.3018, 0.1140, 0.2053),
               SLFR=(0.3016, 0.1162, 0.2046), SLCC=(0.3093, 0.1153, 0.2083)),
        finding="the semantic regulariser alone couples as well as its combinations",
        caveat=GLYPHS,
    ),
}  # fmt: skip


def _chapter(number: int) -> tuple[str, ...]:
    starts = (f"fig{number}.", f"table{number}.")
    return tuple(name for name in EXPERIMENTS if name.startswith(starts))


GROUPS = {f"chapter{number}": _chapter(number) for number in (2, 3, 4, 5, 7)}


def select(names: list[str]) -> list[str]:
    """Experiments that names and groups choose, each once.

    Raises:
        ValueError: a name that is neither.
    """
    chosen: list[str] = []
    for name in names:
        if name not in EXPERIMENTS and name not in GROUPS:
            raise ValueError(name)
        chosen += GROUPS.get(name, (name,))
    return list(dict.fromkeys(chosen))


def shrinks(preset: str, scale: str) -> bool:
    """Whether a run at this scale has smaller nets than the thesis': all but the toy's."""
    return scale == "smoke" or scale == "cpu" and not preset.startswith("toy")


def flags(preset: str, scale: str) -> dict[str, object]:
    """Options of a run of a preset at a scale."""
    whole = presets.PRESETS[preset].options
    if not shrinks(preset, scale):
        return {"preset": preset}
    kept = {k: v for k, v in whole.items() if k in KEPT or k.endswith("_loss") and v is True}
    for beginning, names in VARIED.items():
        if preset.startswith(beginning):
            kept |= {name: whole[name] for name in names}
    if scale == "smoke":
        if "perceptual_loss" in kept:  # its trained network would have to be fetched
            kept |= dict(perceptual_net="squeeze", perceptual_weights="random")
        return {"preset": "smoke", **kept, "iterations": 20}
    return {"preset": "cpu", **kept, "iterations": CPU_ITERATIONS}


def iterations(preset: str, scale: str) -> int:
    """Iterations of a run of a preset at a scale."""
    given = flags(preset, scale)
    data = str(given.get("cogan_data", ""))
    return int(
        given.get("iterations") or presets.PRESETS[str(given["preset"])].resolve(data)["iterations"]
    )
