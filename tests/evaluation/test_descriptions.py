"""Tests of the descriptions of metrics: all that a run can measure is described, and no more."""

import re

import pytest

from framework.evaluation.metrics import DESCRIPTIONS, describe

PAIRS = (
    "pair_accuracy pair_accuracy_balanced pair_accuracy_chance coupling mutual_information "
    "confusion pair_separated attribute_absent1 attribute_present2 pair_agreement "
    "pair_agreement_chance evaluator_divides1 evaluator_divides2 lpips_pair lpips_unpaired "
    "lpips_real lpips_cross12 lpips_cross21"
)
PER_DOMAIN = (
    "label_entropy label_entropy_share classes_hit confident diversity real_diversity "
    "evaluator_accuracy kid fid checkerboard real_checkerboard lpips_domain"
)
ONE_DOMAIN = (
    "label_entropy label_entropy_share classes_hit confident diversity real_diversity "
    "modes_covered high_quality real_high_quality"
)
CLASSIFIERS = (
    "accuracy_mini accuracy_celeba accuracy_celeba_majority accuracy_celeba_Male source_accuracy "
    "target_accuracy target_accuracy_seen source_only_accuracy evaluator_accuracy "
    "evaluator_accuracy_seen"
)
EXCHANGES = (
    "swap_acc swap_acc_seen copy_rate copy_rate_seen rec_l1 short_l1 short_l1_seen rec_lpips "
    "short_lpips other_z_l1 prior_acc identity_style identity_content identity_pair"
)
PROBES = [
    f"{code}_{probe}{score}"
    for code in ("s", "z", "s_sampled", "z_sampled")
    for probe in ("svm", "mlp")
    for score in ("", "_f1")
]
TRANSLATIONS = [
    f"translation_accuracy{way}{source}{seen}"
    for way in ("12", "21")
    for source in ("", "_source")
    for seen in ("", "_seen")
] + [
    *"l1_121 l1_212 l1_11 l1_22 l1_121_seen l1_11_seen lpips_content12 lpips_content21".split(),
    *"style1 style2 style1_source style2_source".split(),
]
REMOVALS = (
    "removal_probability real_probability1 real_probability2 guided class_kept sdr_gain "
    "sdr_gain_mean sdr_gain_oracle"
)
NAMES = [
    *PAIRS.split(),
    *(f"{stem}{domain}" for stem in PER_DOMAIN.split() for domain in (1, 2)),
    *ONE_DOMAIN.split(),
    *CLASSIFIERS.split(),
    *EXCHANGES.split(),
    *PROBES,
    *TRANSLATIONS,
    *REMOVALS.split(),
]


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_is_described_in_a_whole_sentence(name):
    description = describe(name)
    assert description.meaning[0].isupper() and description.meaning.endswith(".")
    assert description.title and description.interval
    baseline = description.baseline
    if re.fullmatch(r"[a-z0-9_]{2,}", baseline):
        assert baseline in NAMES, baseline


def test_no_description_is_unused_or_given_twice():
    names = [description.name for description in DESCRIPTIONS]
    assert len(set(names)) == len(names)
    assert {describe(name).name for name in NAMES} == set(names)


@pytest.mark.parametrize(
    ("name", "title", "baseline"),
    [
        ("label_entropy1", "label entropy, domain 1", "ln K for K equally frequent classes"),
        ("diversity2", "diversity, domain 2", "real_diversity2"),
        ("diversity", "diversity", "real_diversity"),
        ("rec_l1", "reconstruction error", ""),
        ("s_svm_f1", "class in the class code, linear SVM, macro-F1", ""),
        ("l1_121", "cycle reconstruction error, domain 1", ""),
        (
            "translation_accuracy12",
            "class kept by translation, domain 1 to 2",
            "translation_accuracy12_source",
        ),
        (
            "translation_accuracy21_seen",
            "class kept by translation, domain 2 to 1 (training images)",
            "translation_accuracy21_source_seen",
        ),
        (
            "target_accuracy_seen",
            "accuracy on the target domain (training images)",
            "source_only_accuracy",
        ),
        ("style1_source", "distance in style, domain 1, before translation", ""),
        ("accuracy_my_cats", "accuracy, my cats", "share of the most frequent answer"),
    ],
)
def test_titles_and_baselines_have_the_domains(name, title, baseline):
    description = describe(name)
    assert description.title.replace("\N{NO-BREAK SPACE}", " ") == title
    assert description.baseline == baseline


def test_the_direction_of_a_copy_of_the_source_is_open():
    assert describe("translation_accuracy12").better == "up"
    assert describe("translation_accuracy12_source").better is None
    assert not describe("translation_accuracy12_source").headline


@pytest.mark.parametrize("name", ["", "my_metric", "_seen", "12", "my\nmetric1", "accuracyless"])
def test_other_names_are_not_described(name):
    assert describe(name) is None
