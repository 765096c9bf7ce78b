"""The user's own data: tables, FASTA and BED with a genome; background; leakage."""

import gzip
import re

import numpy as np
import pandas as pd
import pytest
from bases import random_sequence
from sections import SHARES, named, prepared

from dnalrp.data.fasta import read_fasta
from dnalrp.data.negatives import shuffled_background
from dnalrp.data.splits import split_by_fraction
from dnalrp.data.table import read_table

LENGTHS = (20, 100)
TWO = named("no", "yes")


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


# from settings


def test_settings_lead_to_sequences_without_true_sites(tables, tmp_path):
    data = prepared(tmp_path, "table", files=tables, splits=None, classes=TWO)
    assert len(data.sequences) == 60
    columns = ["id", "start", "end", "strand", "motif", "role"]
    assert list(data.sites) == columns and data.sites.empty
    assert list(data.scan) == ["id", "score"] and data.scan.empty
