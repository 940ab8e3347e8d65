"""Named sets of options: recipes for CPUs, and the experiments of the thesis and of the papers.

default < preset < command line. A preset may contain options that only some systems have: each
system takes its own, so that a CoGAN and a SCoGAN of one preset differ in their coupling alone.
"""

from framework.presets.content import CONTENT
from framework.presets.digits import DIGITS
from framework.presets.disentangled import DISENTANGLED
from framework.presets.photographs import PHOTOGRAPHS
from framework.presets.preset import Preset
from framework.presets.quick import QUICK_PRESETS
from framework.presets.toy import TOYS
from framework.presets.translation import TRANSLATIONS

__all__ = ["PRESETS", "Preset"]

PRESETS = QUICK_PRESETS | TOYS | DIGITS | PHOTOGRAPHS | CONTENT | DISENTANGLED | TRANSLATIONS
