"""Grammar: labels follow their rule, and relevance is held against it, on cases worked by hand."""

import numpy as np
import pandas as pd
import pytest
import sections
from scipy.stats import chi2_contingency

from dnalrp.attribution.maps import RelevanceMaps, nucleotide_spans
from dnalrp.data.grammar import (
    ARRANGED_GRAMMARS,
    BOTH,
    FIRST,
    GRAMMARS,
    MISARRANGED,
    NEITHER,
    PAIR_GRAMMARS,
    SECOND,
    STATES,
    State,
    holds,
)
from dnalrp.data.jaspar import fetch_motifs
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.errors import InputError
from dnalrp.evaluation.axes.logic import (
    METRICS,
    contributions,
    linear_agreement,
    rank_agreement,
    sign_agreement,
    site_contributions,
)
from dnalrp.evaluation.catalogue import axis_of
from dnalrp.evaluation.judging import evaluate
from dnalrp.evaluation.levels import Explained
from dnalrp.evaluation.scores import COLUMNS
from dnalrp.report.grammar import logic_figure

CTCF, REST = fetch_motifs(["MA0139", "MA0138"], sections.RELEASE)
SHARES = {  # of the sequences with: first and second motif, first alone, second alone, neither
    "and": (1 / 2, 1 / 6, 1 / 6, 1 / 6),
    "or": (1 / 6, 1 / 6, 1 / 6, 1 / 2),
    "xor": (1 / 6, 1 / 4, 1 / 4, 1 / 3),
    "spacing": (3 / 4, 1 / 12, 1 / 12, 1 / 12),
    "order": (3 / 4, 1 / 12, 1 / 12, 1 / 12),
    "decoy": (1 / 4, 1 / 4, 1 / 4, 1 / 4),
}


def simulated(rule, count=240, **changes):
    settings = {"counts": {"test": count}, "motifs": ["MA0139", "MA0138"], "mutations": 4}
    return sections.simulated(grammar=rule, **(settings | changes))


def carried(rule, sites):
    """Whether a sequence has the first and the second motif; in ``decoy``, motif and near-copy."""
    motifs = sites[sites["role"].isin(["motif", "partial"])]["motif"].tolist()
    if rule == "decoy":
        return bool(motifs), "near_copy" in sites["role"].tolist()
    return CTCF.matrix_id in motifs, REST.matrix_id in motifs


def label_by_sites(rule, sites):
    """The rules, written once more from the sites alone."""
    first, second = carried(rule, sites)
    if rule == "and":
        return first and second
    if rule == "or":
        return first or second
    if rule == "xor":
        return first + second == 1
    if rule == "decoy":
        return first
    if not (first and second):
        return False
    pair = sites[sites["role"] != "decoy"]
    left, right = pair.sort_values("start").itertuples(index=False)
    if rule == "spacing":
        return 5 <= right.start - left.end <= 10
    upstream = left if left.strand == "+" else right
    return left.strand == right.strand and upstream.motif == CTCF.matrix_id


@pytest.mark.parametrize("rule", GRAMMARS)
def test_labels_follow_the_rule_read_from_the_sites(rule):
    sequences, sites = simulated(rule)
    found = [label_by_sites(rule, sites[sites["id"] == name]) for name in sequences["id"]]
    assert found == (sequences["label"] == 1).tolist()


@pytest.mark.parametrize("rule", GRAMMARS)
def test_one_both_and_neither_come_in_known_proportions(rule):
    sequences, sites = simulated(rule)
    states = [carried(rule, sites[sites["id"] == name]) for name in sequences["id"]]
    kinds = [(True, True), (True, False), (False, True), (False, False)]
    shares = [states.count(kind) / len(states) for kind in kinds]
    assert shares == pytest.approx(SHARES[rule])


@pytest.mark.parametrize("rule", GRAMMARS)
def test_states_have_the_label_of_the_rule(rule):
    for label, states in enumerate(STATES[rule]):
        assert [holds(rule, state) for state in states] == [bool(label)] * len(states)


@pytest.mark.parametrize("rule", GRAMMARS)
def test_roles_tell_evidence_from_motifs_that_do_not_count(rule):
    sequences, sites = simulated(rule)
    labels = sites["id"].map(sequences.set_index("id")["label"])
    assert set(labels[sites["role"] == "motif"]) == {1}
    assert set(labels[sites["role"] == "partial"]) <= {0}
    assert ("near_copy" in set(sites["role"])) == (rule == "decoy")
    planted = sites[sites["role"] != "decoy"]
    assert set(planted["motif"]) == {CTCF.matrix_id, REST.matrix_id}


@pytest.mark.parametrize("rule", GRAMMARS)
def test_decoys_say_nothing_of_the_label(rule):
    sequences, sites = simulated(rule, 600)
    decoys = sites[sites["role"] == "decoy"].groupby("id").size()
    decoys = decoys.reindex(sequences["id"], fill_value=0)
    counts = pd.crosstab(decoys.to_numpy(), sequences["label"].to_numpy())
    assert counts.index.tolist() == [0, 1, 2]
    assert chi2_contingency(counts).pvalue > 0.01
    assert counts.to_numpy().min() > 0.7 * 100  # a third of 300 each


@pytest.mark.parametrize("rule", ARRANGED_GRAMMARS)
def test_gaps_are_as_asked_and_no_decoy_lies_in_them(rule):
    sequences, sites = simulated(rule)
    labels = sequences.set_index("id")["label"]
    for name, own in sites.groupby("id"):
        own = own.sort_values("start")
        places = np.flatnonzero(own["role"] != "decoy")
        if len(places) < 2:
            continue
        left, right = own.iloc[places[0]], own.iloc[places[1]]
        inside = 5 <= right["start"] - left["end"] <= 10
        assert places[1] == places[0] + 1
        assert inside == (labels[name] == 1) or (rule == "order" and inside)


def test_order_is_the_same_read_from_the_other_strand():
    sequences, sites = simulated("order", 48)
    lengths = sites["id"].map(sequences.set_index("id")["sequence"].str.len())
    turned = sites.assign(
        start=lengths - sites["end"],
        end=lengths - sites["start"],
        strand=sites["strand"].map({"+": "-", "-": "+"}),
    )
    for name, own in turned.groupby("id"):
        assert label_by_sites("order", own) == label_by_sites("order", sites[sites["id"] == name])


def mismatches(sequences, sites):
    """Per site, how many of its informative bases are the least likely ones of its matrix."""
    texts = sequences.set_index("id")["sequence"]
    matrices = {motif.matrix_id: motif for motif in (CTCF, REST)}
    for site in sites.itertuples():
        text = texts[site.id][site.start : site.end]
        text = text if site.strand == "+" else reverse_complement(text)
        motif = matrices[site.motif]
        bases = np.array(["ACGT".index(base) for base in text])
        rarest = motif.probabilities.argmin(axis=0) == bases
        yield int((rarest & (motif.information >= 1)).sum())


def test_near_copies_differ_at_as_many_informative_positions_as_asked():
    sequences, sites = simulated("decoy", mutations=6)
    near, true = (
        list(mismatches(sequences, sites[sites["role"] == role])) for role in ("near_copy", "motif")
    )
    assert min(near) >= 6 and np.mean(near) < 7
    assert np.mean(true) < 1


def test_more_mutations_than_informative_positions_are_refused():
    with pytest.raises(InputError, match=r"mutations: 40, but MA0139\.\d+ \(CTCF\) has \d+ pos"):
        simulated("decoy", mutations=40)


@pytest.mark.parametrize("rule", PAIR_GRAMMARS)
def test_rules_on_a_pair_need_two_motifs(rule):
    with pytest.raises(ValueError, match=f"grammar: '{rule}' needs two motifs"):
        simulated(rule, motifs=["MA0139"])


def test_a_third_motif_that_a_pair_leaves_out_is_told(caplog):
    three = ["MA0139", "MA0138", "MA0106"]
    sections.prepared(".", "simulated", grammar="xor", motifs=three)
    assert "grammar 'xor' is about the first two; MA0106 is planted nowhere" in caplog.text


@pytest.mark.parametrize("rule", GRAMMARS)
def test_splits_are_seeded_by_their_name(rule):
    both, _ = simulated(rule, counts={"train": 30, "test": 20})
    test, _ = simulated(rule, counts={"test": 20})
    again, _ = simulated(rule, counts={"test": 20}, seed=4)
    own = both[both["split"] == "test"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, test)
    assert not test["sequence"].equals(again["sequence"])


WORKED = [  # rule, what is carried, contribution of the first and second from absent, from mean
    ("and", BOTH, (1 / 2, 1 / 2), (3 / 8, 3 / 8)),
    ("and", FIRST, (0, 0), (1 / 8, -3 / 8)),
    ("and", NEITHER, (0, 0), (-1 / 8, -1 / 8)),
    ("or", BOTH, (1 / 2, 1 / 2), (1 / 8, 1 / 8)),
    ("or", SECOND, (0, 1), (-1 / 8, 3 / 8)),
    ("or", NEITHER, (0, 0), (-3 / 8, -3 / 8)),
    ("xor", BOTH, (0, 0), (-1 / 4, -1 / 4)),
    ("xor", FIRST, (1, 0), (1 / 4, 1 / 4)),
    ("xor", NEITHER, (0, 0), (-1 / 4, -1 / 4)),
    ("spacing", BOTH, (1 / 2, 1 / 2), (3 / 8, 3 / 8)),
    ("order", MISARRANGED, (0, 0), (0, 0)),
    ("decoy", BOTH, (1, 0), (1 / 2, 0)),
    ("decoy", SECOND, (0, 0), (-1 / 2, 0)),
]


@pytest.mark.parametrize(("rule", "state", "absent", "mean"), WORKED)
def test_contributions_worked_by_hand(rule, state, absent, mean):
    assert contributions(rule, state, "absent") == pytest.approx(absent)
    assert contributions(rule, state, "mean") == pytest.approx(mean)


@pytest.mark.parametrize("rule", GRAMMARS)
@pytest.mark.parametrize("state", [BOTH, FIRST, SECOND, NEITHER, MISARRANGED])
def test_contributions_sum_to_the_label_less_the_reference(rule, state):
    label = float(holds(rule, state))
    arranged = [State(a, b, state.arranged) for a in (True, False) for b in (True, False)]
    mean = np.mean([holds(rule, other) for other in arranged])
    assert sum(contributions(rule, state, "absent")) == pytest.approx(label)
    assert sum(contributions(rule, state, "mean")) == pytest.approx(label - mean)


@pytest.mark.parametrize(
    ("rule", "seen", "auroc"),
    [
        ("xor", lambda state: state.first or state.second, 5 / 6),
        ("spacing", lambda state: state.first and state.second, 3 / 4),
        ("order", lambda state: state.first and state.second, 3 / 4),
    ],
)
def test_what_motifs_alone_would_score_where_a_rule_asks_for_more(rule, seen, auroc):
    negatives, positives = ([seen(state) for state in states] for states in STATES[rule])
    pairs = [(a > b) + (a == b) / 2 for a in positives for b in negatives]
    assert np.mean(pairs) == pytest.approx(auroc)


def explained(sequences, sites, relevance_of_site, rule):
    """Split maps of two methods: relevance as given, even over each site, and noise."""
    length = len(sequences["sequence"][0])
    maps = np.zeros((len(sequences), length), dtype=np.float32)
    rows = {name: row for row, name in enumerate(sequences["id"])}
    for site, value in zip(sites.itertuples(), relevance_of_site, strict=True):
        maps[rows[site.id], site.start : site.end] = value / (site.end - site.start)
    noise = np.random.default_rng(0).standard_normal(maps.shape).astype(np.float32)
    lengths = np.full(len(maps), length)
    stored = {
        method: RelevanceMaps(
            ids=sequences["id"].tolist(),
            lengths=lengths,
            relevance=list(relevance),
            spans=nucleotide_spans(lengths),
            outputs=np.zeros(len(maps)),
            logits=np.zeros((len(maps), 2)),
        )
        for method, relevance in (("given", maps), ("noise", noise))
    }
    return Explained(
        ids=sequences["id"].tolist(),
        sequences=sequences["sequence"].tolist(),
        labels=sequences["label"].to_numpy(),
        attributions=stored,
        nucleotides={(method, "split"): read for method, read in stored.items()},
        sites=sites,
        grammar=rule,
    )


def judged(rule, relevance_of, count=240):
    """Mean of each metric of relevance that is made from the sites' table, and of noise."""
    sequences, sites = simulated(rule, count)
    labels = sequences.set_index("id")["label"]
    relevance = relevance_of(sites, labels)
    table = evaluate("logic", explained(sequences, sites, relevance, rule))
    assert all(axis_of(name).name == "logic" for name in set(table["metric"]))
    assert set(table["axis"]) == {"logic"} and list(table.columns) == COLUMNS
    assert set(table["id"]) == set(sites["id"])
    return table.groupby(["method", "metric"])["value"].mean()


def present(sites, labels):
    return sites["role"].isin(["motif", "partial"]).to_numpy(dtype=float)


@pytest.mark.parametrize("rule", GRAMMARS)
@pytest.mark.parametrize(("reference", "suffix"), [("absent", ""), ("mean", "_to_mean")])
def test_relevance_as_the_rule_has_it_scores_best_and_its_opposite_worst(rule, reference, suffix):
    for sign, expected in ((1, (1, 1, 1)), (-1, (0, -1, 0))):
        scores = judged(
            rule, lambda s, y, sign=sign: sign * site_contributions(s, y, rule, reference)
        )["given"]
        names = [f"{card.name}{suffix}" for card in METRICS]
        assert scores[names].to_numpy() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("rule", GRAMMARS)
def test_noise_scores_the_chance_level(rule):
    scores = judged(rule, present, count=480)["noise"]
    for card in METRICS:
        assert scores[card.name] == pytest.approx(card.chance_level, abs=0.1)
        assert scores[card.name + "_to_mean"] == pytest.approx(card.chance_level, abs=0.1)


def test_a_map_that_sees_motifs_but_no_xor_is_found_out():
    """Relevance 1 at every motif localises without fault; of the pairs, by hand:

    a quarter of the n sequences has one motif each way (contribution 1), and 1 / 6 both: n / 2
    sites of contribution 1 against those of 0, which are n / 3 motifs, tied, and the decoys,
    ordered right. Of those whose sites count from the mean, 3 of 4 have one motif, which speaks
    for the label, and the others two that speak against it.
    """
    scores = judged("xor", present)["given"]
    _, sites = simulated("xor")
    decoys, motifs = (sites["role"] == "decoy").sum(), 240 / 3
    assert scores["rank_agreement"] == pytest.approx((decoys + motifs / 2) / (decoys + motifs))
    assert scores["sign_agreement"] == 1
    assert scores["sign_agreement_to_mean"] == pytest.approx(3 / 4)


def test_sign_and_linear_agreement_by_hand():
    contribution = np.array([0.5, -0.25, 0.0])
    assert sign_agreement(np.array([2.0, 3.0, -9.0]), contribution) == 0.5
    assert sign_agreement(np.array([0.0, -1.0, 4.0]), contribution) == 0.75
    assert linear_agreement(np.array([4.0, 3.0]), np.array([1.0, 0.0])) == pytest.approx(0.8)
    assert np.isnan(sign_agreement(np.ones(2), np.zeros(2)))
    assert np.isnan(linear_agreement(np.zeros(2), np.ones(2)))


def pairs_in_order(relevance, contribution):
    """Slow rank agreement: every pair of sites, one after the other."""
    scores = [
        0.5 + 0.5 * np.sign(relevance[i] - relevance[j])
        for i in range(len(relevance))
        for j in range(len(relevance))
        if contribution[i] > contribution[j]
    ]
    return np.mean(scores)


def test_rank_agreement_is_the_share_of_pairs_with_a_jackknife_error():
    rng = np.random.default_rng(3)
    sequence = np.repeat(np.arange(60), 2)
    contribution = rng.choice([0.0, 0.5, 1.0], size=120)
    relevance = np.round(contribution + rng.normal(size=120), 1)
    values = rank_agreement(relevance, contribution, sequence)
    assert values.mean() == pytest.approx(pairs_in_order(relevance, contribution))
    without = [
        pairs_in_order(relevance[sequence != own], contribution[sequence != own])
        for own in range(60)
    ]
    jackknife = np.sqrt(59 / 60 * np.sum((without - np.mean(without)) ** 2))
    assert values.std(ddof=1) / np.sqrt(60) == pytest.approx(jackknife, rel=0.05)


def test_rank_agreement_needs_contributions_that_differ():
    assert np.isnan(rank_agreement(np.ones(4), np.zeros(4), np.array([0, 0, 1, 1]))).all()


def test_figure_has_a_panel_a_rule_and_a_point_a_model_and_method():
    rows = [
        (dataset, model, method, "seed1", axis, metric, "split", mean, mean - 0.1, mean + 0.1, 0.5)
        for dataset in ("pair", "or", "peaks")
        for model, method in (("cnn", "lrp"), ("cnn", "random"), ("dnabert2", "attnlrp"))
        for axis, metric, mean in (("localisation", "auroc", 0.7), ("logic", "rank_agreement", 0.6))
    ]
    keys = ["dataset", "model", "method", "seed", "axis", "metric", "map"]
    summary = pd.DataFrame(rows, columns=[*keys, "mean", "low", "high", "chance"])
    figure = logic_figure(summary, {"pair": "and", "or": "or"})
    shown = [panel for panel in figure.axes if panel.get_visible()]
    assert [panel.get_title() for panel in shown] == ["pair: and", "or"]
    for panel in shown:
        points = [line for line in panel.lines if line.get_marker() != "None"]
        assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in points] == [(0.7, 0.6)] * 3
        assert len({(line.get_color(), line.get_marker()) for line in points}) == 3
    assert logic_figure(summary, {}).axes == []
