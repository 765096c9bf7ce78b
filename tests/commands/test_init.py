"""``dnalrp init``: a configuration for every kind of data and model, that runs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import random_sequences
from typist import Typist

from dnalrp.command import main
from dnalrp.commands.datasets import NEGATIVES
from dnalrp.data.splits import SPLITS
from dnalrp.settings import read_configuration, without_nulls

ROOT = Path(__file__).parents[2]
SHARES = ["--dev", "0.2", "--test", "0.2"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a genome, intervals, FASTA files, tables and two models, to work in."""
    monkeypatch.chdir(tmp_path)
    genome = dict(zip(("chr1", "chr2", "chr3"), random_sequences(3, 900, 900), strict=True))
    (tmp_path / "genome.fa").write_text("".join(f">{n}\n{t}\n" for n, t in genome.items()))
    for name, start in (("peaks", 100), ("others", 500)):
        lines = (f"{chrom}\t{start}\t{start + 60}\n" for chrom in genome)
        (tmp_path / f"{name}.bed").write_text("".join(lines))
    texts = random_sequences(40, 50, 90, seed=3)
    (tmp_path / "plain.fa").write_text("".join(f">r{i}\n{t}\n" for i, t in enumerate(texts)))
    rows = [f"{text},{i % 2},{SPLITS[i % 3]}" for i, text in enumerate(texts)]
    (tmp_path / "all.csv").write_text("\n".join(["sequence,label,fold", *rows, ""]))
    for part, name in enumerate(SPLITS):
        table = "\n".join(["sequence,label,fold", *rows[part::3], ""])
        (tmp_path / f"{name}.csv").write_text(table)
    for name, settings in (
        ("output/dnabert2", {"model_type": "bert", "alibi_starting_size": 512}),
        ("output/nt", {"model_type": "esm"}),
        ("output/cnn", {"model_type": "regulatory_cnn"}),
        ("output/list", []),
    ):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.json").write_text(json.dumps(settings))
        for file in ("model.safetensors", "tokenizer.json"):
            (tmp_path / name / file).write_text("{}")
    return tmp_path


def written(folder, *flags):
    """The settings that ``dnalrp init`` writes, laid over the project's own."""
    assert main(["init", *flags, "--out", "mine.yaml", "--project", str(ROOT)]) == 0
    text = (folder / "mine.yaml").read_text()
    settings = without_nulls(yaml.safe_load(text))
    read_configuration(settings)
    return settings, text


TWO = ["--class", "no", "--class", "yes"]
PEAKS = ["--class", "peak=peaks.bed", "--genome", "genome.fa"]
FASTA = ["--class", "a=plain.fa", "--negatives", "shuffle"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (
            [*PEAKS, "--negatives", "genome", "--dev", "chr2", "--test", "chr3", "--length", "80"],
            {
                "source": "intervals",
                "length": 80,
                "negatives": NEGATIVES["genome"],
                "splits": {"dev": ["chr2"], "test": ["chr3"]},
            },
        ),
        (
            [*PEAKS, "--negatives", "others.bed", *SHARES],
            {
                "length": 200,
                "negatives": {"kind": "peaks", "files": ["others.bed"]},
                "splits": {"dev": 0.2, "test": 0.2, "seed": 1},
            },
        ),
        (
            [*PEAKS, "--class", "other=others.bed", *SHARES],
            {
                "negatives": None,
                "classes": [
                    {"name": "peak", "bed": ["peaks.bed"], "motifs": []},
                    {"name": "other", "bed": ["others.bed"], "motifs": []},
                ],
            },
        ),
        (
            [*FASTA, "--motif", "a=MA0142,MA0495", *SHARES],
            {
                "source": "fasta",
                "negatives": {"kind": "shuffle", "ratio": 1, "seed": 1},
                "classes": [{"name": "a", "fasta": ["plain.fa"], "motifs": ["MA0142", "MA0495"]}],
            },
        ),
        (
            ["--table", "train.csv", "dev.csv", "test.csv", *TWO],
            {
                "source": "table",
                "splits": None,
                "files": {"train": "train.csv", "dev": "dev.csv", "test": "test.csv"},
                "classes": [{"name": "no", "motifs": []}, {"name": "yes", "motifs": []}],
            },
        ),
        (["--table", "all.csv", *TWO, "--split", "fold"], {"splits": {"column": "fold"}}),
        (
            ["--table", "all.csv", *TWO, *SHARES],
            {"files": {"all": "all.csv"}, "splits": {"dev": 0.2, "test": 0.2, "seed": 1}},
        ),
    ],
)
def test_every_kind_of_data_has_a_valid_and_commented_configuration(folder, flags, expected):
    settings, text = written(folder, *flags)
    assert list(settings["datasets"]) == ["mine"]
    dataset = settings["datasets"]["mine"]
    assert {key: dataset[key] for key in expected} == expected
    if "lengths" in dataset:
        lengths = [len(t) for t in random_sequences(40, 50, 90, seed=3)]
        assert dataset["lengths"] == [np.min(lengths), np.max(lengths)]
    assert text.count("  # ") > 10


def test_a_table_of_several_labels_is_recognised(folder):
    texts, names = random_sequences(6, 50, 90), ["--class", "Oct4", "--class", "MafK"]
    sets = ["0;1", "", "1", "0", "0;1", "0"]
    folds = [SPLITS[i % 3] for i in range(6)]
    lists = [",".join(row) for row in zip(texts, sets, folds, strict=True)]
    (folder / "lists.csv").write_text("\n".join(["sequence,label,fold", *lists, ""]))
    marks = [
        f"{text},{int('1' in own)},{int('0' in own)}" for text, own in zip(texts, sets, strict=True)
    ]
    (folder / "marks.csv").write_text("\n".join(["sequence,MAFK,oct4", *marks, ""]))
    for flags in (["--table", "lists.csv", "--split", "fold"], ["--table", "marks.csv", *SHARES]):
        settings, text = written(folder, *flags, *names, "--motif", "Oct4=MA0142", "--force")
        dataset = settings["datasets"]["mine"]
        assert dataset["several_labels"] is True and "DATASET.LABEL" in text
        assert [entry["name"] for entry in dataset["classes"]] == ["Oct4", "MafK"]
        assert dataset["lengths"] == [min(map(len, texts)), max(map(len, texts))]
    settings, _ = written(folder, "--table", "all.csv", *TWO, *SHARES, "--force")
    assert "several_labels" not in settings["datasets"]["mine"]


@pytest.mark.parametrize(
    ("model", "name", "architecture"),
    [
        ("output/dnabert2", "dnabert2", "dnabert2"),
        ("owner/DNABERT-2", "dnabert2", "dnabert2"),
        ("output/nt", "esm", "esm"),
    ],
)
def test_a_fine_tuned_model_is_explained_as_it_is(folder, model, name, architecture):
    settings, _ = written(folder, "--table", "all.csv", *TWO, *SHARES, "--fine-tuned", model)
    assert set(settings["models"]) == {name, "cnn"} == set(settings["attribute"]["methods"])
    own = settings["models"][name]
    assert (own["architecture"], own["pretrained"]) == (architecture, model)
    assert own["training"] is None and ("size" in own) == (architecture == "dnabert2")


@pytest.mark.parametrize(
    "flags",
    [
        [*PEAKS, "--negatives", "genome", "--dev", "chr2", "--test", "chr3"],
        ["--table", "all.csv", *TWO, "--split", "fold", "--fine-tuned", "output/nt"],
    ],
)
def test_what_is_written_can_be_run(folder, flags):
    written(folder, *flags, "--results", "out")
    shutil.copy(ROOT / "config.yaml", folder)
    command = [sys.executable, "-m", "snakemake", "-n", "--cores", "1", "--directory", str(folder)]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--configfile", "mine.yaml"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    planned = result.stdout + result.stderr
    assert "out/data/mine/sequences.parquet" in planned and "implant" not in planned


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "give --class for each class"),
        (PEAKS, "give --dev and --test, or run it on a terminal"),
        ([*PEAKS, *SHARES], "one class only; say where negatives come from"),
        ([*PEAKS, *SHARES, "--negatives", "gone.bed"], "no such file gone.bed"),
        ([*FASTA, "--dev", "chr1", "--test", "chr2"], "not all FASTA headers are chrom:start-end"),
        ([*FASTA, *SHARES, "--length", "9"], "--length: goes with --genome"),
        (["--table", "all.csv", "dev.csv", *TWO], "--table: 2 files; give one, or train, dev"),
        (["--table", "all.csv", *TWO, *SHARES, "--split", "fold"], "--split: names the splits"),
        (["--table", "all.csv", *TWO, "--split", "part"], "0 columns are named 'part'"),
        (["--table", "all.csv", "--class", "a=plain.fa", *SHARES], "give the name alone"),
        (["--table", "all.csv", *TWO, *SHARES, "--genome", "genome.fa"], "--genome: a table names"),
        (["--table", "train.csv", "dev.csv", "test.csv", *TWO, *SHARES], "are the splits; leave"),
        ([*FASTA, *SHARES, "--fine-tuned", "gone"], "gone: no such folder"),
        ([*FASTA, *SHARES, "--fine-tuned", "output/cnn"], "output/cnn: is a checkpoint of none of"),
        ([*FASTA, *SHARES, "--fine-tuned", "output/list"], "output/list: is a checkpoint of none"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(folder, flags, message, capsys):
    assert main(["init", *flags, "--out", "mine.yaml", "--project", str(ROOT)]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (folder / "mine.yaml").exists()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (
            ["", "bed", "genome.fa", "genome", "peak", "peaks.bed", "MA0142", "chr2", "chr3"],
            {"source": "intervals", "splits": {"dev": ["chr2"], "test": ["chr3"]}},
        ),
        (
            ["", "table", "all.csv", "", "no yes", "", ""],
            {"source": "table", "splits": {"dev": 0.1, "test": 0.1, "seed": 1}},
        ),
        (
            ["", "table", "train.csv dev.csv test.csv", "no yes"],
            {"source": "table", "splits": None},
        ),
        (
            ["", "fastq", "fasta", "shuffle", "a", "plain.fa", "", "", ""],  # fastq: asked again
            {"source": "fasta", "splits": {"dev": 0.1, "test": 0.1, "seed": 1}},
        ),
    ],
)
def test_only_what_is_needed_is_asked(folder, monkeypatch, answers, expected):
    waiting = iter(answers)
    monkeypatch.setattr("sys.stdin", Typist(waiting))
    settings, _ = written(folder)
    dataset = settings["datasets"]["mine"]
    assert {key: dataset[key] for key in expected} == expected
    assert not list(waiting)
