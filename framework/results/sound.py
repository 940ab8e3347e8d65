"""Sound on a run's page."""

import base64
from html import escape
from pathlib import Path


def players(folder: Path) -> str:
    """A table to listen to <example>_<part>.wav of a folder: examples below each other; or ''."""
    rows: dict[str, list[str]] = {}
    for path in sorted(folder.glob("[!.]*.wav")):
        example, _, part = path.stem.partition("_")
        data = base64.b64encode(path.read_bytes()).decode()
        rows.setdefault(example, []).append(
            f"<td>{escape(part.replace('_', ' '))}<audio controls preload=none "
            f'src="data:audio/wav;base64,{data}"></audio></td>'
        )
    cells = "".join(f"<tr>{''.join(row)}</tr>" for row in rows.values())
    return f"<div class=scroll><table>{cells}</table></div>" if rows else ""
