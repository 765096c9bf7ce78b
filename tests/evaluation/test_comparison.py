"""Comparisons of methods: paired, over sequences and seeds, with multiplicity."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from dnalrp.evaluation.comparison import compare, relative_to_ceiling, two_sided
from dnalrp.evaluation.resampling import draw_resamples, resampled_means

DIRECTIONS = {"auroc": 1, "entropy": -1}
BETWEEN = frozenset({"auroc"})


def long_form(scores, metric="auroc", model="net", dataset="set"):
    """``scores``: method to (seeds, sequences)."""
    rows = [
        (
            *(dataset, model, f"seed{s}", method),
            *("nucleotide", "split", "localisation", metric),
            *(f"s{i:03d}", value, 0.5),
        )
        for method, table in scores.items()
        for s, line in enumerate(np.atleast_2d(table))
        for i, value in enumerate(line)
    ]
    columns = ["dataset", "model", "seed", "method", "level", "map", "axis", "metric"]
    return pd.DataFrame(rows, columns=[*columns, "id", "value", "chance"])


def test_a_difference_of_pairs_is_seen_where_the_means_alone_would_not_show_it():
    rng = np.random.default_rng(0)
    common = rng.normal(0, 1, 200)  # sequences differ much more than methods
    scores = {"a": common + 0.1 + rng.normal(0, 0.05, 200), "b": common}
    row = compare(long_form(scores), DIRECTIONS, BETWEEN, resamples=500, seed=1).iloc[0]
    assert (row.first_method, row.second_method, row.better) == ("a", "b", "first")
    assert row.low < 0.1 < row.high and row.high - row.low < 0.03
    assert row.effect_size == pytest.approx(2, abs=0.4)
    assert row.superiority > 0.9


def test_less_is_better_where_the_metric_says_so():
    rng = np.random.default_rng(0)
    scores = {"a": rng.normal(0.2, 0.1, 100), "b": rng.normal(0.6, 0.1, 100)}
    row = compare(long_form(scores, "entropy"), DIRECTIONS, BETWEEN, resamples=500, seed=1).iloc[0]
    assert row.difference < 0 and row.better == "first" and row.superiority > 0.9


def test_the_interval_is_that_of_a_paired_bootstrap_written_out():
    rng = np.random.default_rng(3)
    difference = rng.normal(0.3, 1, 50)
    scores = {"a": difference, "b": np.zeros(50)}
    row = compare(long_form(scores), DIRECTIONS, BETWEEN, resamples=4000, seed=1).iloc[0]
    means = [rng.choice(difference, 50).mean() for _ in range(4000)]
    assert (row.low, row.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.03)


def test_seeds_that_disagree_widen_the_interval():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, (2, 4, 200))
    agreeing = {"a": 0.2 + noise[0], "b": noise[1]}
    shifts = np.array([-0.3, 0.7, 0.2, 0.2])[:, None]
    disagreeing = {"a": shifts + noise[0], "b": noise[1]}
    narrow, wide = (
        compare(long_form(s), DIRECTIONS, BETWEEN, resamples=500, seed=1).iloc[0]
        for s in (agreeing, disagreeing)
    )
    assert narrow.difference == pytest.approx(wide.difference)
    assert (narrow.better, wide.better) == ("first", "unclear")
    assert narrow.seeds == 4 and narrow.sequences == 200


def test_many_comparisons_of_noise_find_almost_nothing():
    rng = np.random.default_rng(0)
    scores = {f"m{i:02d}": rng.normal(0, 1, 60) for i in range(20)}
    table = compare(long_form(scores), DIRECTIONS, BETWEEN, resamples=500, seed=1)
    assert len(table) == 190
    assert (table["p"] < 0.05).sum() > 3  # as chance has it
    assert (table["better"] != "unclear").sum() <= 1


def test_adjusted_p_values_are_holms():
    rng = np.random.default_rng(0)
    scores = {f"m{i}": rng.normal(i / 10, 1, 60) for i in range(3)}
    table = compare(long_form(scores), DIRECTIONS, BETWEEN, resamples=500, seed=1).sort_values("p")
    low, middle, high = table["p"]
    worked = [3 * low, max(3 * low, 2 * middle), max(3 * low, 2 * middle, high)]
    assert table["p_adjusted"].tolist() == pytest.approx(np.minimum(worked, 1))


@pytest.mark.parametrize("seeds", [1, 4])
def test_of_few_seeds_p_is_students_over_sequences(seeds):
    difference = np.random.default_rng(0).normal(0.2, 1, (seeds, 40, 3))
    difference[:, :5, 1] = np.nan
    expected = ttest_1samp(difference.mean(axis=0), 0, nan_policy="omit").pvalue
    assert two_sided(difference) == pytest.approx(expected.tolist())


@pytest.mark.parametrize("between_seeds", [0.0, 0.1, 0.5])
def test_p_of_no_difference_is_no_smaller_than_chance_has_it(between_seeds):
    """Few seeds that differ are hard: the bootstrap's error would err three times as often."""
    rng, pairs = np.random.default_rng(0), 2000
    by_seed = rng.normal(0, between_seeds, (5, 1, pairs))
    by_sequence = rng.normal(0, 0.3, (1, 40, pairs))
    p = two_sided(by_seed + by_sequence + rng.normal(0, 0.3, (5, 40, pairs)))
    for level in (0.05, 0.005):
        error = 4 * np.sqrt(level * (1 - level) / pairs)
        assert np.mean(p < level) <= level + error


@pytest.mark.parametrize("value", [1.0, 0.1])
def test_equal_differences_are_no_more_certain_than_their_signs(value):
    few, many = (
        compare(
            long_form({"a": [value] * n, "b": [0.0] * n}),
            DIRECTIONS,
            BETWEEN,
            resamples=100,
            seed=1,
        ).iloc[0]
        for n in (2, 20)
    )
    assert (few.p, few.better) == (0.5, "unclear")
    assert many.p == pytest.approx(2.0**-19) and many.better == "first"
    assert np.isnan([few.effect_size, many.effect_size]).all()
    same = compare(
        long_form({"a": [0.1] * 9, "b": [0.1] * 9}), DIRECTIONS, BETWEEN, resamples=100, seed=1
    )
    assert same["p"].tolist() == [1.0] and same["better"].tolist() == ["unclear"]


def test_a_missing_seed_is_no_difference_and_no_seed():
    rng = np.random.default_rng(0)
    scores = {"a": rng.normal(0.5, 0.1, (5, 60)), "b": rng.normal(0, 0.1, (5, 60))}
    values = long_form(scores)
    lost = (values["method"] == "b") & (values["seed"] == "seed3")
    row = compare(
        values[~lost].sample(frac=1, random_state=0), DIRECTIONS, BETWEEN, resamples=300, seed=1
    ).iloc[0]
    paired = np.delete(scores["a"] - scores["b"], 3, axis=0)
    assert (row.seeds, row.sequences) == (4, 60)
    assert row.difference == pytest.approx(paired.mean())
    assert row.p == pytest.approx(two_sided(paired[:, :, None])[0])


def test_models_are_compared_only_on_metrics_that_mean_the_same_for_both():
    rng = np.random.default_rng(0)
    values = pd.concat(
        long_form({"x": rng.normal(0, 1, 30)}, metric, model)
        for metric in DIRECTIONS
        for model in ("one", "two")
    )
    table = compare(values, DIRECTIONS, BETWEEN, resamples=100, seed=1)
    assert table["metric"].tolist() == ["auroc"]
    assert (table["first_model"] + table["second_model"]).tolist() == ["onetwo"]


def test_controls_of_one_model_are_not_held_against_another():
    rng = np.random.default_rng(0)
    values = pd.concat(
        long_form({m: rng.normal(0, 1, 30) for m in ("x", "random")}, model=model)
        for model in ("one", "two")
    )
    table = compare(values, DIRECTIONS, BETWEEN, resamples=100, seed=1)
    pairs = set(zip(table["first_model"], table["second_model"], strict=True))
    controls = table[(table["first_method"] == "random") | (table["second_method"] == "random")]
    assert pairs == {("one", "one"), ("two", "two"), ("one", "two")}
    assert (controls["first_model"] == controls["second_model"]).all()


def test_a_model_of_shuffled_labels_is_held_against_its_original_alone():
    rng = np.random.default_rng(0)
    values = pd.concat(
        long_form({m: rng.normal(0, 1, 30) for m in ("x", "y")}, model=model)
        for model in ("one", "one_shuffled", "two")
    )
    table = compare(values, DIRECTIONS, BETWEEN, resamples=100, seed=1)
    own = table[table["second_model"] == "one_shuffled"]
    own = own[own["first_model"] != "one_shuffled"]
    assert own[["first_model", "first_method", "second_method"]].to_numpy().tolist() == [
        ["one", "x", "x"],
        ["one", "y", "y"],
    ]
    shuffled = table["first_model"] == "one_shuffled"
    assert "two" not in set(table[shuffled]["second_model"])


@pytest.mark.parametrize("asked", ["split", "copy", "average"])
def test_faithfulness_is_compared_under_the_map_asked_for(asked):
    rng = np.random.default_rng(0)
    values = long_form({"x": rng.normal(0, 1, 30), "y": rng.normal(5, 1, 30)}, "normalised")
    values["axis"] = "faithfulness"
    values.loc[values["method"] == "x", "map"] = asked
    other = long_form({"x": rng.normal(0, 1, 30), "y": rng.normal(5, 1, 30)})
    other["map"] = "copy"
    table = compare(
        pd.concat([values, other]), {"normalised": 1, "auroc": 1}, BETWEEN, resamples=100, seed=1
    )
    assert table[["metric", "map", "better"]].to_numpy().tolist() == [
        ["normalised", asked, "second"]
    ]


def test_undefined_values_leave_only_their_own_pairs():
    a, b, c = np.arange(10.0), np.arange(10.0) - 1, np.full(10, np.nan)
    b[3] = np.nan
    table = compare(long_form({"a": a, "b": b, "c": c}), DIRECTIONS, BETWEEN, resamples=100, seed=1)
    assert table["sequences"].tolist() == [9]
    assert table["difference"].tolist() == [1.0]


def test_one_sequence_gives_a_difference_and_no_verdict():
    row = compare(
        long_form({"a": [0.9], "b": [0.1]}), DIRECTIONS, BETWEEN, resamples=100, seed=1
    ).iloc[0]
    assert row.difference == pytest.approx(0.8)
    assert np.isnan([row.low, row.high, row.p, row.p_adjusted, row.effect_size]).all()
    assert row.better == "unclear"


def test_nothing_to_compare_is_an_empty_table_with_its_columns():
    table = compare(long_form({"a": [0.1, 0.2]}), DIRECTIONS, BETWEEN, resamples=100, seed=1)
    assert len(table) == 0 and "better" in table


def test_localisation_of_the_ceiling_itself_would_be_one_and_of_chance_zero():
    scores = {"a": [0.5, 0.7, 0.9], "ceiling": [0.9, 0.9, 0.9]}
    relative = relative_to_ceiling(long_form(scores))
    assert relative["value"].tolist() == pytest.approx([0, 0.5, 1])
    assert set(relative["metric"]) == {"auroc_of_ceiling"} and set(relative["method"]) == {"a"}


@pytest.mark.parametrize("rounding", [0.0, 1e-17, 4e-17])
def test_a_ceiling_at_chance_leaves_nothing_to_be_a_share_of(rounding):
    values = long_form({"a": [0.3], "ceiling": [0.1 + rounding]}).assign(chance=0.1)
    assert relative_to_ceiling(values)["value"].isna().all()


def test_a_model_of_single_nucleotides_has_the_perfect_score_for_its_ceiling():
    assert relative_to_ceiling(long_form({"a": [0.75]}))["value"].tolist() == [0.5]


def test_resampled_means_agree_with_a_loop_over_the_drawn_values():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3, 7, 2))
    values[1, 2, 0] = np.nan
    draws = draw_resamples(3, 7, 20, 1)
    for row, means in enumerate(resampled_means(values, draws)):
        seeds = np.repeat(np.arange(3), draws.seeds[row].astype(int))
        sequences = np.repeat(np.arange(7), draws.sequences[row].astype(int))
        drawn = values[np.ix_(seeds, sequences)].reshape(-1, 2)
        assert means == pytest.approx(np.nanmean(drawn, axis=0))
