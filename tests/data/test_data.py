"""Data: simulated labels mean what their rule says; files are read strictly."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sections import named, prepared, simulated

from dnalrp.data.fasta import read_fasta
from dnalrp.data.fetch import extract, fetch_wheel
from dnalrp.data.jaspar import core_vertebrates, fetch_motifs
from dnalrp.data.nucleotides import one_hot, reverse_complement
from dnalrp.data.scan import find_sites, scan_scores
from dnalrp.data.sources.simulated import Grammar
from dnalrp.data.truth import motif_sites
from dnalrp.errors import InputError
from dnalrp.performance import performance
from dnalrp.provenance import checksum, provenance, read_provenance, write_table

RELEASE = "JASPAR2026"
CTCF, REST, TP53 = fetch_motifs(["MA0139", "MA0138", "MA0106"], RELEASE)


@given(st.text("ACGTN", max_size=50))
def test_reverse_complement_undoes_itself(sequence):
    assert reverse_complement(reverse_complement(sequence)) == sequence


def test_one_hot_is_zero_beyond_the_end():
    assert one_hot(["ACGT", "AC"])[1].sum(axis=0).tolist() == [1, 1, 0, 0]


def test_no_site_covers_an_unknown_base():
    site = "".join("ACGT"[base] for base in TP53.probabilities.argmax(axis=0))
    broken = site[:8] + "N" + site[9:]
    texts = ["A" * 30 + site, "A" * 30 + broken, "C" * 70, site[:14]]
    found = find_sites(list("abcd"), one_hot(texts), [TP53], 1e-3, role="motif")
    assert found["id"].unique().tolist() == ["a"]


def test_one_hot_is_in_the_order_acgt_and_n_is_zero():
    assert one_hot(["ACGTN"])[0].argmax(axis=0)[:4].tolist() == [0, 1, 2, 3]
    assert one_hot(["ACGTN"])[0].sum(axis=0).tolist() == [1, 1, 1, 1, 0]


@pytest.mark.parametrize("rule", get_args(Grammar))
def test_planted_sites_do_not_overlap_and_stay_inside(rule):
    sequences, sites = simulated(grammar=rule, mutations=4)
    assert sequences["label"].mean() == 0.5
    assert sequences["id"].is_unique
    for _, own in sites.sort_values("start").groupby("id"):
        assert own["start"].min() >= 0 and own["end"].max() <= 120
        assert (own["start"].to_numpy()[1:] >= own["end"].to_numpy()[:-1]).all()


def motif_counts(sites, ids):
    table = sites.pivot_table(index="id", columns="role", values="start", aggfunc="count")
    return table.reindex(index=ids, columns=["motif", "decoy"]).fillna(0).astype(int)


def test_rule_any_gives_both_classes_the_same_number_of_sites():
    sequences, sites = simulated(counts={"train": 2000})
    counts = motif_counts(sites, sequences["id"])
    positive = (sequences["label"] == 1).to_numpy()
    assert (counts[positive]["decoy"] == 0).all() and (counts[~positive]["motif"] == 0).all()
    assert set(counts.sum(axis="columns")) == {1, 2, 3}
    total = counts.sum(axis="columns").to_numpy()
    assert total[positive].mean() == pytest.approx(total[~positive].mean(), abs=0.1)


def test_rule_all_needs_every_motif():
    sequences, sites = simulated(grammar="all")
    kinds = sites[sites["role"] != "decoy"].groupby("id")["motif"].nunique()
    has_all = kinds.reindex(sequences["id"]).fillna(0) == 3
    assert (has_all.to_numpy() == (sequences["label"] == 1)).all()
    labels = sequences.set_index("id")["label"]
    assert (labels[sites.loc[sites["role"] == "motif", "id"]] == 1).all()
    assert (labels[sites.loc[sites["role"] == "partial", "id"]] == 0).all()


def test_same_seed_same_data_and_splits_are_independent():
    first, second = simulated(), simulated(counts={"test": 40})
    again = simulated()
    pd.testing.assert_frame_equal(first[0], again[0])
    test = first[0][first[0]["split"] == "test"].reset_index(drop=True)
    pd.testing.assert_frame_equal(test, second[0])
    other = simulated(seed=4)
    assert not first[0]["sequence"].equals(other[0]["sequence"])


def test_background_has_the_composition_asked_for():
    rows, _ = simulated(counts={"train": 400}, sites=[1, 1])
    text = "".join(rows["sequence"].str[:20])
    assert (text.count("G") + text.count("C")) / len(text) == pytest.approx(0.42, abs=0.03)


@pytest.mark.parametrize("kind", [{"kind": "markov", "order": 1}, {"kind": "shuffled"}])
def test_backgrounds_from_a_file_keep_its_dinucleotides(tmp_path, kind):
    fasta = tmp_path / "source.fa"
    fasta.write_text(">a\n" + "ACACACAG" * 60 + "\n>b\n" + "ACAG" * 120 + "\n")
    rows, sites = simulated(
        counts={"train": 30}, sites=[1, 1], background={**kind, "fasta": str(fasta)}
    )
    outside = []
    for row in rows.itertuples():
        letters = list(row.sequence)
        for site in sites[sites["id"] == row.id].itertuples():
            letters[site.start : site.end] = " " * (site.end - site.start)
        outside.append("".join(letters))
    text = " ".join(outside)
    pairs = text.count("AC") + text.count("CA") + text.count("AG") + text.count("GA")
    assert pairs / (len(text.replace(" ", ""))) > 0.8


def test_decoys_of_the_same_family_are_refused():
    with pytest.raises(InputError, match="decoys: MA1102"):
        simulated(motifs=["MA0139", "MA0138"], decoys=["MA1102"])


def test_sites_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="length: 50 is too short"):
        simulated(length=50)


def test_scan_finds_the_planted_sites_and_separates_the_classes():
    sequences, sites = simulated(counts={"test": 300})
    encoded = one_hot(sequences["sequence"].tolist())
    scores = scan_scores(encoded, [CTCF, REST, TP53])
    assert performance(sequences["label"].to_numpy(), scores)["auroc"] > 0.97
    found = find_sites(sequences["id"].tolist(), encoded, [CTCF, REST, TP53], 1e-4, role="motif")
    key = ["id", "start", "end", "strand", "motif"]
    planted = sites[sites["role"] == "motif"]
    both = planted.merge(found, on=key)
    assert len(both) > 0.7 * len(planted)


def test_unknown_motif_is_named():
    with pytest.raises(InputError, match="'MA9999' is not in JASPAR2026"):
        fetch_motifs(["MA9999"], RELEASE)


def test_jaspar_core_is_whole():
    motifs = core_vertebrates(RELEASE)
    assert len(motifs) > 900
    assert all(np.allclose(motif.probabilities.sum(axis=0), 1) for motif in motifs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("ACGT\n", "line 1: sequence before the first"),
        (">a\nACGT\n>b\n\n", "line 3, record b: the sequence is empty"),
        (">a\nACGT\n>b\nACRT\n", "line 3, record b: character 'R' at position 3"),
        (">\nACGT\n", "line 1: a header without a name"),
        (">chr1:100-200\nACGT\n", "spans 100 bases but holds 4"),
    ],
)
def test_bad_fasta_is_refused_by_line(tmp_path, text, message):
    path = tmp_path / "bad.fa"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        read_fasta(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_fasta_is_upper_cased_and_coordinates_come_from_headers(tmp_path):
    path = tmp_path / "peaks.fa"
    path.write_text(">chr1:10-18(-) note\nacgt\nACGN\n")
    (record,) = read_fasta(path)
    assert record == ("chr1:10-18(-)", "ACGTACGN", "chr1", 10, 18, "-")


def write_peaks(path, records):
    path.write_text("".join(f">{header}\n{sequence}\n" for header, sequence in records))


def peaks(rng, chroms, start=0, count=6, length=60):
    return [
        (
            f"{chrom}:{start + 100 * i}-{start + 100 * i + length}",
            "".join(rng.choice(list("ACGT"), length)),
        )
        for chrom in chroms
        for i in range(count)
    ]


@pytest.fixture
def peak_files(tmp_path):
    rng = np.random.default_rng(0)
    first, second = tmp_path / "first.fa", tmp_path / "second.fa"
    write_peaks(first, peaks(rng, ["chr1", "chr2", "chr3"]))
    write_peaks(second, peaks(rng, ["chr1", "chr2", "chr3"], start=5000))
    return first, second


SPLITS = {"dev": ["chr2"], "test": ["chr3"]}


def test_splits_hold_out_whole_chromosomes(peak_files):
    first, second = peak_files
    classes = named(fasta={"one": [first], "two": [second]}, motifs=["MA0139"])
    frame, _, _, dropped, _ = prepared(first.parent, "peaks", classes=classes, splits=SPLITS)
    assert frame.groupby("split")["chrom"].unique().map(list).to_dict() == {
        "dev": ["chr2"],
        "test": ["chr3"],
        "train": ["chr1"],
    }
    assert dropped.empty and len(frame) == 36


def test_ambiguous_and_repeated_peaks_are_dropped(peak_files):
    first, second = peak_files
    with first.open() as handle:
        _, sequence = handle.readline(), handle.readline().strip()
    with first.open("a") as handle:
        handle.write(f">chr9:7-67\n{reverse_complement(sequence)}\n")
        handle.write(f">chr1:5010-5070\n{'ACGTG' * 12}\n")
    classes = named(fasta={"one": [first], "two": [second]}, motifs=["MA0139"])
    frame, _, _, dropped, _ = prepared(first.parent, "peaks", classes=classes, splits=SPLITS)
    assert dropped["reason"].value_counts().to_dict() == {"ambiguous": 2, "repeated": 1}
    assert "two_chr1:5000-5060" not in set(frame["id"])


def test_class_missing_from_a_split_is_an_error(peak_files):
    first, second = peak_files
    classes = named(fasta={"one": [first], "two": [second]}, motifs=["MA0139"])
    with pytest.raises(InputError, match="class 'one' has no sequence in the test split"):
        prepared(first.parent, "peaks", classes=classes, splits=SPLITS | {"test": ["chr77"]})


def test_true_sites_of_a_class_are_in_its_own_sequences(tmp_path):
    sequences, _ = simulated(counts={"test": 40}, motifs=["MA0139"], sites=[1, 1])
    found = motif_sites(sequences, [[], [CTCF]], 1e-4)
    labels = sequences.set_index("id")["label"]
    assert (labels[found["id"]] == 1).all() and len(found) > 10


def test_wrong_checksum_leaves_nothing_behind(tmp_path):
    wheel = tmp_path / "some.whl"
    wheel.write_bytes(b"content")
    target = tmp_path / "out" / "archive.whl"
    with pytest.raises(InputError, match="SHA-256 is ed7002b4"):
        fetch_wheel("some==1", "0" * 64, target, local=wheel)
    assert not target.exists() and not list(tmp_path.glob("out/*"))
    fetch_wheel("some==1", checksum(wheel), target, local=wheel)
    assert target.read_bytes() == b"content"


def test_no_network_is_said_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(InputError, match=r"janggu==0\.10\.2: download failed") as error:
        fetch_wheel("janggu==0.10.2", "0" * 64, tmp_path / "archive.whl")
    assert "\n" not in str(error.value)


def test_damaged_archive_is_refused(tmp_path):
    archive = tmp_path / "archive.whl"
    archive.write_bytes(b"PK not a zip")
    with pytest.raises(InputError, match="not a zip archive"):
        extract(archive, ["a.fa"], tmp_path)


def test_tables_say_what_made_them(tmp_path):
    frame = pd.DataFrame({"id": ["a"]})
    path = tmp_path / "table.parquet"
    write_table(frame, path, provenance("data", {"seed": 1}))
    assert read_provenance(path)["settings"] == {"seed": 1}
    pd.testing.assert_frame_equal(pd.read_parquet(path), frame)
