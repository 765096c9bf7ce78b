"""Controls: they lose what was learnt and nothing else, and show which metrics can be believed."""

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import toy_cnn, toy_dnabert2

import dnalrp
from dnalrp.data.labels import with_shuffled_labels
from dnalrp.evaluation.controls import MARGIN, discriminating
from dnalrp.models.randomising import randomised


@pytest.fixture
def labelled():
    rng = np.random.default_rng(0)
    split = np.repeat(["train", "dev", "test"], [2000, 200, 200])
    return pd.DataFrame({"id": range(2400), "label": rng.integers(0, 2, 2400), "split": split})


def test_training_and_dev_labels_are_shuffled_and_test_labels_stay(labelled):
    shuffled = with_shuffled_labels(labelled, seed=1)
    pd.testing.assert_frame_equal(shuffled.drop(columns="label"), labelled.drop(columns="label"))
    for split, own in labelled.groupby("split"):
        other = shuffled.loc[own.index, "label"]
        assert other.sum() == own["label"].sum()
        if split == "test":
            assert (other == own["label"]).all()
        else:
            assert np.corrcoef(other, own["label"])[0, 1] == pytest.approx(0, abs=0.15)


def test_shuffled_labels_are_seeded_split_by_split(labelled):
    first, again = (with_shuffled_labels(labelled, seed=1) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert not first["label"].equals(with_shuffled_labels(labelled, seed=2)["label"])
    dev = labelled[labelled["split"] == "dev"]
    alone = with_shuffled_labels(dev, seed=1)
    assert (alone["label"] == first.loc[dev.index, "label"]).all()


def toys(byte_pairs):
    return [toy_dnabert2(byte_pairs), toy_cnn(), toy_cnn(batch_norm=True)]


def test_randomised_model_shares_no_weight_with_the_first_which_stays(byte_pairs):
    for model in toys(byte_pairs):
        before = {name: value.clone() for name, value in model.state_dict().items()}
        state = torch.random.get_rng_state()
        control = randomised(model, seed=1)
        assert torch.equal(state, torch.random.get_rng_state())
        assert control.dtype == model.dtype and not control.training
        for name, parameter in control.named_parameters():
            assert not torch.equal(parameter, before[name]), name
        for name, value in model.state_dict().items():
            assert torch.equal(value, before[name])


def test_randomised_model_is_seeded(byte_pairs):
    for model in toys(byte_pairs):
        first, again, other = (
            torch.cat([p.flatten() for p in randomised(model, seed).parameters()])
            for seed in (1, 1, 2)
        )
        assert torch.equal(first, again) and not torch.equal(first, other)


def test_randomised_model_is_explained_on_the_same_tokens(dnabert2, sequences):
    true = dnalrp.explain(dnabert2, sequences, "attnlrp", progress=False)
    control = dnalrp.explain(randomised(dnabert2, seed=1), sequences, "attnlrp", progress=False)
    for a, b, one, other in zip(
        true.spans, control.spans, true.relevance, control.relevance, strict=True
    ):
        assert np.array_equal(a, b) and np.abs(one - other).max() > 1e-3
    total = control.ledger.sum(axis="columns").to_numpy()
    assert total == pytest.approx(control.outputs, rel=1e-8, abs=1e-10)


def row(model, method, metric, mean, low, high, chance=0.5):
    place = {"dataset": "implant", "seed": "seed1", "level": "nucleotide", "map": "split"}
    score = {"metric": metric, "mean": mean, "low": low, "high": high, "chance": chance}
    return {**place, "model": model, "method": method, "axis": "localisation", **score}


def verdicts(*rows, **options):
    table = discriminating(pd.DataFrame(rows), **options)
    return table.set_index(["metric", "control"])


def test_metric_that_holds_its_controls_at_chance_discriminates():
    table = verdicts(
        row("cnn", "lrp", "auroc", 0.8, 0.78, 0.82),
        row("cnn", "random", "auroc", 0.51, 0.49, 0.53),
        row("cnn", "lrp_randomised", "auroc", 0.44, 0.38, 0.51),
        row("cnn_shuffled", "lrp", "auroc", 0.515, 0.511, 0.519),
    )
    assert set(table["verdict"]) == {"discriminating"}
    assert (table["at_chance"] == 1).all() and (table["explanations"] == 1).all()
    kinds = ["random maps", "randomised parameters", "shuffled labels"]
    assert sorted(table.index.get_level_values("control")) == kinds


def test_one_control_off_chance_marks_the_metric_and_no_other():
    table = verdicts(
        row("cnn", "random", "auroc", 0.5, 0.48, 0.52),
        row("cnn", "lrp_randomised", "auroc", 0.44, 0.42, 0.46),
        row("dnabert2", "attnlrp_randomised", "auroc", 0.53, 0.49, 0.57),
        row("cnn", "lrp_randomised", "auprc", 0.21, 0.19, 0.23, chance=0.2),
    )
    assert (table.loc["auroc", "verdict"] == "not discriminating").all()
    assert (table.loc["auprc", "verdict"] == "discriminating").all()
    control = table.loc[("auroc", "randomised parameters")]
    assert (control["explanations"], control["at_chance"]) == (2, 1)
    assert control["furthest"] == pytest.approx(-0.06)


def test_margin_is_about_the_mean():
    narrow = row("cnn", "random", "auroc", 0.5 + 0.9 * MARGIN, 0.517, 0.519)
    assert verdicts(narrow)["verdict"].tolist() == ["discriminating"]
    assert verdicts(narrow, margin=0.001)["verdict"].tolist() == ["not discriminating"]


def test_what_has_no_chance_level_or_is_no_control_is_left_out():
    table = verdicts(
        row("cnn", "random", "gini", 0.4, 0.3, 0.5, chance=np.nan),
        row("cnn", "lrp", "auroc", 0.8, 0.7, 0.9),
        row("dnabert2_shuffled", "ceiling", "auroc", 0.99, 0.98, 1.0),
        row("cnn", "random", "auprc", np.nan, np.nan, np.nan),
    )
    assert table.empty


def test_a_random_map_of_a_control_model_is_a_random_map():
    table = verdicts(row("cnn_shuffled", "random", "auroc", 0.5, 0.4, 0.6))
    assert table.index.tolist() == [("auroc", "random maps")]


def test_the_control_that_misses_chance_is_named_with_its_score():
    table = verdicts(
        row("cnn", "random", "auroc", 0.44, 0.37, 0.51),  # further off, but at chance
        row("dnabert2", "random", "auroc", 0.45, 0.42, 0.48),
        row("other", "random", "auroc", 0.54, 0.51, 0.57),
    )
    (own,) = table.itertuples()
    assert (own.explanations, own.at_chance) == (3, 1)
    assert own.which == "implant, dnabert2, seed1, random"
    assert (own.mean, own.low, own.high, own.chance) == (0.45, 0.42, 0.48, 0.5)
    assert own.furthest == pytest.approx(-0.05)


def test_a_control_of_one_sequence_says_nothing():
    table = verdicts(row("cnn", "random", "auroc", 0.1, np.nan, np.nan))
    assert table.empty and {"verdict", "which", "furthest"} <= set(table.columns)


def test_the_same_map_of_several_models_and_seeds_counts_once():
    own = row("cnn", "random", "auroc", 0.4, 0.38, 0.42)
    again = [own | {"model": "cnn_shuffled"}, own | {"seed": "seed2"}]
    (found,) = verdicts(own, *again, row("net", "random", "auroc", 0.5, 0.4, 0.6)).itertuples()
    assert (found.explanations, found.at_chance) == (2, 1)


def test_many_controls_that_vary_about_chance_do_not_mark_the_metric():
    rng = np.random.default_rng(0)
    marked = 0
    for _ in range(200):
        means = 0.5 + rng.normal(0, 0.05, 30)
        rows = [
            row(f"m{i}", "random", "auroc", mean, mean - 0.098, mean + 0.098)
            for i, mean in enumerate(means)
        ]
        marked += verdicts(*rows)["verdict"].tolist() == ["not discriminating"]
    assert marked <= 20  # 5 % of them, and not the 79 % of 30 intervals of 95 %
