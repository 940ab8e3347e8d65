"""One process per run: a lock file beside the run folder, which no kill can leave locked."""

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

POLL = 0.5  # seconds between looks at a lock that is waited for


@contextlib.contextmanager
def locked(folder: Path, wait: bool = False) -> Iterator[None]:
    """Keeps every other process off `results/<run>`, or such a file, while the block runs.

    `results/.<run>.lock` tells who is in; with `wait` the block begins when that one has left. The
    kernel's lock on it ends with its process, so that what a killed one leaves is taken over. Only
    of another host nobody here can know that.

    Raises:
        UserError: another process trains this run, or may do so on another host.
    """
    path = folder.with_name(f".{folder.name}.lock")
    new = [parent for parent in path.parents if not parent.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _taken(path, folder, wait):
            yield
    finally:
        with contextlib.suppress(OSError):  # not empty: there is a run now
            for parent in new:
                parent.rmdir()


def once(path: Path, done: Callable[[], bool], make: Callable[[], None]) -> None:
    """Makes what several processes may want at once: one does, the others wait for it."""
    if not done():
        with locked(path, wait=True):
            if not done():
                make()


@contextlib.contextmanager
def _taken(path: Path, folder: Path, wait: bool) -> Iterator[None]:
    with _opened(path, folder, wait) as file:
        holder = _holder(file)
        if holder and (holder["host"] != socket.gethostname() or _is_running(holder)):
            raise UserError(f"{folder} is locked by {_text(holder)}: if that has ended, rm {path}")
        try:
            _write(file, path)
            yield
        finally:
            path.unlink(missing_ok=True)  # before the kernel's lock ends, or it were another's


def _opened(path: Path, folder: Path, wait: bool) -> IO[str]:
    """The lock file, locked by the kernel."""
    told = False
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(file)
            file.close()
            if wait:
                if not told:
                    print(f"waiting for {_text(holder)}, which trains {folder}", flush=True)
                told = True
                time.sleep(POLL)
                continue
            raise UserError(
                f"{folder} is being trained by {_text(holder)}: wait for it, or choose another "
                "--name"
            ) from None
        except OSError:  # a file system without such locks: what the file says must do
            return file
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(file.fileno())):
                return file
        file.close()  # its holder removed it while we opened it


def _holder(file: IO[str]) -> dict | None:
    """What the holder wrote; None if it wrote nothing, or not all of it."""
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
    """Whether the process that wrote this lives; a later one of the same number does not count."""
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _started(holder["pid"]) == holder["started"]


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks; '' where there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _text(holder: dict | None) -> str:
    if holder is None:
        return "another process"
    return f"process {holder['pid']} on {holder['host']} since {holder['time']}"
