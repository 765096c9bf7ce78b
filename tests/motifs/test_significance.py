"""Patterns that are mere composition are named nothing; real ones keep their names."""

import numpy as np
import pytest
from scipy.stats import binom

from dnalrp.data.jaspar import core_vertebrates, fetch_motifs
from dnalrp.motifs.discovery import Discovery, Pattern, discover_patterns
from dnalrp.motifs.matching import MATCH_COLUMNS, match_patterns, recovered_motifs
from dnalrp.motifs.significance import low_complexity, q_values

RELEASE = "JASPAR2026"
COMPOSITIONS = {
    "GC-rich": [0.1, 0.4, 0.4, 0.1],
    "AT-rich": [0.4, 0.1, 0.1, 0.4],
    "G-rich": [0.1, 0.2, 0.6, 0.1],
    "even": [0.25, 0.25, 0.25, 0.25],
}
MOTIFS = {"CTCF": "MA0139", "REST": "MA0138", "TP53": "MA0106", "MAFK": "MA0496"}
MOTIFS |= {"Pou5f1::Sox2": "MA0142", "ESR1": "MA0112"}


def sharp(base, width=12):
    """A pattern (4, width) of one base, or of the bases of a text in turn."""
    letters = [("ACGT".index(letter)) for letter in (base * width)[:width]]
    return np.where(np.arange(4)[:, None] == letters, 0.91, 0.03)


def as_pattern(matrix, number=0, sign="positive"):
    return Pattern(f"{sign}_{number}", sign, 100, matrix.T, matrix.T)


def made_up(rng, kind, widths=(10, 21)):
    """Columns drawn one by one, of a bit or less: aligned sequence of a certain composition."""
    width = int(rng.integers(*widths))
    return rng.dirichlet(5.0 * np.array(COMPOSITIONS[kind]), size=width).T


def test_made_up_patterns_reach_the_level_no_oftener_than_they_may():
    """240 patterns in maps of ten; TOMTOM's p-value calls a quarter of them motifs."""
    rng = np.random.default_rng(1)
    truth = fetch_motifs(["MA0139", "MA0079"], RELEASE)
    targets = [*truth, *core_vertebrates(RELEASE)[::3]]
    p_values, shuffled, maps, recovered = [], [], [], 0
    for number in range(24):
        kind = list(COMPOSITIONS)[number % 4]
        patterns = [as_pattern(made_up(rng, kind), i) for i in range(10)]
        matches = match_patterns(patterns, targets, min_information=0.0)
        p_values += matches["p_value"].tolist()
        shuffled += matches["shuffled_p"].tolist()
        maps.append((matches["shuffled_q"] <= 0.05).any())
        recovery = recovered_motifs(matches, {"positive": truth}, targets, 1e-4)
        recovered += bool(recovery["recovered"].any())
    shuffled = np.array(shuffled)
    assert len(shuffled) == 240 and (np.array(p_values) < 1e-4).sum() > 50
    for level in (0.01, 0.05, 0.1):
        assert (shuffled <= level).sum() <= binom.ppf(0.99, 240, level)
    assert sum(maps) <= binom.ppf(0.99, 24, 0.05)
    assert recovered <= binom.ppf(0.99, 24, 0.05)


def test_sixty_gc_rich_patterns_recover_no_ctcf():
    rng = np.random.default_rng(5)
    targets, truth = core_vertebrates(RELEASE), fetch_motifs(["MA0139"], RELEASE)
    patterns = [as_pattern(made_up(rng, "GC-rich", (15, 24)), i) for i in range(60)]
    matches = match_patterns(patterns, targets, min_information=0.0)
    assert (matches["p_value"] < 1e-4).sum() > 50
    assert (matches["shuffled_p"] <= 0.05).sum() <= binom.ppf(0.99, 60, 0.05)
    recovery = recovered_motifs(matches, {"positive": truth}, targets, 1e-4)
    assert not recovery["recovered"].any()


@pytest.mark.parametrize("motif_id", MOTIFS.values(), ids=MOTIFS)
@pytest.mark.parametrize("seqlets", [25, 200])
def test_a_motif_seen_in_few_seqlets_is_recovered(motif_id, seqlets):
    (motif,) = fetch_motifs([motif_id], RELEASE)
    rng = np.random.default_rng(seqlets)
    counts = np.array([rng.multinomial(seqlets, column) for column in motif.probabilities.T])
    noise = [rng.multinomial(seqlets, [0.25] * 4, size=6) for _ in range(2)]
    frequencies = np.concatenate([noise[0], counts, noise[1]]) / seqlets
    pattern = Pattern("positive_0", "positive", seqlets, frequencies, frequencies)
    targets = core_vertebrates(RELEASE)
    matches = match_patterns([pattern], targets, min_information=6.0)
    assert matches["shuffled_p"].item() <= 0.01 and matches["low_complexity"].isna().all()
    recovery = recovered_motifs(matches, {"positive": [motif]}, targets, 1e-4)
    assert recovery["recovered"].item()


def test_patterns_of_random_maps_on_cpg_rich_sequences_recover_no_ctcf(tmp_path):
    """Relevance of tokens at random: seqlets align by composition, and TOMTOM calls them names."""
    settings = Discovery(window=21, flank=10, max_seqlets=400, fdr=0.2, leiden_runs=1, seed=1)
    targets, truth = core_vertebrates(RELEASE), fetch_motifs(["MA0139"], RELEASE)
    p_values, recovered = [], 0
    for seed in range(2):
        rng = np.random.default_rng([seed, 3])
        letters = rng.choice(4, p=[0.14, 0.37, 0.36, 0.13], size=(400, 200))
        one_hot = (letters[:, None, :] == np.arange(4)[None, :, None]).astype(np.int8)
        ends = rng.integers(3, 9, size=(400, 70)).cumsum(axis=1)
        token = np.stack([np.searchsorted(row, np.arange(200), side="right") for row in ends])
        maps = np.take_along_axis(rng.normal(size=(400, 71)), token, axis=1)
        patterns = discover_patterns(maps, one_hot, settings, tmp_path / f"{seed}.h5")
        matches = match_patterns(patterns, targets, min_information=6.0)
        p_values += matches["p_value"].dropna().tolist()
        truths = {"positive": truth, "negative": truth}
        recovered += int(recovered_motifs(matches, truths, targets, 1e-4)["recovered"].any())
    assert p_values and min(p_values) < 1e-4
    assert recovered == 0


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (sharp("G"), "homopolymer"),
        (sharp("CA"), "dinucleotide repeat"),
        (sharp("GAA"), "trinucleotide repeat"),
        (np.tile([[0.02], [0.48], [0.48], [0.02]], 12), "GC-rich"),
        (np.tile([[0.48], [0.02], [0.02], [0.48]], 12), "AT-rich"),
        (np.tile([[0.48], [0.02], [0.48], [0.02]], 12), "composition"),
        (np.full((4, 8), 0.25), "composition"),
    ],
)
def test_low_complexity_is_named(matrix, expected):
    assert low_complexity(matrix) == expected


def test_real_motifs_are_not_of_low_complexity():
    for motif in fetch_motifs(MOTIFS.values(), RELEASE):
        assert low_complexity(motif.probabilities) is None
    (poly_a,) = fetch_motifs(["MA1125"], RELEASE)  # ZNF384: a run of A
    assert low_complexity(poly_a.probabilities) == "homopolymer"


def test_shuffling_a_homopolymer_changes_nothing():
    patterns = [as_pattern(sharp("G"))]
    matches = match_patterns(patterns, core_vertebrates(RELEASE), min_information=6.0)
    assert matches["shuffled_p"].item() == 1.0


def test_a_pattern_has_the_same_p_value_whatever_lies_beside_it():
    rng = np.random.default_rng(0)
    targets = core_vertebrates(RELEASE)
    patterns = [as_pattern(made_up(rng, "GC-rich"), i) for i in range(4)]
    together = match_patterns(patterns, targets, min_information=0.0)
    alone = match_patterns(patterns[2:3], targets, min_information=0.0)
    assert alone["shuffled_p"].item() == together["shuffled_p"][2]
    assert list(together) == MATCH_COLUMNS


def test_q_values_are_those_of_benjamini_and_hochberg():
    p_values = np.array([0.01, np.nan, 0.04, 0.03, 0.5])
    expected = [0.04, np.nan, 4 / 3 * 0.04, 4 / 3 * 0.04, 0.5]
    np.testing.assert_allclose(q_values(p_values), expected)
    assert np.isnan(q_values(np.array([np.nan]))).all() and q_values(np.array([])).size == 0


def test_a_low_complexity_pattern_supports_only_motifs_that_are_so_too():
    targets = core_vertebrates(RELEASE)
    rows = match_patterns([as_pattern(sharp("A", 10))], targets, 6.0)
    rows = rows.assign(p_value=1e-9, shuffled_p=0.002, shuffled_q=0.002)
    for motif_id, expected in (("MA0139", False), ("MA1125", True)):
        (motif,) = fetch_motifs([motif_id], RELEASE)
        named = rows.assign(matrix_id=motif.matrix_id, name=motif.name)
        recovery = recovered_motifs(named, {"positive": [motif]}, targets, 1e-4)
        assert recovery["recovered"].item() == expected
