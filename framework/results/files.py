"""Files that are either whole or absent: atomic writes, JSON, and the history table."""

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
def whole(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; it is renamed to `path` at the end.

    Nothing is left behind when the block fails; an OSError then has the name `path`.
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
    if isinstance(error, OSError):  # that of a full disk does not say which file it was
        error.filename = str(path)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one piece, see `whole`."""
    with whole(path) as temporary:
        temporary.write_bytes(content)


def write_wav(path: Path, wave: np.ndarray, rate: int) -> None:
    """Write a wave [L] in [-1, 1] as 16-bit samples in one piece; louder ones are clipped."""
    from scipy.io import wavfile  # slow to import

    buffer = io.BytesIO()
    wavfile.write(buffer, rate, np.rint(np.clip(wave, -1, 1) * 32767).astype(np.int16))
    write_bytes(path, buffer.getvalue())


def append_text(path: Path, text: str) -> None:
    """Append UTF-8 text to a file; what a full disk cuts off is taken back (OSError)."""
    rest = text.encode()
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
    """Write UTF-8 text in one piece, see `write_bytes`."""
    write_bytes(path, text.encode())


def plain(value: Any) -> Any:
    """The value in JSON's own types; numbers that JSON cannot hold (nan, inf) become None."""
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
    """Write `value` as readable, strictly standard JSON in one piece."""
    write_text(path, json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file, or None where there is no readable one."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def metrics(folder: Path) -> dict[str, dict]:
    """What a run measured; a run of folders, say, may have nothing."""
    return read_json(folder / "metrics.json") or {}


def columns_of(rows: Iterable[Row]) -> list[str]:
    """Every column of the rows in order of first appearance, the iteration first."""
    return list(dict.fromkeys(["iteration", *(name for row in rows for name in row)]))


def csv_line(cells: Iterable[Any]) -> str:
    """One line of a CSV file, ended by a newline."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def write_table(path: Path, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a CSV file in one piece."""
    write_text(path, "".join(csv_line(cells) for cells in (head, *rows)))


def write_array(path: Path, array: np.ndarray) -> None:
    """Write a .npy file in one piece."""
    with whole(path) as temporary, temporary.open("wb") as file:
        np.save(file, array)


def history_text(rows: list[Row]) -> str:
    """The whole history as CSV text; `repr` keeps every digit of a float."""
    columns = columns_of(rows)
    lines = [csv_line(columns)]
    lines += [csv_line(row_cells(row, columns)) for row in rows]
    return "".join(lines)


def row_cells(row: Row, columns: list[str]) -> list[str]:
    """The cells of a row; a column that the row lacks stays empty."""
    return [repr(row[name]) if name in row else "" for name in columns]


def read_history(path: Path) -> list[Row]:
    """Rows of a history file, [] if there is none.

    A last line cut off by a kill has no newline or too few cells, and is left out.
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
