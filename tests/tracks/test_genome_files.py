"""Sessions of IGV and sizes of chromosomes."""

import gzip
from pathlib import Path
from xml.etree import ElementTree

import pytest
from on_genome import SETTINGS, maps_of, windows

from dnalrp.errors import InputError
from dnalrp.tracks.genome import (
    read_chromosome_sizes,
    write_igv_session,
)
from dnalrp.tracks.writing import write_tracks


def session_genome(path):
    return ElementTree.parse(path).getroot().get("genome")


def test_a_session_finds_its_genome_from_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "genomes").mkdir()
    for name in ("genomes/mine.fa", "own"):
        (tmp_path / name).write_text(">1\nACGT\n")
    session = tmp_path / "results" / "maps" / "a.igv.xml"
    for assembly, expected in {
        "hg38": "hg38",
        "T2T-CHM13v2.0": "T2T-CHM13v2.0",
        "genomes/mine.fa": "../../genomes/mine.fa",
        "./genomes/mine.fa": "../../genomes/mine.fa",
        "own": "../../own",
        "later.fa.gz": "../../later.fa.gz",
        str(tmp_path / "genomes/mine.fa"): str(tmp_path / "genomes/mine.fa"),
        "https://host/hg38.fa": "https://host/hg38.fa",
        "s3://bucket/hg38.fa": "s3://bucket/hg38.fa",
    }.items():
        write_igv_session(session, assembly, [], "chr1:1-9")
        assert session_genome(session) == expected
        write_igv_session("results/maps/a.igv.xml", assembly, [], "chr1:1-9")
        assert session_genome(session) == expected
    write_igv_session("a.igv.xml", "genomes/mine.fa", [], "chr1:1-9")
    assert (tmp_path / session_genome("a.igv.xml")).is_file()
    sequences = windows((100, 140, "+"))
    write_tracks(
        maps_of(sequences),
        sequences,
        "out",
        "m",
        settings=SETTINGS.model_copy(update={"assembly": "genomes/mine.fa"}),
    )
    assert (Path("out") / session_genome("out/m.igv.xml")).is_file()


SIZES = {
    "a blank last line": "chr1\t100\nchr2\t50\n\n",
    "crlf": "chr1\t100\r\nchr2\t50\r\n\r\n",
    "carriage returns only": "chr1\t100\rchr2\t50\r",
    "spaces and tabs behind": "chr1\t100 \nchr2\t50\t\n \n",
    "a comment": "#name\tlength\nchr1\t100\nchr2\t50\n",
    "an index": "chr1\t100\t6\t60\t61\nchr2\t50\t200\t60\t61\n",
    "a line twice": "chr1\t100\nchr2\t50\nchr1\t100\n",
    "gzip": gzip.compress(b"chr1\t100\nchr2\t50\n"),
}


@pytest.mark.parametrize("form", SIZES)
def test_sizes_of_chromosomes_are_read(tmp_path, form):
    content = SIZES[form]
    (tmp_path / "sizes").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert read_chromosome_sizes(tmp_path / "sizes") == {"chr1": 100, "chr2": 50}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr1\t100\nchr1\t90\n", "line 2: chr1 has 90 bases here and 100 before"),
        ("chr1\t100\nchr2\n", "line 2: not 'name<tab>length'"),
        ("chr1\t1e6\n", "line 1: not 'name<tab>length'"),
        ("\n\n", "cannot be read"),
    ],
)
def test_wrong_sizes_are_refused(tmp_path, text, message):
    (tmp_path / "sizes").write_text(text)
    with pytest.raises(InputError, match=message):
        read_chromosome_sizes(tmp_path / "sizes")
