"""The tiny configuration, which tests of the whole workflow share, and how they run it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "rules", "workflow", "src", "envs", "profiles", "config.yaml")


def write_peaks(path, seed, motif):
    """Peaks on five chromosomes with a word in the middle of each."""
    import numpy as np

    rng = np.random.default_rng(seed)
    with path.open("w") as file:
        for chrom in range(1, 6):
            for index in range(24):
                start = 1000 * index + 500 * seed
                sequence = "".join(rng.choice(list("ACGT"), size=80))
                sequence = sequence[:30] + motif + sequence[30 + len(motif) :]
                file.write(f">chr{chrom}:{start}-{start + 80}\n{sequence.lower()}\n")


def tiny_configuration(folder):
    settings = yaml.safe_load((ROOT / "config.yaml").read_text())
    simulated, peaks = settings["datasets"].values()
    simulated |= {"length": 80, "sequences": {"train": 64, "dev": 24, "test": 24}}
    simulated |= {"sites": [1, 2], "motifs": ["MA0139", "MA0106"]}
    peaks |= {"archive": None, "splits": {"dev": ["chr4"], "test": ["chr5"]}}
    for entry, motif, seed in zip(
        peaks["classes"], ("AAAATGCTGACTCAGCA", "CTTTGTTATGCAAAT"), (0, 1), strict=True
    ):
        write_peaks(folder / f"{entry['name']}.fa", seed, motif)
        entry["fasta"] = [f"{entry['name']}.fa"]
    language, convolutional = settings["models"].values()
    language["pretrained"] = None
    language["size"] |= {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 16}
    language["size"] |= {"num_hidden_layers": 1, "num_attention_heads": 2}
    convolutional["size"] |= {"filters": 8, "second_filters": 8, "hidden_size": 8}
    for model in (language, convolutional):
        model["training"] |= {"epochs": 2, "batch_size": 32}
    methods = settings["attribute"]["methods"]
    methods["dnabert2"] += ["mutagenesis"]  # on nucleotides, whatever the tokens
    methods["cnn"] += ["deep_lift_shap"]
    settings["evaluate"]["faithfulness"] |= {"sequences": 8, "shares": [0.2, 0.5], "draws": 1}
    settings["evaluate"]["faithfulness"]["range_sequences"] = 2
    settings["evaluate"]["robustness"]["sequences"] = 2
    settings["evaluate"]["intervals"]["resamples"] = 100
    settings["report"]["examples"] = 1
    return settings


def snakemake(folder, *arguments):
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)


def planned_rules(folder, *arguments):
    """Names of the rules that a dry run would execute."""
    result = snakemake(folder, "-n", *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    lines = [line.split() for line in (result.stdout + result.stderr).splitlines()]
    counted = {line[0] for line in lines if len(line) == 2 and line[1].isdigit()}
    return {name for name in counted if not name.endswith(":")} - {"total", "all"}


def copied_project(folder):
    """A copy of the project in a folder of its own, with the tiny configuration's settings."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, folder / part, ignore=ignored)
        else:
            shutil.copy(source, folder / part)
    return tiny_configuration(folder)


def shows_motifs(project, dataset, model, method):
    """Whether the report has a picture of a method's patterns, or says that there are none."""
    report = project / "results/report"
    if list((report / "pictures").glob(f"motifs_*_{dataset}_{model}_seed1_{method}.png")):
        return True
    _, _, said = (report / "index.html").read_text().partition("No pattern found: ")
    run = re.escape(f"{dataset}, {model}, seed1: ")
    return re.search(rf"{run}[^;<]*\b{method}\b", said.partition("</p>")[0]) is not None
