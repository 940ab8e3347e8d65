"""Presets: every one resolves, and its options exist."""

import dataclasses

import pytest

from framework import presets
from framework.options import config

FIELDS = {system: dataclasses.fields(config.options_class(system)) for system in config.BUILT_IN}


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_resolves(name):
    options = presets.PRESETS[name].options
    for system in [options["gan_type"]] if "gan_type" in options else config.BUILT_IN:
        known = {field.name for field in FIELDS[system]} - {"gan_type", "name"}
        data_option = config.data_option(system)
        default = options.get(data_option, config.options_class(system)().to_dict()[data_option])
        for data in (default, *presets.PRESETS[name].variants):
            argv = ["--preset", name, "--gan_type", system, f"--{data_option}", data]
            values = config.parse(argv).to_dict()
            given = presets.PRESETS[name].resolve(data, system) | {data_option: data}
            assert {key: values[key] for key in known & set(given)} == {
                key: given[key] for key in known & set(given)
            }


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_option_of_a_preset_exists(name):
    preset = presets.PRESETS[name]
    named = set(preset.options).union(*preset.variants.values(), *preset.systems.values())
    assert named <= {field.name for fields in FIELDS.values() for field in fields}


def test_presets_of_content_transfer_stand_beside_table_4():
    published = {
        name: presets.PRESETS[name].published.get("removal_probability")
        for name in presets.PRESETS
        if presets.PRESETS[name].options.get("gan_type") == "content"
    }
    assert published == {
        "content_glasses": 0.011, "content_smile": 0.052, "content_hair": 0.119,
        "fader_glasses": 0.066, "fader_smile": 0.064, "fader_hair": 0.182,
        "mask_glasses": None, "mask_smile": None, "mask_hair": None,
        "audio_cpu": None,
    }  # fmt: skip
    for variant in ("content", "mask", "fader"):
        options = config.parse(["--preset", f"{variant}_glasses"])
        assert options.image_size == 128 and options.sep == 25 and options.clip_norm == 5
