"""Faithfulness: curves of models whose right order is known, and every variant asked for once."""

import numpy as np
import pytest
from conftest import random_sequences

from dnalrp.evaluation import replacement
from dnalrp.evaluation.axes.faithfulness import comprehensiveness, lerf_minus_morf, sufficiency
from dnalrp.evaluation.replacement import (
    called_margin,
    normalised,
    nucleotide_subject,
    replacement_curves,
    single_effects,
    token_subject,
)

SHARES = [0.1, 0.3, 0.5]
SEQUENCES = ["G" * 20, "GA" * 10, "C" * 20]
NAMES = ["a", "b", "c"]
TRUE = np.array([[float(c == "G" and i < 10) for i, c in enumerate(s)] for s in SEQUENCES])


def count_first_half(sequences):
    """Logits of a model that counts G in the first half, for class 1."""
    counts = [s[: len(s) // 2].count("G") for s in sequences]
    return np.stack([np.zeros(len(counts)), counts], axis=1)


def counting(predict=count_first_half, names=NAMES, sequences=SEQUENCES):
    return nucleotide_subject(predict, names, sequences, np.ones(len(sequences), dtype=int))


def curves_of(maps, draws=20):
    subject = counting()
    fillers = replacement.background(subject, [0.25] * 4, draws, seed=1)
    return replacement_curves(subject, fillers, maps, shares=SHARES, seed=1)


def test_faithfulness_prefers_the_order_that_the_model_follows():
    noise = np.random.default_rng(0).normal(size=TRUE.shape)
    maps = {"true": TRUE, "wrong": -TRUE, "noise": noise, "zeros": np.zeros_like(TRUE)}
    area = {name: lerf_minus_morf(own) for name, own in curves_of(maps).items()}
    assert (area["true"][:2] > 1).all()
    assert area["wrong"] == pytest.approx(-area["true"], abs=1)
    for uninformed in (area["noise"], area["zeros"]):
        assert abs(uninformed[:2]).max() < area["true"][:2].min()


def test_curves_by_hand():
    subject = counting(sequences=["GGGGGAAAAA"], names=["a"])  # its first half is all G
    ramp = np.arange(10.0, 0, -1)[None]
    filler = [np.frombuffer(b"CCCCCCCCCC", dtype=np.uint8)[None]]
    own = replacement_curves(subject, filler, {"m": ramp}, shares=[0.2, 0.4, 1.0], seed=0)["m"]
    assert own.original.tolist() == [5]
    assert own.most_first.tolist() == [[3, 1, 0]]
    assert own.least_first.tolist() == [[5, 5, 0]]
    assert own.kept.tolist() == [[2, 4, 5]]
    assert lerf_minus_morf(own) == pytest.approx([2])
    assert comprehensiveness(own) == pytest.approx([5 - 4 / 3])
    assert sufficiency(own) == pytest.approx([5 - 11 / 3])


def test_the_model_is_asked_once_and_never_twice_for_the_same():
    asked = []

    def predict(sequences):
        asked.append(list(sequences))
        return count_first_half(sequences)

    subject = counting(predict)
    fillers = replacement.background(subject, [0.25] * 4, 2, seed=1)
    maps = {"one": TRUE, "same": TRUE.copy(), "other": -TRUE}
    curves = replacement_curves(subject, fillers, maps, shares=SHARES, seed=1)
    assert len(asked) == 1 and len(set(asked[0])) == len(asked[0])
    assert np.array_equal(lerf_minus_morf(curves["one"]), lerf_minus_morf(curves["same"]))


def test_what_a_sequence_scores_does_not_depend_on_others_or_on_other_maps():
    rng = np.random.default_rng(0)
    maps = {"x": rng.normal(size=TRUE.shape), "y": rng.normal(size=TRUE.shape)}
    whole = lerf_minus_morf(curves_of(maps, draws=2)["y"])
    alone = counting(names=NAMES[1:2], sequences=SEQUENCES[1:2])
    fillers = replacement.background(alone, [0.25] * 4, 2, seed=1)
    own = replacement_curves(alone, fillers, {"y": maps["y"][1:2]}, shares=SHARES, seed=1)["y"]
    assert lerf_minus_morf(own) == pytest.approx(whole[1:2])


def test_best_order_is_found_by_single_substitutions():
    subject = counting()
    others = replacement.substitutions(subject, 3, seed=0)
    effects = single_effects(subject, others)
    # any other letter takes one G away, and in place of an A one of three puts one there
    gained = np.array(
        [[-1 / 3 * (i < 10 and c != "G") for i, c in enumerate(s)] for s in SEQUENCES]
    )
    assert effects == pytest.approx(TRUE + gained)


def test_substitutions_are_other_nucleotides_and_all_three_of_them():
    subject = counting(sequences=["ACGTN"], names=["a"])
    (all_three,) = replacement.substitutions(subject, 3, seed=0)
    columns = ["".join(sorted(bytes(column).decode())) for column in all_three.T]
    assert columns == ["CGT", "AGT", "ACT", "ACG", "NNN"]
    (one,) = replacement.substitutions(subject, 1, seed=0)
    assert one.tolist() == all_three[:1].tolist()


def test_normalised_is_zero_for_no_order_one_for_the_best_and_never_clipped():
    best = np.array([1.0, 2.0, 4.0])
    assert normalised(best, best).tolist() == [1, 1, 1]
    assert normalised(np.array([0.0, -4, 5]), best).tolist() == [0, -2, 1.25]


def test_normalised_is_undefined_where_the_model_has_no_range():
    area, best = np.array([1.0, 1, 1]), np.array([-1.0, 0.01, 10])
    assert normalised(area, best).tolist() == pytest.approx([np.nan, np.nan, 0.1], nan_ok=True)
    assert np.isnan(normalised(area, np.array([0.0, 0, -1]))).all()
    assert len(normalised(np.empty(0), np.empty(0))) == 0


def test_a_scale_of_the_output_changes_areas_but_not_their_normalised_values():
    def tenfold(sequences):
        return 10 * count_first_half(sequences)

    noisy = {"m": TRUE + 0.6 * np.random.default_rng(0).normal(size=TRUE.shape)}
    scores = []
    for predict in (count_first_half, tenfold):
        subject = counting(predict)
        others = replacement.substitutions(subject, 3, seed=0)
        fillers = replacement.background(subject, [0.25] * 4, 4, seed=1)
        maps = noisy | {"best": single_effects(subject, others)}
        curves = replacement_curves(subject, fillers, maps, shares=SHARES, seed=1)
        scores.append(
            (
                lerf_minus_morf(curves["m"]),
                normalised(lerf_minus_morf(curves["m"]), lerf_minus_morf(curves["best"])),
            )
        )
    (area, value), (larger, same) = scores
    assert larger == pytest.approx(10 * area)
    assert same == pytest.approx(value, nan_ok=True)
    assert 0 < np.nanmean(value) < 1


def test_called_margin_is_against_the_highest_other_class():
    logits = np.array([[1.0, 3.0, 2.0], [1.0, 3.0, 2.0]])
    assert called_margin(logits, np.array([1, 0])).tolist() == [1, -2]
    assert logits.max() == 3  # untouched


def test_masks_replace_tokens_and_spare_the_special_ones():
    tokens = [[1, 7, 8, 9, 2], [1, 7, 2]]
    real = [np.array([0, 1, 1, 1, 0], dtype=bool), np.array([0, 1, 0], dtype=bool)]
    asked = []

    def predict(variants):
        asked.extend(variants)
        return np.array([[0.0, own.count(8)] for own in variants])

    subject = token_subject(predict, ["a", "b"], tokens, real=real, called=np.ones(2, dtype=int))
    fillers = replacement.masks(subject, 4)
    maps = {"m": np.array([[0.0, 1, 0], [1, 0, 0]])}
    curves = replacement_curves(subject, fillers, maps, shares=[0.34], seed=0)["m"]
    assert curves.most_first.ravel().tolist() == [0, 0]
    assert curves.least_first.ravel().tolist() == [1, 0]
    assert curves.kept.ravel().tolist() == [1, 0]
    assert (1, 7, 4, 9, 2) in asked
    assert all(own[0] == 1 and own[-1] == 2 for own in asked)
    assert single_effects(subject, fillers).tolist() == [[0, 1, 0], [0, 0, 0]]


def test_dinucleotide_fillers_keep_the_dinucleotides():
    (sequence,) = random_sequences(1, 60, 60)
    sequence = sequence[:30] + "N" + sequence[31:]
    subject = counting(names=["a", "b"], sequences=[sequence, "ACACACAC"])
    fillers = replacement.dinucleotide_shuffles(subject, 3, seed=0)

    def pairs(text):
        return sorted(text[i : i + 2] for i in range(len(text) - 1))

    texts = [bytes(row).decode() for row in fillers[0]]
    assert all(pairs(text) == pairs(sequence) for text in texts)
    assert len({sequence, *texts}) == 4
    again = replacement.dinucleotide_shuffles(subject.part(1), 3, seed=0)
    assert np.array_equal(again[0], fillers[0])


def test_background_fillers_follow_the_frequencies():
    subject = counting(sequences=["A" * 4000], names=["a"])
    (filler,) = replacement.background(subject, [0.1, 0.2, 0.3, 0.4], 2, seed=0)
    shares = [(filler == ord(letter)).mean() for letter in "ACGT"]
    assert shares == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.03)
