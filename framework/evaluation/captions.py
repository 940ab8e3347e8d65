"""Captions of sample sheets, in plain English.

`Run.sheet` and its kin keep a caption in the PNG file, and the page of the run shows it. `names`
are the names of domain 1 and domain 2.
"""

from collections.abc import Sequence
from itertools import groupby

# Sheets of one iteration

DENSITY = "Density of generated points on the left, and of real points on the right."
TRIPLETS = (
    "Each block is a pair of held-out images, x1 and x2. m12 has the content of image 1 and the "
    "style of image 2, m21 the content of image 2 and the style of image 1. r1 and r2 are the "
    "reconstructions: the codes of m12 and m21, exchanged a second time."
)
CONTENT_AND_CLASS = (
    "Each image has the content of the image above it and the class of the image on its left."
)
FACTORS = (
    "dec(z, s) is the image of a style code z and a class code s. Each row shows x1, x2 of the "
    "same class and x3 of another class; then dec(z1, s3), the style of x1 with the class of x3, "
    "and dec(z3, s1), the style of x3 with the class of x1."
)
GUIDE_MATRIX = (
    "Images of domain 1 stand in the top row, guides of domain 2 in the left column. Each other "
    "image is the image above it with the extra of the guide on its left."
)
EXTRA_MATRIX = (
    "Images of domain 1 stand in the top row. Each image below is the same image, decoded with the "
    "extra. The images of domain 2 in the left column are not used: the decoder has only one extra."
)

# Sheets of a trained system

NEAREST_AND_FARTHEST = (
    "The two upper rows are the pairs with the smallest LPIPS distance of all pairs measured, the "
    "two lower rows those with the largest; each begins with its most extreme pair. Images of "
    "domain 1 stand above their partners of domain 2."
)
REMOVAL = "Images of domain 2 in the top row, and below them the same images without their extra."
SWAP = (
    "From top to bottom: images of domain 2, guides, and the images with the extra of the guide in "
    "place of their own."
)
SWAP_WITHOUT_GUIDE = (
    "From top to bottom: images of domain 2, images that are not used, and the images of domain 2 "
    "decoded with the extra."
)
GUIDES = (
    "Each row shows an image of domain 1 and two guides, then the image with no extra, with more "
    "and more of the extra of guide 1, and from there on step by step with that of guide 2."
)
GUIDES_WITHOUT_GUIDE = (
    "Each row shows an image of domain 1 and two images that are not used, then the image decoded "
    "without the extra, step by step to the image with the extra."
)
SEPARATION = (
    "From top to bottom: mixtures, separated backgrounds and separated voices; then the true "
    "backgrounds and voices, if they are known. Time runs from left to right, high notes are at "
    "the top, and black is silence."
)
SWAP_MATRIX = (
    "Each image has the class of the image above it and the style of the image on its left."
)
INTERPOLATION = (
    "Each row shows x1 and x3, then images with the style of x1 and class codes on the line from "
    "that of x1 to that of x3."
)
CODE_MAPS = (
    "Maps of the codes in two dimensions (t-SNE). Each point is the code of a held-out image, and "
    "its colour is the class of the image."
)

# Sheets of images of a user

GIVEN_DECODED = (
    "Given images in the upper half; below them, their reconstructions from their own codes."
)
GIVEN_REMOVAL = (
    "Given images of domain 2 in the upper half; below them, the same images without what only "
    "domain 2 has."
)
GIVEN_ADDITION = (
    "Given images of domain 1 stand in the left column, guides of domain 2 in the top row. Each "
    "other image is the image on its left with what the guide above it has."
)
GIVEN_EXCHANGE = (
    "Given images stand in the left column, guides in the top row. Each other image has the "
    "content of the image on its left and the style of the guide above it."
)


def samples(name: str) -> str:
    """Caption of samples of a single domain."""
    return f"Generated images ({name})."


def pairs(names: Sequence[str]) -> str:
    """Caption of pairs of generated images, domain 1 above domain 2."""
    return (
        f"Upper half: {_domain(1, names)}. Lower half: {_domain(2, names)}. An image in the upper "
        "half and the image at the same place of the lower half are a pair: they are generated "
        "from the same latent vector."
    )


def walk(names: Sequence[str]) -> str:
    """Caption of walks between latent vectors, one row each, in one or two domains."""
    text = "Each row is a walk from one random latent vector to another."
    return f"{text} {pairs(names)}" if len(names) == 2 else text


def translations(routes: Sequence[str], names: Sequence[str]) -> str:
    """Caption of images, and below them what a system makes of them.

    Args:
        routes: from top to bottom, the domains through which images go: "12" are translations of
            domain 1 to domain 2, "121" these translated back, "11" reconstructions from own codes.
            Those of the same first domain stand below its images.
        names: of the domains.
    """
    blocks = []
    for source, group in groupby(routes, key=lambda route: route[0]):
        parts = [f"images of {_domain(int(source), names)}", *(_made(r, names) for r in group)]
        blocks.append(", ".join(parts[:-1]) + f" and {parts[-1]}")
    return f"From top to bottom: {'; then '.join(blocks)}."


def _made(route: str, names: Sequence[str]) -> str:
    """What a route makes of images."""
    if len(route) == 3:
        return "these translated back"
    if route[0] == route[1]:
        return "their reconstructions from their own codes"
    return f"their translations to {_domain(int(route[1]), names)}"


def given_images(domain: int, names: Sequence[str], middle: str | None = None) -> str:
    """Caption of images of a user and their translations.

    Args:
        domain: of the given images, 1 or 2.
        names: of the domains.
        middle: what stands between them: "inverted" (generated again from a latent vector that was
            searched for), "cycle" (translated and translated back), or None.
    """
    between = {
        None: "",
        "inverted": " the same images, generated from the latent vectors that fit them best;",
        "cycle": " their translations, translated back;",
    }[middle]
    target = _domain(3 - domain, names)
    start = f"From top to bottom: given images of {_domain(domain, names)};"
    return f"{start}{between} their translations to {target}."


def given_reconstructions(domain: int, names: Sequence[str]) -> str:
    """Caption of images of a user, and of their reconstructions from their own codes."""
    start = f"Given images of {_domain(domain, names)} in the upper half; below them"
    return f"{start}, their reconstructions from their own codes."


def _domain(number: int, names: Sequence[str]) -> str:
    domain, name = f"domain {number}", names[number - 1]
    return domain if name == domain else f"{domain} ({name})"
