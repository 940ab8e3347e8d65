"""Several workers on this machine, as several machines would be."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import ROOT

from framework.cli import main
from framework.engine import cluster
from framework.errors import UsageError

# Plain descent: Adam would divide a sum instead of a mean away, and blow up rounding.
ARGV = (
    "--gan_type gan --dataset mini --preset smoke --width 0.01 "
    "--optim_d sgd --optim_g sgd --iterations 3 --eval_pairs 0 --name run"
).split()
WITHIN = 240


@pytest.fixture
def set_tf_config(monkeypatch):
    cluster.place.cache_clear()
    yield lambda value: monkeypatch.setenv("TF_CONFIG", value)
    cluster.place.cache_clear()


def tf_config(index: int, workers=("a:1", "b:2"), kind="worker", **others) -> str:
    task = {"type": kind, "index": index}
    return json.dumps({"cluster": {"worker": list(workers), **others}, "task": task})


def test_without_a_cluster_there_is_one_worker_and_it_writes(set_tf_config):
    set_tf_config("")
    assert cluster.place() == (1, True)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (tf_config(0), (2, True)),
        (tf_config(1), (2, False)),
        (tf_config(0, chief=["c:3"]), (3, False)),
        (tf_config(0, kind="chief", chief=["c:3"]), (3, True)),
    ],
)
def test_the_place_in_a_cluster(set_tf_config, text, place):
    set_tf_config(text)
    assert cluster.place() == place
    assert (cluster.workers(), cluster.is_chief()) == place


def test_a_command_that_uses_a_run_refuses_a_cluster_at_once(set_tf_config, run, capsys):
    set_tf_config(tf_config(1))
    for command in ("sample", "walk", "evaluate"):
        assert main([command, str(run.folder)]) == 2
        assert "this command runs on one" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["nonsense", "{}", "[]", tf_config(2)])
def test_a_wrong_tf_config_is_one_line(set_tf_config, text):
    set_tf_config(text)
    with pytest.raises(UsageError, match="TF_CONFIG: expected") as caught:
        cluster.place()
    assert "\n" not in str(caught.value)


def start(folder: Path, *more: str) -> list[subprocess.Popen]:
    """Two workers of one run in `folder`."""
    addresses = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            addresses.append(f"127.0.0.1:{probe.getsockname()[1]}")
    return [
        subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), *ARGV, *more],
            cwd=folder,
            env=os.environ | {"TF_CONFIG": tf_config(index, addresses)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for index in range(2)
    ]


def ended(workers: list[subprocess.Popen]) -> tuple[list[int], list[str]]:
    texts = [worker.communicate(timeout=WITHIN)[0] for worker in workers]
    return [worker.returncode for worker in workers], texts


def models(folder: Path) -> dict[str, list[np.ndarray]]:
    paths = sorted((folder / "results" / "run" / "models").glob("*.keras"))
    return {path.stem: keras.models.load_model(path).get_weights() for path in paths}


def test_two_workers_train_one_run_like_one_worker_with_two_devices(tmp_path, monkeypatch, capsys):
    # The chief draws sheets at iterations at which no worker logs, and evaluates alone at the end.
    more = "--eval_pairs 4 --steps_per_call 3 --log_every 3 --sheet_every 2".split()
    codes, texts = ended(start(tmp_path, *more))
    assert codes == [0, 0], texts
    assert (tmp_path / "results" / "run" / "metrics.json").is_file()
    one = tmp_path / "one"
    one.mkdir()
    monkeypatch.chdir(one)
    assert main([*ARGV, *more, "--devices", "CPU:0,CPU:1"]) == 0
    mine, other = models(tmp_path), models(one)
    assert mine.keys() == other.keys() == {"gen", "disc"}
    for name, values in mine.items():
        for a, b in zip(values, other[name], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5, err_msg=name)
    history = [(f / "results" / "run" / "history.csv").read_text() for f in (tmp_path, one)]
    assert [len(text.splitlines()) for text in history] == [2, 2]


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_dead_worker_ends_the_other_and_one_alone_goes_on(tmp_path, monkeypatch, victim, capsys):
    workers = start(tmp_path, *"--iterations 100000 --save_every 1".split())
    checkpoints = tmp_path / "results" / "run" / "checkpoints"
    deadline = time.monotonic() + WITHIN
    while not (checkpoints / "00000003").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    workers[victim].send_signal(signal.SIGKILL)
    killed = time.monotonic()
    codes, texts = ended([workers[1 - victim]])
    assert time.monotonic() - killed < 60
    assert codes == [75] and "another worker stopped answering" in texts[0]
    assert "Traceback" not in texts[0]
    workers[victim].communicate()
    done = max(int(path.name) for path in checkpoints.iterdir() if path.name.isdigit())
    monkeypatch.chdir(tmp_path)
    assert main([*ARGV, "--iterations", str(done + 2), "--save_every", "1"]) == 0
    rows = (tmp_path / "results" / "run" / "history.csv").read_text().splitlines()[1:]
    assert [int(row.split(",")[0]) for row in rows] == list(range(1, done + 3))


@pytest.mark.slow
def test_a_signal_to_one_worker_stops_both(tmp_path):
    workers = start(tmp_path, *"--iterations 100000".split())
    history = tmp_path / "results" / "run" / "history.csv"
    deadline = time.monotonic() + WITHIN
    while not history.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    workers[1].send_signal(signal.SIGTERM)
    codes, texts = ended(workers)
    assert codes == [75, 75], texts
    assert "saved; the same command resumes" in texts[0]
