"""A CSV file with a row for some of the iterations of a run, which training appends to."""

from pathlib import Path

from framework.results import files


class Table:
    """Rows of numbers by column, and the file that holds them.

    Attributes:
        path: the file; it exists from the first row on.
        rows: dicts of 'iteration' and names of columns to numbers.
    """

    def __init__(self, path: Path) -> None:
        """Reads the rows of the file, if there is one; an incomplete last row is left out."""
        self.path = path
        self.rows = files.read_history(path)
        self._columns = files.columns_of(self.rows)

    def append(self, iteration: int, values: dict[str, float]) -> None:
        """Adds a row and appends it to the file; all digits are kept."""
        row = {"iteration": int(iteration)} | {name: float(x) for name, x in values.items()}
        self.rows.append(row)
        if len(self.rows) == 1 or not row.keys() <= set(self._columns):
            self._write()
            return
        files.append_text(self.path, files.csv_line(files.row_cells(row, self._columns)))

    def rewind(self, iteration: int) -> None:
        """Removes the rows after `iteration`, from which training continues."""
        self.rows = [row for row in self.rows if row["iteration"] <= iteration]
        if self.path.exists():
            self._write()

    def _write(self) -> None:
        self._columns = files.columns_of(self.rows)
        files.write_text(self.path, files.history_text(self.rows))
