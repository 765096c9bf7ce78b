"""A genome file gives the bases that are asked for, whatever its lines look like."""

import gzip

import numpy as np
import pyfaidx
import pytest

from dnalrp.data.genome import Genome
from dnalrp.errors import InputError

FIRST, SECOND = "ACGTACCCCCGGGGGTTTTT", "TTGCA"


def opened(tmp_path, content, name="genome.fa"):
    path, folder = tmp_path / name, tmp_path / "ours"
    folder.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Genome(path, folder)


READABLE = {
    "one line each": f">1\n{FIRST}\n>2\n{SECOND}\n",
    "no last line end": f">1\nACGTACCCCC\nGGGGGTTTTT\n>2\n{SECOND}",
    "crlf": f">1\r\nACGTACCC\r\nCCGGGGGT\r\nTTTT\r\n>2\r\n{SECOND}\r\n",
    "crlf and a blank line": f">1\r\nACGTACCC\r\nCCGGGGGT\r\nTTTT\r\n\r\n>2\r\n{SECOND}\r\n\r\n",
    "line ends of two kinds": f">1\nACGTACCC\r\nCCGGGGGT\nTTTT\n>2\n{SECOND}\r\n",
    "line ends that take turns": f">1\nACGTA\r\nCCCCC\nGGGGG\r\nTTTTT\n>2\n{SECOND}\n",
    "carriage returns only": f">1\rACGTACCC\rCCGGGGGT\rTTTT\r>2\r{SECOND}\r",
    "a blank line at the end": f">1\n{FIRST}\n>2\n{SECOND}\n\n",
    "blank lines at the end": f">1\n{FIRST}\n>2\n{SECOND}\n\n\n\n",
    "blank lines between": f">1\nACGTACCC\nCCGGGGGT\nTTTT\n\n\n>2\n{SECOND}\n",
    "a blank line within": f">1\nACGTACCC\n\nCCGGGGGT\nTTTT\n>2\n{SECOND}\n",
    "a blank line first": f"\n>1\n\n{FIRST}\n>2\n{SECOND}\n",
    "spaces at line ends": f">1\nACGTACCC \nCCGGGGGT\t\nTTTT\n>2\n{SECOND}  \n",
    "a space at the very end": f">1\n{FIRST}\n>2\n{SECOND} ",
    "windows-1252 in a header": f">1 caf\xe9\n{FIRST}\n>2 \x96\n{SECOND}\n".encode("latin-1"),
    "lower case": f">1\n{FIRST.lower()}\n>2\n{SECOND}\n",
    "one base a line": ">1\n" + "\n".join(FIRST) + f"\n>2\n{SECOND}\n",
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", READABLE)
def test_every_window_of_a_readable_genome(tmp_path, form, packed):
    content = READABLE[form]
    content = content if isinstance(content, bytes) else content.encode()
    content = gzip.compress(content) if packed else content
    with opened(tmp_path, content, "genome.fa.gz" if packed else "genome.fa") as genome:
        assert genome.lengths == {"1": 20, "2": 5}
        for name, bases in (("1", FIRST), ("2", SECOND)):
            assert genome.letters(name).tobytes().decode() == bases
            for start in range(len(bases) + 1):
                for end in range(start, len(bases) + 1):
                    assert genome.window(name, start, end) == bases[start:end]


def test_a_genome_without_oddities_is_not_copied(tmp_path):
    with opened(tmp_path, READABLE["a blank line at the end"]):
        assert [path.name for path in (tmp_path / "ours").iterdir()] == ["genome.fa.fai"]
    with opened(tmp_path, READABLE["crlf"]):
        names = {path.name for path in (tmp_path / "ours").iterdir()}
        assert names == {"genome.fa", "genome.fa.fai"}


REFUSED = {
    "a longer last line": (">1\nACGTA\nCCCCCGGGGGTTTTT\n", 3, "longer than its first"),
    "longer by one, no line end": (">1\nACGT\nACGTA", 3, "longer than its first"),
    "longer by one, crlf": (">1\r\nACGT\r\nACGTA\r\n", 3, "longer than its first"),
    "equal bytes, unequal bases": (">1\nACGT\r\nACGTA\nAC\n", 3, "longer than its first"),
    "a longer line within": (">1\nACGT\nACGTACGT\nACGT\n", 3, "longer than its first"),
    "a shorter line within": (">1\nACGT\nAC\nACGT\n", 4, "behind a shorter one"),
    "a short line behind a short one": (">1\nACGT\nAC\nAC\n", 4, "behind a shorter one"),
    "one letter behind the end": (">1\nACGT\nAC\nA", 4, "behind a shorter one"),
    "in the second": (">1\nACGT\n>2\nAC\nACG\n", 5, "of 2 that is longer"),
    "behind blank lines": (">1\nACGT\n\n\nACGTA\n", 5, "longer than its first"),
    "a name twice": (">1 a\nACGT\n>1 b\nACGT\n", 3, "1 occurs twice"),
    "no name": (">1\nACGT\n> \nACGT\n", 3, "a header without a name"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", REFUSED)
def test_a_genome_that_cannot_be_indexed_is_refused_by_line(tmp_path, form, packed):
    text, line, reason = REFUSED[form]
    content = gzip.compress(text.encode()) if packed else text
    with pytest.raises(InputError, match=rf"genome\.fa, line {line}: .*{reason}.* write") as error:
        opened(tmp_path, content)
    assert "\n" not in str(error.value)


def test_a_genome_of_names_only_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds names and no sequence"):
        opened(tmp_path, ">1\n>2\n")
    with opened(tmp_path, ">1\n>2\nACGT\n") as genome:
        assert genome.lengths == {"1": 0, "2": 4} and not len(genome.letters("1"))


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (0, 21), (19, 22), (21, 22), (4, 2)])
def test_a_window_has_as_many_bases_as_it_says_or_is_refused(tmp_path, start, end):
    with opened(tmp_path, READABLE["one line each"]) as genome:
        with pytest.raises(InputError, match=rf"1:{start}-{end} is not within .* 20 bases"):
            genome.window("1", start, end)


def test_a_genome_that_changes_meanwhile_is_noticed(tmp_path):
    with opened(tmp_path, READABLE["one line each"]) as genome:
        (tmp_path / "genome.fa").write_text(">1\nAC\n")
        with pytest.raises(InputError, match="was changed while it was read"):
            genome.window("1", 0, 20)


@pytest.mark.parametrize("width", [1, 7, 60, 10_000])
def test_windows_are_those_of_pyfaidx(tmp_path, width):
    rng = np.random.default_rng(width)
    bases = {
        name: "".join(rng.choice(list("ACGTN"), size)) for name, size in (("a", 901), ("b", 60))
    }
    text = "".join(
        f">{name}\n" + "".join(f"{own[i : i + width]}\n" for i in range(0, len(own), width))
        for name, own in bases.items()
    )
    with opened(tmp_path, text) as genome:
        reference = pyfaidx.Fasta(str(tmp_path / "genome.fa"), as_raw=True)
        for start, size in zip(rng.integers(0, 800, 50), rng.integers(0, 100, 50), strict=True):
            assert genome.window("a", start, start + size) == reference["a"][start : start + size]
        assert {name: len(reference[name]) for name in bases} == genome.lengths
