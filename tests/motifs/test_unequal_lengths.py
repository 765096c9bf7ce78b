"""TF-MoDISco on sequences of several lengths, with runs of N, and too short for a seqlet."""

import errno
import logging

import h5py
import numpy as np
import pytest

from dnalrp.data.nucleotides import one_hot
from dnalrp.errors import InputError
from dnalrp.motifs import clustering
from dnalrp.motifs.discovery import (
    Discovery,
    discover_patterns,
    read_seqlets,
    trimmed,
)

SETTINGS = Discovery(window=21, flank=10, max_seqlets=400, fdr=0.2, leiden_runs=1, seed=1)
SITE = "GACATGCCCGGGCATGTC"  # as of TP53


def planted(lengths, noise, seed=0):
    """Sequences with one site each, and maps that lie on it; half of them speak against it."""
    rng = np.random.default_rng(seed)
    texts, maps = [], np.zeros((len(lengths), max(lengths)), dtype=np.float32)
    for row, length in enumerate(lengths):
        text = "".join(rng.choice(list("ACGT"), length))
        start = int(rng.integers(0, length - len(SITE) + 1)) if length >= len(SITE) else None
        maps[row, :length] = noise * rng.normal(size=length)
        if start is not None:
            text = text[:start] + SITE + text[start + len(SITE) :]
            maps[row, start : start + len(SITE)] += 1.0 if row % 2 else -1.0
        texts.append(text)
    return texts, maps


def consensus(pattern):
    return "".join("ACGT"[base] for base in trimmed(pattern).frequencies.argmax(axis=1))


def run(texts, maps, path, **options):
    patterns = discover_patterns(maps, one_hot(texts), SETTINGS, path, **options)
    seqlets = read_seqlets(path, [str(row) for row in range(len(texts))], SETTINGS)
    for seqlet in seqlets.itertuples():
        assert 0 <= seqlet.start < seqlet.end <= len(texts[int(seqlet.id)])
    return patterns


def has_site(patterns, sign):
    return any(SITE[3:-3] in consensus(pattern) for pattern in patterns if pattern.sign == sign)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(("noise", "seed"), [(0.001, 0), (0.05, 2), (0.3, 1)])
def test_a_motif_in_every_sequence_of_150_to_250_bases_is_found(noise, seed, tmp_path):
    lengths = np.random.default_rng(seed).integers(150, 251, size=400).tolist()
    texts, maps = planted(lengths, noise, seed)
    patterns = run(texts, maps, tmp_path / "patterns.h5", lengths=lengths)
    assert has_site(patterns, "positive") and has_site(patterns, "negative")


def test_one_long_record_leaves_the_consensus_as_it_is(tmp_path):
    texts, maps = planted([150] * 400, 0.1)
    alone = run(texts, maps, tmp_path / "alone.h5")
    rng = np.random.default_rng(9)
    long = "".join(rng.choice(list("ACGT"), 3000))
    wide = np.zeros((401, 3000), dtype=np.float32)
    wide[:400, :150], wide[400] = maps, 0.1 * rng.normal(size=3000)
    with_long = run([*texts, long], wide, tmp_path / "long.h5")
    assert {consensus(pattern) for pattern in alone[:1]} == {consensus(with_long[0])}
    assert has_site(alone, "positive") and has_site(with_long, "positive")
    assert has_site(alone, "negative") and has_site(with_long, "negative")


def test_padding_of_any_content_is_not_read(tmp_path):
    lengths = np.random.default_rng(2).integers(150, 251, size=300).tolist()
    texts, maps = planted(lengths, 0.1, 2)
    patterns = run(texts, maps, tmp_path / "zeros.h5")
    behind = np.arange(maps.shape[1]) >= np.array(lengths)[:, None]
    run(texts, np.where(behind, np.nan, maps), tmp_path / "nan.h5")
    zeros, nan = (pattern_arrays(tmp_path / f"{name}.h5") for name in ("zeros", "nan"))
    assert zeros and list(zeros) == list(nan)
    assert all(np.array_equal(zeros[name], nan[name]) for name in zeros)

    wider = np.pad(maps, ((0, 0), (0, 500)), constant_values=7.0)
    encoded = np.pad(one_hot(texts), ((0, 0), (0, 0), (0, 500)))
    padded = discover_patterns(wider, encoded, SETTINGS, tmp_path / "wider.h5")
    assert [pattern.name for pattern in padded] == [pattern.name for pattern in patterns]
    assert [consensus(pattern) for pattern in padded] == list(map(consensus, patterns))


def pattern_arrays(path):
    arrays = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: arrays.update({name: item[()]} if hasattr(item, "shape") else {})
        )
    return arrays


def test_rows_of_one_length_give_the_patterns_of_the_library(tmp_path, monkeypatch):
    texts, maps = planted([160] * 400, 0.2, 3)
    run(texts, maps, tmp_path / "library.h5")
    monkeypatch.setattr(clustering, "_cluster", clustering.cluster_unequal)
    run(texts, maps, tmp_path / "steps.h5")
    library, steps = (pattern_arrays(tmp_path / f"{name}.h5") for name in ("library", "steps"))
    assert library and list(library) == list(steps)
    assert all(np.array_equal(library[name], steps[name]) for name in library)


def test_runs_of_n_stay_out_of_the_null(tmp_path):
    texts, maps = planted([200] * 400, 0.1, 4)
    rng = np.random.default_rng(4)
    masked = []
    for row, text in enumerate(texts):
        place = text.index(SITE)
        start = 0 if place > 100 else 120
        masked.append(text[:start] + "N" * 60 + text[start + 60 :])
        maps[row, start : start + 60] = rng.normal(size=60)  # of no base: not read
    patterns = run(masked, maps, tmp_path / "patterns.h5")
    assert has_site(patterns, "positive") and has_site(patterns, "negative")


@pytest.mark.parametrize("lengths", [[12] * 300, [30, 40] * 150, [21] * 300, [40] * 300])
def test_sequences_shorter_than_a_seqlet_have_no_patterns(lengths, tmp_path, caplog):
    texts, maps = planted(lengths, 0.1)
    with caplog.at_level(logging.WARNING):
        patterns = run(texts, maps, tmp_path / "patterns.h5", method="lrp")
    assert patterns == []
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("the lrp maps: 300 of 300 sequences are shorter than a window of 21")


def test_short_sequences_among_others_are_named_in_the_log(tmp_path, caplog):
    texts, maps = planted([15, 35] * 20 + [150] * 400, 0.1)
    with caplog.at_level(logging.WARNING):
        patterns = run(texts, maps, tmp_path / "patterns.h5")
    assert has_site(patterns, "positive")
    assert "40 of 440 sequences are shorter" in caplog.text


def test_only_n_has_no_patterns(tmp_path):
    texts = ["N" * 100] * 50
    assert run(texts, np.zeros((50, 100)), tmp_path / "patterns.h5") == []
    assert run(texts, np.zeros((50, 100)), tmp_path / "p.h5", lengths=[100] * 50) == []


def test_a_map_without_a_number_is_refused_by_method(tmp_path):
    texts, maps = planted([100] * 300, 0.1)
    maps[7, 50] = np.nan
    with pytest.raises(InputError, match=r"^the lrp maps hold numbers that are not finite"):
        run(texts, maps, tmp_path / "patterns.h5", method="lrp")


def test_an_error_of_the_library_is_told_in_one_line(tmp_path, monkeypatch, caplog):
    """Too few windows of one kind for the library's null, deep inside of it."""
    import modiscolite

    def divide(*settings, **options):
        return modiscolite.extract_seqlets._smooth(np.zeros(3), "21")

    monkeypatch.setattr(clustering, "cluster_unequal", divide)
    texts, maps = planted([100, 90] * 100, 0.1)
    assert run(texts, maps, tmp_path / "patterns.h5", method="lrp") == []
    (told,) = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert told.startswith("TF-MoDISco cannot cluster the lrp maps of")
    assert "\n" not in told and "motifs.window" in told


def test_an_error_of_ours_is_raised_as_it_is(tmp_path, monkeypatch):
    def wrong(rows, settings):
        raise TypeError("ours")

    monkeypatch.setattr(clustering, "_cluster", wrong)
    texts, maps = planted([100] * 200, 0.1)
    with pytest.raises(TypeError, match="ours"):
        run(texts, maps, tmp_path / "patterns.h5")


def test_interrupting_stays_an_interruption(tmp_path, monkeypatch):
    def stop(**settings):
        raise KeyboardInterrupt

    monkeypatch.setattr("modiscolite.tfmodisco.TFMoDISco", stop)
    texts, maps = planted([100] * 200, 0.1)
    with pytest.raises(KeyboardInterrupt):
        run(texts, maps, tmp_path / "patterns.h5")


def test_a_full_disk_is_told_in_one_line(tmp_path, monkeypatch):
    def full(path, contents):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    texts, maps = planted([100] * 50, 0.1)
    with pytest.raises(InputError, match="no space left to write it"):
        run(texts, maps, tmp_path / "patterns.h5")
    assert list(tmp_path.iterdir()) == []
