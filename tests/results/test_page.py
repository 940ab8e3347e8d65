"""Tests of the page of a run."""

import base64
import math
import re

import numpy as np
import pytest
from run_folder import constant, opened

from framework.results import Run, page
from framework.results.description import Description

DESCRIPTIONS = {
    "accuracy": Description(
        "accuracy", "accuracy of pairs", "Share of pairs that agree.", "up", "chance", "Wilson",
        headline=True,
    ),
    "chance": Description("chance", "accuracy by chance", "", None, "", "none"),
    "distance1": Description("distance", "distance, domain 1", "How far.", "down", "0", "none"),
    "distance2": Description("distance", "distance, domain 2", "How far.", "down", "0", "none"),
    "counts": Description("counts", "labels of pairs", "Rows against columns.", None, "", "none"),
}  # fmt: skip


@pytest.fixture
def run(tmp_path) -> Run:
    return opened(tmp_path)


def report(run: Run, published: dict | None = None) -> str:
    return run.report(published, DESCRIPTIONS.get).read_text(encoding="utf-8")


def metric(value, ci95=None, n=2000, protocol="net s") -> dict:
    return {"value": value, "ci95": ci95, "n": n, "protocol": protocol}


def filled(run: Run) -> str:
    """The page of a run with everything in it."""
    for i in range(0, 101, 10):
        run.log(i, {"gen/adv1": 1.0})
        run.sheet((constant(1, -1), constant(-1, 1)), i, caption="Pairs of <mnist> & svhn.")
    run.sheet((constant(1, -1), constant(-1, 1)), "walk_2")
    run.sound(np.zeros(8), 8000, "1_voice")
    run.plots()
    run.write_data({"domains": ["mnist", "svhn"], "images": 4000})
    run.save_metrics(
        {
            "distance1": metric(2.25, protocol="net s; nats"),
            "accuracy": metric(0.8731, [0.8512, 0.8934]),
            "distance2": metric(2.5),
            "chance": metric(0.1043),
            "counts": metric([[int(i == j) * 41 for j in range(10)] for i in range(10)]),
        }
    )
    return report(run, {"accuracy": 0.7512, "lpips": 0.301})


def test_page_is_self_contained(run):
    text = filled(run)
    sources = re.findall(r"""(?:src|href)\s*=\s*["']?([^"'>\s]+)""", text)
    assert len(sources) > 10 and all(source.startswith("data:") for source in sources)
    assert "url(" not in text and "@import" not in text and "<script" not in text


def test_page_shows_the_content_of_the_run_folder(run):
    text = filled(run)
    assert "python main.py --gan_type scogan --note &#39;&lt;b&gt;&amp;&#39;" in text
    assert "100 of 100 iterations" in text
    assert "Domain 1 is mnist, domain 2 is svhn." in text
    for number in ("0.8731", "0.8512 to 0.8934", "2,000", "0.7512", "0.301", ": net s."):
        assert number in text
    assert text.count(">41</td>") == 10
    assert "Samples at iteration 100" in text and "Walk 2" in text
    assert text.count('<figure class="thumb">') == 8
    assert text.count('<figure class="sheet">') == 2
    assert "batch_size" in text and "tensorflow" in text and ">4000<" in text
    assert "<b>&" not in text


def test_metrics_have_title_direction_baseline_and_interval(run):
    text = filled(run)
    card = text[text.index('class="cards"') : text.index("<section>")]
    assert card.count("<b>") == 1 and "<b>0.8731</b><span>accuracy of pairs" in card
    table = text[text.index('class="metrics"') :]
    row = table[table.index("accuracy of pairs") :].partition("</tr>")[0]
    for shown in (card, row):
        assert 'aria-label="higher is better"' in shown and "0.1043, accuracy by chance" in shown
        assert "Share of pairs that agree." in shown and "0.7512" in shown
    assert "<code>accuracy</code>" in row and "<small>Wilson</small>" in row
    assert table.count('aria-label="lower is better"') == 2


def test_domains_of_a_metric_are_neighbours_and_explained_once(run):
    table = filled(run).partition('class="metrics"')[2]
    order = [table.index(text) for text in ("domain 1", "domain 2", "accuracy of pairs")]
    assert order == sorted(order) and table.count("How far.") == 1


def test_a_metric_without_description_is_shown_by_its_name(run):
    run.save_metrics({"own_metric1": metric(0.5, [0.25, 0.75])})
    text = report(run)
    assert ">own_metric1<" in text and "0.25 to 0.75" in text and 'class="cards"' not in text


def test_a_baseline_that_was_not_measured_is_left_out(run):
    run.save_metrics({"accuracy": metric(0.5)})
    assert "chance" not in report(run)


def test_there_are_at_most_eight_cards(run, monkeypatch):
    run.save_metrics({f"m{i}": metric(0.5) for i in range(40)})
    one = Description("m", "m", "", "up", "", "none", headline=True)
    assert run.report(None, lambda name: one).read_text().count("<div><b>") == 8


def test_captions_come_from_the_sheets(run):
    text = filled(run)
    assert text.count("<figcaption>Pairs of &lt;mnist&gt; &amp; svhn.</figcaption>") == 1
    assert text.count("<figcaption>") == 9  # those of the thumbnails are iterations


def test_a_half_written_file_of_a_kill_is_no_sheet(run):
    run.sheet((constant(1, -1), constant(-1, 1)), 10)
    for folder in (run.samples, run.losses):
        folder.mkdir(exist_ok=True)
        (folder / ".7.tmp.000500.png").write_bytes(b"half")
    text = report(run)
    assert text.count('<figure class="sheet">') == 1 and "000500" not in text


def test_page_of_a_run_without_results(run):
    text = report(run)
    assert "0 of 100 iterations" in text and "<section>" not in text


def test_page_of_a_metric_that_could_not_be_measured(run):
    run.save_metrics({"a": metric(math.nan, n=0)})
    assert "<section>" not in report(run)


def test_a_row_of_players_for_each_example(run):
    run.audio.mkdir()
    for name in ("1_voice", "2_voice", "1_true_voice"):
        (run.audio / f"{name}.wav").write_bytes(name.encode())
    table = report(run).partition("<h2>Examples</h2>")[2].partition("</table>")[0]
    assert table.count("<tr>") == 2 and table.count("<audio controls") == 3
    first, second = table.split("</tr>")[:2]
    assert first.index("true voice") < first.index(base64.b64encode(b"1_voice").decode())
    assert base64.b64encode(b"2_voice").decode() in second


def test_common_protocol_ends_at_a_whole_part():
    assert page.common_protocol(["net s; nats", "net s; of ln 10"]) == "net s"
    assert page.common_protocol(["net s", "net t"]) == page.common_protocol([]) == ""


def test_the_page_says_where_the_networks_come_from(run):
    assert "The networks in models/" not in report(run)
    run.save_origin({"iteration": 1500, "chosen": "newest"})
    assert "those of iteration 1,500, the last one." in report(run)
    best = {"metric": "accuracy", "value": 0.875, "better": "up"}
    run.save_origin({"iteration": 500, "chosen": "best", **best})
    text = "iteration 500, which has the highest accuracy of pairs (0.875) of the evaluations"
    assert text in report(run)


def test_the_page_shows_the_headline_metrics_during_training(run):
    assert "metrics.csv" not in report(run)
    run.metrics_table.append(1000, {"accuracy": 0.25, "distance1": 4.0})
    text = report(run)
    assert "<td>1,000</td><td>0.25</td>" in text and "accuracy of pairs" in text
    assert "<td>4</td>" not in text
