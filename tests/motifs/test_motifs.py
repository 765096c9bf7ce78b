"""TF-MoDISco and TOMTOM find what was planted, name it, and find nothing in noise."""

import h5py
import numpy as np
import pytest
from sections import simulated

from dnalrp.data.jaspar import core_vertebrates, fetch_motifs
from dnalrp.data.nucleotides import one_hot, reverse_complement
from dnalrp.motifs.discovery import (
    Discovery,
    Pattern,
    discover_patterns,
    information,
    read_seqlets,
    trimmed,
)
from dnalrp.motifs.matching import kin, match_patterns, recovered_motifs

RELEASE = "JASPAR2026"
TRUE = fetch_motifs(["MA0139", "MA0106"], RELEASE)
DECOYS = fetch_motifs(["MA0112"], RELEASE)
SETTINGS = Discovery(window=21, flank=10, max_seqlets=400, fdr=0.2, leiden_runs=2, seed=1)


def pattern_of(motif, seqlets=100, name="positive_0"):
    frequencies = np.full((motif.width + 12, 4), 0.25)
    frequencies[6:-6] = motif.probabilities.T
    return Pattern(name, "positive", seqlets, frequencies, frequencies)


@pytest.fixture(scope="module")
def planted():
    return simulated(
        {"test": 300},
        length=100,
        motifs=["MA0139", "MA0106"],
        decoys=["MA0112"],
        sites=[1, 2],
        spacing=[1, 2],
        background={"kind": "composition", "gc": 0.41},
        seed=5,
    )


def test_uninformative_flanks_are_trimmed():
    motif = TRUE[1]
    core = trimmed(pattern_of(motif))
    assert core.frequencies.shape[0] == pytest.approx(motif.width, abs=2)
    assert information(core).sum() == pytest.approx(motif.information.sum(), abs=1.5)


def test_information_of_few_aligned_random_seqlets_is_near_zero():
    rng = np.random.default_rng(0)
    totals = []
    for _ in range(200):
        frequencies = rng.multinomial(20, [0.25] * 4, size=30) / 20
        totals.append(information(Pattern("n", "positive", 20, frequencies, frequencies)).mean())
    assert np.mean(totals) == pytest.approx(0, abs=0.01)


def test_a_matrix_matches_itself_in_all_of_jaspar():
    targets = core_vertebrates(RELEASE)
    motifs = [*TRUE, *DECOYS]
    patterns = [pattern_of(motif, name=f"positive_{i}") for i, motif in enumerate(motifs)]
    matches = match_patterns(patterns, targets, min_information=6.0)
    assert matches["matrix_id"].tolist() == [motif.matrix_id for motif in motifs]
    assert (matches["p_value"] < 1e-8).all()


def test_pattern_without_information_matches_nothing():
    flat = np.full((30, 4), 0.25)
    pattern = Pattern("positive_0", "positive", 20, flat, flat)
    targets = core_vertebrates(RELEASE)
    matches = match_patterns([pattern], targets, min_information=6.0)
    assert matches["matrix_id"].isna().all()
    recovery = recovered_motifs(matches, {"positive": TRUE}, targets, 1e-4)
    assert not recovery["recovered"].any()
    assert (recovery["precision"] == 0.0).all()


def test_kin_are_alike_and_of_the_family():
    targets = core_vertebrates(RELEASE)
    names = {target.matrix_id: target.name for target in targets}
    (ctcf, p53) = ({names[i] for i in ids} for ids in kin(TRUE, targets, 1e-4))
    assert {"CTCF", "CTCFL"} <= ctcf and len(ctcf) < 40 and "ZNF143" not in ctcf
    assert {"TP53", "TP63", "TP73"} <= p53


def test_no_patterns_recover_nothing():
    targets = core_vertebrates(RELEASE)
    recovery = recovered_motifs(match_patterns([], targets, 6.0), {"positive": TRUE}, targets, 1e-4)
    assert not recovery["recovered"].any() and recovery["precision"].isna().all()


def test_planted_motifs_are_recovered_from_true_maps_and_not_from_noise(planted, tmp_path):
    sequences, sites = planted
    encoded = one_hot(sequences["sequence"].tolist())
    place = {name: row for row, name in enumerate(sequences["id"])}
    noise = np.random.default_rng(0).normal(size=(len(sequences), 100)).astype(np.float32)
    true = 0.05 * noise
    for site in sites.itertuples():
        true[place[site.id], site.start : site.end] += 1.0 if site.role == "motif" else -1.0
    targets, truth = core_vertebrates(RELEASE), {"positive": TRUE, "negative": DECOYS}
    found = {}
    for name, maps in {"true": true, "noise": noise}.items():
        patterns = discover_patterns(maps, encoded, SETTINGS, tmp_path / f"{name}.h5")
        matches = match_patterns(patterns, targets, min_information=6.0)
        found[name] = recovered_motifs(matches, truth, targets, 1e-4)
        check_seqlets(tmp_path / f"{name}.h5", maps, sequences)
    # CTCF and CTCFL have nearly the same matrix: which of them is nearer is left open
    assert found["true"]["recovered"].all()
    assert found["true"].set_index("name")["exact"][["TP53", "ESR1"]].all()
    assert not found["noise"]["recovered"].any()


def check_seqlets(path, maps, sequences):
    """Every seqlet names the very bases that TF-MoDISco stored for it, on its strand."""
    found = read_seqlets(path, sequences["id"].tolist(), SETTINGS)
    texts, place = (
        sequences.set_index("id")["sequence"],
        dict(zip(sequences["id"], maps, strict=True)),
    )
    with h5py.File(path) as file:
        for pattern, own in found.groupby("pattern"):
            sign, number = pattern.split("_")
            stored = file[f"{sign[:3]}_patterns/pattern_{number}/seqlets/sequence"][:]
            for seqlet, encoded in zip(own.itertuples(), stored, strict=True):
                text = texts[seqlet.id][seqlet.start : seqlet.end]
                text = reverse_complement(text) if seqlet.strand == "-" else text
                assert text == "".join("ACGT"[base] for base in encoded.argmax(axis=1))
                total = place[seqlet.id][seqlet.start : seqlet.end].sum()
                assert seqlet.contribution == pytest.approx(total, abs=1e-4)


def test_maps_without_a_sign_are_taken_relative_to_their_mean(planted, tmp_path):
    sequences, sites = planted[:2]
    encoded = one_hot(sequences["sequence"].tolist())
    rng = np.random.default_rng(0)
    maps = np.abs(rng.normal(0, 0.05, (len(sequences), 100))).astype(np.float32)
    place = {name: row for row, name in enumerate(sequences["id"])}
    for site in sites[sites["role"] == "motif"].itertuples():
        maps[place[site.id], site.start : site.end] += 1
    patterns = discover_patterns(maps, encoded, SETTINGS, tmp_path / "unsigned.h5")
    assert patterns and patterns[0].sign == "positive"


def test_maps_of_zeros_have_no_patterns(planted, tmp_path):
    sequences, _ = planted
    encoded = one_hot(sequences["sequence"].tolist())
    zeros = np.zeros((len(sequences), 100), dtype=np.float32)
    assert discover_patterns(zeros, encoded, SETTINGS, tmp_path / "zeros.h5") == []
    assert match_patterns([], core_vertebrates(RELEASE), 6.0).empty
    assert read_seqlets(tmp_path / "zeros.h5", sequences["id"].tolist(), SETTINGS).empty


def test_data_without_true_motifs_have_an_empty_recovery_with_its_columns():
    targets, truth = core_vertebrates(RELEASE), {"negative": [], "positive": []}
    recovery = recovered_motifs(match_patterns([], targets, 6.0), truth, targets, 1e-4)
    assert recovery.empty and list(recovery)[:4] == ["motif", "name", "sign", "recovered"]


def test_seqlets_that_cannot_be_clustered_have_no_patterns(planted, tmp_path, monkeypatch):
    """As leidenalg says it; a real case takes maps of a model that has learnt nothing."""

    def fail(**settings):
        raise BaseException("Could not construct partition: Cannot accept NaN weights.")

    monkeypatch.setattr("modiscolite.tfmodisco.TFMoDISco", fail)
    encoded = one_hot(planted[0]["sequence"].tolist())
    maps = np.random.default_rng(0).standard_normal((len(encoded), 100))
    assert discover_patterns(maps, encoded, SETTINGS, tmp_path / "patterns.h5") == []
    assert (tmp_path / "patterns.h5").is_file()
