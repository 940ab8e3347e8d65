"""The class of presets, and functions that build them."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Preset:
    """A named set of options.

    Attributes:
        help: one line for the command `list`.
        options: values by option name.
        variants: data set -> values that replace those of `options` for this data set.
        published: metric name -> number in the literature, shown beside the measured one.
        systems: system, or system and variant ("g2g naive") -> values that replace all of `options`
            and `variants` for it.
    """

    help: str
    options: dict[str, Any]
    variants: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    published: dict[str, float] = dataclasses.field(default_factory=dict)
    systems: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)

    def resolve(self, data: str, system: str = "", variant: str = "") -> dict[str, Any]:
        """Returns the options for a data set, a system and a variant of the system."""
        for key in (f"{system} {variant}", system):
            if key in self.systems:
                return self.systems[key]
        return self.options | self.variants.get(data, {})


def combined(help: str, *parts: dict[str, Any], **options: Any) -> Preset:
    """Returns the preset of several sets of options and single ones; later ones take precedence."""
    merged: dict[str, Any] = {}
    for part in parts:
        merged |= part
    return Preset(help, merged | options)


def terms(options: dict[str, Any]) -> str:
    """Returns the regularisers among these options, in words."""
    names = [name.removesuffix("_loss") for name in options if name.endswith("_loss")]
    return " and ".join(names) + (" regularisers" if len(names) > 1 else " regulariser")
