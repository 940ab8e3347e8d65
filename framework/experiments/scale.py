"""What an experiment's runs are, need and cost at each scale."""

from framework import presets
from framework.experiments.experiment import Experiment

SCALES = ("full", "cpu", "smoke")
CPU_ITERATIONS = 3000  # a table of six runs in about half an hour on two cores
PHOTO_ITERATIONS = 1000
# What a smaller run keeps of its preset: what couples the domains, not sizes and weights.
KEPT = ("gan_type", "cogan_data", "dataset", "arch", "g_shared_layers", "semantic_divider")
# A preset's own numbers where the CPU-sized recipe would hide what the experiment varies.
CRITIC = ("loss", "disc_penalty", "penalty_weight_d", "penalty_every", "disc_iters")
VARIED = {
    "scogan_fr_svhn": ("feature_weight", "feature_layers"),
    "scogan_fr_svhn_gp": CRITIC,
    "cogan_glasses": ("weight_decay",),
    "cogan_h2z_128_gp": CRITIC,
    "cogan_a2o_128_gp": CRITIC,
}
SMALL = ("toy", "uda")  # beginnings of the presets that are for a CPU as they are

# Seconds of one core (AMD EPYC): of an iteration, measured over ten, and of what else a run does.
SECONDS = {
    "points": 0.005,
    "classifier": 0.01,
    "digits": 0.15,
    "digits, perceptual": 0.25,
    "digits, five critic updates": 0.6,
    "photographs": 0.5,
    "photographs, perceptual": 0.75,
    "photographs, five critic updates": 1.3,
}
START, AROUND = 20.0, 90.0  # without and with the classifiers, distances and features of metrics
SMOKE_RUN = 40.0


def shrinks(preset: str, scale: str) -> bool:
    """Whether a run at this scale has smaller nets than its preset."""
    return scale == "smoke" or scale == "cpu" and not preset.startswith(SMALL)


def is_photographs(preset: str) -> bool:
    """Whether its images are larger than digits; below full scale they have 64x64 pixels."""
    return presets.PRESETS[preset].options.get("image_size", 32) > 32


def flags(preset: str, scale: str) -> dict[str, object]:
    """Options of a run of a preset at a scale."""
    if not shrinks(preset, scale):
        return {"preset": preset}
    whole, photographs = presets.PRESETS[preset].options, is_photographs(preset)
    kept = {k: v for k, v in whole.items() if k in KEPT or k.endswith("_loss") and v is True}
    for beginning, names in VARIED.items():
        if preset.startswith(beginning):
            kept |= {name: whole[name] for name in names}
    if scale == "smoke":
        if "perceptual_loss" in kept:  # its trained network would have to be fetched
            kept |= dict(perceptual_net="squeeze", perceptual_weights="random")
        size = dict(image_size=64) if photographs else {}
        return {"preset": "smoke", **kept, **size, "iterations": 20}
    if photographs:
        return {"preset": "faces64", **kept, "iterations": PHOTO_ITERATIONS}
    return {"preset": "cpu", **kept, "iterations": CPU_ITERATIONS}


def iterations(preset: str, scale: str) -> int:
    """Iterations of a run of a preset at a scale."""
    return int(_resolved(preset, scale)["iterations"])


def _resolved(preset: str, scale: str) -> dict[str, object]:
    """Every option of a run that is not a default."""
    given = flags(preset, scale)
    recipe = presets.PRESETS[str(given["preset"])]
    return recipe.resolve(str(given.get("cogan_data", ""))) | given


def lpips_net(scale: str) -> str:
    """The network of LPIPS: the thesis' at full scale, else one that is small."""
    return "alex" if scale == "full" else "squeeze"


def needs(experiment: Experiment, scale: str) -> list[str]:
    """Data sets and weights without which an experiment's runs are left out."""
    found = list(experiment.data)
    if any(name.startswith("lpips") for name in experiment.measures):
        found.append(f"LPIPS weights ({lpips_net(scale)})")
    runs = [_resolved(preset, scale) for preset in experiment.runs.values()]
    nets = {
        run.get("perceptual_net", "vgg19")
        for run in runs
        if run.get("perceptual_loss") and run.get("perceptual_weights") != "random"
    }
    return found + [f"perceptual weights ({net})" for net in sorted(map(str, nets))]


def core_minutes(preset: str, scale: str) -> float | None:
    """About how long a run takes on one core; None for what is a GPU's work."""
    if scale == "smoke":
        return SMOKE_RUN / 60
    if not (shrinks(preset, scale) or preset.startswith(SMALL)):
        return None
    kind = _kind(preset, scale)
    around = START if kind in ("points", "classifier") else AROUND
    return (iterations(preset, scale) * SECONDS[kind] + around) / 60


def _kind(preset: str, scale: str) -> str:
    """Which of `SECONDS` an iteration takes."""
    options = _resolved(preset, scale)
    if options.get("gan_type") == "classifier":
        return "classifier"
    if options.get("arch") == "toy":
        return "points"
    images = "photographs" if is_photographs(preset) else "digits"
    if options.get("disc_iters", 1) > 1:
        return f"{images}, five critic updates"
    return f"{images}, perceptual" if options.get("perceptual_loss") else images
