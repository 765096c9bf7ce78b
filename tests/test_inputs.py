"""The user's own data: tables, FASTA and BED with a genome; background; leakage."""

import gzip
import re
import tempfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sections import SHARES, named, prepared

from dnalrp.data.fasta import read_fasta
from dnalrp.data.genome import Genome
from dnalrp.data.intervals import clusters, overlapping, read_bed, resized
from dnalrp.data.leakage import remove_leakage
from dnalrp.data.negatives import matched_background, shuffled_background
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.data.sources.fields import GenomicNegatives
from dnalrp.data.splits import split_by_fraction
from dnalrp.data.table import read_table

LENGTHS = (20, 100)
TWO = named("no", "yes")


def random_sequence(rng, length=40, gc=0.5):
    probabilities = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    return "".join(rng.choice(list("ACGT"), size=length, p=probabilities))


def write_table(path, rows, header="sequence,label"):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


@pytest.fixture
def tables(tmp_path):
    rng = np.random.default_rng(0)
    return {
        split: write_table(
            tmp_path / f"{split}.csv", [(random_sequence(rng), i % 2) for i in range(20)]
        )
        for split in ("train", "dev", "test")
    }


# tables


def test_a_table_gives_its_sequences_labels_and_splits(tables, tmp_path):
    frame, _, _, dropped, _ = prepared(tmp_path, "table", files=tables, splits=None, classes=TWO)
    assert list(frame.columns) == ["id", "sequence", "label", "split"]
    assert frame["split"].value_counts().to_dict() == {"train": 20, "dev": 20, "test": 20}
    assert frame["id"].iloc[0] == "train_2" and frame["id"].is_unique and dropped.empty
    lines = tables["dev"].read_text().splitlines()[1:]
    assert frame.loc[frame["split"] == "dev", "sequence"].tolist() == [
        x.split(",")[0] for x in lines
    ]


def test_the_form_of_a_table_does_not_matter(tables, tmp_path):
    expected = read_table(tables["train"], 2, LENGTHS)
    text = tables["train"].read_text()
    forms = {
        "crlf.csv": text.replace("\n", "\r\n").encode(),
        "bom.csv": text.encode("utf-8-sig"),
        "tabs.tsv": text.replace(",", "\t").encode(),
        "packed.csv.gz": gzip.compress(text.encode()),
        "wrongly_named.csv": gzip.compress(text.encode()),
        "plain.csv.gz": text.encode(),
        "lower.csv": text.lower().encode(),
        "spaced.csv": text.replace("\n", "\n\n").encode(),
        "quoted.csv": re.sub("[^,\n]+", r'"\g<0>"', text).encode(),
    }
    for name, content in forms.items():
        (tmp_path / name).write_bytes(content)
        found = read_table(tmp_path / name, 2, LENGTHS)
        pd.testing.assert_frame_equal(found.drop(columns="id"), expected.drop(columns="id"))


def test_ids_are_taken_where_there_are_any(tmp_path):
    path = write_table(tmp_path / "t.csv", [("a/1", "ACGT" * 6, 0)], "id,sequence,label")
    assert read_table(path, 2, LENGTHS)["id"].tolist() == ["a/1"]


def test_more_than_two_classes(tmp_path):
    rng = np.random.default_rng(1)
    rows = [(random_sequence(rng), i % 3, s) for s in ("train", "dev", "test") for i in range(9)]
    path = write_table(tmp_path / "t.csv", rows, "sequence,label,split")
    data = prepared(
        tmp_path,
        "table",
        files={"all": path},
        splits={"column": "split"},
        classes=named("no", "yes", "maybe"),
    )
    frame = data.sequences
    assert frame.groupby("split")["label"].value_counts().unique().tolist() == [3]


def test_shares_do_not_depend_on_the_order_or_on_others(tmp_path):
    rng = np.random.default_rng(2)
    rows = [(random_sequence(rng), i % 2) for i in range(400)]
    one = write_table(tmp_path / "one.csv", rows)
    other = write_table(tmp_path / "other.csv", rows[:200][::-1])
    whole, part = (
        prepared(tmp_path, "table", files={"all": path}, classes=TWO).sequences.set_index(
            "sequence"
        )
        for path in (one, other)
    )
    assert (whole.loc[part.index, "split"] == part["split"]).all()
    shares = whole["split"].value_counts(normalize=True)
    assert shares["dev"] == pytest.approx(0.2, abs=0.06)
    assert shares["test"] == pytest.approx(0.2, abs=0.06)


def test_another_seed_is_another_split():
    keys = pd.Series([f"key{i}" for i in range(200)])
    first, second = (split_by_fraction(keys, SHARES, seed) for seed in (1, 2))
    assert (first != second).mean() > 0.2


# leakage


def frame_of(*rows):
    columns = ["id", "sequence", "label", "split", "chrom", "start", "end"]
    return pd.DataFrame([(*row, *[None] * (7 - len(row))) for row in rows], columns=columns)


def test_what_is_in_two_splits_stays_in_the_held_out_one():
    sequence, other = "ACGTTACC", "GGGATTTA"
    frame, dropped = remove_leakage(
        frame_of(
            ("a", sequence, 0, "train"),
            ("b", reverse_complement(sequence), 0, "test"),
            ("c", other, 1, "dev"),
            ("d", other, 1, "train"),
            ("e", other, 1, "dev"),
            ("f", "TTTTGGGA", 1, "train"),
        )
    )
    assert frame["id"].tolist() == ["b", "c", "f"]
    assert dropped.values.tolist() == [
        ["a", 0, "train", "repeated", "b", "test"],
        ["d", 1, "train", "repeated", "c", "dev"],
        ["e", 1, "dev", "repeated", "c", "dev"],
    ]


def test_a_sequence_of_two_labels_goes_wherever_it_is():
    frame, dropped = remove_leakage(
        frame_of(
            ("a", "ACGTTACC", 0, "train"), ("b", "GGTAACGT", 1, "test"), ("c", "AAAA", 1, "dev")
        )
    )
    assert frame["id"].tolist() == ["c"]
    assert dropped[["id", "reason", "other"]].values.tolist() == [
        ["a", "ambiguous", "b"],
        ["b", "ambiguous", "a"],
    ]


def test_intervals_that_touch_stay_and_those_that_overlap_go():
    frame, dropped = remove_leakage(
        frame_of(
            ("a", "AAAC", 1, "test", "chr1", 100, 200),
            ("b", "AAAG", 1, "train", "chr1", 199, 299),
            ("c", "AACC", 1, "train", "chr1", 200, 300),
            ("d", "AACG", 1, "train", "chr2", 150, 250),
            ("e", "AAGG", 0, "test", "chr2", 240, 340),
        )
    )
    assert frame["id"].tolist() == ["a", "c"]
    assert dict(zip(dropped["id"], dropped["reason"], strict=True)) == {
        "b": "overlapping",
        "d": "ambiguous",
        "e": "ambiguous",
    }


INTERVALS = st.lists(
    st.tuples(st.sampled_from(["chr1", "chr2"]), st.integers(0, 60), st.integers(1, 30)),
    max_size=12,
)


def intervals_of(rows):
    frame = pd.DataFrame(rows, columns=["chrom", "start", "length"])
    frame = frame.astype({"chrom": str, "start": "int64", "length": "int64"})
    return frame.assign(end=frame["start"] + frame["length"])


@given(INTERVALS, INTERVALS)
@settings(max_examples=40, deadline=None)
def test_overlap_is_what_comparing_all_pairs_finds(first, second):
    query, target = intervals_of(first), intervals_of(second)
    found = overlapping(query, target)
    for row, place in zip(query.itertuples(), found, strict=True):
        near = [
            index
            for index, other in enumerate(target.itertuples())
            if other.chrom == row.chrom and other.start < row.end and row.start < other.end
        ]
        assert place in near if near else place == -1


@given(INTERVALS)
@settings(max_examples=25, deadline=None)
def test_intervals_that_overlap_are_in_one_cluster(rows):
    frame = intervals_of(rows)
    names = clusters(frame)
    assert names.notna().all()
    for _, own in frame.assign(name=names).groupby("name"):
        covered = {base for row in own.itertuples() for base in range(row.start, row.end)}
        assert len(own["chrom"].unique()) == 1
        assert len(covered) == max(covered) - min(covered) + 1
    for one in frame.itertuples():
        for other in frame.itertuples():
            if one.chrom == other.chrom and one.start < other.end and other.start < one.end:
                assert names[one.Index] == names[other.Index]


# FASTA


def write_fasta(path, records):
    path.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in records))
    return path


def test_gzip_and_soft_masked_fasta_is_read(tmp_path):
    path = tmp_path / "a.fa.gz"
    path.write_bytes(gzip.compress(b">a\r\nacgtnACG\r\nTT\r\n"))
    assert read_fasta(path)[0] == ("a", "ACGTNACGTT", None, None, None, None)


def test_fasta_of_positives_against_their_shuffles(tmp_path):
    rng = np.random.default_rng(3)
    records = [(f"p{i}", random_sequence(rng)) for i in range(60)]
    records += [("with_n", "N" + "ACGT" * 8), ("same", "A" * 30)]
    path = write_fasta(tmp_path / "p.fa", records)
    negatives = {"kind": "shuffle", "ratio": 2, "seed": 4}
    classes = named(fasta={"yes": [path]})
    data = prepared(tmp_path, "fasta", classes=classes, negatives=negatives)
    frame, dropped = data.sequences, data.dropped
    assert frame["label"].value_counts().to_dict() == {0: 120, 1: 60}
    reasons = dict(zip(dropped["id"], dropped["reason"], strict=True))
    assert reasons["yes_with_n"] == "unknown bases"
    assert reasons["yes_same"] == reasons["yes_same_shuffle1"] == "ambiguous"
    by_id = frame.set_index("id")
    for row in frame[frame["label"] == 0].itertuples():
        own = by_id.loc[row.id.rsplit("_shuffle", 1)[0]]
        assert own["split"] == row.split and own["sequence"] != row.sequence
        assert pairs(own["sequence"]) == pairs(row.sequence)


def pairs(sequence):
    return sorted(sequence[i : i + 2] for i in range(len(sequence) - 1))


def test_shuffles_depend_on_the_sequence_and_the_seed_alone():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"id": list("abc"), "sequence": [random_sequence(rng) for _ in range(3)]})
    frame["split"] = "train"
    first = shuffled_background(frame, 1, 0).set_index("id")["sequence"]
    second = shuffled_background(frame.iloc[::-1], 1, 0).set_index("id")["sequence"]
    assert first.to_dict() == second.to_dict()
    assert not first.equals(shuffled_background(frame, 1, 1).set_index("id")["sequence"])


def test_fasta_with_coordinates_can_hold_out_chromosomes(tmp_path):
    rng = np.random.default_rng(6)
    paths = [
        write_fasta(
            tmp_path / f"{name}.fa",
            [(f"chr{c}:{s}-{s + 40}", random_sequence(rng)) for c in (1, 2, 3) for s in starts],
        )
        for name, starts in {"no": (0, 100), "yes": (1000, 1100)}.items()
    ]
    classes = named(fasta={path.stem: [path] for path in paths})
    splits = {"dev": ["chr2"], "test": ["chr3"]}
    frame = prepared(tmp_path, "fasta", classes=classes, splits=splits).sequences
    assert set(zip(frame["chrom"], frame["split"], strict=True)) == {
        ("chr1", "train"),
        ("chr2", "dev"),
        ("chr3", "test"),
    }
    other = prepared(
        tmp_path,
        "fasta",
        classes=classes[1:],
        splits=splits,
        negatives={"kind": "peaks", "files": [paths[0]]},
    ).sequences
    assert other["sequence"].tolist() == frame["sequence"].tolist()
    assert other["label"].tolist() == frame["label"].tolist()


# a genome


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


# from settings


def test_settings_lead_to_sequences_without_true_sites(tables, tmp_path):
    data = prepared(tmp_path, "table", files=tables, splits=None, classes=TWO)
    assert len(data.sequences) == 60
    columns = ["id", "start", "end", "strand", "motif", "role"]
    assert list(data.sites) == columns and data.sites.empty
    assert list(data.scan) == ["id", "score"] and data.scan.empty


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
