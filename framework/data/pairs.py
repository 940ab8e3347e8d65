"""Named pairs of domains: CoGAN's and the thesis' data sets, and small built-in ones."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """A pair of domains. Two domains of one source get different halves of its images.

    Attributes:
        help: one line for the command `list`.
        first: domain 1 as `source` or `source:view`.
        second: domain 2.
        prune_by_classifier: whether domain 2 is pruned (`data.prune`) before training.
        attribute: divides one source: domain 2 are the images with this attribute, domain 1 the
            images without it.
        sound: whether the images are spectrograms of clips; then there are no sources.
    """

    help: str
    first: str
    second: str
    prune_by_classifier: bool = False
    attribute: str | None = None
    sound: bool = False

    @property
    def halved(self) -> bool:
        """Whether each domain gets its own half of one source."""
        return not self.attribute and self.first.split(":")[0] == self.second.split(":")[0]


def _faces(help: str, attribute: str) -> Pair:
    return Pair(help, "celeba", "celeba", attribute=attribute)


PAIRS = {
    "mini2edge": Pair("built-in digits and outlines of other digits", "mini", "mini:edge"),
    "mini2street": Pair("built-in digits and street-number looks", "mini", "mini:street"),
    "mini2accessory": Pair(
        "built-in digits, other digits with a coloured frame, bar or hat", "mini", "mini:accessory"
    ),
    "mnist2accessory": Pair(
        "MNIST, its other half with a coloured frame, bar or hat", "mnist", "mnist:accessory"
    ),
    "mnist2edge": Pair("MNIST, outlines of its other half (CoGAN)", "mnist", "mnist:edge"),
    "mnist2negative": Pair("MNIST, negatives of its other half", "mnist", "mnist:negative"),
    "mnist2rotate": Pair("MNIST, its other half turned by 90 degrees", "mnist", "mnist:rotate"),
    "mnist2svhn": Pair("MNIST and house numbers", "mnist", "svhn"),
    "svhn2mnist": Pair("house numbers and MNIST", "svhn", "mnist"),
    "mnist2svhn_prune": Pair("mnist2svhn without illegible house numbers", "mnist", "svhn", True),
    "mnist2usps": Pair("MNIST and digits from envelopes", "mnist", "usps"),
    "usps2mnist": Pair("digits from envelopes and MNIST", "usps", "mnist"),
    "mnist2fashion": Pair("MNIST and Fashion-MNIST", "mnist", "fashion"),
    "celeba_smiling": _faces("faces without and with a smile (CelebA)", "Smiling"),
    "celeba_mouth": _faces(
        "faces with mouth closed and slightly open (CelebA)", "Mouth_Slightly_Open"
    ),
    "celeba_blond": _faces("faces without and with blond hair (CelebA)", "Blond_Hair"),
    "celeba_glasses": _faces("faces without and with eyeglasses (CelebA)", "Eyeglasses"),
    "celeba_male": _faces("faces of women and of men (CelebA)", "Male"),
    "celeba_facial_hair": _faces(
        "men clean-shaven and with moustache, goatee or beard (CelebA)", "Facial_Hair"
    ),
    "horse2zebra": Pair("horses and zebras (CycleGAN)", "horse", "zebra"),
    "apple2orange": Pair("apples and oranges (CycleGAN)", "apple", "orange"),
    "tones2voices": Pair(
        "built-in chords, sung vowels on top of other chords: spectrograms", "tones", "voices",
        sound=True,
    ),
    "audio": Pair(
        "your sound: --domain1 DIR --domain2 DIR, wav files of music and of music with voices",
        "music", "mixed", sound=True,
    ),
    "folder": Pair("your images: --domain1 DIR --domain2 DIR", "folder", "folder"),
}  # fmt: skip
