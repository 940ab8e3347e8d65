"""Finds packages of other projects that Python would import instead of those of this one."""

import importlib.util
from pathlib import Path

PACKAGES = ("framework", "nets")
ROOT = Path(__file__).resolve().parent.parent  # the folder of this project, or site-packages


def hidden() -> str | None:
    """Returns what to do if a package of this project is hidden or missing; None if all is well."""
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None:
            return f"the package {name} is missing: install softgan again"
        own = ROOT / name / "__init__.py"
        if spec.origin and Path(spec.origin).resolve() == own:
            continue
        place = Path(spec.origin or next(iter(spec.submodule_search_locations or [name])))
        if place.name == "__init__.py":
            place = place.parent
        return (
            f"{place.absolute()} hides the package {name} of softgan: rename it, start in another "
            "folder, or take its folder out of PYTHONPATH"
        )
    return None
