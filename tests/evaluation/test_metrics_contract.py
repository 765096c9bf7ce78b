"""What every metric of every axis promises: its card says how maps score whose worth is known.

Each axis has four cases, of many sequences each: the best map there is, its opposite, maps that
know nothing, and one that is the same everywhere. An axis without cases here gets those of
``judge_maps``.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.catalogue import resolve
from dnalrp.evaluation import replacement, robustness
from dnalrp.evaluation.axes import ledger, similarity
from dnalrp.evaluation.axes.faithfulness import lerf_minus_morf
from dnalrp.evaluation.catalogue import AXES, axis_of, cards, direction_of, metric_of
from dnalrp.evaluation.judging import chance_of, score_map
from dnalrp.evaluation.levels import level_of
from dnalrp.report.building import FIGURES

COUNT, LENGTH = 400, 60
RNG_SEED = 0
ENTRIES = list(cards())
NAMES = [card.name for _, card in ENTRIES]


class Case(NamedTuple):
    """Scores (sequences,) of maps whose worth is known; ``chance`` is what no knowledge scores."""

    best: np.ndarray
    opposite: np.ndarray
    random: np.ndarray
    constant: np.ndarray
    chance: np.ndarray | float


def noise():
    return np.random.default_rng(RNG_SEED).normal(size=(COUNT, LENGTH))


def sites():
    truth = np.zeros((COUNT, LENGTH), dtype=bool)
    truth[:, 20:30] = True
    return truth


def case_of_maps(axis, card):
    """The truth and its opposite; where there is none, one position that holds all, and none."""
    of_truth = axis.against == "truth"
    truth = sites()
    one = np.zeros((COUNT, LENGTH))
    one[:, 7] = 1
    even = np.ones((COUNT, LENGTH))
    best, opposite = (truth.astype(float), -1.0 * truth) if of_truth else (one, even)
    level = level_of(noise(), truth=truth, weights=np.ones(truth.shape))

    def scored(relevance):
        return score_map([card], level, relevance, decided=of_truth)[card.name]

    chance = chance_of(card, level, decided=of_truth)
    return Case(scored(best), scored(opposite), scored(noise()), scored(0.3 * even), chance)


def case_of_similarity(axis, card):
    first, second = noise(), noise()[::-1]
    ready = [similarity.comparable(maps) for maps in (first, first, -first, second)]
    flat = similarity.comparable(np.ones((COUNT, LENGTH)))
    chance = resolve(card.chance_level)
    chance = chance(np.full(COUNT, LENGTH)) if callable(chance) else chance
    scores = [resolve(card.score)(ready[0], other) for other in (*ready[1:], flat)]
    return Case(*scores, chance)


def count_first_half(sequences):
    """Logits of a model that counts G in the first half, for class 1."""
    counts = [sequence[: len(sequence) // 2].count("G") for sequence in sequences]
    return np.stack([np.zeros(len(counts)), counts], axis=1)


def case_of_faithfulness(axis, card):
    """The model counts G in the first half: that is the best map."""
    rng = np.random.default_rng(RNG_SEED)
    sequences = ["".join(row) for row in rng.choice(list("AG"), size=(COUNT, 20))]
    names = [str(row) for row in range(COUNT)]
    called = np.ones(COUNT, dtype=int)
    subject = replacement.nucleotide_subject(count_first_half, names, sequences, called)
    fillers = replacement.background(subject, [0.5, 0.5, 0, 0], 2, seed=1)
    truth = np.array([[c == "G" and i < 10 for i, c in enumerate(s)] for s in sequences])
    truth = truth.astype(float)
    maps = {"best": truth, "opposite": -truth, "random": rng.normal(size=truth.shape)}
    maps["constant"] = np.ones(truth.shape)
    curves = replacement.replacement_curves(subject, fillers, maps, shares=[0.2, 0.5], seed=1)

    def scored(name):
        if card.score is not None:
            return resolve(card.score)(curves[name])
        assert card.name == "normalised"
        area = {which: lerf_minus_morf(curves[which]) for which in ("best", name)}
        return replacement.normalised(area[name], area["best"])

    return Case(*map(scored, Case._fields[:4]), card.chance_number)


def case_of_robustness(axis, card):
    """Maps of the letters stay, their negatives turn on a change, noise is drawn anew."""
    rng = np.random.default_rng(RNG_SEED)
    texts = ["".join(row) for row in rng.choice(list("ACGT"), size=(COUNT, LENGTH))]
    values = {"A": 1.0, "T": 1.0, "C": 3.0, "G": 3.0}
    letters = np.array([[values[letter] for letter in text] for text in texts])

    def by_letter(model, changed):
        return np.array([[values[letter] for letter in text] for text in changed])

    def turned(model, changed):
        return -by_letter(model, changed)

    def drawn(model, changed):
        return rng.normal(size=(len(changed), len(changed[0])))

    def flat(model, changed):
        return np.ones((len(changed), len(changed[0])))

    def stable(score):
        cases = ((by_letter, letters), (turned, letters), (drawn, noise()), (flat, letters))
        return [score(explain, None, texts, original) for explain, original in cases]

    if card.score is not None:
        return Case(*stable(resolve(card.score)), card.chance_number)
    # of permuted parameters: a map that no longer has to do with itself is the best
    lengths = np.full(COUNT, LENGTH)

    def size(explain, model, sequences, original):
        return np.abs(
            similarity.spearman(
                similarity.comparable(original, lengths),
                similarity.comparable(explain(model, sequences), lengths),
            )
        )

    stays, turns, random, constant = stable(size)
    assert turns == pytest.approx(np.ones(COUNT))
    return Case(random, stays, random, constant, robustness.size_by_chance(lengths))


def case_of_ledger(axis, card):
    """Maps whose sums are as promised, and maps that are not."""
    outputs = np.linspace(1, 2, COUNT)
    spans = np.stack([np.array([0, 0, 1]), np.array([0, 1, 2])], axis=1)
    terms = dict.fromkeys((*ledger.LEDGER_TERMS, ledger.POSITION), outputs / 7)

    def scored(relevance, gap):
        maps = RelevanceMaps(
            ids=[str(row) for row in range(COUNT)],
            relevance=list(relevance),
            spans=[spans] * COUNT,
            outputs=outputs,
            lengths=np.full(COUNT, 2),
            logits=np.zeros((COUNT, 2)),
            gap=np.full(COUNT, gap),
            ledger=pd.DataFrame(terms),
        )
        return ledger._values(maps)[card.name]

    even = np.ones((COUNT, 3))
    varied = np.random.default_rng(RNG_SEED).normal(size=even.shape)
    scores = (scored(even, 0.0), scored(even, 1.0), scored(varied, 0.5), scored(0 * even, 0.0))
    return Case(*scores, card.chance_number)


def case_of_logic(axis, card):
    """Relevance as the grammar has it; of two sites a sequence, one speaks for the label."""
    sequence = np.repeat(np.arange(COUNT), 2)
    contribution = np.tile([1.0, -0.5], COUNT)
    random = np.random.default_rng(RNG_SEED).normal(size=2 * COUNT)
    relevances = (contribution, -contribution, random, np.zeros(2 * COUNT))
    scores = [resolve(card.score)(values, contribution, sequence) for values in relevances]
    return Case(*scores, card.chance_number)


CASES = {
    "similarity": case_of_similarity,
    "faithfulness": case_of_faithfulness,
    "robustness": case_of_robustness,
    "ledger": case_of_ledger,
    "logic": case_of_logic,
}


@pytest.fixture(scope="module")
def case_for():
    """Cases of a metric, each made once; None for one that the tables alone make."""
    made = {}

    def of(axis, card):
        if card.name not in made:
            alone = card.score is None and axis.name not in CASES
            made[card.name] = None if alone else CASES.get(axis.name, case_of_maps)(axis, card)
        return made[card.name]

    return of


@pytest.fixture(params=ENTRIES, ids=NAMES)
def entry(request, case_for):
    axis, card = request.param
    case = case_for(axis, card)
    if case is None:
        assert metric_of(card.name.removesuffix("_of_ceiling")).of_ceiling
        pytest.skip("made from another metric's values: see relative_to_ceiling")
    return axis, card, case


def test_names_are_taken_once_and_found_again():
    assert [name for name, count in Counter(NAMES).items() if count > 1] == []
    columns = [card.column for _, card in ENTRIES if card.column]
    assert len(set(columns)) == len(columns)
    for axis, card in ENTRIES:
        assert metric_of(card.name) == card and axis_of(card.name) == axis


@pytest.mark.parametrize(("axis", "card"), ENTRIES, ids=NAMES)
def test_a_card_says_how_to_read_its_metric(axis, card):
    assert card.meaning and "\n" not in card.meaning and not card.meaning.endswith(".")
    assert card.better in ("higher", "lower", "neither")
    assert card.chance and card.ceiling
    if card.verb is not None:
        assert axis.compared and card.direction, "a sentence needs a comparison"
    if card.of_ceiling:
        assert card.direction == 1 and direction_of(f"{card.name}_of_ceiling") == 1


@pytest.mark.parametrize("axis", AXES.values(), ids=list(AXES))
def test_an_axis_says_what_its_figure_shows(axis):
    if axis.settings is not None:
        assert axis.needs_model and resolve(axis.settings).__doc__
    if isinstance(axis.note, str) and axis.name != "faithfulness":
        assert axis.note_for(None).endswith(".")
    figure = FIGURES.get(axis.figure, axis.figure)
    assert figure is None or callable(resolve(figure))
    assert callable(resolve(axis.judge))


@pytest.mark.parametrize(
    ("name", "card"),
    [
        ("permuted_1_classifier", "permuted_1_classifier"),
        ("randomised_1_classifier", "permuted_1_classifier"),
        ("permuted_4_all", "permuted_all"),
        ("randomised_4_all", "permuted_all"),
        ("permuted_2_bert.pooler", "permuted"),
        ("rank_agreement_to_mean", "rank_agreement"),
        ("auprc_of_ceiling", "auprc"),
        ("auroc_of_ceiling", "auroc_of_ceiling"),
        ("softmax", "softmax"),
    ],
)
def test_names_that_are_made_belong_to_a_card(name, card):
    assert metric_of(name).name == card


def test_an_unknown_metric_is_refused_in_one_line():
    with pytest.raises(ValueError, match="no metric 'gibberish' in any axis; load the extension"):
        metric_of("gibberish")


def test_scores_are_one_a_sequence(entry):
    _, _, case = entry
    for scores in case[:4]:
        assert np.shape(scores) == (COUNT,)


def test_the_best_map_and_its_opposite_are_told_apart_in_the_direction_of_the_card(entry):
    _, card, case = entry
    if card.better == "neither":
        pytest.skip("has no direction")
    best = np.nanmean(case.best)
    if np.isnan(case.opposite).all():
        assert card.name == "mass_accuracy"  # of a map that is positive nowhere
        opposite = 0.0
    else:
        opposite = np.nanmean(case.opposite)
    assert card.direction * (best - opposite) > 0


def test_no_map_is_better_than_the_best(entry):
    _, card, case = entry
    if card.better == "neither":
        pytest.skip("has no direction")
    random = np.nanmean(case.random)
    assert card.direction * (np.nanmean(case.best) - random) >= 0
    if case.best is not case.random:
        assert card.direction * (np.nanmean(case.best) - random) > 0


def is_at_chance(scores, chance):
    """Scores on average at chance, up to four standard errors and to rounding."""
    known = ~np.isnan(scores)
    gap = scores[known] - chance[known]
    return abs(gap.mean()) <= 4 * gap.std() / np.sqrt(known.sum()) + 1e-9


def chance_of_case(case):
    if np.isnan(case.chance).any():
        pytest.skip("no number is its chance level")
    return np.broadcast_to(case.chance, COUNT)


def test_maps_that_know_nothing_score_at_chance(entry):
    _, _, case = entry
    chance = chance_of_case(case)
    assert np.isnan(case.random).mean() < 0.5
    assert is_at_chance(case.random, chance)


def test_a_constant_map_scores_at_chance_or_not_at_all(entry):
    _, _, case = entry
    chance = chance_of_case(case)
    assert np.isnan(case.constant).all() or is_at_chance(case.constant, chance)
