"""Windows of a genome around intervals, and backgrounds for them."""

import gzip
import tempfile

import numpy as np
import pandas as pd
import pytest
from bases import random_sequence
from scipy.stats import ks_2samp
from sections import named, prepared

from dnalrp.data.genome import Genome
from dnalrp.data.intervals import overlapping, read_bed, resized
from dnalrp.data.negatives import matched_background
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.data.sources.fields import GenomicNegatives

CHROMOSOMES = {"1": 90_000, "2": 60_000, "X": 60_000, "MT": 2_000}


@pytest.fixture(scope="module")
def bases():
    rng = np.random.default_rng(7)
    made = {}
    for name, length in CHROMOSOMES.items():
        parts = [random_sequence(rng, 500, gc) for gc in rng.uniform(0.3, 0.7, length // 500)]
        made[name] = "".join(parts)
    made["2"] = made["2"][:5000] + "N" * 500 + made["2"][5500:]
    return made


def fasta_text(bases, width=70, end="\n"):
    lines = []
    for name, text in bases.items():
        lines.append(f">{name} some text")
        lines += [text[i : i + width] for i in range(0, len(text), width)]
    return end.join(lines) + end


@pytest.fixture
def genome(tmp_path, bases):
    path, folder = tmp_path / "genome.fa", tmp_path / "ours"
    path.write_text(fasta_text({name: text.lower() for name, text in bases.items()}))
    folder.mkdir()
    with Genome(path, folder) as opened:
        yield opened


@pytest.mark.parametrize("form", ["plain", "crlf", "gzip", "bgzip", "wrongly named"])
def test_a_genome_is_read_in_every_form(tmp_path, bases, form):
    text = fasta_text(bases, end="\r\n" if form == "crlf" else "\n").encode()
    path = tmp_path / ("genome.fa.gz" if form in ("gzip", "bgzip") else "genome.fa")
    if form == "bgzip":
        from Bio.bgzf import BgzfWriter

        with BgzfWriter(str(path)) as handle:
            handle.write(text)
    else:
        path.write_bytes(gzip.compress(text) if form in ("gzip", "wrongly named") else text)
    before, folder = set(tmp_path.iterdir()), tmp_path / "ours"
    folder.mkdir()
    with Genome(path, folder, {"X": "chrX"}) as genome:
        assert genome.lengths == {"1": 90_000, "2": 60_000, "chrX": 60_000, "MT": 2_000}
        assert genome.window("chrX", 65, 145) == bases["X"][65:145]
        assert genome.letters("2").tobytes().decode() == bases["2"]
    assert set(tmp_path.iterdir()) == before | {folder}


def test_chromosomes_go_by_their_other_names(genome):
    names = {"1": "1", "chr1": "1", "chrX": "X", "chrM": "MT", "M": "MT", "chrMT": "MT"}
    assert {name: genome.find(name) for name in names} == names
    assert genome.find("chr3") is None


def test_an_old_index_beside_the_genome_is_not_believed(tmp_path, bases):
    path, folder = tmp_path / "genome.fa", tmp_path / "ours"
    path.write_text(fasta_text(bases))
    (tmp_path / "genome.fa.fai").write_text("1\t30000\t999\t70\t71\n")
    folder.mkdir()
    with Genome(path, folder) as genome:
        assert genome.window("1", 0, 50) == bases["1"][:50]


def test_ambiguity_codes_of_a_genome_read_as_n(tmp_path):
    (tmp_path / "g.fa").write_text(">1\nACRYGT\n")
    with Genome(tmp_path / "g.fa", tmp_path) as genome:
        assert genome.window("1", 0, 6) == "ACNNGT"


def write_bed(path, rows):
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    return path


def test_narrow_peaks_are_centred_on_their_summits(tmp_path):
    path = tmp_path / "p.narrowPeak.gz"
    peaks = ["1\t100\t300\ta\t0\t-\t5\t-1\t-1\t20", "1\t100\t300\tb\t0\t.\t5\t-1\t-1\t-1"]
    text = "\n".join(["track name=x", "#note", "", *peaks, ""])
    path.write_bytes(gzip.compress(text.encode()))
    bed = read_bed(path)
    assert bed["centre"].tolist() == [120, 200]
    assert bed["strand"].tolist() == ["-", "+"] and bed["line"].tolist() == [4, 5]
    assert resized(bed, 50)[["start", "end"]].values.tolist() == [[95, 145], [175, 225]]


def test_windows_are_the_genome_on_the_strand_asked_for(tmp_path, genome, bases):
    rows = [("chr1", s, s + 60, f"p{s}", 0, "+-"[s % 2]) for s in range(1000, 29_000, 701)]
    bed = write_bed(tmp_path / "p.bed", rows)
    other = write_bed(tmp_path / "q.bed", [("2", s, s + 40) for s in range(6000, 19_000, 500)])
    classes = named(bed={"a": [other], "b": [bed]})
    frame = on_genome(genome, length=50, classes=classes).sequences
    assert len(frame) == len(rows) + 26
    for row in frame.itertuples():
        text = bases[row.chrom][row.start : row.end]
        assert row.sequence == (reverse_complement(text) if row.strand == "-" else text)
    own = frame[frame["label"] == 1]
    assert sorted((own["start"] + own["end"]) // 2) == [row[1] + 30 for row in rows]


def test_windows_that_cannot_be_used_are_reported(tmp_path, genome):
    good = [("2", s, s + 40) for s in range(6000, 19_000, 300)]
    bad = [("1", 0, 20), ("2", 4990, 5010), ("1", 700, 720)]
    files = {
        "a": [write_bed(tmp_path / "a.bed", good + bad)],
        "b": [write_bed(tmp_path / "b.bed", [("1", *r[1:]) for r in good])],
    }
    blacklist = write_bed(tmp_path / "black.bed", [("chr1", 734, 800), ("chrUn", 0, 5)])
    dropped = on_genome(genome, length=50, classes=named(bed=files), blacklist=[blacklist]).dropped
    assert dict(zip(dropped["id"], dropped["reason"], strict=True)) == {
        "a_1:-15-35": "beyond the chromosome",
        "a_1:685-735": "blacklisted",
        "a_2:4975-5025": "unknown bases",
    }


@pytest.fixture
def peaks(tmp_path, genome):
    rng = np.random.default_rng(8)
    rows = [(f"chr{c}", s, s + 60) for c in (1, 2, "X") for s in range(6000, 18_000, 600)]
    rng.shuffle(rows)
    return named(bed={"peak": [write_bed(tmp_path / "p.bed", rows)]})


BACKGROUND = {"kind": "genome", "ratio": 2, "gc_tolerance": 0.05, "distance": 20, "seed": 1}
HELD_OUT = {"dev": ["chr2"], "test": ["chrX"]}


def on_genome(genome, **changes):
    """Intervals on the file that a genome was opened from."""
    with tempfile.TemporaryDirectory() as folder:
        return prepared(folder, "intervals", genome=genome.path, **changes)


def against(negatives, genome, peaks, **changes):
    return on_genome(
        genome, length=60, classes=peaks, splits=HELD_OUT, negatives=negatives, **changes
    )


def test_background_is_like_the_peaks_and_away_from_them(genome, peaks, tmp_path):
    black = write_bed(tmp_path / "black.bed", [("1", 20_000, 24_000)])
    data = against(BACKGROUND, genome, peaks, blacklist=[black])
    frame = data.sequences
    positive, negative = (frame[frame["label"] == label] for label in (1, 0))
    assert len(negative) == 2 * len(positive) == 120
    assert negative["sequence"].str.fullmatch("[ACGT]{60}").all()
    counts = [own["chrom"].value_counts().sort_index() for own in (negative, positive)]
    assert (counts[0] == 2 * counts[1]).all()
    assert (negative.groupby("chrom")["split"].nunique() == 1).all()
    far = negative.assign(start=negative["start"] - 20, end=negative["end"] + 20)
    assert (overlapping(far, positive) < 0).all()
    assert (overlapping(negative, negative.iloc[::-1]) == np.arange(120)[::-1]).all()
    assert not ((negative["chrom"] == "1") & negative["start"].between(19_941, 23_999)).any()
    gc = frame["sequence"].str.count("[GC]") / 60
    assert ks_2samp(gc[frame["label"] == 1], gc[frame["label"] == 0]).statistic < 0.12


def test_background_is_within_the_tolerance_of_each_peak(genome):
    peak = pd.DataFrame({"id": ["p"], "sequence": ["GC" * 9 + "AT" * 21], "split": ["train"]})
    peak = peak.assign(chrom="1", start=0, end=60, strand="-")
    matching = GenomicNegatives(kind="genome", ratio=20, gc_tolerance=0.05, distance=0, seed=3)
    found = matched_background(peak, genome, peak, matching)
    assert found["sequence"].str.count("[GC]").between(15, 21).all() and len(found) == 20
    assert set(found["strand"]) == {"-"} and found["id"].is_unique


def test_background_of_a_seed_is_always_the_same(genome, peaks):
    first, again, other = (
        against(BACKGROUND | {"seed": seed}, genome, peaks).sequences for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert set(first["id"]) != set(other["id"])


@pytest.mark.parametrize("kind", ["shuffle", "peaks"])
def test_other_negatives_for_intervals(genome, peaks, tmp_path, kind):
    others = write_bed(
        tmp_path / "o.bed", [(c, s, s + 60) for c in "12X" for s in range(6300, 18_000, 600)]
    )
    negatives = {"kind": kind} | (
        {"files": [others]} if kind == "peaks" else {"ratio": 1, "seed": 1}
    )
    frame = against(negatives, genome, peaks).sequences
    assert frame["label"].value_counts().to_dict() == {0: 60, 1: 60}
    assert (frame.groupby("split")["label"].mean() == 0.5).all()


def test_settings_lead_to_background_as_class_0(tmp_path, bases):
    (tmp_path / "genome.fa").write_text(fasta_text(bases))
    rows = [(c, s, s + 60) for c in "12X" for s in range(6000, 18_000, 600)]
    peaks = {"peak": [write_bed(tmp_path / "p.bed", rows)]}
    folder = tmp_path / "ours"
    folder.mkdir()
    data = prepared(
        folder,
        "intervals",
        genome=tmp_path / "genome.fa",
        aliases={"X": "chrX"},
        length=60,
        classes=named(bed=peaks, motifs=["MA0139"]),
        negatives=BACKGROUND | {"ratio": 1},
        splits=HELD_OUT,
    )
    assert data.class_names == ["background", "peak"]
    assert set(data.sequences["chrom"]) == {"1", "2", "chrX"}
    assert data.scan["id"].tolist() == data.sequences["id"].tolist()
    assert data.scan["score"].std() > 0
