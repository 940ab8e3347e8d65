"""What a preset is."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Preset:
    """A named set of options.

    Attributes:
        help: one line for `main.py list`.
        options: values by option name.
        variants: by data set, values that replace those of `options` there.
        published: metric name -> number in the literature, shown beside ours.
        systems: by system, or system and variant ("g2g naive"), its own in place of all of these.
    """

    help: str
    options: dict[str, Any]
    variants: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    published: dict[str, float] = dataclasses.field(default_factory=dict)
    systems: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)

    def resolve(self, data: str, system: str = "", variant: str = "") -> dict[str, Any]:
        """The options for one data set, system and variant of it."""
        for own in (f"{system} {variant}", system):
            if own in self.systems:
                return self.systems[own]
        return self.options | self.variants.get(data, {})


def combined(help: str, *parts: dict[str, Any], **options: Any) -> Preset:
    """The preset of these parts, later ones first, and of further options."""
    merged: dict[str, Any] = {}
    for part in parts:
        merged |= part
    return Preset(help, merged | options)


def terms(options: dict[str, Any]) -> str:
    """The regularisers of these options, in words."""
    names = [name.removesuffix("_loss") for name in options if name.endswith("_loss")]
    return " and ".join(names) + (" regularisers" if len(names) > 1 else " regulariser")
