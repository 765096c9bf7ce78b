"""The workflow as a part of another one, and from a folder that is not its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tiny import tiny_configuration

ROOT = Path(__file__).parents[2]
PARENT = f"""
configfile: "parent.yaml"


module dnalrp:
    snakefile: "{ROOT / "Snakefile"}"
    config: config["attribution"]
    prefix: "attribution"


use rule * from dnalrp as dnalrp_*


rule count:
    input: "attribution/results/metrics.tsv"
    output: "{{model}}.txt"    # a wildcard of the same name, with another meaning
    shell: "wc -l < {{input}} > {{output}}"
"""

pytestmark = pytest.mark.slow


def snakemake(folder, *arguments):
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)


@pytest.fixture
def parent(tmp_path):
    """A workflow that imports this one, for the tiny configuration's real data."""
    settings = tiny_configuration(tmp_path)
    del settings["datasets"]["implant"]
    settings["attribute"]["methods"] = {"dnabert2": ["attnlrp", "random"], "cnn": ["lrp", "random"]}
    settings["attribute"]["segmentations"] = None
    settings["evaluate"]["robustness"]["sequences"] = 0
    (tmp_path / "parent.yaml").write_text(yaml.safe_dump({"attribution": settings}))
    (tmp_path / "Snakefile").write_text(PARENT)
    return tmp_path


def test_another_workflow_runs_it_below_a_prefix(parent):
    before = {path.name for path in parent.iterdir()}
    result = snakemake(parent, "other.txt", "attribution/results/report/index.html")
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-5000:]
    made = {path.name for path in parent.iterdir()} - before
    assert made == {"attribution", "other.txt", ".snakemake"}, "nothing lies beside the prefix"
    results = parent / "attribution/results"
    lines = (results / "metrics.tsv").read_text().count("\n")
    assert int((parent / "other.txt").read_text()) == lines > 10
    manifest = json.loads((results / "report/manifest.json").read_text())
    assert all((parent / path).exists() for path in manifest["inputs"])
    assert not list((results / "checkpoints").rglob("checkpoint-*"))
    again = snakemake(parent, "-n", "dnalrp_all")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_it_is_planned_from_a_folder_that_is_not_its_own(tmp_path):
    arguments = ("--snakefile", ROOT / "Snakefile", "--directory", tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    result = snakemake(tmp_path, *arguments, "-n")
    assert result.returncode == 0, result.stdout + result.stderr
    settings = yaml.safe_load((ROOT / "config.yaml").read_text()) | {"results": "mine"}
    (tmp_path / "elsewhere/config.yaml").write_text(yaml.safe_dump(settings))
    result = snakemake(tmp_path, *arguments, "-n")
    assert "mine/report/index.html" in result.stdout + result.stderr
