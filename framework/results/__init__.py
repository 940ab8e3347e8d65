"""What a run leaves behind: folder, history, sample sheets, loss plots, one page. No TensorFlow."""

from framework.results.files import whole, write_array, write_json, write_table
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
    "whole",
    "write_json",
    "write_array",
    "write_table",
]
