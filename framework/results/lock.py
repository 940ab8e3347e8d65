"""Allows one process per run: a lock file beside the run folder, released when it is killed."""

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from framework.errors import UserError

POLL = 0.5  # seconds between two checks of a lock


@contextlib.contextmanager
def locked(folder: Path, wait: bool = False) -> Iterator[None]:
    """Excludes all other processes from `results/<run>`, a folder or file, during the block.

    `results/.<run>.lock` names the process that holds the lock. The kernel releases the lock when
    its process ends, so that the file of a killed process can be reused. Whether a process on
    another host still runs cannot be known.

    Args:
        folder: the folder or file.
        wait: whether to wait until another process has released the lock.

    Raises:
        UserError: without `wait`, another process holds the lock, or may hold it on another host.
    """
    path = folder.with_name(f".{folder.name}.lock")
    new = [parent for parent in path.parents if not parent.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _hold(path, folder, wait):
            yield
    finally:
        with contextlib.suppress(OSError):  # not empty: there is a run now
            for parent in new:
                parent.rmdir()


def once(path: Path, done: Callable[[], bool], make: Callable[[], None]) -> None:
    """Calls `make` in one of several processes that need its result; the others wait.

    Args:
        path: the file or folder that `make` writes.
        done: whether it exists.
        make: writes it.
    """
    if not done():
        with locked(path, wait=True):
            if not done():
                make()


@contextlib.contextmanager
def _hold(path: Path, folder: Path, wait: bool) -> Iterator[None]:
    with _open_lock(path, folder, wait) as file:
        holder = _holder(file)
        if holder and (holder["host"] != socket.gethostname() or _is_running(holder)):
            raise UserError(f"{folder} is locked by {_text(holder)}: if that has ended, rm {path}")
        try:
            _write(file, path)
            yield
        finally:
            # Before the lock ends, because afterwards another process may use the file.
            path.unlink(missing_ok=True)


def _open_lock(path: Path, folder: Path, wait: bool) -> IO[str]:
    """Returns the lock file, locked by the kernel."""
    noted = False
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(file)
            file.close()
            if wait:
                if not noted:
                    print(f"waiting for {_text(holder)}, which trains {folder}", flush=True)
                noted = True
                time.sleep(POLL)
                continue
            raise UserError(
                f"{folder} is being trained by {_text(holder)}: wait for it, or choose another "
                "--name"
            ) from None
        except OSError:  # a file system without locks: only the content of the file counts
            return file
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(file.fileno())):
                return file
        file.close()  # another process removed it after it was opened here


def _holder(file: IO[str]) -> dict | None:
    """Returns what the holder of the lock wrote; None if it is missing or incomplete."""
    file.seek(0)
    try:
        return json.load(file)
    except ValueError:
        return None


def _write(file: IO[str], path: Path) -> None:
    pid, now = os.getpid(), datetime.now().isoformat(" ", "seconds")
    holder = dict(host=socket.gethostname(), pid=pid, started=_started(pid), time=now)
    try:
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), json.dumps(holder).encode())
    except OSError as error:
        error.filename = str(path)
        raise


def _is_running(holder: dict) -> bool:
    """Returns whether this process is alive, and is not a later one with the same number."""
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _started(holder["pid"]) == holder["started"]


def _started(pid: int) -> str:
    """Returns the start time of a process in ticks of the kernel; "" without /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _text(holder: dict | None) -> str:
    if holder is None:
        return "another process"
    return f"process {holder['pid']} on {holder['host']} since {holder['time']}"
