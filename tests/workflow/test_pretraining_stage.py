"""The stage of pre-training, and the model that training starts from."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import random_sequences
from toy_pretraining import CROPS, SIZE, write_fasta

import dnalrp

ROOT = Path(__file__).parents[2]


def snakemake(folder, *arguments):
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)


@pytest.mark.slow
def test_the_stage_writes_a_model_that_training_starts_from(tmp_path):
    for part in ("rules", "workflow", "src", "envs", "config", "profiles"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / part, tmp_path)
    settings = yaml.safe_load((ROOT / "config/pretraining.yaml").read_text())
    stage = settings["pretraining"]
    write_fasta(tmp_path / "genome.fa", random_sequences(3, 400, 600))
    stage |= {"genomes": [{"fasta": "genome.fa", "source": "random"}], "held_out": 4}
    stage |= {"crops": CROPS.model_dump(), "tokenizer_crops": 20}
    stage |= {"max_token_length": 4, "size": SIZE}
    stage["training"] |= {"steps": 4, "evaluate_every": 2, "warmup_steps": 1, "decay_steps": 2}
    settings["models"] = {"dnabert2": {"pretrained": "pretraining"}}
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump(settings))
    toy = ("--configfile", "toy.yaml")
    result = snakemake(tmp_path, *toy, "--", "pretrain")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    folder = tmp_path / "results/pretrained/compact"
    files = {"model.safetensors", "config.json", "tokenizer.json", "history.tsv", "README.md"}
    assert files | {"history.png", "provenance.json"} <= {path.name for path in folder.iterdir()}
    assert dnalrp.load(folder, num_labels=2).config.hidden_size == 32
    assert not list((tmp_path / "results/checkpoints").rglob("checkpoint-*"))
    again = snakemake(tmp_path, *toy, "-n", "--", "pretrain")
    assert "Nothing to be done" in again.stdout + again.stderr
    shutil.rmtree(folder)
    planned = snakemake(tmp_path, *toy, "-n", "--until", "train")
    jobs = [line.split() for line in (planned.stdout + planned.stderr).splitlines()]
    assert ["pretrain", "1"] in jobs and ["train", "4"] in jobs
