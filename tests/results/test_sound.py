"""Sound in files and on a page."""

import base64

import numpy as np
from scipy.io import wavfile

from framework.results import files
from framework.results.sound import players


def test_waves_are_written_in_16_bits_and_louder_ones_clipped(tmp_path):
    files.write_wav(tmp_path / "a.wav", np.array([0, 0.5, -1, 3, -3]), 8000)
    rate, written = wavfile.read(tmp_path / "a.wav")
    assert rate == 8000 and written.tolist() == [0, 16384, -32767, 32767, -32767]


def test_a_row_of_players_for_each_example(tmp_path):
    assert players(tmp_path) == players(tmp_path / "nowhere") == ""
    for name in ("1_voice", "2_voice", "1_true_voice"):
        (tmp_path / f"{name}.wav").write_bytes(name.encode())
    table = players(tmp_path)
    assert table.count("<tr>") == 2 and table.count("<audio controls") == 3
    first, second = table.split("</tr>")[:2]
    assert first.index("true voice") < first.index(base64.b64encode(b"1_voice").decode())
    assert base64.b64encode(b"2_voice").decode() in second
