"""Tests of sound files."""

import numpy as np
from scipy.io import wavfile

from framework.results import files


def test_waves_are_written_in_16_bits_and_louder_ones_clipped(tmp_path):
    files.write_wav(tmp_path / "a.wav", np.array([0, 0.5, -1, 3, -3]), 8000)
    rate, written = wavfile.read(tmp_path / "a.wav")
    assert rate == 8000 and written.tolist() == [0, 16384, -32767, 32767, -32767]
