"""A metric is added in one file and shows up everywhere: the page on it, run as it stands."""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnalrp.attribution.maps import RelevanceMaps, nucleotide_spans
from dnalrp.evaluation.axes import localisation
from dnalrp.evaluation.catalogue import AXES, Metric, metric_of
from dnalrp.evaluation.judging import evaluate_all
from dnalrp.evaluation.levels import Explained
from dnalrp.evaluation.tables import make_tables
from dnalrp.extensions import load_extensions
from dnalrp.report.conclusions import conclude
from dnalrp.report.figures import axis_figure
from dnalrp.report.material import Material
from dnalrp.report.overview import overview
from dnalrp.report.sections import figure_names

PAGE = Path(__file__).parents[2] / "docs/how-to/add-a-metric.md"
COUNT, LENGTH = 60, 50
CONFIGURATION = {"datasets": {"data": {}}, "models": {"net": {"architecture": "other"}}}


@pytest.fixture
def shortlist(tmp_path):
    """The page's example as an extension, gone after the test."""
    code, *_ = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "shortlist_of_ten.py"
    path.write_text(code, encoding="utf-8")
    before = dict(AXES._entries)
    load_extensions([path])
    yield AXES["shortlist"]
    AXES._entries.clear()
    AXES._entries.update(before)
    del sys.modules["shortlist_of_ten"]


def explained():
    """Maps of which one finds the sites, one hardly, one not at all."""
    rng = np.random.default_rng(0)
    truth = np.zeros((COUNT, LENGTH), dtype=bool)
    truth[:, 20:32] = True
    labels = np.arange(COUNT) % 2
    signs = np.where(labels == 1, 1.0, -1.0)[:, None]
    ids = [f"s{row:02d}" for row in range(COUNT)]
    lengths = np.full(COUNT, LENGTH)
    maps = {
        method: RelevanceMaps(
            ids=ids,
            lengths=lengths,
            relevance=list(signs * (share * truth + rng.normal(size=truth.shape))),
            spans=nucleotide_spans(lengths),
            outputs=signs[:, 0],
            logits=np.concatenate([-signs, signs], axis=1),
        )
        for method, share in (("lrp", 3.0), ("saliency_like", 0.3), ("random", 0.0))
    }
    return Explained(
        ids=ids,
        sequences=["A" * LENGTH] * COUNT,
        labels=labels,
        attributions=maps,
        nucleotides={(method, "split"): stored for method, stored in maps.items()},
        masks=dict(zip(ids, truth, strict=True)),
    )


def tables_of(held):
    values = evaluate_all(held, None, {}).assign(dataset="data", model="net", seed="seed1")
    return values, make_tables(values, resamples=200, seed=1)


def assert_shown_everywhere(axis, name):
    """In every table, in the axis's figure, in the paper's table and in a sentence."""
    card = metric_of(name)
    values, tables = tables_of(explained())
    scores = values[values["metric"] == name]
    assert set(scores["method"]) >= {"lrp", "saliency_like", "random"}
    assert set(scores["axis"]) == {axis.name}
    for table in tables:
        assert name in set(table["metric"])
    controls = tables.controls[tables.controls["metric"] == name]
    assert controls["control"].tolist() == ["random maps"]
    pairs = tables.comparisons[tables.comparisons["metric"] == name]
    better = pairs.set_index(["first_method", "second_method"])["better"]
    assert better["lrp", "saliency_like"] == "first" and better["lrp", "random"] == "first"
    assert overview(tables.overall).set_index("method")[card.column]["lrp"].startswith("**")
    performance = pd.DataFrame([{"dataset": "data", "model": "net", "split": "test", "auroc": 1.0}])
    found = conclude(performance, tables.overall, tables.comparisons, tables.controls)
    assert any(f"lrp {card.verb} than saliency_like" in sentence for sentence in found.may)
    assert axis.name in figure_names(CONFIGURATION)
    summary = tables.metrics.assign(axis=axis.name)
    figure = axis_figure(axis, Material(summary, Path(), [], {}))
    assert card.title in [panel.get_title() for panel in figure.axes]
    return tables


def test_the_example_of_the_page_shows_up_everywhere(shortlist):
    tables = assert_shown_everywhere(shortlist, "precision_at_ten")
    verdicts = tables.controls.set_index("metric")["verdict"]
    assert verdicts["precision_at_ten"] == "discriminating"
    assert shortlist.note_for(None).startswith("Of the ten positions")


def test_the_example_of_the_page_knows_its_best_and_its_worst_map(shortlist):
    held = explained()
    truth = np.stack(list(held.masks.values())).astype(float)
    signs = held.signs[:, None]
    maps = {"lrp": truth, "opposite": -truth, "flat": 0 * truth}
    stored = held.nucleotides["lrp", "split"]
    nucleotides = {
        (name, "split"): stored.changed(relevance=list(signs * relevance))
        for name, relevance in maps.items()
    }
    values = evaluate_all(
        Explained(**{**vars(held), "nucleotides": nucleotides}), None, {}
    ).set_index(["metric", "method"])
    scores = values.loc["precision_at_ten"]
    assert (scores.loc["lrp", "value"] == 1).all()
    assert (scores.loc["opposite", "value"] == 0).all()
    assert scores.loc["flat", "value"].to_numpy() == pytest.approx(12 / LENGTH)
    assert scores["chance"].to_numpy() == pytest.approx(12 / LENGTH)


def test_a_card_in_the_file_of_its_axis_shows_up_everywhere(monkeypatch):
    def precision_at_one(relevance, level):
        return localisation.pointing_game(relevance, level)

    card = Metric(
        name="precision_at_one",
        title="precision at one",
        meaning="is the first position true",
        better="higher",
        chance="|M| / n",
        chance_level=localisation.share_of_true,
        ceiling="1",
        score=precision_at_one,
        shown=True,
        of_ceiling=True,
        column="first",
        verb="begins better",
    )
    monkeypatch.setattr(localisation, "METRICS", (*localisation.METRICS, card))
    tables = assert_shown_everywhere(AXES["localisation"], "precision_at_one")
    assert "precision_at_one_of_ceiling" in set(tables.comparisons["metric"])
