"""Options, requirements and cost of the runs of an experiment at each scale."""

from typing import Any

from framework import presets
from framework.experiments.experiment import Experiment

SCALES = ("full", "cpu", "smoke")
CPU_ITERATIONS = 3000  # six runs take about half an hour on two cores
PHOTO_ITERATIONS = 1000
# Options of its preset that a smaller run keeps: those that couple the domains.
KEPT = ("gan_type", "cogan_data", "dataset", "arch", "g_shared_layers", "semantic_divider")
# Further options that a smaller run keeps, because the experiment is about them.
CRITIC = ("loss", "disc_penalty", "penalty_weight_d", "penalty_every", "disc_iters")
VARIED = {
    "scogan_fr_svhn": ("feature_weight", "feature_layers"),
    "scogan_fr_svhn_gp": CRITIC,
    "cogan_glasses": ("weight_decay",),
    "cogan_h2z_128_gp": CRITIC,
    "cogan_a2o_128_gp": CRITIC,
}
SMALL = ("toy", "uda")  # beginnings of the names of presets that are meant for a CPU

# Seconds per iteration on one core (AMD EPYC), the mean of ten iterations.
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
# Seconds of a run besides its iterations: start alone, and start with the networks of metrics.
START, START_AND_METRICS = 20.0, 90.0
SMOKE_RUN = 40.0  # seconds of a run at scale smoke


def shrinks(preset: str, scale: str) -> bool:
    """Returns whether a run at this scale has smaller networks than its preset."""
    return scale == "smoke" or scale == "cpu" and not preset.startswith(SMALL)


def is_photographs(preset: str) -> bool:
    """Returns whether images are larger than digits; below full scale they are 64x64."""
    return presets.PRESETS[preset].options.get("image_size", 32) > 32


def flags(preset: str, scale: str) -> dict[str, Any]:
    """Returns the options of the run of a preset at a scale."""
    if not shrinks(preset, scale):
        return {"preset": preset}
    options, photographs = presets.PRESETS[preset].options, is_photographs(preset)
    kept = {k: v for k, v in options.items() if k in KEPT or k.endswith("_loss") and v is True}
    for beginning, names in VARIED.items():
        if preset.startswith(beginning):
            kept |= {name: options[name] for name in names}
    if scale == "smoke":
        if "perceptual_loss" in kept:  # needs no download of a trained network
            kept |= dict(perceptual_net="squeeze", perceptual_weights="random")
        size = dict(image_size=64) if photographs else {}
        return {"preset": "smoke", **kept, **size, "iterations": 20}
    if photographs:
        return {"preset": "faces64", **kept, "iterations": PHOTO_ITERATIONS}
    return {"preset": "cpu", **kept, "iterations": CPU_ITERATIONS}


def iterations(preset: str, scale: str) -> int:
    """Returns the number of iterations of the run of a preset at a scale."""
    return int(_resolved(preset, scale)["iterations"])


def _resolved(preset: str, scale: str) -> dict[str, Any]:
    """Returns all options of a run that are not defaults."""
    given = flags(preset, scale)
    recipe = presets.PRESETS[str(given["preset"])]
    return recipe.resolve(str(given.get("cogan_data", ""))) | given


def lpips_net(scale: str) -> str:
    """Returns the network of LPIPS: that of the thesis at full scale, otherwise a small one."""
    return "alex" if scale == "full" else "squeeze"


def needs(experiment: Experiment, scale: str) -> list[str]:
    """Returns the data sets and weights that the runs of an experiment need."""
    required = list(experiment.data)
    if any(name.startswith("lpips") for name in experiment.measures):
        required.append(f"LPIPS weights ({lpips_net(scale)})")
    runs = [_resolved(preset, scale) for preset in experiment.runs.values()]
    nets = {
        run.get("perceptual_net", "vgg19")
        for run in runs
        if run.get("perceptual_loss") and run.get("perceptual_weights") != "random"
    }
    return required + [f"perceptual weights ({net})" for net in sorted(map(str, nets))]


def core_minutes(preset: str, scale: str) -> float | None:
    """Returns about how many minutes a run takes on one core; None if it needs a GPU."""
    if scale == "smoke":
        return SMOKE_RUN / 60
    if not (shrinks(preset, scale) or preset.startswith(SMALL)):
        return None
    kind = _kind(preset, scale)
    besides = START if kind in ("points", "classifier") else START_AND_METRICS
    return (iterations(preset, scale) * SECONDS[kind] + besides) / 60


def _kind(preset: str, scale: str) -> str:
    """Returns the key of SECONDS for the iterations of a run."""
    options = _resolved(preset, scale)
    if options.get("gan_type") == "classifier":
        return "classifier"
    if options.get("arch") == "toy":
        return "points"
    images = "photographs" if is_photographs(preset) else "digits"
    if options.get("disc_iters", 1) > 1:
        return f"{images}, five critic updates"
    return f"{images}, perceptual" if options.get("perceptual_loss") else images
