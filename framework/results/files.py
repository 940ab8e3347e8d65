"""Writes files that are either complete or absent; reads and writes JSON and the history."""

import contextlib
import csv
import io
import json
import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, float]


@contextlib.contextmanager
def complete_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path to write to, which is renamed to `path` at the end of the block.

    If the block fails, the temporary file is deleted, and an OSError names `path`.
    """
    path = Path(path)
    temporary = path.with_name(f".{os.getpid()}.tmp.{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        _name(error, path)
        raise


def _name(error: BaseException, path: Path) -> None:
    if isinstance(error, OSError):  # the error of a full disk does not name the file
        error.filename = str(path)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file, which is either complete or absent; see `complete_file`."""
    with complete_file(path) as temporary:
        temporary.write_bytes(content)


def write_wav(path: Path, wave: np.ndarray, rate: int) -> None:
    """Writes a wave [L] in [-1, 1] as 16-bit samples; values outside are clipped."""
    from scipy.io import wavfile  # slow to import

    buffer = io.BytesIO()
    wavfile.write(buffer, rate, np.rint(np.clip(wave, -1, 1) * 32767).astype(np.int16))
    write_bytes(path, buffer.getvalue())


def as_utf8(text: str) -> bytes:
    r"""Returns UTF-8, in which bytes of file names that are no text are escapes such as \udcff.

    JSON reads these escapes as the same name.
    """
    return text.encode(errors="backslashreplace")


def append_text(path: Path, text: str) -> None:
    """Appends UTF-8 text to a file completely or not at all: after an OSError, no part remains."""
    rest = as_utf8(text)
    with path.open("ab", buffering=0) as file:
        size = file.tell()
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except OSError as error:
            file.truncate(size)
            _name(error, path)
            raise


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text, see `write_bytes`."""
    write_bytes(path, as_utf8(text))


def plain(value: Any) -> Any:
    """Returns the value in the types of JSON; nan and infinity, which JSON lacks, become None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as readable, standard JSON."""
    write_text(path, json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Returns the content of a JSON file, or None if it is missing or damaged."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def metrics(folder: Path) -> dict[str, dict]:
    """Returns the metrics of a run folder by name, {} if there are none."""
    return read_json(folder / "metrics.json") or {}


def columns_of(rows: Iterable[Row]) -> list[str]:
    """Returns all columns of the rows in order of appearance, the iteration first."""
    return list(dict.fromkeys(["iteration", *(name for row in rows for name in row)]))


def csv_line(cells: Iterable[Any]) -> str:
    """Returns one line of a CSV file with its newline."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def write_table(path: Path, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Writes a CSV file of a head and rows."""
    write_text(path, "".join(csv_line(cells) for cells in (head, *rows)))


def write_array(path: Path, array: np.ndarray) -> None:
    """Writes a .npy file."""
    with complete_file(path) as temporary, temporary.open("wb") as file:
        np.save(file, array)


def history_text(rows: list[Row]) -> str:
    """Returns the complete history as CSV text; `repr` keeps every digit of a float."""
    columns = columns_of(rows)
    lines = [csv_line(columns)]
    lines += [csv_line(row_cells(row, columns)) for row in rows]
    return "".join(lines)


def row_cells(row: Row, columns: list[str]) -> list[str]:
    """Returns the cells of a row; columns that the row lacks are empty."""
    return [repr(row[name]) if name in row else "" for name in columns]


def read_history(path: Path) -> list[Row]:
    """Reads the rows of a history file; [] if there is none.

    The last line is skipped if it is not complete, because the process was killed: it has no
    newline, or too few cells.
    """
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    table = list(csv.reader(line for line in lines if line.endswith("\n")))
    header, rows = table[0] if table else [], []
    for cells in table[1:]:
        if len(cells) != len(header):
            continue
        row = {name: float(cell) for name, cell in zip(header, cells, strict=True) if cell}
        rows.append({**row, "iteration": int(row["iteration"])})
    return rows
