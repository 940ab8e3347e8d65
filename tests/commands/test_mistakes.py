"""Every mistake of a user: one line on stderr, the right exit code, nothing left on the disk."""

import io
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import SMOKE, history, in_a_fresh_process, refused, room_for
from conftest import ROOT
from PIL import Image

from framework.cli import main
from framework.engine.trainer import Trainer
from framework.errors import UsageError
from framework.options import config
from framework.results import Run, locked
from nets import pretrained

pytestmark = pytest.mark.usefixtures("empty_folder")


def shell(*argv: str, **environment: str | None) -> subprocess.CompletedProcess:
    """Run main.py in a process of its own; an environment variable of None is removed."""
    values = {k: v for k, v in (os.environ | environment).items() if v is not None}
    command = [sys.executable, str(ROOT / "main.py"), *argv]
    return subprocess.run(command, env=values, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ("--batch_size 0", "--batch_size 0: must be at least 1"),
        ("--nonsense 3", "unknown argument --nonsense"),
        ("--bach_size 3", "did you mean --batch_size?"),
        ("--gan_type scogan --semantic_loss maybe", "maybe"),
        ("--cogan_data nothing", "mini2edge"),
        ("--gan_type gan --dataset nothing", "mini"),
        ("--cogan_data folder", "--domain1"),
        ("--devices GPU:7 --cogan_data mini2edge", "no GPU:7"),
        ("--devices CPU:0,cpu:0 --cogan_data mini2edge", "is given twice"),
        ("--seed 4294967296", "--seed 4294967296: must be"),
        ("--gan_type lord --lr_d 0.1", "--lr_d is for --gan_type"),
        ("--devices CPU:0,CPU:1 --batch_size 3 --cogan_data mini2edge", "multiple of"),
        ("--gan_type g2g --dataset ring", "points are for --gan_type gan"),
        ("--gan_type uda --loss wgan", "--loss wgan: needs --disc_penalty here"),
        ("--gan_type g2g --image_size 48", "--image_size 48: must be a power of two, at least 32"),
        ("--gan_type g2g --adain_layers 6", "must be a power of two, at least 64"),
        ("--gan_type g2g --g2g_variant funit --d_blocks 5 --image_size 32", "must be even"),
        (
            "--gan_type g2g --g2g_variant funit --content_downs 5 --image_size 32",
            "--content_downs 5",
        ),
        ("--gan_type g2g --g2g_variant cyclefunit --d_layers 5 --image_size 32", "--d_layers 5"),
        ("--gan_type g2g --g2g_variant funit --sanity", "--sanity: needs --g2g_variant cyclefunit"),
        ("--gan_type unit --image_size 72 --downs 4", "must be a multiple of 16"),
        ("--at_once 2", "--at_once: goes with --grid"),
        ("--grid seed=1,2 --overwrite", "--overwrite: not with --grid"),
        ("evaluate", "RUN"),
        ("sample nowhere --n 0", "--n 0"),
        ("sample nowhere --n few", "few"),
        ("walk nowhere --steps 1", "--steps"),
        ("walk nowhere --seed 99999999999999999999", "from 0 to 2147483648"),
        ("list more", "more"),
    ],
)
def test_wrong_usage_is_exit_2(capsys, argv, part):
    assert part in refused(capsys, 2, *argv.split())


@pytest.mark.parametrize("command", ["evaluate", "sample", "walk"])
def test_a_folder_that_is_no_run_is_exit_3(capsys, command):
    assert "nowhere" in refused(capsys, 3, command, "nowhere")
    Path("empty").mkdir()
    assert "empty" in refused(capsys, 3, command, "empty")


def test_a_missing_classifier_file_is_exit_3(capsys):
    argv = ["--gan_type", "scogan", *SMOKE, "--semantic_loss", "--classifier_path", "no.keras"]
    assert "no.keras" in refused(capsys, 3, *argv)


@pytest.mark.parametrize(
    "system", ["--gan_type ost", "--gan_type g2g --g2g_variant funit --class_weight 1"]
)
def test_a_pretrained_run_that_is_none_is_exit_3_before_anything_is_trained(capsys, system):
    argv = [*system.split(), "--data", "mini2street", "--preset", "smoke", "--pretrained", "nope"]
    assert "--pretrained: no nope/models" in refused(capsys, 3, *argv)


@pytest.mark.parametrize("more", [[], ["--dry_run"]])
def test_target_labels_that_would_prune_are_exit_2(capsys, more):
    argv = ["--gan_type", "uda", "--cogan_data", "mnist2svhn_prune", *more]
    assert "--cogan_data: pruning reads labels of domain 2" in refused(capsys, 2, *argv)


def test_missing_vgg19_weights_are_exit_3(capsys, monkeypatch):
    def unreachable(*args, **kwargs):
        raise Exception("URL fetch failure on https://storage.googleapis.com: None -- no route")

    argv = ["--gan_type", "scogan", *SMOKE, "--perceptual_loss"]
    assert "no.h5" in refused(capsys, 3, *argv, "--perceptual_weights", "no.h5")
    monkeypatch.setattr("keras.utils.get_file", unreachable)
    message = refused(capsys, 3, *argv)
    for part in (pretrained.VGG19_FILE, "models", "--perceptual_weights"):
        assert part in message


def test_a_weights_file_that_is_none_is_one_line(capsys):
    Path("bad.h5").write_text("no weights")
    argv = ["--gan_type", "scogan", *SMOKE, "--perceptual_loss", "--perceptual_weights", "bad.h5"]
    assert "bad.h5" in refused(capsys, 1, *argv)


def test_a_classifier_file_that_is_none_is_one_line(capsys):
    Path("bad.keras").write_text("no model")
    argv = ["--gan_type", "scogan", *SMOKE, "--semantic_loss", "--classifier_path", "bad.keras"]
    assert "bad.keras" in refused(capsys, 1, *argv)


@pytest.mark.parametrize(
    ("classes", "last", "part"),
    [(10, "softmax", "must end in logits"), (9, None, "has 9 classes; the data have 10 classes")],
)
def test_a_classifier_with_other_outputs_is_exit_2(capsys, classes, last, part):
    x = keras.Input((32, 32, 3))
    logits = keras.layers.Dense(classes)(keras.layers.GlobalAveragePooling2D()(x))
    keras.Model(x, keras.layers.Activation(last)(logits)).save("other.keras")
    argv = ["--gan_type", "scogan", *SMOKE, "--semantic_loss", "--classifier_path", "other.keras"]
    assert part in refused(capsys, 2, *argv)


@pytest.mark.parametrize("place", ["results", "results/it"])
def test_a_file_where_a_folder_must_be_is_exit_1(capsys, place):
    path = Path(place)
    path.parent.mkdir(exist_ok=True)
    path.write_text("in the way")
    assert "choose another" in refused(capsys, 1, "--gan_type", "cogan", *SMOKE, "--name", "it")
    assert path.read_text() == "in the way"


def test_a_folder_of_other_files_is_not_taken_for_a_run(capsys):
    Path("results/it").mkdir(parents=True)
    Path("results/it/thesis.tex").write_text("precious")
    argv = ["--gan_type", "cogan", *SMOKE, "--name", "it", "--overwrite"]
    assert "--name" in refused(capsys, 2, *argv)


def test_a_run_that_another_process_trains_is_exit_1(capsys):
    with locked(Path("results/it")):
        err = refused(capsys, 1, "--gan_type", "cogan", *SMOKE, "--name", "it", "--overwrite")
    assert "results/it" in err and f"process {os.getpid()}" in err


@pytest.mark.parametrize("dry", [True, False])
@pytest.mark.parametrize("error", [MemoryError(), tf.errors.ResourceExhaustedError(None, None, "")])
def test_out_of_memory_says_what_to_halve(eager, capsys, monkeypatch, error, dry):
    def run_steps(*_):
        raise error

    monkeypatch.setattr(Trainer, "run_steps", run_steps)
    argv = ["--gan_type", "gan", "--dataset", "mini", "--preset", "smoke", "--batch_size", "6"]
    assert main([*argv, "--accumulate", "2", "--name", "it", *["--dry_run"] * dry]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "--batch_size 6 and --image_size 32" in err
    assert "to 3; --accumulate 4" in err
    assert main([*argv, "--batch_size", "1", "--name", "it", *["--dry_run"] * (1 - dry)]) == 1
    assert "use a smaller batch, or halve --width" in capsys.readouterr().err


def test_a_disk_that_is_full_while_training_is_one_line(eager, capsys, monkeypatch):
    log = Run.log

    def log_without_room(self, step, terms):
        with room_for(20):
            log(self, step, terms)

    argv = ["--gan_type", "gan", "--dataset", "mini", "--preset", "smoke", "--name", "it"]
    with monkeypatch.context() as patch:
        patch.setattr(Run, "log", log_without_room)
        assert main(argv) == 1
    assert capsys.readouterr().err == "softgan: results/it/history.csv: File too large\n"
    assert not Path("results/it/history.csv").exists()
    assert main(argv) == 0 and len(history("results/it")) == 2, "with room again it goes on"


class TestFolders:
    """Mistakes in a user's own images."""

    @pytest.fixture(autouse=True)
    def folders(self, tmp_path):
        """Two good domains, each of three images."""
        for domain in ("a", "b"):
            (tmp_path / domain).mkdir()
            for i in range(3):
                self.image(tmp_path / domain / f"{i}.png")

    @staticmethod
    def image(path: Path, size: int = 40) -> None:
        pixels = np.random.default_rng(size).integers(0, 256, (size, size, 3), np.uint8)
        Image.fromarray(pixels).save(path)

    def refused(self, capsys, code: int, *more: str) -> str:
        argv = "--cogan_data folder --domain1 a --domain2 b --preset smoke".split()
        return refused(capsys, code, "--gan_type", "scogan", *argv, *more)

    def test_good_folders_train_without_metrics(self, eager, capsys):
        argv = "--cogan_data folder --domain1 a --domain2 b --preset smoke --name it".split()
        assert main(argv) == 0
        assert "no metrics: they need" in capsys.readouterr().out
        assert len(history("results/it")) == 2 and not Path("results/it/metrics.json").exists()

    def test_names_that_are_no_text(self, eager, monkeypatch):
        names = [os.fsdecode(name) for name in (b"k\xe4tzchen", "hünde".encode())]
        for domain, name in zip("ab", names, strict=True):
            os.rename(domain, name)
            os.rename(f"{name}/0.png", os.path.join(name, os.fsdecode(b"\xff\xc3\xa4.png")))
        screen = io.TextIOWrapper(io.BytesIO(), "ascii")
        monkeypatch.setattr(sys, "stdout", screen)
        argv = "--cogan_data folder --preset smoke --name it --eval_pairs 0 --width 0.01".split()
        argv += [f"--domain{i}={name}" for i, name in enumerate(names, start=1)]
        assert main(argv) == 0
        assert main(argv) == 0, "it is the same run"
        for file in Path("results/it").glob("*.*"):
            file.read_text(encoding="utf-8")
        assert [Run.load(Path("results/it")).config[f"domain{i}"] for i in (1, 2)] == names
        screen.flush()
        assert b"results/it/index.html" in screen.buffer.getvalue()

    def test_a_run_folder_that_is_no_text(self, capsys):
        assert "PYTHONUTF8=1" in self.refused(capsys, 1, "--results_dir", "\udcfc")
        assert "PYTHONUTF8=1" in refused(capsys, 1, "sample", "results/\udcfc")

    def test_a_missing_folder(self, capsys):
        assert "there is no c: give a folder" in self.refused(capsys, 3, "--domain2", "c")

    def test_an_unreadable_image(self, capsys):
        Path("b/1.png").write_text("no image")
        assert "b/1.png" in self.refused(capsys, 3)

    def test_a_truncated_image(self, capsys):
        whole = Path("b/1.png").read_bytes()
        Path("b/1.png").write_bytes(whole[: len(whole) // 2])
        assert "b/1.png" in self.refused(capsys, 3)

    def test_a_folder_of_one_image(self, capsys):
        for name in ("b/0.png", "b/1.png"):
            Path(name).unlink()
        assert "at least 2" in self.refused(capsys, 2)

    def test_an_image_smaller_than_asked(self, capsys):
        self.image(Path("b/2.png"), size=20)
        err = self.refused(capsys, 2)
        assert "in b is smaller than --image_size 32: 2.png (20x20)" in err

    def test_a_loss_that_needs_labels(self, capsys):
        assert "no labels" in self.refused(capsys, 2, "--semantic_loss")

    def test_a_classifier_needs_labels(self, capsys):
        argv = "--gan_type classifier --dataset folder --domain1 a --preset smoke".split()
        assert "no labels" in refused(capsys, 2, *argv)


def test_another_backend_is_exit_1_before_anything_is_loaded():
    done = shell("list", KERAS_BACKEND="jax")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "KERAS_BACKEND=jax" in done.stderr


@pytest.mark.parametrize("name", ["framework", "nets"])
@pytest.mark.parametrize("file", ["{}/__init__.py", "{}.py"])
def test_a_package_of_others_that_hides_one_of_ours_is_one_line(tmp_path, name, file):
    path = tmp_path / file.format(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    found = path.parent if path.name == "__init__.py" else path
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for code, place in (("-m", "softgan"), ("-c", "import softgan; softgan.list_systems()")):
        done = subprocess.run(
            [sys.executable, code, place], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 1 and done.stdout == ""
        line = done.stderr.splitlines()[-1]
        assert f"{found} hides the package {name} of softgan: rename it" in line
        assert (done.stderr.count("\n") == 1) == (code == "-m")
    assert shell("--version").returncode == 0, "main.py stands beside its own packages"


def test_missing_data_without_a_network_is_one_line_and_exit_3(tmp_path):
    # Without TF_CPP_MIN_LOG_LEVEL, TensorFlow would add notes of its own.
    argv = "--cogan_data mnist2svhn --data_dir data --preset smoke".split()
    done = shell(*argv, TF_CPP_MIN_LOG_LEVEL=None)
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("\n") == 1 and "data" in done.stderr
    assert not Path("results").exists()


@pytest.mark.parametrize("system", config.systems())
@pytest.mark.parametrize("argv", ["--max_time soon", "--eval_pairs 1"])
def test_every_system_checks_the_options_that_all_have(system, argv):
    with pytest.raises(UsageError, match=argv.split()[0]):
        config.parse(["--gan_type", system, *argv.split()])


def test_help_of_no_command_waits_for_tensorflow():
    code = (
        "import sys\n"
        "from framework import cli\n"
        "for command in cli.commands():\n"
        "    try: cli.main([command, '--help'])\n"
        "    except SystemExit as leave: assert not leave.code\n"
        "    assert 'tensorflow' not in sys.modules, command"
    )
    in_a_fresh_process(code)


def test_data_are_listed_and_their_names_checked_without_tensorflow():
    code = (
        "import sys\n"
        "from framework import cli\n"
        "sys.stderr = sys.stdout\n"
        "wrong = ['--cogan_data', 'mini2egde'], '--gan_type g2g --data mini+mini:strete'.split()\n"
        "assert [cli.main(argv) for argv in (['list'], *wrong)] == [0, 2, 2]\n"
        "assert 'tensorflow' not in sys.modules"
    )
    printed = in_a_fresh_process(code)
    assert all(f"did you mean {right}?" in printed for right in ("mini2edge", "street"))
