"""From the files of a run to tables: what is judged at which level, and what is refused."""

import logging
from dataclasses import replace

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from conftest import random_sequences, toy_cnn, toy_dnabert2

from dnalrp.attribution.explanation import explain
from dnalrp.attribution.maps import nucleotide_spans
from dnalrp.attribution.storage import write_attributions, write_nucleotides
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.errors import InputError
from dnalrp.evaluation.axes.faithfulness import FaithfulnessSettings
from dnalrp.evaluation.axes.robustness import RobustnessSettings
from dnalrp.evaluation.catalogue import metric_of
from dnalrp.evaluation.judging import evaluate, evaluate_all
from dnalrp.evaluation.levels import same_as
from dnalrp.evaluation.loading import load_explained
from dnalrp.evaluation.replacement import LEAST_RANGE
from dnalrp.evaluation.scores import COLUMNS
from dnalrp.names import BEST_ORDER
from dnalrp.projection import to_tokens

SITE_COLUMNS = ["id", "start", "end", "strand", "motif", "role"]
FAITHFULNESS = FaithfulnessSettings(
    map="split",
    sequences=4,
    range_sequences=2,
    substitutions=1,
    shares=[0.2, 0.5],
    draws=1,
    filler="background",
    seed=1,
)


def changed(settings, **fields):
    return settings.model_copy(update=fields)


def sites_of(*rows):
    return pd.DataFrame(rows, columns=SITE_COLUMNS)


def on_nucleotides(values, lengths):
    """Rows of (sequences, longest length), each as long as its sequence."""
    return [row[:length] for row, length in zip(values, lengths, strict=True)]


class Run:
    """Files of one model on one data set, as the stages before leave them."""

    def __init__(self, folder, model, sequences, methods, token_spans=None):
        ids = [f"s{i}" for i in range(len(sequences))]
        labels = np.arange(len(ids)) % 2
        self.model = model
        self.frame = pd.DataFrame({"id": ids, "sequence": sequences, "label": labels})
        self.paths = [folder / name for name in ("attributions", "nucleotides", "tokens")]
        lengths = np.array([len(s) for s in sequences])
        for path in self.paths:
            path.mkdir(parents=True)
        for method in methods:
            maps = explain(model, sequences, method, progress=False).changed(ids=ids)
            record = {"settings": {"method": method, "alibi": "absorb"}}
            write_attributions(self.paths[0] / f"{method}.h5", [maps], record)
            for projection in ("split", "copy"):
                values = on_nucleotides(maps.nucleotides(projection), lengths)
                projected = maps.changed(relevance=values, spans=nucleotide_spans(lengths))
                write_nucleotides(self.paths[1] / f"{method}.{projection}.h5", projected, record)
            spans = token_spans or maps.spans
            for projection in ("sum", "mean"):
                rows = zip(maps.nucleotides(), spans, strict=True)
                pooled = [to_tokens(row, of_row, projection) for row, of_row in rows]
                brought = maps.changed(relevance=pooled, spans=spans, ledger=None, gap=None)
                write_attributions(self.paths[2] / f"{method}.{projection}.h5", [brought], record)

    def load(self, sites=None, information=None, grammar=None):
        sites = sites_of(("s1", 4, 10, "+", "M1", "motif")) if sites is None else sites
        attributions, nucleotides, tokens = self.paths
        return load_explained(
            self.frame,
            sites,
            attributions,
            nucleotides,
            tokens=tokens,
            information=information,
            grammar=grammar,
        )


@pytest.fixture
def token_run(tmp_path, byte_pairs):
    model, sequences = toy_dnabert2(byte_pairs), random_sequences(6, 30, 40)
    return Run(tmp_path, model, sequences, ["attnlrp", "gradient_x_input", "random"])


def keys(table, *columns):
    return set(map(tuple, table[list(columns)].to_numpy().tolist()))


def judged(explained):
    return evaluate_all(explained, None, {})


def test_a_token_model_is_judged_on_its_own_tokens_and_on_nucleotides(token_run):
    table = judged(token_run.load())
    assert list(table.columns) == COLUMNS
    levels = keys(table[table["axis"] != "ledger"], "level", "map")
    assert levels == {("nucleotide", "split"), ("nucleotide", "copy"), ("token", "native")}
    assert all(metric_of(name) for name in set(table["metric"]))


def test_a_nucleotide_model_is_brought_to_the_tokens_of_the_token_model(tmp_path, byte_pairs):
    sequences = random_sequences(4, 30, 40)
    spans = explain(toy_dnabert2(byte_pairs), sequences, "random", progress=False).spans
    run = Run(tmp_path, toy_cnn(), sequences, ["lrp", "random"], token_spans=spans)
    explained = run.load()
    assert set(explained.tokens) == {(m, how) for m in ("lrp", "random") for how in ("sum", "mean")}
    table = judged(explained)
    assert keys(table[table["level"] == "token"], "map") == {("sum",), ("mean",), ("token",)}
    counts = [(own[:, 1] > 0).sum() for own in spans]
    assert explained.token_level.lengths.tolist() == counts


def test_a_model_whose_tokens_are_nucleotides_has_no_token_level(tmp_path):
    run = Run(tmp_path, toy_cnn(), random_sequences(3, 30, 30), ["lrp"])
    assert run.load().tokens == {}


def test_localisation_of_a_negative_is_that_of_the_negated_map(token_run):
    sites = sites_of(*((f"s{i}", 4, 10, "+", "M1", "motif") for i in (0, 1)))
    explained = token_run.load(sites)
    table = evaluate("localisation", explained)
    one = table[(table["method"] == "attnlrp") & (table["map"] == "split")]
    auroc = one[one["metric"] == "auroc"].set_index("id")["value"]
    flipped = replace(explained, labels=1 - explained.labels)
    other = evaluate("localisation", flipped).set_index(["method", "map", "metric", "id"])
    for name in ("s0", "s1"):
        again = other.loc[("attnlrp", "split", "auroc", name), "value"]
        assert auroc[name] == pytest.approx(1 - again)


def test_a_perfect_map_without_a_sign_is_perfect_in_both_classes(tmp_path, byte_pairs):
    run = Run(tmp_path, toy_dnabert2(byte_pairs), random_sequences(4, 30, 30), ["saliency"])
    sites = sites_of(*((f"s{i}", 4, 10, "+", "M1", "motif") for i in range(4)))
    explained = run.load(sites)
    assert set(explained.signs) == {-1, 1}
    truth = np.stack([explained.masks[name] for name in explained.ids]).astype(float)
    maps = {key: own.changed(relevance=list(truth)) for key, own in explained.nucleotides.items()}
    table = evaluate("localisation", replace(explained, nucleotides=maps, tokens={}))
    assert (table[table["method"] == "saliency"]["value"] == 1).all()


def test_faithfulness_of_a_map_without_a_sign_is_not_turned_with_the_call(tmp_path, byte_pairs):
    run = Run(tmp_path, toy_dnabert2(byte_pairs), random_sequences(4, 30, 30), ["saliency"])
    explained = run.load()
    saliency = explained.attributions["saliency"]
    turned = {"saliency": saliency.changed(logits=-saliency.logits)}
    areas = []
    for asked in (explained, replace(explained, attributions=turned)):
        table = evaluate("faithfulness", asked, run.model, FAITHFULNESS)
        table = table[(table["method"] == "saliency") & (table["metric"] == "lerf_minus_morf")]
        areas.append(table["value"].to_numpy())
    # the same order, and the margin of the other class: all falls are rises
    assert areas[1] == pytest.approx(-areas[0], abs=1e-6)


def test_sites_are_weighted_in_the_direction_of_their_strand(token_run):
    sites = sites_of(("s1", 4, 7, "-", "M1", "motif"), ("s1", 6, 9, "+", "M1", "motif"))
    explained = token_run.load(sites, {"M1": np.array([0.5, 1.0, 2.0])})
    assert explained.weights["s1"][3:10].tolist() == [0, 2, 1, 0.5, 1, 2, 0]
    metrics = set(evaluate("localisation", explained)["metric"])
    assert {"auroc_by_information", "auprc_by_information"} < metrics


@pytest.mark.parametrize("information", [{}, {"M1": np.ones(5)}])
def test_sites_of_unknown_matrices_are_not_weighted(token_run, information):
    explained = token_run.load(None, information)
    assert explained.weights == {}
    assert "auroc_by_information" not in set(evaluate("localisation", explained)["metric"])


def test_without_ground_truth_localisation_is_left_out_and_said(token_run, caplog):
    with caplog.at_level(logging.INFO, logger="dnalrp"):
        table = evaluate("localisation", token_run.load(sites_of()))
    assert table.empty and list(table.columns) == COLUMNS
    assert "no sequence has a true site: localisation is left out" in caplog.text


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (30, 30), (35, 90)])
def test_a_site_outside_its_sequence_is_refused(token_run, start, end):
    with pytest.raises(InputError, match=f"site {start}-{end} of s1 lies outside its"):
        token_run.load(sites_of(("s1", start, end, "+", "M1", "motif")))


def test_a_decoy_outside_its_sequence_is_refused_too(token_run):
    with pytest.raises(InputError, match="site 35-90 of s1 lies outside its"):
        token_run.load(sites_of(("s1", 35, 90, "+", "M1", "near_copy")))


def test_a_site_that_covers_its_sequence_is_left_out_and_said(token_run, caplog):
    whole = len(token_run.frame["sequence"][2])
    with caplog.at_level(logging.INFO, logger="dnalrp"):
        explained = token_run.load(
            sites_of(("s2", 0, whole, "+", "M1", "motif"), ("s1", 4, 10, "+", "M1", "motif"))
        )
    assert "cover all of s2" in caplog.text
    assert set(evaluate("localisation", explained)["id"]) == {"s1"}


def test_logic_without_a_planted_site_is_left_out_and_said(token_run, caplog):
    explained = token_run.load(sites_of(("elsewhere", 0, 4, "+", "M1", "motif")), grammar="and")
    with caplog.at_level(logging.INFO, logger="dnalrp"):
        table = evaluate("logic", explained)
    assert table.empty and list(table.columns) == COLUMNS
    assert "logic is left out" in caplog.text


@pytest.mark.parametrize(("folder", "name"), [(1, "attnlrp.split.h5"), (0, "attnlrp.h5")])
def test_nan_in_a_map_is_refused_with_its_sequence(token_run, folder, name):
    with h5py.File(token_run.paths[folder] / name, "r+") as file:
        row = 3 if folder else file["offsets"][3] + 1
        file["relevance"][row] = np.nan
    with pytest.raises(InputError, match=r"attnlrp.*relevance of s3 is NaN or infinite"):
        token_run.load()


def test_maps_of_zeros_are_undefined_never_numbers(token_run):
    explained = token_run.load()
    zeroed = {
        key: maps.changed(relevance=[np.zeros_like(row) for row in maps.relevance])
        for key, maps in explained.nucleotides.items()
    }
    explained = replace(explained, nucleotides=zeroed, tokens={})
    table = judged(explained)
    undefined = {"gini", "entropy", "effective_size", "cosine", "spearman", "mass_accuracy"}
    values = table[table["metric"].isin(undefined) & (table["method"] != "ceiling")]["value"]
    assert len(values) and values.isna().all()
    auroc = table[(table["metric"] == "auroc") & (table["method"] != "ceiling")]
    assert (auroc["value"] == auroc["chance"]).all()


def test_a_single_sequence_is_judged(tmp_path, byte_pairs):
    run = Run(tmp_path, toy_dnabert2(byte_pairs), ["ACGT" * 8], ["attnlrp", "random"])
    explained = run.load(sites_of(("s0", 4, 10, "+", "M1", "motif")))
    table = judged(explained)
    assert set(table["id"]) == {"s0"}
    table = evaluate("faithfulness", explained, run.model, FAITHFULNESS)
    assert set(table["id"]) == {"s0"}


def test_a_stored_gap_is_reported_in_the_range_of_the_outputs(token_run):
    explained = token_run.load()
    assert "completeness_gap" not in set(evaluate("ledger", explained)["metric"])
    stored = explained.attributions["gradient_x_input"]
    held = {**explained.attributions, "gradient_x_input": stored.changed(gap=np.full(6, -0.5))}
    table = evaluate("ledger", replace(explained, attributions=held))
    values = table[table["metric"] == "completeness_gap"]
    assert set(values["method"]) == {"gradient_x_input"}
    assert values["value"].to_numpy() == pytest.approx(0.5 / np.ptp(stored.outputs))


@pytest.mark.parametrize("filler", ["background", "dinucleotide"])
def test_faithfulness_at_both_levels_and_of_the_best_order(token_run, filler, caplog):
    explained = token_run.load()
    with caplog.at_level(logging.INFO, logger="dnalrp"):
        table = evaluate(
            "faithfulness", explained, token_run.model, changed(FAITHFULNESS, filler=filler)
        )
    assert keys(table, "level", "map") == {("nucleotide", "split"), ("token", "native")}
    methods = {"attnlrp", "gradient_x_input", "random", BEST_ORDER}
    assert set(table["method"]) == methods
    counts = table[table["metric"] == "lerf_minus_morf"].groupby("method")["id"].nunique()
    assert counts.to_dict() == dict.fromkeys(methods, 4) | {BEST_ORDER: 2}
    assert "different variants of 4 sequences" in caplog.text and "a second" in caplog.text
    for level in ("nucleotide", "token"):
        own = table[table["level"] == level]
        own = own.set_index(["method", "metric", "id"])["value"].sort_index()
        best = own[BEST_ORDER, "lerf_minus_morf"]
        ratio = own["attnlrp", "lerf_minus_morf"][best.index] / best
        expected = ratio.where(best > LEAST_RANGE * max(best.mean(), 0))
        pd.testing.assert_series_equal(own["attnlrp", "normalised"], expected)


def test_faithfulness_is_that_of_the_map_asked_for_or_else_of_split(token_run):
    explained = token_run.load()
    finer = dict(explained.nucleotides)
    finer["attnlrp", "average"] = finer["random", "split"]
    explained = replace(explained, nucleotides=finer)
    plain, table = (
        evaluate("faithfulness", explained, token_run.model, changed(FAITHFULNESS, map=how))
        for how in ("split", "average")
    )
    assert keys(plain[plain["level"] == "nucleotide"], "map") == {("split",)}
    table = table[table["level"] == "nucleotide"]
    assert keys(table, "method", "map") == {
        ("attnlrp", "average"),
        ("gradient_x_input", "split"),
        ("random", "split"),
        (BEST_ORDER, "average"),
    }
    areas = table[table["metric"] == "lerf_minus_morf"].groupby("method")["value"].agg(list)
    assert areas["attnlrp"] == pytest.approx(areas["random"])
    assert areas["gradient_x_input"] != pytest.approx(areas["random"])


def test_without_a_range_nothing_is_normalised(token_run):
    table = evaluate(
        "faithfulness", token_run.load(), token_run.model, changed(FAITHFULNESS, range_sequences=0)
    )
    assert "normalised" not in set(table["metric"])
    assert BEST_ORDER not in set(table["method"])


def test_robustness_of_all_methods_but_no_randomisation_of_noise(token_run):
    settings = RobustnessSettings(sequences=3, draws=2, seed=1)
    table = evaluate("robustness", token_run.load(), token_run.model, settings)
    assert table["id"].nunique() == 3
    both = set(table[table["method"] == "random"]["metric"])
    assert both == {"reverse_complement", "shift"}
    own = set(table[table["method"] == "attnlrp"]["metric"]) - both
    assert len(own) == 5 and all(metric_of(name).better == "lower" for name in own)
    assert token_run.load().attributions["attnlrp"].provenance["settings"]["alibi"] == "absorb"
    randomised = table[table["metric"].isin(own)]
    assert randomised["value"].ge(0).all() and randomised["chance"].between(0.05, 0.5).all()
    none = evaluate("robustness", token_run.load(), token_run.model, changed(settings, sequences=0))
    assert none.empty and list(none.columns) == COLUMNS


def test_of_several_classes_the_one_called_stays_explained(tmp_path, byte_pairs, monkeypatch):
    sequences = random_sequences(8, 30, 40)
    model = toy_dnabert2(byte_pairs, labels=3)
    usual = explain(model, sequences, "random", progress=False).logits.mean(axis=0)
    model.classifier.bias.data -= torch.as_tensor(usual)
    run = Run(tmp_path, model, sequences, ["gradient_x_input"])
    explained = run.load()
    called = explained.logits.argmax(axis=1)
    assert len(set(called)) > 1
    asked = {}

    def record(model, texts, method, target=None, **options):
        asked.update(dict.fromkeys(texts, target))
        return explain(model, texts, method, target=target, **options)

    monkeypatch.setattr("dnalrp.attribution.explanation.explain", record)
    settings = RobustnessSettings(sequences=8, draws=2, seed=1)
    table = evaluate("robustness", explained, run.model, settings)
    for name, sequence, label in zip(explained.ids, sequences, called, strict=True):
        own = [sequence, sequence[1:], reverse_complement(sequence)]
        assert [asked[text] for text in own] == [label] * 3, name
    assert (table.groupby("metric")["id"].nunique() == 8).all()
    assert table["value"].notna().all()


def test_equal_maps_of_a_method_are_judged_once():
    one, other = np.zeros((2, 3)), np.ones((2, 3))
    maps = {
        ("m", "copy"): one,
        ("m", "split"): one.copy(),
        ("n", "copy"): one,
        ("n", "split"): other,
    }
    assert same_as(maps) == {
        ("m", "copy"): ("m", "copy"),
        ("m", "split"): ("m", "copy"),
        ("n", "copy"): ("n", "copy"),
        ("n", "split"): ("n", "split"),
    }
