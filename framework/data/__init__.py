"""Data sets: named sources and pairs, the user's folders, and the stream of batches."""

from framework.data.audio import Clips
from framework.data.domains import Data, Domain, Facts, fingerprint
from framework.data.loading import load
from framework.data.pairs import PAIRS, Pair
from framework.data.pruning import prune
from framework.data.sources import SOURCES, Source
from framework.data.storage import Images, StoredImages, chunks, joined, mapped
from framework.data.views import VIEWS

__all__ = [
    "PAIRS",
    "SOURCES",
    "VIEWS",
    "Clips",
    "Data",
    "Domain",
    "Facts",
    "Images",
    "Pair",
    "Source",
    "StoredImages",
    "chunks",
    "fingerprint",
    "joined",
    "load",
    "mapped",
    "prune",
]
