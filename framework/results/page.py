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
from framework.results.style import STYLE

if TYPE_CHECKING:
    from framework.results.run import Run

THUMBNAILS = 8
WIDE = 640  # CSS pixels that the newest sheet may fill
HEADLINES = ("pair_accuracy_balanced", "pair_accuracy", "coupling", "classes_hit", "modes_covered")
HEADLINES += ("swap_acc", "swap_acc_seen", "s_svm", "z_svm", "removal_probability", "guided")
HEADLINES += ("class_kept",)

# What a stranger needs to read a number; a trailing 1 or 2 of a metric's name is its domain.
MEANINGS = {
    "pair_accuracy": "share of pairs whose two images get the same label",
    "pair_accuracy_balanced": "the same with equal weight for every class",
    "pair_accuracy_chance": "what uncoupled pairs would reach",
    "coupling": "0 = no better than chance, 1 = all pairs agree",
    "mutual_information": "what the label of one image tells about the other's",
    "label_entropy": "how evenly the classes are used",
    "label_entropy_share": "1 = all classes equally often",
    "classes_hit": "classes that appear often enough to count",
    "confident": "share of images that the evaluator is sure of",
    "diversity": "mean distance between generated images",
    "real_diversity": "the same between real images",
    "lpips_pair": "perceptual distance of the two images of a pair; lower is more alike",
    "lpips_domain": "perceptual distance of samples and random real images of the domain",
    "lpips_cross12": "perceptual distance of samples of domain 1 and real images of domain 2",
    "lpips_cross21": "perceptual distance of samples of domain 2 and real images of domain 1",
    "lpips_real": "the same between random real images of both domains, as a baseline",
    "modes_covered": "modes of the data that enough points are close to",
    "high_quality": "share of points that are close to a mode",
    "real_high_quality": "the same of real points",
    "evaluator_accuracy": "how far the evaluator can be trusted",
    "swap_acc": "share of exchanged images whose class is that of the class code's source",
    "s_svm": "class that a linear SVM reads from the class code; the more the better",
    "z_svm": "class that it reads from the style code; best is the most frequent class's share",
    "prior_acc": "the same with a random style code",
    "copy_rate": "share of exchanged images that keep the class of the other source",
    "rec_l1": "mean difference of images and what they are put together to again",
    "removal_probability": "how far the evaluator still sees the extra that was removed",
    "real_probability": "the same in real images: least in domain 1, most in domain 2",
    "guided": "share of images of domain 1 in which it sees the extra of a guide",
    "class_kept": "share of images that show the same class after the removal",
    "identity_style": "how far mixed faces are from the face whose style they have",
    "identity_content": "how far they are from the face whose content they have",
    "identity_pair": "how far these two faces are from each other, as a baseline",
    "short_l1": "mean difference of images and what is made of their own codes",
    "translation_accuracy12": "share of images of domain 1 that keep their class in domain 2",
    "translation_accuracy21": "share of images of domain 2 that keep their class in domain 1",
    "l1_121": "how far images of domain 1 are moved by going to domain 2 and back",
    "l1_212": "how far images of domain 2 are moved by going to domain 1 and back",
    "l1_11": "mean difference of images of domain 1 and what is made of their own codes",
    "l1_22": "the same in domain 2",
    "lpips_content12": "perceptual distance of images of domain 1 and their translations",
    "lpips_content21": "perceptual distance of images of domain 2 and their translations",
    "style": "distance of translations to the domain in style: average Gram matrices",
    "style1_source": "the same of images of domain 2 that are not translated",
    "style2_source": "the same of images of domain 1 that are not translated",
    "kid": "kernel distance of generated and held-out images in the features named; 0 is best",
    "fid": "Frechet distance of the same features; biased by few images",
    "other_z_l1": "the same with the style code of another image; equal means that it is ignored",
}

TRANSLATED = (
    "Above, images of domain 1 and below them what becomes of them in domain 2 and, back again, in "
    "domain 1 (unit, ost: first what their own codes give). Below, the same of domain 2."
)
TRIPLETS = (
    "Pairs of held-out images x1, x2; m12 has the content of 1 and the style of 2, m21 the"
    " reverse; r1, r2 are put together again of those."
)
FACTORS = "dec(zi, sj): the style of image i, the class of image j."
# By --gan_type, the sheets of iterations; by file name, sheets of the trained system.
CAPTIONS = {
    **dict.fromkeys(("g2g", "triplets"), TRIPLETS),
    "lord": "The content is that of the image above, the class that of the image on the left.",
    **dict.fromkeys(("cyclegan", "unit", "ost"), TRANSLATED),
    "factors": f"A row is x1, x2 of its class, x3, then dec(z1, s3) and dec(z3, s1). {FACTORS}",
    "content": "Images of domain 1 above; below each the same with what the image on the left has "
    "extra.",
    "removal": "Images of domain 2 without what they have extra.",
    "swap": "Images of domain 2, guides, and the former with what the latter have extra.",
    "guides": "An image and two guides; nothing extra, then that of guide 1 and on to guide 2's.",
    "swap_matrix": "The class is that of the image above, the style that of the image on the left.",
    "interpolation": "Left x1 and x3, then dec(z1, s) with s on its way from s1 to s3.",
    "codes": "t-SNE of the codes of held-out images, coloured by class.",
}


def render(run: "Run", published: dict[str, float], note: str = "") -> str:
    """The page as HTML text; everything that came from outside is escaped.

    Args:
        run: the run; its sheets, plots and metrics are read from its folder.
        published: numbers of the literature by metric name.
        note: a sentence for the top.
    """
    metrics = files.read_json(run.folder / "metrics.json") or {}
    title = escape(run.folder.resolve().name)
    parts = [
        f"<header><h1>{title}</h1>",
        f"<pre>{escape(run.command)}</pre>" if run.command else "",
        f"<p class=status>{escape(_status(run))}</p>",
        f"<p>{escape(note)}</p>" if note else "",
        "</header>",
        _headlines(metrics),
        _sheets(run),
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
    """Names of the two domains from the options: 'mnist2svhn' is mnist and svhn."""
    pair = config.get("cogan_data") or ""
    if pair == "folder":
        paths = [Path(config.get(name) or name) for name in ("domain1", "domain2")]
        return paths[0].name, paths[1].name
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
    paths = sorted(run.samples.glob("*.png"), key=lambda path: (len(path.stem), path.stem))
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
        parts.append(_section(title, _figure(path, CAPTIONS.get(path.stem, caption), "sheet")))
    return "\n".join(parts)


def _caption(config: dict[str, Any]) -> str:
    if config.get("gan_type") in CAPTIONS:
        return CAPTIONS[config["gan_type"]]
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
        folder.glob("*.png"),
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
