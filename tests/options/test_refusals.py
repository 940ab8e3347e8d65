"""What the command line refuses, in one line that names the flag."""

import dataclasses

import pytest

from framework.errors import UsageError
from framework.options import config


def refusal(*argv: str) -> str:
    """Return the message with which a command line is refused; it is one line."""
    with pytest.raises(UsageError) as caught:
        config.parse(argv)
    assert caught.value.code == 2
    assert str(caught.value) and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("argv", "parts"),
    [
        ("--btch_size 3", ["--btch_size", "did you mean --batch_size?"]),
        ("--semantic_los", ["--semantic_los", "did you mean --semantic_loss?"]),
        ("--qqqq 3", ["--qqqq", "--help"]),
        ("--batch_size 0", ["--batch_size 0", "at least 1"]),
        ("--batch_size many", ["--batch_size", "many"]),
        ("--batch_size 2.5", ["--batch_size", "2.5"]),
        ("--batch_size", ["--batch_size", "expected one argument"]),
        ("--b1 1", ["--b1", "at most"]),
        ("--lr_d nan", ["--lr_d nan"]),
        ("--lr_d=-1", ["--lr_d", "at least 0"]),
        ("--gan_type scogan --semantic_loss maybe", ["--semantic_loss", "maybe", "true", "false"]),
        ("--loss mse", ["--loss mse", "ce", "lsgan", "hinge", "wgan", "minimax"]),
        ("--gan_type scogen", ["--gan_type scogen", "did you mean scogan?"]),
        ("--gan_type x", ["--gan_type x", *config.BUILT_IN]),
        ("--preset smoek", ["--preset smoek", "did you mean smoke?"]),
        ("--gan_type cogan --semantic_loss", ["--semantic_loss", "--gan_type scogan", "cogan"]),
        (
            "--gan_type gan --cogan_data mini2edge",
            ["--cogan_data", "cogan or ", "scogan", "not for gan"],
        ),
        ("--gan_type classifier --lr_d 1", ["--lr_d", "not for classifier"]),
        (
            "--gan_type scogan --classifier_path x.keras",
            ["--classifier_path: needs --semantic_loss"],
        ),
        (
            "--gan_type scogan --perceptual_weights x.h5",
            ["--perceptual_weights: needs --perceptual_loss"],
        ),
        ("--gan_type scogan --divider_weight 1", ["--divider_weight: needs --semantic_loss"]),
        ("--gan_type scogan --preset cpu --feature_weight 3", ["needs --feature_loss"]),
        ("--penalty_every 4", ["--penalty_every: needs --disc_penalty"]),
        ("--lpips_weights x", ["--lpips_weights: needs --lpips_net"]),
        ("--lr_decay_start 5", ["--lr_decay_start: needs --lr_schedule"]),
        ("--clip 0.1", ["--clip: needs --loss wgan"]),
        ("--loss wgan --clip 0", ["--clip 0.0: must be at least"]),
        (
            "--gan_type cyclegan --preset cpu --iterations 5000",
            ["learning rates are 0 from 1500 on", "--lr_decay_start 2500 --lr_decay_length 2500"],
        ),
        ("--lr_schedule cosine --iterations 9000", ["rates are 0 from 5000 on"]),
        ("--gan_type unit --disc_penalty r1", ["--disc_penalty r1", "batch norm"]),
        ("--norm batch --disc_penalty wgan-gp", ["--disc_penalty wgan-gp", "batch norm"]),
        ("--gan_type cyclegan --paired_weight 3", ["--paired_weight: needs --paired"]),
        ("--gan_type cyclegan --distance_of halves", ["needs --distance_weight"]),
        ("--gan_type cyclegan --rate_later 0.2", ["--rate_later: needs --rate"]),
        (
            "--gan_type gan --arch toy --dataset ring --kid_features none",
            ["--kid_features: needs --arch"],
        ),
        ("--gan_type factors --z_class_times 2", ["needs --z_class_weight"]),
        (
            "--gan_type factors --vae_on s --adv_prior_fakes",
            ["--adv_prior_fakes: needs --vae_on z or both, not s"],
        ),
        (
            "--gan_type ost --stage 1 --stage1_iterations 9",
            ["--stage1_iterations: needs --stage 2, not 1"],
        ),
        ("--gan_type lord --stage 1 --pretrained run", ["--pretrained: needs --stage 2, not 1"]),
        ("--gan_type lord --stage 1 --lr_stage2 1", ["--lr_stage2: needs --stage 2"]),
        ("--gan_type ost --phase 1 --selective off", ["--selective: needs --stage 2"]),
        ("--gan_type unit --downs 3", ["--downs: needs --image_size 64 or larger"]),
        ("--gan_type content --mask_threshold 0.5", ["needs --content_variant mask, not press"]),
        (
            "--gan_type content --content_variant fader --sep 8",
            ["needs --content_variant press or mask, not fader"],
        ),
        ("--gan_type content --rho 0.99", ["--rho: needs --optim rms, not adam"]),
        ("--gan_type g2g --mlp_width 9", ["--mlp_width: needs --g2g_nets funit, not lord"]),
        (
            "--gan_type g2g --g2g_nets funit --g2g_out sigmoid",
            ["--g2g_out: needs --g2g_nets lord, not funit"],
        ),
        (
            "--gan_type g2g --g2g_variant cyclefunit --sanity --gamma 2",
            ["--gamma: needs --sanity false"],
        ),
        ("--gan_type factors --image_size 8", ["must be 28 or a multiple of 8, at least 16"]),
        ("--gan_type g2g --d_width 2", ["cyclefunit or funit or funit2funit, not naive"]),
        (
            "--gan_type g2g --g2g_variant cyclefunit --id_mode replace --id_ramp 9",
            ["--id_ramp: needs --id_mode loss, not replace"],
        ),
        ("--gan_type g2g --lpips_weights x", ["--lpips_weights: needs --lpips_net"]),
        ("--domain1 a --domain2 b", ["--domain1", "mnist2edge", "--data folder"]),
        ("extra", ["extra", "--data extra"]),
        ("--name .", ["--name '.': must be a folder below --results_dir"]),
        ("--name=", ["--name ''"]),
        ("--name ../other", ["--name '../other'"]),
        ("--name /tmp/other", ["--name '/tmp/other'"]),
        ("--lr_d -1e-3", ["--lr_d -0.001: must be at least 0"]),
        ("--gan_type", ["--gan_type", "expected one argument"]),
        ("--gan_type gan --help --preset x", ["--preset x"]),
        ("--gird gamma=1,2", ["did you mean --grid?"]),
    ],
)
def test_a_refusal_is_one_line_that_names_the_flag(argv, parts):
    message = refusal(*argv.split())
    for part in parts:
        assert part in message


@pytest.mark.parametrize("short", ["--batch", "--seman", "--iter=3", "--epoch"])
def test_abbreviations_are_refused(short):
    assert short.split("=")[0] in refusal("--gan_type", "scogan", short)


def test_options_made_in_python_are_checked_too():
    with pytest.raises(UsageError, match="--batch_size True"):
        config.options_class("gan")(batch_size=True)
    with pytest.raises(UsageError, match="--jit 1"):
        config.options_class("gan")(jit=1)
    with pytest.raises(UsageError, match="--loss mse"):
        config.options_class("gan")(loss="mse")


def test_options_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.parse([]).batch_size = 3
