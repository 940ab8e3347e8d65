"""Renders HTML pages from Jinja2 templates; all values are escaped."""

import base64
import functools
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

SHARED = "framework.results"  # has `base.html`, which every page extends


def render(template: str, package: str = SHARED, **values: object) -> str:
    """Returns a page as text.

    Args:
        template: file name in the folder `templates` of the package.
        package: Python package of the template, such as "framework.experiments".
        values: the variables of the template; a missing one raises jinja2.UndefinedError.
    """
    return _environment(package).get_template(template).render(values)


@functools.cache
def _environment(package: str) -> Environment:
    packages = dict.fromkeys((package, SHARED))
    return Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def data_address(path: Path, kind: str) -> str:
    """Returns the content of a file as a data address, so that a page needs no other file.

    Args:
        path: the file.
        kind: media type, such as "image/png".
    """
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
