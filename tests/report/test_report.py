"""The report's tables and sentences say what the numbers say."""

import h5py
import pandas as pd
import pytest
from matplotlib.figure import Figure

from dnalrp.evaluation.catalogue import AXES, metric_of
from dnalrp.report.conclusions import conclude
from dnalrp.report.examples import choose_examples
from dnalrp.report.figures import metric_figure
from dnalrp.report.motifs import motif_pictures, without_patterns
from dnalrp.report.overview import overview
from dnalrp.report.page import picture, write_pictures
from dnalrp.report.similarity import similarity_figure, similarity_table

PLACE = {"dataset": "set", "level": "nucleotide", "map": "split"}
CONTROL = {
    "axis": "localisation",
    "metric": "auprc",
    "level": "nucleotide",
    "map": "split",
    "control": "random maps",
    "explanations": 4,
    "at_chance": 4,
    "which": "set, net, seed1, random",
    "mean": 0.12,
    "low": 0.1,
    "high": 0.14,
    "chance": 0.2,
}
NO_CONTROLS = pd.DataFrame(columns=list(CONTROL))
CONTROLS = pd.DataFrame([CONTROL])


def means(scores, metric="auroc_of_ceiling", seeds=5):
    """``scores``: (model, method) to mean."""
    return pd.DataFrame(
        [
            {**PLACE, "model": model, "method": method, "metric": metric, "mean": mean}
            | {"low": mean - 0.01, "high": mean + 0.01, "seeds": seeds}
            for (model, method), mean in scores.items()
        ]
    )


def pair(first, second, difference, better, metric="auroc_of_ceiling"):
    names = zip(("first", "second"), (first, second), strict=True)
    units = {
        f"{s}_{k}": v for s, own in names for k, v in zip(("model", "method"), own, strict=True)
    }
    numbers = {"difference": difference, "low": difference - 0.1, "high": difference + 0.1}
    return {**PLACE, "metric": metric, **units, **numbers} | {
        "superiority": 0.8,
        "better": better,
        "sequences": 50,
    }


def performance(auroc=0.95):
    return pd.DataFrame([{"dataset": "set", "model": "net", "split": "test", "auroc": auroc}])


def test_a_clear_difference_is_a_conclusion_seen_from_the_better_one():
    scores = {("net", "a"): 0.2, ("net", "b"): 0.5}
    table = pd.DataFrame([pair(("net", "a"), ("net", "b"), -0.3, "second")])
    found = conclude(performance(), means(scores), table, NO_CONTROLS)
    assert found.may == [
        "set, net: b localises better than a (+0.300, +0.200 to +0.400, better on 20% of 50 "
        "sequences)."
    ]


def test_an_unclear_difference_is_none():
    scores = {("net", "a"): 0.2, ("net", "b"): 0.21}
    table = pd.DataFrame([pair(("net", "a"), ("net", "b"), -0.01, "unclear")])
    found = conclude(performance(), means(scores), table, NO_CONTROLS)
    assert found.may == []
    assert "b is not shown to differ (auroc_of_ceiling) from a" in found.may_not[0]


def test_models_meet_with_the_best_method_of_each():
    scores = {("net", "a"): 0.5, ("net", "b"): 0.2, ("other", "c"): 0.9, ("other", "d"): 0.1}
    rows = [
        pair(("net", "a"), ("other", "c"), -0.4, "second"),
        pair(("net", "a"), ("other", "d"), 0.4, "first"),
        pair(("net", "a"), ("net", "b"), 0.3, "first"),
        pair(("other", "c"), ("other", "d"), 0.8, "first"),
    ]
    found = conclude(performance(), means(scores), pd.DataFrame(rows), NO_CONTROLS)
    assert [s for s in found.may if s.startswith("set: ")] == [
        "set: other c localises better than net a (+0.400, +0.300 to +0.500, better on 20% of 50 "
        "sequences)."
    ]


@pytest.mark.parametrize(("how", "named"), [("split", ""), ("average", ", average maps")])
def test_conclusions_on_faithfulness_are_from_the_map_that_was_judged(how, named):
    scores = {("net", "a"): 0.2, ("net", "b"): 0.5, ("cnn", "c"): 0.9}
    table = means(scores, "normalised")
    table.loc[table["model"] == "net", "map"] = how
    rows = [
        pair(("net", "a"), ("net", "b"), -0.3, "second", "normalised"),
        pair(("cnn", "c"), ("net", "b"), 0.4, "first", "normalised"),
    ]
    found = conclude(performance(), table, pd.DataFrame(rows).assign(map=how), NO_CONTROLS)
    assert [sentence.split(" (")[0] for sentence in found.may] == [
        f"set, net{named}: b is more faithful than a",
        f"set{named}: cnn c is more faithful than net b",
    ]


@pytest.mark.parametrize("how", ["split", "copy", "average"])
def test_the_table_and_the_figure_have_the_map_that_faithfulness_was_judged_on(how):
    judged = means({("net", "a"): 0.5, ("cnn", "c"): 0.9}, "normalised")
    judged.loc[judged["model"] == "net", "map"] = how
    table = overview(judged).set_index(["model", "map"])["normalised"]
    assert table["net", how].startswith("0.5") and table["cnn", "split"].startswith("0.9")
    summary = judged.assign(axis="faithfulness", seed="seed1", chance=0.0)
    panel = metric_figure(summary, AXES["faithfulness"], [metric_of("normalised")]).axes[0]
    own = "net a" if how == "split" else f"net a, {how}"
    assert [label.get_text() for label in panel.get_yticklabels()] == ["cnn c", own]
    elsewhere = summary.assign(axis="localisation")
    other = metric_figure(elsewhere, AXES["localisation"], [metric_of("normalised")])
    shown = [label.get_text() for label in other.axes[0].get_yticklabels()]
    assert shown == (["cnn c", "net a"] if how == "split" else ["cnn c"])


@pytest.mark.parametrize(
    ("seeds", "words"), [(1, "there is one seed"), (3, "the mean of these 3"), (5, None)]
)
def test_few_seeds_are_a_reservation(seeds, words):
    scores = {("net", "a"): 0.2}
    table = pd.DataFrame([pair(("net", "a"), ("net", "b"), 0.0, "unclear")])
    found = conclude(performance(), means(scores, seeds=seeds), table, NO_CONTROLS)
    assert any("other trainings" in s for s in found.may_not) == (words is not None)
    assert words is None or any(words in s for s in found.may_not)


def test_weak_models_are_a_reservation_once_for_all_seeds():
    table = pd.DataFrame([pair(("net", "a"), ("net", "b"), 0.0, "unclear")])
    weak = pd.concat([performance(0.6), performance(0.55), performance(0.9)])
    found = conclude(weak, means({("net", "a"): 0.2}), table, CONTROLS)
    (sentence,) = [s for s in found.may_not if "hardly tells the classes apart" in s]
    assert "(AUROC 0.600, 0.550)" in sentence


def test_a_control_that_misses_chance_is_named_with_its_score_and_how_many_do():
    table = pd.DataFrame([pair(("net", "a"), ("net", "b"), 0.0, "unclear")])
    other = CONTROL | {"control": "shuffled labels", "verdict": "not discriminating"}
    missed = CONTROL | {"at_chance": 1}
    elsewhere = [missed | {"map": "copy"}, missed | {"level": "token", "map": "sum"}]
    controls = pd.DataFrame([missed, other, *elsewhere])
    found = conclude(performance(), means({("net", "a"): 0.2}), table, controls)
    assert [s for s in found.may_not if "auprc" in s] == [
        "Nothing from the absolute value of auprc (level nucleotide, map split), nor from "
        "differences of that size between models: controls that miss chance are 3 of 4 random "
        "maps, furthest set, net, seed1, random: 0.120 (0.100 to 0.140) where chance is 0.200.",
        "Nor from auprc (nucleotide, copy), auprc (token, sum): which controls miss chance there "
        "is in their table.",
    ]


def test_controls_that_were_not_run_are_a_reservation():
    table = pd.DataFrame([pair(("net", "a"), ("net", "b"), 0.0, "unclear")])
    arguments = performance(), means({("net", "a"): 0.2}), table
    assert any("no control was run" in s for s in conclude(*arguments, NO_CONTROLS).may_not)
    assert not any("no control was run" in s for s in conclude(*arguments, CONTROLS).may_not)


def test_what_is_better_on_the_same_sequences_is_better_in_spite_of_the_means():
    scores = {("net", "a"): 0.5, ("net", "b"): 0.4, ("other", "c"): 0.3}
    rows = [
        pair(("net", "a"), ("net", "b"), -0.3, "second"),
        pair(("other", "c"), ("net", "a"), 0.2, "first"),
    ]
    found = conclude(performance(), means(scores), pd.DataFrame(rows), CONTROLS)
    assert [sentence.split(" (")[0] for sentence in found.may] == [
        "set, net: b localises better than a",
        "set: other c localises better than net a",
    ]
    assert not any("not shown to differ" in s for s in found.may_not)


def test_the_best_of_a_block_is_marked_and_controls_never_are():
    scores = {("net", "a"): 0.6, ("net", "b"): 0.7, ("net", "random"): 0.9, ("net", "ceiling"): 1.0}
    table = overview(means(scores, "auroc")).set_index("method")["AUROC"]
    assert table["b"] == "**0.700 (0.690 to 0.710)**"
    assert not any(table[name].startswith("**") for name in ("a", "random", "ceiling"))


def test_less_is_best_for_entropy_and_a_single_method_is_no_contest():
    table = overview(means({("net", "a"): 0.6, ("net", "b"): 0.7}, "entropy"))
    assert table.set_index("method")["entropy"].str.startswith("**").tolist() == [True, False]
    alone = overview(means({("net", "a"): 0.6}, "entropy"))
    assert not alone["entropy"].str.startswith("**").any()


def test_pairs_of_one_model_and_of_two_meet_in_one_table():
    rows = pd.DataFrame(
        [
            ("set", "net", "seed1", "a~b", 0.5),
            ("set", "net", "seed2", "a~b", 0.7),
            ("set", "between_models", "seed1", "net:a~other:c", 0.1),
        ],
        columns=["dataset", "model", "seed", "method", "mean"],
    ).assign(level="nucleotide", map="split", axis="similarity", metric="spearman")
    table = similarity_table(rows)
    assert table[["first", "second"]].to_numpy().tolist() == [
        ["net a", "net b"],
        ["net a", "other c"],
    ]
    assert table["mean"].tolist() == pytest.approx([0.6, 0.1])
    texts = {text.get_text() for text in similarity_figure(rows).axes[0].texts}
    assert texts == {"1.00", "0.60", "0.10"}


def test_the_same_method_on_models_of_two_seeds_is_the_diagonal():
    rows = pd.DataFrame(
        [
            ("net", "seed1", "a~random", 0.05),
            ("net", "between_seeds", "seed1:a~seed2:a", 0.3),
            ("net", "between_seeds", "seed1:a~seed3:a", 0.5),
        ],
        columns=["model", "seed", "method", "mean"],
    ).assign(dataset="set", level="nucleotide", map="split", axis="similarity", metric="spearman")
    panel = similarity_figure(rows).axes[0]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["net a", "net random"]
    assert [text.get_text() for text in panel.texts] == ["0.40", "0.05", "0.05", "1.00"]


def test_examples_are_called_right_and_the_classes_take_turns():
    frame = pd.DataFrame(
        {
            "label": [0, 0, 1, 1, 2, 2],
            "predicted": [0, 1, 1, 1, 2, 2],
            "margin": [3.0, 1.0, 2.0, 9.0, 4.0, 4.1],
        },
        index=list("abcdef"),
    )
    sites = pd.DataFrame({"id": list("abcdf"), "role": "motif"})
    assert choose_examples(frame, sites, 3) == ["a", "c", "f"]


def test_methods_without_a_pattern_are_named_and_have_no_picture(tmp_path):
    for method in ("attnlrp", "random"):
        folder = tmp_path / "motifs/set/net/seed1" / method
        folder.mkdir(parents=True)
        (folder / "matches.tsv").write_text("pattern\tseqlets\tmatrix_id\n")
        h5py.File(folder / "patterns.h5", "w").close()
    run = ["set/net/seed1"]
    assert motif_pictures(tmp_path, run, {}) == []
    assert without_patterns(tmp_path, run) == ["set, net, seed1: attnlrp, random"]


def test_every_explanation_stands_beside_its_own_chance_level():
    rows = means({("cnn", "a"): 0.3, ("net", "a"): 0.2}, "permuted_all")
    rows = rows.assign(axis="robustness", seed="seed1", chance=[0.05, 0.12])
    panel = metric_figure(rows, AXES["robustness"], [metric_of("permuted_all")]).axes[0]
    dotted = [line for line in panel.lines if line.get_linestyle() == ":"]
    assert [(line.get_xdata()[0], *line.get_ydata()) for line in dotted] == [
        (0.05, -0.5, 0.5),
        (0.12, 0.5, 1.5),
    ]


def test_pictures_of_a_page_are_files_too_and_replace_those_of_an_earlier_one(tmp_path):
    (tmp_path / "example_2_gone.png").write_bytes(b"of an earlier page")
    (tmp_path / "mine.png").write_bytes(b"not ours")
    shown = picture("set, chr1:5-9/+: class 1", Figure(figsize=(1, 1)))
    write_pictures({"example": [shown], "motifs": []}, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["example_1_set_chr1_5-9_+_class_1.png", "mine.png"]
    assert (tmp_path / names[0]).read_bytes().startswith(b"\x89PNG")


def test_similarity_of_a_single_method_is_an_empty_figure_that_says_so():
    columns = ["dataset", "model", "seed", "method", "level", "map", "axis", "metric", "mean"]
    nothing = pd.DataFrame(columns=columns).astype({"method": str, "mean": float})
    assert "nothing to show" in similarity_figure(nothing).texts[0].get_text()
