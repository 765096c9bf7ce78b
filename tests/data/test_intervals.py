"""Of every file of intervals the right columns are read, and the log says which."""

import logging

import pandas as pd
import pytest

from dnalrp.data.genome import Genome
from dnalrp.data.intervals import fit_to_genome, read_bed, unique_names
from dnalrp.data.negatives import interval_ids
from dnalrp.errors import InputError


def tabbed(*lines):
    return "".join("\t".join(line.split()) + "\n" for line in lines)


IDR = "13.2 12.1 110 390 6.5 40 95 400 4.5 30"
MACS = "chr start end length abs_summit pileup -log10(pvalue) fold_enrichment -log10(qvalue) name"
# columns, file name, (start, end, strand, centre) of each line, and what the log says
FORMS = {
    "BED3": (["chr1 100 400"], [(100, 400, "+", 250)], "3 columns"),
    "BED4": (["chr1 100 400 a"], [(100, 400, "+", 250)], "4 columns"),
    "BED5, summits of MACS": (["chr1 130 131 a 9.1"], [(130, 131, "+", 130)], "5 columns"),
    "BED6": (["chr1 100 400 a 0 -"], [(100, 400, "-", 250)], "column 6 as the strand"),
    "broadPeak": (["chr1 100 400 a 0 . 5 -1 3.2"], [(100, 400, "+", 250)], "9 columns"),
    "BED9": (["chr1 100 400 a 0 + 100 400 255,0,0"], [(100, 400, "+", 250)], "9 columns"),
    "narrowPeak": (
        ["chr1 100 400 a 0 . 5.1 -1 3.2 30", "chr1 100 400 b 0 - 5.1 4 3.2 -1"],
        [(100, 400, "+", 130), (100, 400, "-", 250)],
        "column 10 as the summit",
    ),
    "narrowPeak of whole numbers": (
        ["chr1 100 400 a 0 . 5 4 3 30"],
        [(100, 400, "+", 130)],
        "column 10 as the summit",
    ),
    "narrowPeak of dots, as ChromBPNet's": (
        ["chr1 100 400 . . . . . . 30"],
        [(100, 400, "+", 130)],
        "column 10 as the summit",
    ),
    "narrowPeak of pandas": (
        ["chr1 100 400 a 0 . 5.0 4.0 3.0 30.0", "chr1 100 400 a 0 . 5.0 4.0 3.0 -1.0"],
        [(100, 400, "+", 130), (100, 400, "+", 250)],
        "column 10 as the summit",
    ),
    "several summits of one peak": (
        ["chr1 100 400 a 0 . 5.1 4 3.2 30", "chr1 100 400 b 0 . 5.1 4 3.2 200"],
        [(100, 400, "+", 130), (100, 400, "+", 300)],
        "column 10 as the summit",
    ),
    "narrowPeak, no summits": (
        ["chr1 100 400 a 0 . 5 -1 3.2 -1"],
        [(100, 400, "+", 250)],
        "column 10 as the summit",
    ),
    "narrowPeak of a chromosome 1": (
        ["1 100 400 a 0 . 1 3 5 30", "1 100 400 a 0 . 1 3 6 40"],
        [(100, 400, "+", 130), (100, 400, "+", 140)],
        "column 10 as the summit",
    ),
    "infinite q-value": (
        ["chr1 100 400 a 1e3 . 5.1 Inf inf 30"],
        [(100, 400, "+", 130)],
        "column 10 as the summit",
    ),
    "IDR of narrowPeaks": (
        [f"chr1 100 400 . 1000 . 5 -1 4 30 {IDR}"],
        [(100, 400, "+", 130)],
        "column 10 as the summit, counted from the start",
    ),
    "IDR, whole numbers": (
        ["chr1 100 400 . 1000 . 5 6 4 30 2 1 110 390 6 40 95 400 4 30"],
        [(100, 400, "+", 130)],
        "column 10 as the summit, counted from the start",
    ),
    "IDR, summits as positions": (
        ["chr1 1000 1400 . 1000 . 5 -1 4 1030 13 12 1110 1390 6 40 950 1400 4 30"],
        [(1000, 1400, "+", 1030)],
        "column 10 as the summit, a position",
    ),
    "IDR of broadPeaks": (
        ["chr1 100 400 . 1000 . 5 -1 4 3 2 100 400 5 110 390 6"],
        [(100, 400, "+", 250)],
        "IDR's of a broadPeak",
    ),
    "IDR of BED": (
        ["chr1 1000 1400 . 1000 . 4.1 5.1 1000 1400 30 1100 1390 25"],
        [(1000, 1400, "+", 1200)],
        "no summit",
    ),
    "gappedPeak": (
        ["chr1 100 400 a 0 . 120 390 0 2 50,30 0,270 5.1 4 3"],
        [(100, 400, "+", 250)],
        "blocks of BED12",
    ),
    "gappedPeak of one block": (
        ["chr1 100 400 a 0 . 120 390 0 1 300 0 5.1 4 3"],
        [(100, 400, "+", 250)],
        "blocks of BED12",
    ),
    "BED12": (
        ["chr1 100 400 a 0 - 100 400 0 2 50,30, 0,270,", "chr1 500 520 b 0 + 500 520 0 1 20, 0,"],
        [(100, 400, "-", 250), (500, 520, "+", 510)],
        "blocks of BED12",
    ),
    "BED6 and an interval": (
        ["chr1 100 400 a 0 + chr1 90 200 100"],
        [(100, 400, "+", 250)],
        "not the numbers of a narrowPeak",
    ),
    "BED6 and an interval of chromosome 1": (
        ["1 100 400 a 0 + 1 90 200 100", "1 500 600 b 0 - 1 590 700 10"],
        [(100, 400, "+", 250), (500, 600, "-", 550)],
        "a second interval",
    ),
    "bedtools intersect -wao": (
        ["1 100 400 a 0 + 1 90 200 100", "1 500 600 b 0 - . -1 -1 0"],
        [(100, 400, "+", 250), (500, 600, "-", 550)],
        "a second interval",
    ),
    "bedtools closest -d": (
        ["1 100 400 a 0 + 1 410 500 11"],
        [(100, 400, "+", 250)],
        "a second interval",
    ),
    "bedtools coverage": (
        ["chr1 100 400 a 0 + 12 150 300 0.5000000", "chr1 500 600 b 0 + 2 100 100 1.0000000"],
        [(100, 400, "+", 250), (500, 600, "+", 550)],
        "which is no whole number",
    ),
    "BED9 and a score": (
        ["chr1 100 400 a 0 + 100 400 0 50"],
        [(100, 400, "+", 250)],
        "thickStart",
    ),
    "BED6 and counts of five samples": (
        ["chr1 100 400 a 0 + 5 9 12 30 7", "chr1 500 600 b 0 + 0 1 2 3 4"],
        [(100, 400, "+", 250), (500, 600, "+", 550)],
        "counts only",
    ),
    "narrowPeak and a narrowPeak": (
        ["chr1 100 400 a 0 . 5.1 -1 3.2 30 chr1 90 200 b 0 . 5.1 -1 3.2 70"],
        [(100, 400, "+", 130)],
        "column 10 as the summit",
    ),
    "narrowPeak and a count": (
        ["chr1 100 400 a 0 . 5.1 4.2 3.2 30 2"],
        [(100, 400, "+", 130)],
        "column 10 as the summit",
    ),
    "BED3 and narrowPeak": (
        ["chr1 100 400 chr1 100 400 a 0 . 5.1 -1 3.2 30"],
        [(100, 400, "+", 250)],
        "column 6 is no strand",
    ),
    "BED3 and BED3": (["chr1 100 400 chr1 90 200"], [(100, 400, "+", 250)], "no strand"),
    "BED5 and BED3": (["chr1 100 400 a 0 chr1 90 200"], [(100, 400, "+", 250)], "no strand"),
    "SEACR": (["chr1 100 400 88.5 3.1 chr1:150-160"], [(100, 400, "+", 250)], "no strand"),
    "bedMethyl": (
        ["chr1 100 101 m 9 + 100 101 255,0,0 9 77.8"],
        [(100, 101, "+", 100)],
        "not the numbers of a narrowPeak",
    ),
    "the table of MACS": (
        ["# Command line: macs3", MACS, "chr1 101 400 300 131 9 5.1 3 4 a"],
        [(100, 400, "+", 130)],
        "positions from 1; abs_summit as the summit",
    ),
    "the table of MACS, broad": (
        [MACS.replace("abs_summit ", ""), "chr1 101 400 300 9 5.1 3 4 a"],
        [(100, 400, "+", 250)],
        "no summit",
    ),
    "SAF": (
        ["GeneID Chr Start End Strand", "p1 chr1 101 400 -", "p2 chr1 1 10 ."],
        [(100, 400, "-", 250), (0, 10, "+", 5)],
        "read as SAF: positions from 1",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_right_columns_are_read(tmp_path, caplog, form):
    lines, expected, said = FORMS[form]
    path = tmp_path / "a.bed"
    path.write_text(tabbed(*lines))
    with caplog.at_level(logging.INFO, "dnalrp"):
        found = read_bed(path)
    rows = found[["start", "end", "strand", "centre"]].itertuples(index=False, name=None)
    assert list(rows) == expected
    assert set(found["chrom"]) <= {"chr1", "1"}
    (message,) = (record.getMessage() for record in caplog.records)
    assert str(path) in message and said in message


NARROW = "chr1 100 400 a 0 . 5.1 4 3.2"
BAD = {
    "summit outside": ([f"{NARROW} 30", f"{NARROW} 300"], "line 2: summit '300'.* 0 to 299"),
    "summit outside, further columns": (
        [f"{NARROW} 30 2", f"{NARROW} 40 2", f"{NARROW} 300 2"],
        "line 3: summit '300'",
    ),
    "summit below -1": ([f"{NARROW} -2"], "line 1: summit '-2'"),
    "a strand by name": (["chr1 100 400 a 0 plus"], "line 1: strand 'plus'"),
    "strands by number": (["chr1 100 400 a 0 1", "chr1 1 4 a 0 -1"], "line 1: strand '1'"),
    "one strand that is none": (["chr1 1 4 a 0 +", "chr1 1 4 a 0 7"], "line 2: strand '7'"),
    "a named summit outside": (
        [MACS, "chr1 101 400 300 401 9 5.1 3 4 a"],
        "line 2: abs_summit 401 is outside its peak",
    ),
    "SAF from 0": (["GeneID Chr Start End Strand", "p chr1 0 9 +"], "line 2: .*counts from 1"),
    "SAF without lines": (["GeneID Chr Start End Strand"], "no interval"),
    "BED with names of columns": (["chrom start end name", "chr1 1 4 a"], "line 1: coordinate"),
}


@pytest.mark.parametrize("form", BAD)
def test_a_wrong_column_is_refused(tmp_path, form):
    lines, message = BAD[form]
    (tmp_path / "a.bed").write_text(tabbed(*lines))
    with pytest.raises(InputError, match=message) as error:
        read_bed(tmp_path / "a.bed")
    assert "a.bed" in str(error.value) and "\n" not in str(error.value)


def test_a_name_tells_a_narrow_peak_from_counts(tmp_path):
    lines = tabbed("chr1 100 400 a 0 . 5 4 3 30 2")
    for name, centre in (("a.bed", 250), ("a.narrowPeak", 130), ("A.narrowpeak.txt", 130)):
        (tmp_path / name).write_text(lines)
        assert read_bed(tmp_path / name)["centre"].tolist() == [centre]


PLACES = [("chr1", 100, 400), ("chr2", 5, 9)]
ODD_TEXTS = {
    "an empty last field": ("chr1\t100\t400\t\nchr2\t5\t9\ta\n", PLACES),
    "empty strands": ("chr1\t100\t400\ta\t0\t\nchr2\t5\t9\ta\t0\t+\n", PLACES),
    "all strands empty": ("chr1\t100\t400\ta\t0\t\nchr2\t5\t9\ta\t0\t\n", PLACES),
    "an empty summit": (
        "chr1\t100\t400\ta\t0\t.\t1.5\t2\t3\t\nchr2\t5\t9\ta\t0\t.\t1.5\t2\t3\t-1\n",
        PLACES,
    ),
    "empty fields cut off": ("chr1\t100\t400\t\t\nchr2\t5\t9\n", PLACES),
    "empty fields added": ("chr1\t100\t400\nchr2\t5\t9\t\t\t\n", PLACES),
    "spaces around fields": ("chr1 \t100\t 400 \nchr2\t5\t9\t \n", PLACES),
    "crlf and blank lines": ("\r\nchr1\t100\t400\r\n\r\n\t\t\r\nchr2\t5\t9\r\n\r\n", PLACES),
    "carriage returns only": ("chr1\t100\t400\rchr2\t5\t9\r", PLACES),
    "spaces": ("chr1 100 400\nchr2   5  9 \n", PLACES),
    "windows-1252": ("chr1\t100\t400\tcaf\xe9\nchr2\t5\t9\t\x93a\x94\n".encode("latin-1"), PLACES),
    "windows-1252 in a comment": (
        "#caf\xe9\nchr1\t100\t400\nchr2\t5\t9\n".encode("latin-1"),
        PLACES,
    ),
    "a byte order mark": ("\ufeffchr1\t100\t400\nchr2\t5\t9\n", PLACES),
    "lines for browsers": (
        "browser position chr1:1-9\nbrowser hide all\ntrack name=a type=bed\ntrack\n"
        "chr1\t100\t400\nchr2\t5\t9\n",
        PLACES,
    ),
    "lines for browsers with tabs": (
        "track\tname=a\nbrowser\thide\tall\nchr1\t1\t4\n",
        [("chr1", 1, 4)],
    ),
    "names like headers": (
        "track1\t1\t4\ntrack\t2\t5\nbrowser_x\t3\t6\nbrowser\t4\t7\n",
        [("track1", 1, 4), ("track", 2, 5), ("browser_x", 3, 6), ("browser", 4, 7)],
    ),
    "names like headers, spaces": ("track1 1 4\ntrack 2 5\n", [("track1", 1, 4), ("track", 2, 5)]),
}


@pytest.mark.parametrize("form", ODD_TEXTS)
def test_ordinary_files_are_read(tmp_path, form):
    text, expected = ODD_TEXTS[form]
    (tmp_path / "a.bed").write_bytes(text if isinstance(text, bytes) else text.encode())
    found = read_bed(tmp_path / "a.bed")
    assert list(found[["chrom", "start", "end"]].itertuples(index=False, name=None)) == expected
    assert set(found["strand"]) == {"+"}
    assert found["centre"].tolist() == [(start + end) // 2 for _, start, end in expected]


@pytest.fixture
def genome(tmp_path):
    (tmp_path / "genome.fa").write_text(f">1\n{'ACGT' * 50}\n>chrX\n{'ACGT' * 10}\n")
    with Genome(tmp_path / "genome.fa", tmp_path) as opened:
        yield opened


def fitted(tmp_path, genome, *lines):
    (tmp_path / "a.bed").write_text(tabbed(*lines))
    return fit_to_genome(read_bed(tmp_path / "a.bed"), genome, tmp_path / "a.bed")


def test_intervals_that_a_genome_lacks_are_left_out_with_reasons(tmp_path, genome, caplog):
    lines = ["chr1 0 200", "chr1 150 201", "chrUn_1 1 4", "X 0 40", "1 5 9", "chr7 1 4"]
    kept, left_out = fitted(tmp_path, genome, *lines)
    assert kept[["chrom", "start", "line"]].values.tolist() == [
        ["1", 0, 1],
        ["chrX", 0, 4],
        ["1", 5, 5],
    ]
    assert left_out[["chrom", "line", "reason"]].values.tolist() == [
        ["chr1", 2, "ends after the chromosome"],
        ["chrUn_1", 3, "chromosome not in the genome"],
        ["chr7", 6, "chromosome not in the genome"],
    ]
    assert "3 of 6 intervals left out: 2 chromosome not in the genome, 1 ends" in caplog.text
    kept, left_out = fitted(tmp_path, genome, "chr1 0 200")
    assert len(kept) == 1 and left_out.empty and "reason" in left_out


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["chr7 1 4"], "line 1: chromosome 'chr7' is not in .*which has '1'"),
        (["1 5 9", "1 150 201", "chr7 5 6"], "line 2: 1:150-201 ends after .* which has 200 bases"),
    ],
)
def test_most_intervals_off_the_genome_mean_another_assembly(tmp_path, genome, lines, message):
    with pytest.raises(InputError, match=f"{message}.*another assembly"):
        fitted(tmp_path, genome, *lines)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "b", "a"], ["a", "a_2", "b", "a_3"]),
        (["a", "a_2", "a"], ["a", "a_2", "a_3"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["a", "a_2", "a", "a_2"], ["a", "a_2", "a_3", "a_2_2"]),
        ([], []),
    ],
)
def test_names_that_occur_again_are_numbered(names, expected):
    found = unique_names(pd.Series(names, index=range(5, 5 + len(names)), dtype=object))
    assert found.tolist() == expected and found.index.tolist() == list(range(5, 5 + len(names)))


def test_ids_of_intervals_are_unique():
    rows = [("chr1", 5, 9, "+"), ("chr1", 5, 9, "-"), ("chr1", 5, 9, "+"), ("chr1", 5, 9, "-")]
    intervals = pd.DataFrame(rows, columns=["chrom", "start", "end", "strand"])
    assert interval_ids("peak", intervals).tolist() == [
        "peak_chr1:5-9",
        "peak_chr1:5-9(-)",
        "peak_chr1:5-9_2",
        "peak_chr1:5-9(-)_2",
    ]
