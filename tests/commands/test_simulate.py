"""dnalrp simulate: from flags as from a configuration, and what it refuses."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from dnalrp.command import main
from dnalrp.commands.simulate import DEFAULTS, section_of
from dnalrp.data.fasta import read_fasta
from dnalrp.data.table import read_table

ROOT = Path(__file__).parents[2]


FLAGS = ["--motifs", "MA0139", "--decoys", "MA0112"]


def test_near_copies_are_simulated_alike_from_flags_and_from_a_configuration(tmp_path, capsys):
    settings = yaml.safe_load((ROOT / "config.yaml").read_text())
    dataset = settings["datasets"]["implant"] | {"grammar": "decoy", "mutations": 3, "seed": 1}
    dataset |= {"motifs": ["MA0139"], "decoys": ["MA0112"]}
    dataset["sequences"] = dict.fromkeys(("train", "dev", "test"), 8)
    settings["datasets"] = {"near": dataset, "oct4_mafk": None}  # null: left out
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    counts = ["--train", "8", "--dev", "8", "--test", "8"]
    given = {
        "config": ["--config", str(tmp_path / "config.yaml"), "--dataset", "near"],
        "flags": [*FLAGS, "--grammar", "decoy", "--mutations", "3", *counts],
        "other": [*FLAGS, "--grammar", "decoy", "--mutations", "2", *counts],
    }
    texts = {}
    for name, arguments in given.items():
        assert main(["simulate", *arguments, "--out", str(tmp_path / name)]) == 0
        texts[name] = pd.read_parquet(tmp_path / name / "sequences.parquet")["sequence"].tolist()
    assert texts["config"] == texts["flags"] != texts["other"]


def test_simulate_from_flags_and_from_a_configuration_agree(tmp_path, capsys):
    settings = yaml.safe_load((ROOT / "config.yaml").read_text())
    dataset = settings["datasets"]["implant"]
    dataset["sequences"] = {"train": 8, "dev": 4, "test": 6}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    counts = ["--train", "8", "--dev", "4", "--test", "6", "--seed", str(dataset["seed"])]
    given = {
        "config": ["--config", str(tmp_path / "config.yaml"), "--dataset", "implant"],
        "flags": ["--motifs", *dataset["motifs"], "--decoys", *dataset["decoys"], *counts],
    }
    for name, arguments in given.items():
        assert main(["simulate", *arguments, "--out", str(tmp_path / name), "--json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert [(row["split"], row["sequences"], row["positive"]) for row in rows] == [
            *(("train", 8, 4), ("dev", 4, 2), ("test", 6, 3))
        ]
    first, second = (
        pd.read_parquet(tmp_path / name / "sequences.parquet") for name in ("config", "flags")
    )
    pd.testing.assert_frame_equal(first, second)
    records = read_fasta(tmp_path / "flags/sequences.fa")
    assert [record.sequence for record in records] == second["sequence"].tolist()
    assert len(pd.read_parquet(tmp_path / "flags/sites.parquet")) >= 18


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --motifs and --decoys"),
        (["--motifs", "MA9999", "--decoys", "MA0112"], "'MA9999' is not in JASPAR2026"),
        (
            ["--motifs", "MA0139", "--decoys", "MA0112", "--grammar", "nor"],
            "--grammar nor: choose one",
        ),
        (["--motifs", "MA0139", "--decoys", "MA0112", "--sites", "3", "1"], "--sites: from 3 to 1"),
        ([*FLAGS, "--motifs", "MA0139", "MA0139"], "--motifs: MA0139 is given twice"),
        ([*FLAGS, "--grammar", "decoy"], "--grammar decoy: needs --mutations"),
        ([*FLAGS, "--jaspar", "JASPAR1999"], "no release 'JASPAR1999'; choose one of JASPAR2026"),
        ([*FLAGS, "--gc", "nan"], "--gc nan: give a share between 0 and 1"),
        ([*FLAGS, "--train", "1"], "--train 1: give 4 or more"),
        ([*FLAGS, "--length", "1"], "--length 1: give 20 or more"),
        ([*FLAGS, "--sites", "0", "1"], "--sites 0: give 1 or more"),
        ([*FLAGS, "--mutations", "0"], "--mutations 0: give 1 or more"),
        ([*FLAGS, "--decoys", "MA0139"], "--decoys: MA0139 is also a motif"),
        ([*FLAGS, "--grammar", "xor"], "--grammar: 'xor' needs two motifs"),
        ([*FLAGS, "--grammar", "any", "--rule", "and"], "--rule and: it is --grammar now"),
        ([*FLAGS, "--seed", "-1"], "--seed -1: give 0 or more"),
        (["--config", "none.yaml", "--length", "9"], "--length: --config has its own"),
        (["--config", "none.yaml", "--dataset", "a"], "none.yaml: no such file"),
    ],
)
def test_simulate_names_the_mistake(arguments, message, tmp_path, capsys):
    assert main(["simulate", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_simulated_table_has_every_motif_as_a_label(tmp_path):
    flags = ["--motifs", "MA0139", "MA0106.3", "--decoys", "MA0112", "--sites", "1", "4"]
    counts = ["--train", "30", "--dev", "10", "--test", "10"]
    assert main(["simulate", *flags, *counts, "--table", "--out", str(tmp_path)]) == 0
    sites = pd.read_parquet(tmp_path / "sites.parquet")
    table = pd.read_csv(tmp_path / "table.csv")
    assert list(table) == ["id", "sequence", "split", "CTCF", "TP53"]
    for name, base in (("CTCF", "MA0139."), ("TP53", "MA0106.")):
        holding = set(sites.loc[sites["motif"].str.startswith(base), "id"])
        assert set(table.loc[table[name] == 1, "id"]) == holding
    names = ["CTCF", "TP53"]
    read = read_table(tmp_path / "table.csv", 2, (200, 200), ["split"], several_labels=names)
    sequences = pd.read_parquet(tmp_path / "sequences.parquet")
    assert (read["label"].map(len) > 0).tolist() == (sequences["label"] == 1).tolist()
    assert (read["label"].map(len) == 2).any()
    pd.testing.assert_frame_equal(read[["id", "sequence"]], sequences[["id", "sequence"]])


def test_the_defaults_of_simulate_are_a_section_of_the_settings():
    section, release = section_of({**DEFAULTS, "motifs": ["MA0139"], "decoys": ["MA0112"]})
    assert (section.length, section.sequences.train, release) == (200, 3200, "JASPAR2026")
