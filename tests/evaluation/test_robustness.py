"""Robustness: maps that follow the sequence stay, maps that follow the model fall."""

import numpy as np
import pytest
import torch
from conftest import random_sequences, toy_cnn

from dnalrp.attribution.explanation import explain
from dnalrp.evaluation import robustness

SEQUENCES = random_sequences(4, 20, 30)


def padded(rows):
    width = max(map(len, rows))
    return np.stack([np.pad(row, (0, width - len(row))) for row in rows])


def by_letter(model, sequences):
    """Relevance that hangs on the letter alone, the same on both strands."""
    values = dict(zip("ATCG", (1.0, 1.0, 3.0, 3.0), strict=True))
    return padded([np.array([values[letter] for letter in s]) for s in sequences])


def by_place(model, sequences):
    """Relevance that hangs on the distance from the start alone."""
    return padded([np.arange(len(s), dtype=float) + 1 for s in sequences])


def consistency(explain_by, check, sequences=SEQUENCES):
    return check(explain_by, None, sequences, explain_by(None, sequences))


def test_a_map_of_the_letters_is_consistent():
    for check in (robustness.reverse_complement_consistency, robustness.shift_consistency):
        assert consistency(by_letter, check) == pytest.approx(np.ones(4))


def test_a_map_of_the_places_is_reversed_with_the_strand_but_not_by_a_shift():
    turned = consistency(by_place, robustness.reverse_complement_consistency)
    assert turned == pytest.approx(-np.ones(4))
    assert consistency(by_place, robustness.shift_consistency) == pytest.approx(np.ones(4))


def test_too_short_a_sequence_has_no_shift():
    scores = consistency(by_place, robustness.shift_consistency, ["AC", "ACGT"])
    assert np.isnan(scores[0]) and scores[1] == pytest.approx(1)


def test_layers_go_from_the_classifier_down_and_hold_every_parameter(cnn, dnabert2):
    layers = list(robustness.parameter_layers(cnn))
    assert layers == ["classifier", "dense", "second.convolution", "first.convolution"]
    layers = robustness.parameter_layers(dnabert2)
    assert list(layers) == [
        *("classifier", "bert.pooler", "bert.encoder.layer.1", "bert.encoder.layer.0"),
        "bert.embeddings",
    ]
    held = sum(len(own) for own in layers.values())
    assert held == len(list(dnabert2.parameters()))


def test_randomisation_cascades_and_leaves_the_model_alone(cnn):
    before = {name: value.clone() for name, value in cnn.state_dict().items()}
    changed_by_depth = []
    generator = torch.Generator().manual_seed(0)
    for _, changed in robustness.permuted_models(cnn, generator):
        now = changed.state_dict()
        moved = {name.rpartition(".")[0] for name in now if not now[name].equal(before[name])}
        changed_by_depth.append(moved)
        for name, value in now.items():
            assert torch.equal(value.flatten().sort().values, before[name].flatten().sort().values)
    assert [len(moved) for moved in changed_by_depth] == [1, 2, 3, 4]
    assert changed_by_depth[0] == {"classifier"}
    assert all(value.equal(before[name]) for name, value in cnn.state_dict().items())


def test_maps_of_a_method_fall_and_maps_of_the_sequence_do_not():
    model, sequences = toy_cnn(filters=16, second_filters=16), random_sequences(30, 60, 60)

    def gradient(own, texts):
        return explain(own, texts, "gradient_x_input", progress=False).nucleotides()

    scores = {}
    for name, method in {"gradient": gradient, "letters": by_letter}.items():
        arguments = (method, model, sequences, method(model, sequences))
        scores[name] = robustness.permuted_parameters(*arguments, seed=0)
    assert list(scores["gradient"]) == [
        *("1_classifier", "2_dense", "3_second.convolution", "4_all")
    ]
    # where no filter answers, the map is zero and the score undefined
    assert np.nanmean(scores["gradient"]["4_all"]) < 0.3
    assert scores["letters"]["4_all"] == pytest.approx(np.ones(30))


def test_a_map_that_only_turns_its_sign_has_not_fallen(cnn):
    def of_either_sign(model, texts):
        return by_letter(model, texts) * (1 if model is cnn else -1)

    arguments = (of_either_sign, cnn, SEQUENCES, of_either_sign(cnn, SEQUENCES))
    for scores in robustness.permuted_parameters(*arguments, seed=0).values():
        assert scores == pytest.approx(np.ones(4))


def test_the_sequences_are_dealt_to_draws_of_the_parameters(cnn):
    seen = []

    def record(model, texts):
        seen.append((model.classifier.weight.detach().clone(), texts))
        return by_letter(model, texts)

    original = by_letter(cnn, SEQUENCES)
    robustness.permuted_parameters(record, cnn, SEQUENCES, original, seed=0, draws=2)
    depths = len(robustness.parameter_layers(cnn))
    (first, own), (second, others) = seen[0], seen[depths]
    assert own == SEQUENCES[::2] and others == SEQUENCES[1::2]
    assert not first.equal(second) and first.sum().item() == pytest.approx(second.sum().item())


@pytest.mark.parametrize("parts", [10, 45, 200])
def test_size_by_chance_is_that_of_random_orders(parts):
    rng = np.random.default_rng(0)
    orders = rng.permuted(np.tile(np.arange(parts), (4000, 1)), axis=1)
    sizes = [abs(np.corrcoef(np.arange(parts), order)[0, 1]) for order in orders]
    error = 4 * np.std(sizes) / np.sqrt(len(sizes))
    expected = robustness.size_by_chance(np.array([parts]))[0]
    assert expected == pytest.approx(np.mean(sizes), abs=error)
