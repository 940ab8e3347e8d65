"""The description of an experiment, and measures that several experiments share."""

import dataclasses
from collections.abc import Mapping

from framework import presets

LPIPS = {
    "lpips_pair": "LPIPS of a pair",
    "lpips_domain1": "LPIPS of domain 1 and its data",
    "lpips_domain2": "LPIPS of domain 2 and its data",
}
MATRIX = {  # thesis tables 3.3 to 3.8: rows generators, columns real images
    "lpips_domain1": "LPIPS of generator 1 and data 1",
    "lpips_cross12": "LPIPS of generator 1 and data 2",
    "lpips_cross21": "LPIPS of generator 2 and data 1",
    "lpips_domain2": "LPIPS of generator 2 and data 2",
}
PAIRS = {"pair_accuracy_balanced": "pair accuracy"}
FACES = {
    "pair_separated": "attribute in image 2 alone",
    "pair_agreement": "agreement in other attributes",
}
MODES = {"modes_covered": "modes covered of 10", "high_quality": "share within 3 sigma of a mode"}
BASELINE = "lpips_real"  # a metric of two data sets, the same for all runs
DATA = "data"  # label of the baseline in tables


@dataclasses.dataclass(frozen=True)
class Experiment:
    """One table or figure of the thesis.

    Attributes:
        title: what the table or figure shows.
        runs: label -> preset.
        measures: metric -> its title in the table.
        published: label -> metric -> value in the thesis; the baseline has the label "data", or
            "data <pair>" if there are several pairs.
        curves: columns of history.csv that are plotted for all runs together.
        sheet: name of a sheet that is shown for each run, instead of one sheet of all runs.
        drawing: name of a figure that needs no run, see `curves.draw`.
        finding: what the thesis concludes.
        caveat: why values cannot be compared even at full scale.
    """

    title: str
    runs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    measures: Mapping[str, str] = dataclasses.field(default_factory=dict)
    published: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)
    curves: tuple[str, ...] = ()
    sheet: str = ""
    drawing: str = ""
    finding: str = ""
    caveat: str = ""

    @property
    def data(self) -> tuple[str, ...]:
        """Names of the data sets or pairs that the runs need."""
        return tuple(dict.fromkeys(map(_data, self.runs.values())))

    def baseline(self, run: str) -> str:
        """Returns the label of the baseline for the data of a run, given by its label."""
        return DATA if len(self.data) == 1 else f"{DATA} {_data(self.runs[run])}"


def _data(preset: str) -> str:
    options = presets.PRESETS[preset].options
    return options.get("cogan_data") or options.get("dataset", "mnist")
