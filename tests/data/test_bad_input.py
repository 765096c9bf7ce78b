"""Bad input: one line that names the file, the place, the value and the cure; nothing written."""

import errno
import gzip
import os
from pathlib import Path

import pandas as pd
import pytest
from sections import SHARES, named, prepared

from dnalrp.data.fasta import read_fasta
from dnalrp.data.genome import Genome
from dnalrp.data.intervals import read_bed
from dnalrp.data.local import checked_url
from dnalrp.data.table import read_table
from dnalrp.errors import InputError
from dnalrp.provenance import check_folder, write_table, written_whole

GOOD = "ACGTACGTAC"
TABLE, FASTA, BED, GENOME = "table.csv", "some.fa", "some.bed", "genome.fa"
LABELS = "table_of_labels.csv"


def read(path):
    """Read a file as what its name says."""
    if path.name.startswith("table_of_labels"):
        return read_table(path, 3, (5, 20), several_labels=["CTCF", "REST", "p53"])
    if path.name.startswith("table"):
        return read_table(path, 2, (5, 20))
    if path.name.startswith("genome"):
        with Genome(path, path.parent) as genome:
            return genome.window(next(iter(genome.lengths)), 0, 4)
    return read_bed(path) if path.name.startswith("some.bed") else read_fasta(path)


def rows(*lines, header="sequence,label"):
    return "\n".join([header, f"{GOOD},0", *lines, ""])


def marked(marks, header="ctcf,REST,P53"):
    return f"sequence,{header}\n{GOOD},{marks}\n"


NARROW = "chr1\t5\t9\tp\t0\t+\t1\t1\t1\t"
BAD_FILES = [
    # tables
    (TABLE, "", "the file is empty; fetch"),
    (TABLE, " \n\n", "the file is empty; fetch"),
    (TABLE, "sequence,label\n", "no sequence after the first line"),
    (TABLE, f"{GOOD},0\n", "line 1: 0 columns are named 'sequence'"),
    (TABLE, "sequence;label\nACGTACGT;1\n", "line 1: 0 columns are named 'sequence'"),
    (TABLE, "sequence,a,b\n", "line 1: 0 columns are named 'label' .*set several_labels: true"),
    (TABLE, rows(f'"{GOOD}","0,1"'), "line 3: label '0,1' names several; .*several_labels: true"),
    (TABLE, rows(f"{GOOD},0;1"), "line 3: label '0;1' names several; .*set several_labels: true"),
    (TABLE, "sequence,label,label\n", "line 1: 2 columns are named 'label'"),
    (TABLE, rows(f"{GOOD},1,x"), r"line 3: 3 column\(s\) where the first line names 2"),
    (TABLE, rows(GOOD), r"line 3: 1 column\(s\) where the first line names 2"),
    (TABLE, rows(f"{GOOD},"), "line 3: the label is missing; write 0 to 1"),
    (TABLE, rows(f"{GOOD},bound"), "line 3: label 'bound' is not a whole number"),
    (TABLE, rows(f"{GOOD},1.0"), r"line 3: label '1\.0' is not a whole number"),
    (TABLE, rows(f"{GOOD},-1"), "line 3: label '-1' is not a whole number"),
    (TABLE, rows(f"{GOOD},2"), "line 3: label 2 but 'classes' names 2"),
    (TABLE, rows(",1"), "line 3: the sequence is empty"),
    (TABLE, rows("ACGT,1"), "line 3: the sequence has 4 bases and 'lengths' says 5 to 20"),
    (TABLE, rows("A" * 21 + ",1"), "line 3: the sequence has 21 bases"),
    (TABLE, rows("ACGRYACG,1"), "line 3: character 'R' at position 4.*codes by N"),
    (TABLE, rows("ACGUACGU,1"), "line 3: character 'U' at position 4.*replace U by T"),
    (TABLE, rows("MKVLAAGE,1"), "line 3: character 'M' at position 1.*a protein"),
    (TABLE, rows("ACG-ACGT,1"), "line 3: character '-' at position 4"),
    (TABLE, rows("ACG ACGT,1"), "line 3: character ' ' at position 4"),
    (TABLE, "\r\n".join(["sequence,label", f"{GOOD},0", "ACGXACGT,1"]), "line 3: character 'X'"),
    (TABLE, f"id,sequence,label\na,{GOOD},0\na,{GOOD},1\n", "line 3: id 'a' is that of line 2"),
    (TABLE, f"id,sequence,label\n<b>x</b>,{GOOD},0\n", "line 2: id '<b>x</b>' .*markup"),
    (TABLE, f"id,sequence,label\n,{GOOD},0\n", "line 2: id '' is empty"),
    (TABLE, f"id,sequence,label\na b,{GOOD},0\n", "line 2: id 'a b' .*holds space"),
    (TABLE, 'sequence,label\n"ACGTACGT,1\n', "line 3: unexpected end of data"),
    (TABLE, b"\x00\x01\x02\x03", "not a text file"),
    (TABLE, "sequence,label\n".encode("utf-16"), "not a text file"),
    (TABLE, b"PK\x03\x04rest", "is a zip archive; give plain text or gzip"),
    ("table.csv.gz", b"BZh91AY", "is compressed by bzip2"),
    ("table.csv.gz", gzip.compress(rows().encode())[:-9], "gzip file is truncated or damaged"),
    ("table.csv.gz", b"\x1f\x8b", "gzip file is truncated or damaged"),
    ("table.csv.gz", gzip.compress(b""), "the file is empty"),
    # tables of several labels
    (LABELS, rows(f"{GOOD},0;3"), "line 3: label 3 but 'classes' names 3"),
    (LABELS, rows(f"{GOOD},0;0"), "line 3: label '0;0' names one twice; leave one out"),
    (LABELS, rows(f"{GOOD},CTCF;p53"), "line 3: label 'CTCF;p53' is no list of whole numbers"),
    (LABELS, rows(f'{GOOD},"0,2"'), "line 3: label '0,2' is no list .* as in 0;1, and nothing for"),
    (LABELS, rows(f"{GOOD},0;"), "line 3: label '0;' is no list of whole numbers"),
    (LABELS, rows(f"{GOOD},-1"), "line 3: label '-1' is no list of whole numbers"),
    (LABELS, marked("1,0,2"), "line 2: column 'p53' holds '2'; write 1 where the label is on and"),
    (LABELS, marked("1,,0"), "line 2: column 'REST' holds ''; write 1 where"),
    (LABELS, marked("yes,0,1"), "line 2: column 'CTCF' holds 'yes'"),
    (LABELS, marked("0;1,0,0,1", "label,ctcf,rest,p53"), "a column 'label' and one named 'ctcf'"),
    (LABELS, marked("1,0", "CTCF,p53"), "line 1: 0 columns are named 'rest' .*, ctcf, rest, p53 o"),
    (LABELS, marked("1,0,0,1", "CTCF,REST,p53,P53"), "line 1: 2 columns are named 'p53'"),
    (LABELS, marked("1,0", "a,b"), "0 columns are named 'label' .*one column of 0 and 1 for each"),
    # FASTA
    (FASTA, "chr1\t1\t5\n", "line 1: sequence before the first '>' header"),
    (FASTA, ">a\nMKVLE\n", "line 1, record a: character 'M' .*a protein"),
    (FASTA, ">a\nACGU\n", "record a: character 'U' at position 4.*RNA"),
    (FASTA, ">a\nACGT\n>b\n", "line 3, record b: the sequence is empty"),
    ("some.fa.gz", gzip.compress(b">a\nACGT\n" * 99)[:-9], "gzip file is truncated or damaged"),
    # BED
    (BED, "chr1\t5\n", r"line 1: 2 column\(s\)"),
    (BED, "chr1\t5\t9\nchr1\t5\t9\tname\n", r"line 2: 4 column\(s\), line 1 .* has 3"),
    (BED, "#x\nchrom\tstart\tend\n", "line 2: coordinate 'start' is not a whole number"),
    (BED, "chr1\t5.0\t9\n", r"line 1: coordinate '5\.0' is not a whole number"),
    (BED, "chr1\t-5\t9\n", "line 1: coordinate -5 is negative"),
    (BED, "chr1\t9\t5\n", "line 1: start 9 is not below end 5; swap them"),
    (BED, "chr1\t5\t5\n", "line 1: start 5 is not below end 5"),
    (BED, "chr1\t5\t9\tp\t0\t?\n", r"line 1: strand '\?'"),
    (BED, f"{NARROW}4\n", "line 1: summit '4'.* 0 to 3"),
    (BED, f"{NARROW}x\n", "line 1: summit 'x'"),
    (BED, "track name=peaks\n\n#none\n", "no interval"),
    # genomes
    (GENOME, "", "the file is empty"),
    (GENOME, "ACGT\n", "does not begin with a '>' header"),
    (GENOME, "\ufeff>1\nACGT\n", "does not begin with a '>' header"),
    (GENOME, ">1\nACGT\n>1\nACGT\n", "cannot be indexed .*one name a chromosome"),
    (GENOME, ">1\nACGT\nAC\nACGT\n", "cannot be indexed .*lines of one length"),
    (GENOME, ">1\nMKVLE\n", "character 'L' at position 4 of 1"),
    ("genome.fa.gz", gzip.compress(b">1\nACGT\n" * 99)[:-9], "gzip file is truncated"),
]


@pytest.mark.parametrize(
    ("name", "content", "message"), BAD_FILES, ids=[row[2] for row in BAD_FILES]
)
def test_a_bad_file_is_refused_in_one_line(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message) as error:
        read(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("name", [TABLE, FASTA, BED, GENOME])
def test_a_file_that_cannot_be_opened_is_named(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(InputError, match=f"{name}: no such file"):
        read(path)
    path.mkdir()
    with pytest.raises(InputError, match=f"{name}: is a folder"):
        read(path)


def test_a_file_without_permission_is_named(tmp_path, monkeypatch):
    path = tmp_path / TABLE
    path.write_text(rows())

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\); correct its perm"):
        read(path)


def test_a_missing_genome_is_no_fault_of_its_lines(tmp_path):
    with pytest.raises(InputError) as error:
        Genome(tmp_path / "gone.fa", tmp_path)
    assert str(error.value) == f"{tmp_path / 'gone.fa'}: no such file; correct the path"


GENOME_TEXT = ">1\n" + "ACGTTGCATC" * 20 + "\n>X\n" + "ACGTTGCATC" * 20 + "\n"


@pytest.mark.parametrize(
    ("bed", "changes", "message"),
    [
        (
            "1\t5\t9\n1\t150\t201\n7\t5\t9\n",
            {},
            "line 2: 1:150-201 ends after the chromosome.* 200 bases.*another assembly",
        ),
        (
            "1\t5\t9\n7\t5\t9\n7\t6\t9\n",
            {},
            "line 2: chromosome '7' is not in .*genome.fa, which has '1'.*another assembly",
        ),
        ("1\t0\t9\n", {}, "none of 1 intervals gives a window of 20 known bases"),
        ("1\t50\t60\n", {}, "class 'background' has no sequence in the (train|dev) split"),
        ("1\t50\t60\n", {"splits": {"dev": ["7"], "test": ["X"]}}, "splits.dev: chromosome '7'"),
        ("1\t50\t60\n", {"distance": 500}, "negatives: 1 has only 0 of the 1 regions"),
    ],
)
def test_intervals_that_do_not_fit_the_genome(tmp_path, bed, changes, message):
    (tmp_path / GENOME).write_text(GENOME_TEXT)
    (tmp_path / BED).write_text(bed)
    negatives = {"kind": "genome", "ratio": 1, "gc_tolerance": 0.5, "distance": 0, "seed": 1}
    negatives["distance"] = changes.get("distance", 0)
    splits = changes.get("splits", {"dev": ["X"], "test": ["1"]})
    folder = tmp_path / "unpacked"
    folder.mkdir()
    with pytest.raises(InputError, match=message) as error:
        prepared(
            folder,
            "intervals",
            genome=tmp_path / GENOME,
            classes=named(bed={"peak": [tmp_path / BED]}),
            negatives=negatives,
            splits=splits,
        )
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        ({"chrX": "X"}, "aliases: .*genome.fa has no chromosome 'chrX' but '1', 'X'"),
        ({"X": "1"}, "aliases: two chromosomes of .* would have one name"),
    ],
)
def test_bad_aliases(tmp_path, aliases, message):
    (tmp_path / GENOME).write_text(GENOME_TEXT)
    with pytest.raises(InputError, match=message):
        Genome(tmp_path / GENOME, tmp_path, aliases)


TWO = named("no", "yes")


def table(path, **changes):
    chosen = {"files": {"all": path}, "classes": TWO, "lengths": [5, 20], **changes}
    return prepared(path.parent, "table", **chosen)


def distinct(count):
    return ["".join("ACGT"[(i >> 2 * k) & 3] for k in range(6)) for i in range(count)]


def test_a_class_without_sequences_is_named(tmp_path):
    path = tmp_path / TABLE
    path.write_text("\n".join(["sequence,label", *(f"{text},1" for text in distinct(40))]))
    with pytest.raises(InputError, match="class 'no' has no sequence in the train split"):
        table(path)
    path.write_text(
        "\n".join(["sequence,label", *(f"{t},{2 * (i % 2)}" for i, t in enumerate(distinct(40)))])
    )
    with pytest.raises(InputError, match="class 'yes' has no sequence"):  # a gap in the labels
        table(path, classes=named("no", "yes", "maybe"))


def test_splits_and_ids_of_tables(tmp_path):
    path = tmp_path / TABLE
    path.write_text(f"id,sequence,label,fold\na,{GOOD},0,valid\n")
    with pytest.raises(InputError, match="column 'fold' holds 'valid'; write one of train, dev"):
        table(path, splits={"column": "fold"})
    with pytest.raises(InputError, match="line 1: 0 columns are named 'split'"):
        table(path, splits={"column": "split"})
    path.write_text(f"ID,Sequence,Label,Fold\na,{GOOD},0,valid\n")
    with pytest.raises(InputError, match="column 'Fold' holds 'valid'; write one of train, dev"):
        table(path, splits={"column": "Fold"})
    with pytest.raises(ValueError, match="classes: 'fold' is the name of another column"):
        names = [{"name": name, "motifs": []} for name in ("fold", "yes")]
        table(path, classes=names, several_labels=True, splits={"column": "Fold"})
    with pytest.raises(InputError, match="id 'a' is in two files"):
        table(path, files=dict.fromkeys(("train", "dev", "test"), path), splits=None)


@pytest.mark.parametrize(
    ("text", "splits", "message"),
    [
        (f">a\n{GOOD}\n>a\n{GOOD}T\n", SHARES, "record a: the name occurs twice"),
        (f">a&b\n{GOOD}\n", SHARES, "record a&b: id 'yes_a&b' .*markup"),
        (">a\nACG\n", SHARES, "record a: the sequence has 3 bases and 'lengths' says 5 to 20"),
        (f">a\n{GOOD}\n", {"dev": ["1"], "test": ["2"]}, "record a: has no coordinates"),
        (">a\nNNNNNN\n", SHARES, "every positive sequence holds an N"),
    ],
)
def test_records_that_do_not_fit(tmp_path, text, splits, message):
    (tmp_path / FASTA).write_text(text)
    negatives = {"kind": "shuffle", "ratio": 1, "seed": 1}
    with pytest.raises(InputError, match=message) as error:
        prepared(
            tmp_path,
            "fasta",
            classes=named(fasta={"yes": [tmp_path / FASTA]}),
            splits=splits,
            lengths=[5, 20],
            negatives=negatives,
        )
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///etc/passwd", "a URL begins with https, http,"),
        ("s3://bucket/genome.fa", "a URL begins with"),
        ("https:/genome.fa", "names no file on a host"),
        ("https://example.org/", "names no file on a host"),
        ("https://example.org/a.fa#sha256=abc", "64 hexadecimal digits"),
    ],
)
def test_malformed_urls(url, message):
    with pytest.raises(InputError, match=message):
        checked_url(url)


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    path, frame = tmp_path / "out.parquet", pd.DataFrame({"id": ["a"]})
    write_table(frame, path, {})
    before = path.read_bytes()

    def full(_, target):
        Path(target).write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(InputError, match="no space left to write it; free some and run again"):
        write_table(frame, path, {})
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/out.parquet: cannot be written \(.*\); choose ano"):
        write_table(pd.DataFrame({"id": ["a"]}), tmp_path / "file/out.parquet", {})
    with pytest.raises(InputError, match=r"--out .*/file/x: .*/file is a file; give another"):
        check_folder(tmp_path / "file/x", "--out")
    check_folder(tmp_path / "new/er", "--out")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_two_writers_of_one_file_do_not_meet(tmp_path, monkeypatch):
    path = tmp_path / "out"
    with written_whole(path) as first:
        first.write_text("first")
        monkeypatch.setattr("os.getpid", lambda: 0)
        with written_whole(path) as second:
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first" and list(tmp_path.iterdir()) == [path]
