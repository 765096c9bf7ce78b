"""Grammar: labels follow their rule, and relevance is held against it, on cases worked by hand."""

import numpy as np
import pandas as pd
import pytest
from test_data import CTCF, REST, simulation

from dnalrp.data.grammar import ARRANGED_RULES, GRAMMAR_RULES, PAIR_RULES, STATES, holds
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.data.simulate import simulate
from dnalrp.errors import InputError

FIRST, SECOND = CTCF.matrix_id, REST.matrix_id
SHARES = {  # of the sequences with: first and second motif, first alone, second alone, neither
    "and": (1 / 2, 1 / 6, 1 / 6, 1 / 6),
    "or": (1 / 6, 1 / 6, 1 / 6, 1 / 2),
    "xor": (1 / 4, 1 / 4, 1 / 4, 1 / 4),
    "spacing": (3 / 4, 1 / 12, 1 / 12, 1 / 12),
    "order": (3 / 4, 1 / 12, 1 / 12, 1 / 12),
    "decoy": (1 / 4, 1 / 4, 1 / 4, 1 / 4),
}


def simulated(rule, count=240, **changes):
    settings = {"counts": {"test": count}, "motifs": [CTCF, REST], "mutations": 4}
    return simulate(simulation(rule=rule, **(settings | changes)))


def carried(rule, sites):
    """Whether a sequence has the first and the second motif; in ``decoy``, motif and near-copy."""
    motifs = sites[sites["role"].isin(["motif", "partial"])]["motif"].tolist()
    if rule == "decoy":
        return bool(motifs), "near_copy" in sites["role"].tolist()
    return FIRST in motifs, SECOND in motifs


def label_by_sites(rule, sites):
    """The rules, written once more from the sites alone."""
    first, second = carried(rule, sites)
    left, right = sites.sort_values("start").itertuples(index=False)
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
    if rule == "spacing":
        return 5 <= right.start - left.end <= 10
    upstream = left if left.strand == "+" else right
    return left.strand == right.strand and upstream.motif == FIRST


@pytest.mark.parametrize("rule", GRAMMAR_RULES)
def test_labels_follow_the_rule_read_from_the_sites(rule):
    sequences, sites = simulated(rule)
    found = {name: label_by_sites(rule, own) for name, own in sites.groupby("id")}
    assert [found[name] for name in sequences["id"]] == (sequences["label"] == 1).tolist()


@pytest.mark.parametrize("rule", GRAMMAR_RULES)
def test_one_both_and_neither_come_in_known_proportions(rule):
    _, sites = simulated(rule)
    states = [carried(rule, own) for _, own in sites.groupby("id")]
    kinds = [(True, True), (True, False), (False, True), (False, False)]
    shares = [states.count(kind) / len(states) for kind in kinds]
    assert shares == pytest.approx(SHARES[rule])


@pytest.mark.parametrize("rule", GRAMMAR_RULES)
def test_states_have_the_label_of_the_rule(rule):
    for label, states in enumerate(STATES[rule]):
        assert [holds(rule, state) for state in states] == [bool(label)] * len(states)


@pytest.mark.parametrize("rule", GRAMMAR_RULES)
def test_roles_tell_evidence_from_motifs_that_do_not_count(rule):
    sequences, sites = simulated(rule)
    labels = sites["id"].map(sequences.set_index("id")["label"])
    assert set(labels[sites["role"] == "motif"]) == {1}
    assert set(labels[sites["role"] == "partial"]) <= {0}
    assert ("near_copy" in set(sites["role"])) == (rule == "decoy")
    assert (sites.groupby("id").size() == 2).all()
    planted = sites[sites["role"] != "decoy"]
    assert set(planted["motif"]) == {FIRST, SECOND}


@pytest.mark.parametrize("rule", ARRANGED_RULES)
def test_gaps_do_not_tell_decoys_from_motifs(rule):
    _, sites = simulated(rule)
    ordered = sites.sort_values("start").groupby("id")
    gaps = ordered["start"].last() - ordered["end"].first()
    alone = sites[sites["role"] == "decoy"]["id"].unique()
    assert gaps[alone].between(5, 10).all()
    assert rule == "spacing" or gaps.between(5, 10).all()


def test_order_is_the_same_read_from_the_other_strand():
    sequences, sites = simulated("order")
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


@pytest.mark.parametrize("rule", PAIR_RULES)
def test_rules_on_a_pair_need_two_motifs(rule):
    with pytest.raises(InputError, match=f"rule: '{rule}' needs two motifs"):
        simulated(rule, motifs=[CTCF])


@pytest.mark.parametrize("rule", GRAMMAR_RULES)
def test_splits_are_seeded_by_their_name(rule):
    both, _ = simulated(rule, counts={"train": 30, "test": 20})
    test, _ = simulated(rule, counts={"test": 20})
    again, _ = simulated(rule, counts={"test": 20}, seed=4)
    own = both[both["split"] == "test"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, test)
    assert not test["sequence"].equals(again["sequence"])
