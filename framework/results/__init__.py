"""Results of runs: folder, history, sample sheets, plots and pages; never imports TensorFlow."""

from framework.results.files import complete_file, write_array, write_json, write_table
from framework.results.images import false_colours, matrix, pair_sheet, tile, to_uint8
from framework.results.interval import Interval
from framework.results.lock import locked, once
from framework.results.progress import Progress
from framework.results.run import Run

__all__ = [
    "Interval",
    "Progress",
    "Run",
    "false_colours",
    "locked",
    "once",
    "matrix",
    "pair_sheet",
    "tile",
    "to_uint8",
    "complete_file",
    "write_json",
    "write_array",
    "write_table",
]
