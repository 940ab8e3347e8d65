"""One process per run folder: who is refused, and what is taken over."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest
from conftest import ROOT

from framework.errors import UserError
from framework.results import locked

HOLD = """
import pathlib, sys, time
from framework.results import locked
with locked(pathlib.Path(sys.argv[1])):
    print("in", flush=True)
    time.sleep(60)
"""
CONTEND = """
import os, pathlib, sys
from framework.errors import UserError
from framework.results import locked
folder, wins = pathlib.Path(sys.argv[1]), 0
while wins < 20:
    try:
        with locked(folder):
            os.close(os.open(folder.parent / "inside", os.O_CREAT | os.O_EXCL))
            wins += 1
            os.unlink(folder.parent / "inside")
    except UserError:
        pass
"""


def python(source: str, folder) -> subprocess.Popen:
    command = [sys.executable, "-c", source, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results" / "one"


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.parent.parent.rglob("*"))


def write(folder, **holder) -> None:
    """A lock file as another process would have left it."""
    folder.parent.mkdir()
    values = dict(host=socket.gethostname(), pid=os.getpid(), started="1", time="long ago")
    (folder.parent / ".one.lock").write_text(json.dumps(values | holder))


def refusal(folder) -> str:
    with pytest.raises(UserError) as caught, locked(folder):
        pytest.fail("two in one run")
    assert caught.value.code == 1 and "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)
    return str(caught.value)


def test_the_lock_is_seen_while_it_is_held_and_leaves_nothing(folder):
    with locked(folder):
        assert names(folder) == [".one.lock", "results"]
        holder = json.loads((folder.parent / ".one.lock").read_text())
        assert holder["pid"] == os.getpid() and holder["host"] == socket.gethostname()
    assert names(folder) == []
    with pytest.raises(KeyboardInterrupt), locked(folder):
        raise KeyboardInterrupt
    assert names(folder) == []


def test_a_run_made_inside_stays(folder):
    with locked(folder):
        folder.mkdir()
    assert names(folder) == ["one", "results"]


def test_another_run_has_another_lock(folder):
    with locked(folder), locked(folder.with_name("two")):
        assert names(folder) == [".one.lock", ".two.lock", "results"]


def test_a_second_process_is_refused_until_the_first_is_killed(folder):
    with python(HOLD, folder) as holder:
        try:
            assert holder.stdout.readline() == "in\n"
            text = refusal(folder)
            assert f"process {holder.pid} on {socket.gethostname()}" in text and "--name" in text
            assert names(folder) == [".one.lock", "results"]
        finally:
            holder.send_signal(signal.SIGKILL)
    assert names(folder) == [".one.lock", "results"], "SIGKILL leaves the file"
    with locked(folder):
        assert str(os.getpid()) in (folder.parent / ".one.lock").read_text()
    assert names(folder) == ["results"]


def test_of_many_that_start_together_one_is_in(folder):
    folder.parent.mkdir()
    contenders = [python(CONTEND, folder) for _ in range(4)]
    for contender in contenders:
        contender.communicate(timeout=60)
    assert [contender.returncode for contender in contenders] == [0] * 4
    assert names(folder) == ["results"]


def test_the_lock_of_another_host_stays_and_the_message_says_what_to_do(folder):
    write(folder, host="elsewhere", pid=7)
    text = refusal(folder)
    assert "process 7 on elsewhere since long ago" in text
    assert f"rm {folder.parent / '.one.lock'}" in text
    assert names(folder) == [".one.lock", "results"]


@pytest.mark.parametrize("locks", [True, False], ids=["kernel", "none"])
def test_a_new_process_with_the_number_of_a_dead_one_is_not_it(folder, monkeypatch, locks):
    if not locks:
        no_locks(monkeypatch)
    write(folder)
    with locked(folder):
        pass


@pytest.mark.parametrize("content", ["", "{", '{"pid": 1'])
def test_a_file_that_a_kill_cut_off_is_taken_over(folder, content):
    write(folder)
    (folder.parent / ".one.lock").write_text(content)
    with locked(folder):
        pass


def no_locks(monkeypatch) -> None:
    def flock(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)


def test_without_kernel_locks_the_file_tells_who_is_in(folder, monkeypatch):
    no_locks(monkeypatch)
    with locked(folder):
        assert f"process {os.getpid()}" in refusal(folder)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    write(folder, pid=dead.pid)
    with locked(folder):
        pass


def test_who_waits_comes_in_when_the_other_has_left(tmp_path, capsys):
    entered = threading.Event()

    def come() -> None:
        with locked(tmp_path / "run", wait=True):
            entered.set()

    waiting = threading.Thread(target=come)
    with locked(tmp_path / "run"):
        waiting.start()
        assert not entered.wait(1)
    assert entered.wait(30)
    waiting.join()
    out = capsys.readouterr().out
    assert out.count("waiting for") == 1 and f"process {os.getpid()}" in out
    assert not (tmp_path / ".run.lock").exists()
