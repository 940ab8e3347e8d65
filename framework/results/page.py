"""index.html of a run: one page that needs no other file, no network and no script."""

import base64
import os
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from framework.results import files
from framework.results.plots import GROUPS
from framework.results.sound import players
from framework.results.style import STYLE
from framework.results.words import CAPTIONS, FADER, HEADLINES, MEANINGS, ONE_WAY, OWN_CODES

if TYPE_CHECKING:
    from framework.results.run import Run

THUMBNAILS = 8
WIDE = 640  # CSS pixels that the newest sheet may fill


def render(run: "Run", published: dict[str, float]) -> str:
    """The page as HTML text; everything that came from outside is escaped.

    Args:
        run: the run; its sheets, plots and metrics are read from its folder.
        published: numbers of the literature by metric name.
    """
    metrics = files.read_json(run.folder / "metrics.json") or {}
    title = escape(run.folder.resolve().name)
    parts = [
        f"<header><h1>{title}</h1>",
        f"<pre>{escape(run.command)}</pre>" if run.command else "",
        f"<p class=status>{escape(_status(run))}</p>",
        "</header>",
        _headlines(metrics),
        _sheets(run),
        _section("Examples", sounds) if (sounds := players(run.audio)) else "",
        _confusion(metrics.get("confusion"), domain_names(run.config)),
        _metrics(metrics, published),
        _plots(run.losses),
        _facts("Options", run.config),
        _facts("Environment", files.read_json(run.folder / "env.json") or {}),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def domain_names(config: dict[str, Any]) -> tuple[str, str]:
    """Names from the options: 'mnist2svhn' is mnist and svhn, 'celeba_male' no_male and male."""
    pair = config.get("cogan_data") or ""
    if pair in ("folder", "audio"):
        paths = [Path(config.get(name) or name) for name in ("domain1", "domain2")]
        return paths[0].name, paths[1].name
    if pair.startswith("celeba_"):
        attribute = pair.removeprefix("celeba_")
        return f"no_{attribute}", attribute
    first, _, second = pair.partition("2")
    return first or "domain 1", second or "domain 2"


def _status(run: "Run") -> str:
    done = max((row["iteration"] for row in run.history), default=0)
    total = run.config.get("iterations")
    steps = (
        f"{done:,} of {total:,} iterations" if isinstance(total, int) else f"{done:,} iterations"
    )
    return f"{steps} · page written {datetime.now():%d %B %Y, %H:%M}"


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>\n{body}\n</section>"


def _image(path: Path, alt: str, width: int | None = None) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    style = f' style="width:{width}px"' if width else ""
    return f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}"{style}>'


def _headlines(metrics: dict) -> str:
    """The few numbers that say whether the run worked, large."""
    cards = []
    for name, metric in metrics.items():
        chosen = _stem(name) in HEADLINES or name.startswith("accuracy_")
        if not chosen or not _is_number(metric.get("value")):
            continue
        interval = f"95 %: {_interval(metric)}" if metric.get("ci95") else ""
        notes = "".join(f"<small>{text}</small>" for text in (interval, _meaning(name)) if text)
        value, label = _number(metric["value"]), escape(_readable(name))
        cards.append(f"<div><b>{value}</b><span>{label}</span>{notes}</div>")
    return f"<div class=cards>{''.join(cards)}</div>" if cards else ""


def _sheets(run: "Run") -> str:
    """The newest sheet large, how it came about, and sheets that are not of an iteration."""
    paths = sorted(run.samples.glob("[!.]*.png"), key=lambda path: (len(path.stem), path.stem))
    timed = [path for path in paths if path.stem.isdigit()]
    other = [path for path in paths if not path.stem.isdigit()]
    caption = _caption(run.config)
    parts = []
    if timed:
        newest = timed[-1]
        title = f"Samples at iteration {int(newest.stem):,}"
        parts.append(_section(title, _figure(newest, caption, "sheet")))
    if len(timed) > 1:
        chosen = [timed[i] for i in _spread(len(timed), THUMBNAILS)]
        figures = [_figure(path, f"{int(path.stem):,}", "thumb") for path in chosen]
        row = f"<div class=row>{''.join(figures)}</div>"
        body = f"{row}<p>What they are made of is the same every time.</p>"
        parts.append(_section("How the samples grew", body))
    for path in other:
        title = path.stem.replace("_", " ").capitalize()
        parts.append(_section(title, _figure(path, _own_caption(path.stem, run.config), "sheet")))
    return "\n".join(parts)


def _captions(config: dict[str, Any]) -> dict[str, str]:
    return CAPTIONS | FADER if config.get("content_variant") == "fader" else CAPTIONS


def _own_caption(stem: str, config: dict[str, Any]) -> str:
    """Of a sheet that is not of an iteration; those of `translate` end in what was given."""
    kind = "translate" if stem.startswith("translate_") else stem
    return _captions(config).get(kind) or _caption(config)


def _caption(config: dict[str, Any]) -> str:
    if config.get("gan_type") == "ost" and config.get("phase") == 1:
        return OWN_CODES
    if config.get("direction", "both") != "both":
        return ONE_WAY.format(config["direction"][0])
    if own := _captions(config).get(config.get("gan_type")):
        return own
    if config.get("dataset") == "ring":
        return "Density of generated points, where real ones stand beside them on the right."
    if not config.get("cogan_data"):
        return f"Generated images ({config['dataset']})." if config.get("dataset") else ""
    first, second = domain_names(config)
    return (
        f"Top half: domain 1 ({first}). Bottom half: domain 2 ({second}). "
        "A tile above and the tile at the same place below are a pair from one latent vector."
    )


def _figure(path: Path, caption: str, kind: str) -> str:
    with Image.open(path) as image:
        scale = max(1, WIDE // image.width)
        width = image.width * scale if kind == "sheet" else None
    text = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    alt = f"sample sheet {path.stem}"
    return f"<figure class={kind}>{_image(path, alt, width)}{text}</figure>"


def _spread(count: int, most: int) -> list[int]:
    """At most `most` indices below `count`, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]


def _confusion(metric: dict | None, names: tuple[str, str]) -> str:
    """The labels of both domains against each other as a coloured table."""
    if not metric or not metric.get("value"):
        return ""
    classes = range(len(metric["value"]))
    head = "".join(f"<th scope=col>{k}</th>" for k in classes)
    rows = []
    for k, counts in enumerate(metric["value"]):
        total = sum(counts) or 1
        cells = "".join(
            f'<td style="--share:{n / total:.2f}"{" class=hit" if k == j else ""}>{n}</td>'
            for j, n in enumerate(counts)
        )
        rows.append(f"<tr><th scope=row>{k}</th>{cells}</tr>")
    first, second = (escape(name) for name in names)
    caption = (
        f"Pairs by label: rows {first} (domain 1), columns {second} (domain 2). "
        "Coupled pairs lie on the framed diagonal; the darker, the larger the share of the row."
    )
    table = (
        f"<div class=scroll><table class=confusion><tr><th></th>{head}</tr>{''.join(rows)}"
        f"</table></div><p>{caption}</p>"
    )
    return _section("Do the pairs agree?", table)


def _metrics(metrics: dict, published: dict[str, float]) -> str:
    """Every number with its interval, its sample count, the published one and its protocol."""
    shown = {name: metric for name, metric in metrics.items() if _is_number(metric.get("value"))}
    shown |= {name: {} for name in published if name not in shown}
    if not shown:
        return ""
    base = common_protocol([m["protocol"] for m in shown.values() if m.get("protocol")])
    heads = ["metric", "value", "95 % interval", *(["published"] if published else []), "n"]
    head = "".join(f"<th scope=col>{text}</th>" for text in heads)
    stems = list(dict.fromkeys(map(_stem, shown)))  # brings domains together
    names = sorted(shown, key=lambda name: (stems.index(_stem(name)), name))
    rows = [_metric_row(name, shown[name], published, base) for name in names]
    common = f"<p>Protocol: {escape(base)}.</p>" if base else ""
    table = f"<table class=metrics><thead><tr>{head}</tr></thead>{''.join(rows)}</table>"
    return _section("Metrics", f"<div class=scroll>{table}</div>{common}")


def common_protocol(protocols: list[str]) -> str:
    """The parts, ended by ';', with which all protocols begin; the rest differs by metric."""
    split = [protocol.split("; ") for protocol in protocols]
    return "; ".join(os.path.commonprefix(split)) if split else ""


def _metric_row(name: str, metric: dict, published: dict[str, float], base: str) -> str:
    value = _number(metric["value"]) if metric else "–"
    numbers = [value, _interval(metric)]
    if published:
        numbers.append(_number(published[name]) if name in published else "")
    numbers.append(_number(metric["n"]) if metric.get("n") else "")
    cells = "".join(f"<td>{escape(text)}</td>" for text in numbers)
    protocol = (metric.get("protocol") or "").removeprefix(base).lstrip("; ")
    details = " · ".join(text for text in (_meaning(name), protocol) if text)
    small = f"<small>{escape(details)}</small>" if details else ""
    return f"<tr><th scope=row>{escape(_readable(name))}{small}</th>{cells}</tr>"


def _meaning(name: str) -> str:
    held_out = name.removesuffix("_seen")
    text = MEANINGS.get(_stem(held_out), "")
    return f"{text}; of images trained on" if text and held_out != name else text


def _stem(name: str) -> str:
    """The name without its domain: one digit at its end, which is not the 1 of L1 or F1."""
    own = name.endswith(("_l1", "_f1")) or name[-2:].isdigit()
    return name if own else name.rstrip("12")


def _plots(folder: Path) -> str:
    order = list(GROUPS)
    paths = sorted(
        folder.glob("[!.]*.png"),  # a kill may leave a hidden one half-written
        key=lambda path: (order.index(path.stem) if path.stem in order else len(order), path.stem),
    )
    images = "".join(_image(path, f"plot of {path.stem}") for path in paths)
    return _section("Training", f"<div class=plots>{images}</div>") if images else ""


def _facts(title: str, facts: dict[str, Any]) -> str:
    """A folded table of names and values."""
    rows = "".join(
        f"<tr><th scope=row>{escape(name)}</th><td>{escape(_text(value))}</td></tr>"
        for name, value in facts.items()
    )
    return f"<details><summary>{title}</summary><table>{rows}</table></details>" if rows else ""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None or value == "" else str(value)


def _readable(name: str) -> str:
    """'label_entropy1' as 'label entropy, domain 1', the last two words kept on one line."""
    stem = _stem(name)
    domain = f", domain\N{NO-BREAK SPACE}{name[-1]}" if stem != name else ""
    return stem.rstrip("_").replace("_", " ") + domain


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _interval(metric: dict) -> str:
    limits = metric.get("ci95")
    return f"{_number(limits[0])} to {_number(limits[1])}" if limits else ""
