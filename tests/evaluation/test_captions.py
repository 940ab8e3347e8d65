"""Tests of the captions of sheets."""

import pytest

from framework.evaluation import captions

NAMES = ("mnist", "svhn")


def test_pairs_name_both_domains():
    text = captions.pairs(NAMES)
    assert "Upper half: domain 1 (mnist)." in text and "Lower half: domain 2 (svhn)." in text


def test_domains_without_names_are_named_once():
    assert "Upper half: domain 1. Lower" in captions.pairs(("domain 1", "domain 2"))


@pytest.mark.parametrize(
    ("routes", "text"),
    [
        (
            ("12", "121", "21", "212"),
            "images of domain 1 (mnist), their translations to domain 2 (svhn) and these "
            "translated back; then images of domain 2 (svhn), their translations to domain 1 "
            "(mnist) and these translated back.",
        ),
        (("21",), "images of domain 2 (svhn) and their translations to domain 1 (mnist)."),
        (("22",), "images of domain 2 (svhn) and their reconstructions from their own codes."),
    ],
)
def test_translations_follow_the_routes(routes, text):
    assert captions.translations(routes, NAMES) == f"From top to bottom: {text}"


@pytest.mark.parametrize(
    ("middle", "words"), [("inverted", "latent vectors"), ("cycle", "translated back")]
)
def test_given_images_say_what_is_between(middle, words):
    assert words in captions.given_images(2, NAMES, middle)
    plain = captions.given_images(2, NAMES)
    assert words not in plain
    assert plain.index("given images of domain 2 (svhn)") < plain.index("domain 1 (mnist)")


def test_a_walk_has_one_or_two_domains():
    assert "Upper half" in captions.walk(NAMES) and "Upper half" not in captions.walk(("mnist",))


def test_constants_are_whole_sentences():
    texts = {name: text for name, text in vars(captions).items() if name.isupper()}
    assert len(texts) > 10
    for name, text in texts.items():
        assert text[0].isupper() or name == "FACTORS", name
        assert text.endswith("."), name
