"""Files for other programs hold each value where those programs look for it."""

import gzip
import logging
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyBigWig
import pytest
from click.testing import CliRunner
from conftest import nucleotide_maps
from modiscolite import cli as modisco
from on_genome import COLUMNS, GENOME, RNG, SETTINGS, maps_of, windows

import dnalrp
from dnalrp.data.nucleotides import one_hot, reverse_complement
from dnalrp.errors import InputError
from dnalrp.results import MATCHES, SEQLETS
from dnalrp.tracks.arrays import stacked, write_map_table, write_modisco_arrays, write_regions
from dnalrp.tracks.genome import (
    genome_signal,
    seqlets_on_genome,
    write_bedgraph,
    write_bigwig,
)
from dnalrp.tracks.writing import write_tracks


def loaded(folder, name):
    arrays = [np.load(folder / f"{name}.{kind}.npz")["arr_0"] for kind in ("one_hot", "scores")]
    return arrays[0], arrays[1].sum(axis=1)


def read_regions(path):
    return pd.read_csv(path, sep="\t", header=None)


CASES = {
    "even": [(100, 140, "+"), (100, 140, "-"), (7, 47, "-")],
    "odd": [(100, 141, "+"), (100, 141, "-")],
    "unequal": [(100, 150, "-"), (200, 221, "-"), (220, 250, "+"), (0, 9, "-"), (399, 400, "-")],
    "short": [(100, 108, "+"), (111, 118, "-")],
}


@pytest.mark.parametrize("case", CASES)
def test_arrays_lie_on_the_forward_strand_where_finemo_looks_for_them(tmp_path, case):
    """Finemo's rule: a row begins at start + summit - half the width, read forwards."""
    sequences = windows(*CASES[case])
    write_tracks(maps_of(sequences), sequences, tmp_path, "m", settings=SETTINGS)
    encoded, scores = loaded(tmp_path, "m")
    width = encoded.shape[2]
    assert width % 2 == 0 and width >= 40
    regions = read_regions(tmp_path / "m.narrowPeak")
    assert sorted(regions[3]) == sorted(sequences["id"]) and set(regions[5]) == {"+"}
    assert ((regions[9] >= 0) & (regions[9] < regions[2] - regions[1])).all()
    for number, row in enumerate(regions.itertuples(index=False)):
        first = row[1] + row[9] - width // 2
        known = np.flatnonzero(encoded[number].any(axis=0))
        assert [first + known[0], first + known[-1] + 1] == [row[1], row[2]]
        bases = "".join("ACGT"[code] for code in encoded[number][:, known].argmax(axis=0))
        assert bases == GENOME[row[1] : row[2]]
        assert scores[number, known].tolist() == list(range(row[1], row[2]))
        assert not np.delete(scores[number], known).any()


def test_arrays_without_places_are_as_they_were_read(tmp_path):
    sequences = windows(*CASES["unequal"])
    maps = maps_of(sequences)
    written = write_tracks(maps, sequences[["id", "sequence"]], tmp_path, "m", settings=SETTINGS)
    assert sorted(written) == ["m.maps.tsv.gz", "m.one_hot.npz", "m.rows.tsv", "m.scores.npz"]
    encoded, scores = loaded(tmp_path, "m")
    rows = (tmp_path / "m.rows.tsv").read_text().split()[1:]
    for number, name in enumerate(rows):
        place = sequences["id"].tolist().index(name)
        known = encoded[number].any(axis=0)
        text = sequences["sequence"][place]
        assert (encoded[number][:, known] == one_hot([text])[0]).all()
        assert scores[number, known].tolist() == maps.relevance[place].tolist()


# A pattern of TF-MoDISco in its file, as finemo reads it, and where it is on the genome.
MOTIF, SITE = "TGACTCATTC", 110
FINEMO = Path(sys.executable).with_name("finemo")


@pytest.mark.parametrize(
    "places",
    [
        [(100, 140, "+"), (100, 140, "-")],
        [(100, 141, "-"), (99, 140, "+")],
        [(95, 155, "-"), (105, 127, "+"), (104, 127, "-")],
    ],
    ids=["even", "odd", "unequal"],
)
def test_finemo_finds_a_motif_at_its_place_on_either_strand(tmp_path, places):
    genome = GENOME[:SITE] + MOTIF + GENOME[SITE + 10 :]
    rows, relevance = [], np.zeros((len(places), 60), dtype=np.float32)
    for number, (start, end, strand) in enumerate(places):
        values = np.zeros(end - start, dtype=np.float32)
        values[SITE - start : SITE - start + 10] = 1
        backwards = strand == "-"
        text = reverse_complement(genome[start:end]) if backwards else genome[start:end]
        relevance[number, : end - start] = values[::-1] if backwards else values
        rows.append((f"p{number}", text, "chr1", start, end, strand))
    sequences = pd.DataFrame(rows, columns=COLUMNS)
    lengths = sequences["sequence"].str.len().to_numpy()
    maps = nucleotide_maps(sequences["id"].tolist(), lengths, relevance, np.zeros(len(lengths)))
    write_tracks(maps, sequences, tmp_path, "m", settings=SETTINGS)
    width = loaded(tmp_path, "m")[0].shape[2]
    with h5py.File(tmp_path / "patterns.h5", "w") as file:
        pattern = file.create_group("pos_patterns/pattern_0")
        for name in ("sequence", "contrib_scores", "hypothetical_contribs"):
            pattern[name] = one_hot([MOTIF])[0].T.astype(float)
    names = ["-p", "m.narrowPeak", "-s", "m.one_hot.npz", "-a", "m.scores.npz"]
    for command in (
        ["extract-regions-modisco-fmt", *names, "-o", "regions.npz", "-w", str(width)],
        ["call-hits", "-r", "regions.npz", "-m", "patterns.h5", "-o", "hits"],
    ):
        ran = subprocess.run(
            [FINEMO, *command], cwd=tmp_path, capture_output=True, text=True, env=plain()
        )
        assert ran.returncode == 0, ran.stderr
    hits = pd.read_csv(tmp_path / "hits" / "hits.tsv", sep="\t")
    assert sorted(hits["peak_name"]) == sequences["id"].tolist()
    assert set(zip(hits["chr"], hits["start"], hits["end"], hits["strand"], strict=True)) == {
        ("chr1", SITE, SITE + 10, "+")
    }


def plain():
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def test_modisco_takes_the_arrays_by_their_width(tmp_path, monkeypatch):
    """Its own command line; TF-MoDISco itself, which takes long, is left out.

    With it (modisco-lite 3.0) the command ran to its end for sequences of 16, 24 and 30 bases in
    arrays of 40, and of 41, 60 and 101 in arrays of 42, 60 and 102. It failed for arrays of 32
    and less, and for ``-w 101`` whatever the arrays.
    """
    widths = []
    monkeypatch.setattr(
        *(modisco.modiscolite.tfmodisco, "TFMoDISco"),
        lambda **given: widths.append(given["one_hot"].shape[1]) or (None, None),
    )
    monkeypatch.setattr(modisco.precompile, "start", lambda: None)
    paths = [str(tmp_path / name) for name in ("s.npz", "a.npz")]
    for length, expected in ((7, 40), (21, 40), (40, 40), (41, 42), (60, 60), (101, 102)):
        texts = ["".join(RNG.choice(list("ACGT"), length)) for _ in range(4)]
        arrays = stacked(texts, RNG.normal(size=(4, length)).astype(np.float32))
        write_modisco_arrays(arrays.relevance, arrays.one_hot, *paths)
        width = arrays.relevance.shape[1]
        options = ["-s", paths[0], "-a", paths[1], "-n", "100", "-w", str(width)]
        options += ["-o", str(tmp_path / "found.h5")]
        result = CliRunner().invoke(modisco.cli, ["motifs", *options])
        assert result.exit_code == 0, result.output
        assert width == widths[-1] == expected


def mixed():
    """Peaks, a shuffled negative as they are stored, and a sequence of a plain name."""
    placed = windows((100, 140, "+"), (120, 160, "-"))
    others = pd.DataFrame([("x_shuffle1", "ACGTTGCA" * 5), ("plain", "GGCCA" * 5)])
    others.columns = ["id", "sequence"]
    table = pd.concat([placed.iloc[:1], others, placed.iloc[1:]], ignore_index=True)
    return table.astype({"start": "Int64", "end": "Int64"})


def test_seqlets_are_named_by_matches_as_sure_as_the_settings_ask(tmp_path):
    columns = ["id", "start", "end", "strand", "pattern", "contribution"]
    seqlets = [("100-140+", 9 * i, 9 * i + 6, "+", f"p{i}", 1.0) for i in range(3)]
    pd.DataFrame(seqlets, columns=columns).to_csv(tmp_path / SEQLETS, sep="\t", index=False)
    matches = [("p0", "CTCF", 1e-9, 0.01), ("p1", "REST", 1e-9, 0.2), ("p2", "TP53", 1e-3, 0.01)]
    columns = ["pattern", "name", "p_value", "shuffled_q"]
    pd.DataFrame(matches, columns=columns).to_csv(tmp_path / MATCHES, sep="\t", index=False)
    sequences = windows((100, 140, "+"))
    for given, named in (
        ({}, {"CTCF"}),
        ({"q_value": 0.2}, {"CTCF", "REST"}),
        ({"p_value": 1e-2}, {"CTCF", "TP53"}),
        ({"p_value": 1e-9}, set()),  # below it, as in the table of recovered motifs
    ):
        settings = {"settings": SETTINGS, "motifs": tmp_path, **given}
        write_tracks(maps_of(sequences), sequences, tmp_path, "m", **settings)
        bed = (tmp_path / "m.seqlets.bed").read_text()
        assert {name for name in ("CTCF", "REST", "TP53") if name in bed} == named


@pytest.mark.parametrize("kind", ["Int64", "float64", "object"])
def test_sequences_without_a_place_leave_the_tracks_to_the_others(tmp_path, caplog, kind):
    sequences = mixed()
    if kind == "float64":
        sequences = sequences.astype({"start": "float64", "end": "float64"})
    if kind == "object":
        sequences = sequences.astype(object).where(sequences.notna(), None)
    motifs = tmp_path / "motifs"
    motifs.mkdir()
    seqlets = [("100-140+", 3, 9, "+", "p", 1.0), ("plain", 3, 9, "+", "p", 1.0)]
    names = ["id", "start", "end", "strand", "pattern", "contribution"]
    pd.DataFrame(seqlets, columns=names).to_csv(motifs / "seqlets.tsv", sep="\t", index=False)
    (motifs / "matches.tsv").write_text("pattern\tname\tp_value\n")
    out = tmp_path / "out"
    with caplog.at_level(logging.WARNING, "dnalrp"):
        written = write_tracks(
            maps_of(mixed()), sequences, out, "m", settings=SETTINGS, motifs=motifs
        )
    assert sorted(written) == sorted(path.name for path in out.iterdir())
    assert "m: 2 of 4 sequences have no place" in caplog.text
    with pyBigWig.open(str(out / "m.bigWig")) as file:
        assert file.chroms() == {"chr1": 160}
        assert file.values("chr1", 100, 160) == list(range(100, 160))
    assert read_regions(out / "m.narrowPeak")[[0, 1, 2]].drop_duplicates().shape == (2, 3)
    assert len(loaded(out, "m")[0]) == 2
    assert (out / "m.seqlets.bed").read_text().startswith("chr1\t103\t109\tp\t")
    assert sorted((out / "m.unplaced.rows.tsv").read_text().split()) == [
        "id",
        "plain",
        "x_shuffle1",
    ]
    encoded, scores = loaded(out, "m.unplaced")
    assert encoded.shape == (2, 4, 40) and scores.max() == 1039
    table = pd.read_csv(out / "m.maps.tsv.gz", sep="\t")
    assert table["id"].nunique() == 4
    assert not [path for path in out.iterdir() if "nan" in gzip_text(path)]


def gzip_text(path):
    data = path.read_bytes()
    if path.suffix in (".npz", ".bigWig"):
        return ""
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode().lower()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_map_that_holds_no_number_is_refused_before_anything_is_written(tmp_path, value):
    sequences = mixed()
    for number in range(len(sequences)):
        maps = maps_of(sequences)
        maps.relevance[number][4] = value
        name = sequences["id"][number]
        with pytest.raises(InputError) as error:
            write_tracks(maps, sequences, tmp_path / "out", "attnlrp", settings=SETTINGS)
        assert str(error.value).startswith(f"attnlrp: the map of {name} is {value} at nucleotide 5")
        assert "\n" not in str(error.value) and not (tmp_path / "out").exists()


def test_every_format_refuses_what_is_no_number(tmp_path):
    sequences, path = windows((100, 140, "+"), (120, 160, "-")), tmp_path / "file"
    maps = maps_of(sequences)
    maps.relevance[1][2] = np.nan
    relevance = maps.padded()
    ids, texts = sequences["id"].tolist(), sequences["sequence"].tolist()
    signal = pd.DataFrame({"chrom": ["chr1"], "start": [3], "end": [4], "value": [np.nan]})
    writers = [
        (lambda: write_map_table(ids, texts, relevance, path), "map of 120-160- is nan"),
        (lambda: write_modisco_arrays(relevance, one_hot(texts), path, path), "row 2 is nan"),
        (lambda: genome_signal(relevance, maps.lengths, sequences), "chr1:120-160 is nan"),
        (lambda: write_bigwig(signal, path), "chr1:3-4 is nan"),
        (lambda: write_bedgraph(signal, path), "chr1:3-4 is nan"),
    ]
    for write, message in writers:
        with pytest.raises(InputError, match=message):
            write()
    assert not list(tmp_path.iterdir())


def test_nothing_beyond_the_end_of_a_sequence_is_looked_at(tmp_path):
    sequences = windows((100, 140, "+"), (120, 130, "-"))
    maps = maps_of(sequences)
    assert len(maps.relevance[1]) == 10
    write_tracks(maps, sequences, tmp_path, "m", settings=SETTINGS)
    assert np.isfinite(loaded(tmp_path, "m")[1]).all()


def test_seqlets_of_sequences_without_a_place_are_left_out():
    intervals = mixed().set_index("id")[["chrom", "start", "end", "strand"]]
    rows = [("plain", 1, 5, "+", "p", 1.0), ("120-160-", 0, 5, "+", "p", 1.0)]
    names = ["id", "start", "end", "strand", "pattern", "contribution"]
    found = seqlets_on_genome(pd.DataFrame(rows, columns=names), intervals)
    assert found[["start", "end", "strand"]].values.tolist() == [[155, 160, "-"]]


def test_regions_and_arrays_agree_for_every_length(tmp_path):
    for longest in range(1, 46):
        lengths = list(range(1, longest + 1))
        intervals = pd.DataFrame({"chrom": "c", "start": 100, "end": [100 + n for n in lengths]})
        write_regions(intervals.assign(strand="+"), lengths, tmp_path / "a")
        regions = read_regions(tmp_path / "a")
        arrays = stacked(["A" * n for n in lengths], np.ones((longest, longest)))
        firsts = arrays.one_hot.any(axis=1).argmax(axis=1)
        width = arrays.one_hot.shape[2]
        assert (regions[1] + regions[9] - width // 2 + firsts == 100).all()


# Relevance of what is no nucleotide, and of the other strand


@pytest.mark.parametrize(("model", "method"), [("cnn", "lrp"), ("dnabert2", "attnlrp")])
def test_padding_has_no_part_in_a_map(model, method, request):
    model = request.getfixturevalue(model)
    short, long = "ACGTTGCATCAGGTA", "ACGTTGCATCAGGTATTGACCA" * 3
    (alone,) = dnalrp.explain(model, [short], method, progress=False).relevance
    beside = dnalrp.explain(model, [long, short], method, progress=False).relevance[1]
    np.testing.assert_allclose(beside, alone, rtol=1e-9, atol=1e-12)


def test_a_run_of_n_has_no_relevance_in_a_network_that_reads_nucleotides(cnn):
    text = "ACGTTGCATCAGG" + "N" * 12 + "TATTGACCAGATTAC"
    (found,) = dnalrp.explain(cnn, [text], "lrp", progress=False).relevance
    assert len(found) == len(text) and np.isfinite(found).all()
    assert not found[13:25].any() and found[:13].any() and found[25:].any()


def test_a_run_of_n_keeps_its_place_in_all_files(tmp_path):
    """Its relevance, which models of tokens give it, is in the tracks and in no array."""
    sequences = windows((100, 140, "-"))
    text = sequences["sequence"][0]
    sequences["sequence"] = text[:5] + "N" * 9 + text[14:]
    write_tracks(maps_of(sequences), sequences, tmp_path, "m", settings=SETTINGS)
    table = pd.read_csv(tmp_path / "m.maps.tsv.gz", sep="\t")
    assert table.loc[table["nucleotide"] == "N", "position"].tolist() == list(range(5, 14))
    assert table["relevance"].tolist() == list(range(139, 99, -1))
    encoded, scores = loaded(tmp_path, "m")
    assert not encoded[0, :, 26:35].any() and not scores[0, 26:35].any()
    assert (encoded[0].sum(axis=0) == 0).sum() == 9
    with pyBigWig.open(str(tmp_path / "m.bigWig")) as file:
        assert file.values("chr1", 100, 140) == list(range(100, 140))


def test_a_sequence_of_the_other_strand_gives_the_same_track(tmp_path):
    """What a base is said to matter does not depend on the strand that was read."""
    for strand in "+-":
        sequences = windows((100, 141, strand))
        write_tracks(maps_of(sequences), sequences, tmp_path / strand, "m", settings=SETTINGS)
    for name in ("m.bedGraph", "m.scores.npz", "m.one_hot.npz"):
        assert (tmp_path / "+" / name).read_bytes() == (tmp_path / "-" / name).read_bytes()
