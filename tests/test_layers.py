"""Who may import whom: every file sits in a layer and imports only from layers below it."""

import ast

import pytest
from conftest import ROOT

LAYERS = {
    "main": 5,
    "__main__": 5,
    "cli": 5,
    "commands": 5,
    "dry_run": 4,
    "doctor": 4,
    "trainer": 3,
    "loop": 3,
    "evaluate": 3,
    "reproduce": 4,
    "events": 3,
    "features": 3,
    "separation": 3,
    "semantic": 3,
    "inversion": 3,
    "data": 2,
    "results": 2,
    "optimizers": 2,
    "averages": 2,
    "checkpoints": 2,
    "signals": 2,
    "perception": 2,
    "guides": 3,
    "exchange": 3,
    "factor_views": 4,
    "g2g_views": 4,
    "g2g": 4,
    "lord_views": 4,
    "content_views": 4,
    "content": 4,
    "adversarial": 4,
    "translation": 4,
    "first_phase": 4,
    "pool": 2,
    "phase": 2,
    "lpips": 3,
    "identity": 2,
    "torch_files": 0,
    "tfjs_files": 0,
    "weights": 1,
    "devices": 1,
    "forms": 2,
    "precision": 1,
    "losses": 1,
    "penalties": 1,
    "config": 0,
    "options": 0,
    "kinds": 0,
    "flags": 0,
    "cluster": 0,
    "errors": 0,
    "presets": 0,
    "experiments": 0,
    "utils": 0,
    "nets": 0,
}
# Trainers from basic to special: each may import those before it, any other trainer all of them.
BASIC = (
    "classifier_trainer",
    "adversarial",
    "gan_trainer",
    "cogan_trainer",
    "scogan_trainer",
    "g2g_trainer",
    "content_trainer",
    "translation",
    "first_phase",
    "unit_trainer",
)
SAME_LAYER = {
    ("main", "cli"),
    ("__main__", "cli"),
    ("config", "presets"),
    ("experiments", "presets"),
    ("lpips", "evaluate"),
    ("config", "flags"),
    ("config", "errors"),
    ("config", "options"),
    ("config", "kinds"),
    ("kinds", "options"),
    ("kinds", "errors"),
    ("options", "flags"),
    ("options", "errors"),
    ("flags", "errors"),
    ("cluster", "errors"),
    ("trainer", "loop"),
    ("loop", "trainer"),  # for its type alone
    ("features", "evaluate"),
    ("separation", "evaluate"),
    ("content_trainer", "content_views"),
    ("g2g_trainer", "g2g_views"),
    ("factors_trainer", "factor_views"),
    ("lord_trainer", "lord_views"),
    ("lord_trainer", "g2g_views"),
}
COMMON_NETS = (
    "blocks",
    "rows",
    "torchvision",
    "fast",
    "pretrained",
    "modulated",
)  # what one file of nets may import of another
ONLY_TENSORS = ("losses", "penalties")  # these may import utils and nothing else of the project
NO_TENSORFLOW = (
    "config",
    "options",
    "kinds",
    "cluster",
    "flags",
    "errors",
    "presets",
    "results",
    "evaluate",
)
FILES = sorted(
    path.relative_to(ROOT)
    for path in (*ROOT.glob("framework/**/*.py"), *ROOT.glob("nets/**/*.py"), ROOT / "main.py")
    if path.is_file()
)


def unit(module: str) -> str | None:
    """Return the part of the project a dotted module belongs to; None for anything foreign."""
    top, *rest = module.split(".")
    if top in ("main", "nets"):
        return top
    return (rest or ["framework"])[0] if top == "framework" else None


def imported(source: str, package: str) -> set[str]:
    """Return every absolute dotted name a source imports, wherever the import stands.

    `from a import b` gives a.b: b may be a module.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def layer(part: str) -> int:
    return 4 if part.endswith("_trainer") else LAYERS[part]


def allowed(importer: str, target: str) -> bool:
    if importer == target or (importer, target) in SAME_LAYER:
        return True
    if importer in ONLY_TENSORS:
        return target == "utils"
    if layer(importer) == layer(target) == 4:
        rank = BASIC.index(importer) if importer in BASIC else len(BASIC)
        return target in BASIC[:rank]
    return layer(target) < layer(importer)


def dotted(path) -> tuple[str, str]:
    """Return (module, package) of a file, as Python names them."""
    parts = list(path.with_suffix("").parts)
    if parts[-1] == "__init__":
        return ".".join(parts[:-1]), ".".join(parts[:-1])
    return ".".join(parts), ".".join(parts[:-1])


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_go_down(path):
    module, package = dotted(path)
    importer, names = unit(module), imported((ROOT / path).read_text(), package)
    targets = {unit(name) for name in names} - {None}
    if importer == "framework":
        assert not targets, f"{path} must stay empty of imports, but imports {sorted(targets)}"
        return
    targets.discard("framework")
    unknown = {part for part in {importer, *targets} if not part.endswith("_trainer")} - {*LAYERS}
    assert not unknown, f"{path}: give {unknown} a layer in this test"
    wrong = sorted(target for target in targets if not allowed(importer, target))
    assert not wrong, f"{path} ({importer}, layer {layer(importer)}) must not import {wrong}"


@pytest.mark.parametrize("path", [path for path in FILES if path.parts[0] == "nets"], ids=str)
def test_nets_import_only_common_nets(path):
    names = imported((ROOT / path).read_text(), dotted(path)[1])
    others = {name.split(".")[1] for name in names if unit(name) == "nets"} - {path.stem}
    assert others <= {*COMMON_NETS}, f"{path} imports {sorted(others)}"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_of_tensorflow_and_keras(path):
    module, package = dotted(path)
    names = imported((ROOT / path).read_text(), package)
    internal = sorted(name for name in names if name.startswith("keras.src"))
    assert not internal, f"{path} imports the inside of Keras: {internal}"
    if unit(module) in NO_TENSORFLOW:
        heavy = sorted(name for name in names if name.split(".")[0] in ("tensorflow", "keras"))
        assert not heavy, f"{path} must work without TensorFlow, but imports {heavy}"


@pytest.mark.parametrize(
    ("source", "package", "names"),
    [
        ("import keras.ops as o", "framework", {"keras.ops"}),
        ("def f():\n    from framework import data", "framework", {"framework.data"}),
        ("from . import config", "framework", {"framework.config"}),
        ("from .views import edge", "framework.data", {"framework.data.views.edge"}),
        ("from ..utils import grid", "framework.data", {"framework.utils.grid"}),
        ("from .. import losses", "framework.data", {"framework.losses"}),
    ],
)
def test_imports_are_read_in_every_form(source, package, names):
    assert imported(source, package) == names


@pytest.mark.parametrize(
    ("importer", "target", "right"),
    [
        ("cli", "scogan_trainer", True),
        ("scogan_trainer", "cogan_trainer", True),
        ("cogan_trainer", "scogan_trainer", False),
        ("ost_trainer", "scogan_trainer", True),
        ("scogan_trainer", "ost_trainer", False),
        ("trainer", "gan_trainer", False),
        ("evaluate", "trainer", False),
        ("results", "data", False),
        ("losses", "nets", False),
        ("penalties", "config", False),
        ("penalties", "utils", True),
        ("config", "presets", True),
        ("presets", "config", False),
        ("nets", "utils", False),
    ],
)
def test_the_table_allows_and_forbids(importer, target, right):
    assert allowed(importer, target) is right


def test_units_of_the_project():
    assert unit("framework.data.views") == "data"
    assert unit("nets.blocks") == "nets"
    assert unit("framework") == "framework"
    assert unit("numpy.random") is None
