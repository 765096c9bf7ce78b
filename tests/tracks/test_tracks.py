"""Tracks hold every value at its place, as the programs that read them see it."""

import gzip
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from click.testing import CliRunner
from conftest import nucleotide_maps, random_sequences
from finemo import data_io
from hypothesis import given
from hypothesis import strategies as st
from modiscolite import cli as modisco

from dnalrp.data.nucleotides import one_hot
from dnalrp.errors import InputError
from dnalrp.settings.tracks import Tracks
from dnalrp.tracks.arrays import write_map_table, write_modisco_arrays, write_regions
from dnalrp.tracks.genome import (
    Track,
    by_sign,
    genome_signal,
    read_chromosome_sizes,
    seqlets_on_genome,
    write_bedgraph,
    write_bigwig,
    write_igv_session,
    write_seqlets,
)
from dnalrp.tracks.writing import write_tracks


def intervals_of(*rows):
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "strand"])


# chr10 sorts before chr2; the first two overlap in two bases
INTERVALS = intervals_of(
    ("chr2", 10, 14, "+"), ("chr2", 12, 16, "-"), ("chr10", 5, 8, "+"), ("chr10", 8, 11, "+")
)
RELEVANCE = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [1, 1, -2, 9], [-2, 0, 3, 9]], dtype=np.float32)
LENGTHS = [4, 4, 3, 3]
EXPECTED = {
    "chr10": {5: 1, 6: 1, 7: -2, 8: -2, 9: 0, 10: 3},
    "chr2": {10: 1, 11: 2, 12: (3 + 8) / 2, 13: (4 + 7) / 2, 14: 6, 15: 5},
}


@pytest.fixture
def signal():
    return genome_signal(RELEVANCE, LENGTHS, INTERVALS)


def test_bigwig_holds_every_base_and_the_mean_where_sequences_overlap(signal, tmp_path):
    write_bigwig(signal, tmp_path / "a.bigWig")
    with pyBigWig.open(str(tmp_path / "a.bigWig")) as file:
        assert file.isBigWig()
        assert file.chroms() == {"chr10": 11, "chr2": 16}
        for chrom, values in EXPECTED.items():
            found = file.values(chrom, 0, max(values) + 1)
            assert {p: v for p, v in enumerate(found) if not np.isnan(v)} == values


def test_bedgraph_is_sorted_and_shares_rows_of_equal_value(signal, tmp_path):
    write_bedgraph(signal, tmp_path / "a.bedGraph")
    lines = (tmp_path / "a.bedGraph").read_text().splitlines()
    assert lines[:4] == ["chr10\t5\t7\t1", "chr10\t7\t9\t-2", "chr10\t9\t10\t0", "chr10\t10\t11\t3"]
    assert [line.split("\t")[0] for line in lines] == ["chr10"] * 4 + ["chr2"] * 5


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(1, 12), st.booleans()),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 1000),
)
def test_signal_equals_a_slow_walk_over_all_bases(places, seed):
    values = np.random.default_rng(seed).integers(-2, 3, size=(len(places), 12)).astype(float)
    expected = {}
    for row, (chrom, start, length, forward) in enumerate(places):
        for offset in range(length):
            base = start + (offset if forward else length - 1 - offset)
            expected.setdefault((chrom, base), []).append(values[row, offset])
    rows = [(c, s, s + n, "+" if forward else "-") for c, s, n, forward in places]
    found = genome_signal(values, [n for _, _, n, _ in places], intervals_of(*rows))
    seen = {}
    for run in found.itertuples():
        for base in range(run.start, run.end):
            assert (run.chrom, base) not in seen
            seen[run.chrom, base] = run.value
    assert seen == {key: np.float32(np.mean(own)) for key, own in expected.items()}
    assert found.equals(found.sort_values(["chrom", "start"], ignore_index=True))


def test_signs_can_be_two_tracks(signal):
    parts = by_sign(signal, "separate")
    assert (parts[".positive"]["value"] > 0).all() and (parts[".negative"]["value"] < 0).all()
    assert sum(map(len, parts.values())) == (signal["value"] != 0).sum()
    assert by_sign(signal)[""] is signal
    assert list(by_sign(signal[signal["value"] >= 0], "separate")) == [".positive"]


def test_wrong_coordinates_and_sizes_are_refused(signal, tmp_path):
    with pytest.raises(InputError, match="chr10:5-8: the sequence has 4 bases"):
        genome_signal(RELEVANCE, [4, 4, 4, 3], INTERVALS)
    with pytest.raises(InputError, match="no sequence has coordinates"):
        genome_signal(RELEVANCE[:0], [], INTERVALS[:0])
    with pytest.raises(InputError, match="chr2: 16 bases are needed, the chromosome sizes give 15"):
        write_bigwig(signal, tmp_path / "a.bigWig", {"chr10": 100, "chr2": 15})
    assert not list(tmp_path.iterdir())
    (tmp_path / "sizes").write_text("chr2\t100\nchr10 100\n")
    with pytest.raises(InputError, match="sizes, line 2"):
        read_chromosome_sizes(tmp_path / "sizes")


def test_a_fasta_index_gives_the_header(signal, tmp_path):
    (tmp_path / "g.fa.fai").write_text("chr2\t100\t6\t60\t61\nchr10\t50\t200\t60\t61\n")
    write_bigwig(signal, tmp_path / "a.bigWig", read_chromosome_sizes(tmp_path / "g.fa.fai"))
    with pyBigWig.open(str(tmp_path / "a.bigWig")) as file:
        assert file.chroms() == {"chr10": 50, "chr2": 100}


def test_seqlets_turn_with_their_sequence(tmp_path):
    intervals = intervals_of(("chr2", 100, 150, "+"), ("chr1", 100, 150, "-"))
    seqlets = pd.DataFrame(
        [
            ("f", 5, 15, "+", "positive_0", -2.0),
            ("r", 5, 15, "+", "positive_1", 1.0),
            ("r", 0, 10, "-", "positive_0", 0.5),
            ("unplaced", 0, 9, "+", "positive_0", 1.0),
        ],
        columns=["id", "start", "end", "strand", "pattern", "contribution"],
    )
    placed = seqlets_on_genome(seqlets, intervals.set_index(pd.Index(["f", "r"], name="id")))
    write_seqlets(placed, tmp_path / "a.bed", {"positive_0": "Pou5f1::Sox2 (var. 2)"})
    assert (tmp_path / "a.bed").read_text().splitlines() == [
        "chr1\t135\t145\tpositive_1\t500\t-",
        "chr1\t140\t150\tpositive_0_Pou5f1::Sox2_(var._2)\t250\t+",
        "chr2\t105\t115\tpositive_0_Pou5f1::Sox2_(var._2)\t1000\t+",
    ]
    write_seqlets(placed[:0], tmp_path / "none.bed")
    assert (tmp_path / "none.bed").read_text() == ""


def test_session_is_xml_whatever_the_names(tmp_path):
    tracks = [Track("a&b.bigWig", "name <\"x\"> & 'y' ü")]
    write_igv_session(tmp_path / "a.xml", "hg19", tracks, "chr1:1-200")
    session = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert session.attrib == {"genome": "hg19", "locus": "chr1:1-200", "version": "8"}
    (resource,) = session.iter("Resource")
    assert Track(resource.get("path"), resource.get("name")) == tracks[0]
    with pytest.raises(InputError, match="control character"):
        write_igv_session(tmp_path / "b.xml", "hg19", [Track("a", "b\x07")], "chr1")


def test_modisco_reads_the_arrays(tmp_path, monkeypatch):
    """Its own command line, up to the call of the algorithm, which sees maps and bases again."""
    texts, relevance = random_sequences(5, 60, 60), random_relevance(5, 60)
    paths = tmp_path / "one_hot.npz", tmp_path / "scores.npz"
    write_modisco_arrays(relevance, one_hot(texts), *paths)
    seen = {}

    def algorithm(**arguments):
        seen.update(arguments)
        return None, None

    monkeypatch.setattr(modisco.modiscolite.tfmodisco, "TFMoDISco", algorithm)
    monkeypatch.setattr(modisco.precompile, "start", lambda: None)
    options = ["-s", paths[0], "-a", paths[1], "-n", 100, "-w", 60, "-o", tmp_path / "found.h5"]
    result = CliRunner().invoke(modisco.cli, ["motifs", *map(str, options)])
    assert result.exit_code == 0, result.output
    assert (seen["one_hot"] == one_hot(texts).transpose(0, 2, 1)).all()
    observed = (seen["hypothetical_contribs"] * seen["one_hot"]).sum(axis=2)
    np.testing.assert_array_equal(observed, relevance)


def random_relevance(count, length):
    return np.random.default_rng(0).normal(size=(count, length)).astype(np.float32)


def test_finemo_reads_the_arrays_and_the_regions(tmp_path):
    texts, relevance = random_sequences(5, 60, 60), random_relevance(5, 60)
    paths = tmp_path / "one_hot.npz", tmp_path / "scores.npz"
    write_modisco_arrays(relevance, one_hot(texts), *paths)
    encoded, scores = data_io.load_regions_from_modisco_fmt([str(paths[1])], str(paths[0]), 30)
    assert (encoded == one_hot(texts)).all()
    np.testing.assert_allclose(scores.sum(axis=1), relevance, atol=2e-3)  # it keeps 16 bits
    write_regions(INTERVALS, list("abcd"), tmp_path / "a.narrowPeak")
    peaks = data_io.load_peaks(str(tmp_path / "a.narrowPeak"), None, 2)
    assert peaks["peak_name"].to_list() == list("abcd")
    assert peaks["peak_region_start"].to_list() == [10, 12, 5, 8]


def test_table_of_maps_has_a_row_a_nucleotide(tmp_path):
    write_map_table(["a", "b"], ["ACN", "GT"], RELEVANCE[:2], tmp_path / "a.tsv.gz")
    first = (tmp_path / "a.tsv.gz").read_bytes()
    lines = gzip.decompress(first).decode().splitlines()
    assert lines[0].split("\t") == ["id", "position", "nucleotide", "relevance"]
    assert lines[1:] == ["a\t0\tA\t1", "a\t1\tC\t2", "a\t2\tN\t3", "b\t0\tG\t5", "b\t1\tT\t6"]
    write_map_table(["a", "b"], ["ACN", "GT"], RELEVANCE[:2], tmp_path / "a.tsv.gz")
    assert (tmp_path / "a.tsv.gz").read_bytes() == first


SETTINGS = Tracks(map="split", signs="separate", assembly="hg19", chromosome_sizes=None)


def test_all_files_of_a_method(tmp_path):
    ids = list("abcd")
    sequences = INTERVALS.assign(id=ids, sequence=["ACGT", "CCGT", "ACG", "TTT"])
    maps = nucleotide_maps(ids, np.array(LENGTHS), RELEVANCE, np.zeros(4))
    written = write_tracks(maps, sequences, tmp_path, "attnlrp", settings=SETTINGS)
    assert sorted(written) == sorted(path.name for path in tmp_path.iterdir())
    rows = pd.read_csv(tmp_path / "attnlrp.narrowPeak", sep="\t", header=None)[3].tolist()
    scores = np.load(tmp_path / "attnlrp.scores.npz")["arr_0"]
    assert sorted(rows) == ids
    for name, row in zip(rows, scores, strict=True):
        number = ids.index(name)
        length = LENGTHS[number]
        values = RELEVANCE[number, :length]  # the second is turned to the forward strand
        values = values[::-1] if INTERVALS["strand"][number] == "-" else values
        assert row.sum(axis=0)[18:22].tolist() == [*values, *[0] * (4 - length)]
    session = ElementTree.parse(tmp_path / "attnlrp.igv.xml").getroot()
    assert all((tmp_path / r.get("path")).is_file() for r in session.iter("Resource"))
    without = write_tracks(
        maps, sequences[["id", "sequence"]], tmp_path / "new", "attnlrp", settings=SETTINGS
    )
    assert not [name for name in without if "bigWig" in name]
    assert "attnlrp.rows.tsv" in without
