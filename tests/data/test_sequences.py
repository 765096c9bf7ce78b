"""Headers of FASTA files and rows of alignments tell where a sequence lies on its genome."""

import gzip
import logging

import pytest

from dnalrp.data.alignment import maf_to_fasta
from dnalrp.data.fasta import read_fasta
from dnalrp.data.genome import Genome
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.data.reading import read_lines, read_text
from dnalrp.errors import InputError

GETFASTA = ("chr1", 100, 104, "+")
HEADERS = {  # all of four bases
    "chr1:100-104": GETFASTA,
    "chr1:100-104(+)": GETFASTA,
    "chr1:100-104(-)": ("chr1", 100, 104, "-"),
    "chr1:100-104(.)": GETFASTA,
    "chr1:100-104()": GETFASTA,
    "chr1:100-104(.) a note": GETFASTA,
    "name::chr1:100-104(-)": ("chr1", 100, 104, "-"),
    "name::chr1:100-104": GETFASTA,
    "peak_7::chr1:100-104()": GETFASTA,
    "Pou5f1::Sox2::chr1:100-104(-)": ("chr1", 100, 104, "-"),
    "::chr1:100-104": GETFASTA,
    "1:0-4": ("1", 0, 4, "+"),
    "HLA-A*01:01:01:01:100-104": ("HLA-A*01:01:01:01", 100, 104, "+"),
    "chr1:101-104": GETFASTA,  # samtools faidx
    "chr1:1-4": ("chr1", 0, 4, "+"),
    "chr1:101-104/rc": ("chr1", 100, 104, "-"),
    "chr1:101-104(-)": ("chr1", 100, 104, "-"),
    "chr1:1,000,001-1,000,004": ("chr1", 1_000_000, 1_000_004, "+"),
    "chr1:101-104:-": ("chr1", 100, 104, "-"),  # R
    "chr1:101-104:+": GETFASTA,
    "hg19_dna range=chr1:101-104 5'pad=0 3'pad=0 strand=- repeatMasking=none": (
        *("chr1", 100, 104, "-"),
    ),
    "hg19_dna range=chr1:101-104 5'pad=0 3'pad=0 strand=+ repeatMasking=none": GETFASTA,
    "hg19_gene range=chr1:101-904 5'pad=0 3'pad=0 strand=+ repeatMasking=none": (None,) * 4,
    "name": (None,) * 4,
    "name(+)": (None,) * 4,
    "chr1": (None,) * 4,
    "chr1:100": (None,) * 4,
    "chr1:100-104_shuffled": (None,) * 4,
}


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_tells_the_place(tmp_path, header):
    (tmp_path / "a.fa").write_text(f">{header}\nACGT\n")
    (record,) = read_fasta(tmp_path / "a.fa")
    assert record == (header.split()[0], "ACGT", *HEADERS[header])


@pytest.mark.parametrize("header", ["chr1:100-105", "chr1:100-102", "chr1:0-3", "chr1:104-100"])
def test_a_header_of_another_length_is_refused(tmp_path, header):
    (tmp_path / "a.fa").write_text(f">chr2:5-9\nACGT\n>{header}\nACGT\n")
    with pytest.raises(InputError, match=r"line 3: record .* bases but holds 4"):
        read_fasta(tmp_path / "a.fa")


def test_the_log_says_how_headers_count(tmp_path, caplog):
    path = tmp_path / "a.fa"
    with caplog.at_level(logging.INFO, "dnalrp"):
        path.write_text(">a\nACGT\n>b\nACGT\n")
        read_fasta(path)
        assert not caplog.records
        path.write_text(">chr1:101-104\nACGT\n>chr1:201-204\nACGT\n")
        read_fasta(path)
        (record,) = caplog.records
        assert record.levelname == "INFO" and "2 with positions from 1" in record.getMessage()
        path.write_text(">chr1:101-104\nACGT\n>chr1:200-204\nACGT\n>x\nACGT\n")
        places = [record[2:4] for record in read_fasta(path)]
    assert places == [("chr1", 100), ("chr1", 200), (None, None)]
    record = caplog.records[-1]
    assert record.levelname == "WARNING" and "1 without a place" in record.getMessage()
    assert "1 with positions from 0" in record.getMessage()


def test_windows_of_a_genome_come_back_by_either_header(tmp_path):
    """As getfasta -s and faidx write them of one genome."""
    bases = "ACGGTTACGATTCAGGCATT"
    (tmp_path / "genome.fa").write_text(f">chr1\n{bases}\n")
    with Genome(tmp_path / "genome.fa", tmp_path) as genome:
        window = genome.window("chr1", 5, 12)
        turned = reverse_complement(window)
        text = f">chr1:5-12(+)\n{window}\n>chr1:6-12\n{window}\n>chr1:5-12(-)\n{turned}\n"
        (tmp_path / "a.fa").write_text(f"{text}>chr1:6-12/rc\n{turned}\n")
        for record in read_fasta(tmp_path / "a.fa"):
            there = genome.window(record.chrom, record.start, record.end)
            assert record.sequence == (reverse_complement(there) if record.strand == "-" else there)


@pytest.mark.parametrize(
    "content",
    [
        b">a caf\xe9\nACGT\n",
        b">a\r\nAC\r\n\r\nGT\r\n\r\n",
        b">a\rAC\rGT\r",
        b"\n\n>a\nacgt\n\n",
        ">a \u2028 b\x85 c\nACGT\n".encode(),
        "\ufeff>a\nACGT\n".encode(),
        gzip.compress(b">a \x93b\x94\nACGT\n", mtime=0),
    ],
)
def test_ordinary_files_are_read(tmp_path, content):
    (tmp_path / "a.fa").write_bytes(content)
    assert [record[:2] for record in read_fasta(tmp_path / "a.fa")] == [("a", "ACGT")]


def test_text_of_windows_is_read_and_the_log_says_so(tmp_path, caplog):
    (tmp_path / "a.txt").write_bytes(b"a\ncaf\xe9 \x96 b\n")
    assert read_text(tmp_path / "a.txt") == "a\ncaf\u00e9 \u2013 b\n"
    assert "a.txt, line 2: not UTF-8; the file is read as Windows-1252" in caplog.text


@pytest.mark.parametrize(
    "content",
    [b"\x89\xff\x00\x01", b"abc\xff\x01\n", "a\tb\n".encode("utf-16"), b"\x93NUMPY\x01\x00v"],
)
def test_what_is_no_text_is_refused(tmp_path, content):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(InputError, match="not a text file"):
        read_text(tmp_path / "a.txt")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_lines_do_not_depend_on_blocks(tmp_path, monkeypatch, size):
    from dnalrp.data import reading

    content = b"ab\r\ncd\r\r\n\n\nefghijk\rl\n\rm\r\nlast"
    (tmp_path / "a.txt").write_bytes(content)
    whole = reading.read_blocks
    monkeypatch.setattr(reading, "read_blocks", lambda path: whole(path, size))
    assert list(read_lines(tmp_path / "a.txt")) == content.splitlines()


MAF = (
    "##maf version=1 caf\xe9\n\na score=1\n"
    "s hg38.chrUn.1  4 5 + 90 AC-GTA\ns\tmm10.chr2\t1 2 + 9 A----C\n"
    "s hg38.chrUn.10 4 2 + 90 AC\n"
)


@pytest.mark.parametrize("form", ["plain", "gzip", "gzip by content", "crlf"])
def test_a_row_of_an_alignment_keeps_the_whole_name_of_its_chromosome(tmp_path, form):
    content = MAF.replace("\n", "\r\n" if form == "crlf" else "\n").encode("latin-1")
    path = tmp_path / ("a.maf.gz" if form == "gzip" else "a.maf")
    path.write_bytes(gzip.compress(content) if "gzip" in form else content)
    out = tmp_path / "out.fa.gz"
    assert maf_to_fasta(path, "hg38.chrUn.1", out) == 5
    (record,) = read_fasta(out)
    assert record[1:] == ("ACGTA", "chrUn.1", 4, 9, "+")
    assert maf_to_fasta(path, "mm10.chr2", out) == 2
    path.write_bytes(gzip.compress(content)[:-9])
    with pytest.raises(InputError, match="gzip file is truncated"):
        maf_to_fasta(path, "hg38.chrUn.1", out)
