"""The package built, installed into an environment of its own, and used far from its checkout."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from conftest import random_sequences, toy_dnabert2

from dnalrp.workflow_files import root

ROOT = Path(__file__).parents[2]
SOURCES = ("Snakefile", "config.yaml", "config", "rules", "workflow", "envs", "profiles")
BUILT_FROM = (*SOURCES, "src", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE")

pytestmark = pytest.mark.slow


def ran(command, folder):
    """A program's run, with nothing of this checkout in its environment."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        list(map(str, command)), cwd=folder, env=kept, capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, since building leaves files behind."""
    copy, built = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("built")
    for name in BUILT_FROM:
        source, ignored = ROOT / name, shutil.ignore_patterns("__pycache__", "*.egg-info")
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=ignored)
        else:
            shutil.copy(source, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    result = ran([*command, "--disable-pip-version-check", "-w", built, "."], copy)
    assert result.returncode == 0, result.stdout + result.stderr
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def programs(wheel, tmp_path_factory):
    """Folder of programs of an environment with the wheel and, besides, this one's packages."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as file:
        file.extractall(site)  # all that pip does, but for the program
    # the .pth files there, as that of an editable installation, are not read
    (site / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    program = folder / "bin/dnalrp"
    program.write_text(
        f"#!{folder}/bin/python\nimport sys\nfrom dnalrp.command import main\nsys.exit(main())\n"
    )
    program.chmod(0o755)
    return folder / "bin"


@pytest.fixture(scope="module")
def dnalrp(programs):
    return programs / "dnalrp"


@pytest.fixture(scope="module")
def model(byte_pairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    model = toy_dnabert2(byte_pairs)
    model.float().save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return folder


def write_classes(folder):
    """Peaks of two classes on three chromosomes."""
    for name, seed in (("weak", 1), ("strong", 2)):
        texts = random_sequences(6, 60, 60, seed=seed)
        places = [f"chr{1 + i % 3}:{seed}{i}00-{seed}{i}60" for i in range(len(texts))]
        records = [f">{place}\n{text}\n" for place, text in zip(places, texts, strict=True)]
        (folder / f"{name}.fa").write_text("".join(records))


def test_a_checkout_is_its_own_root():
    assert root() == ROOT


def test_the_wheel_holds_the_workflow_and_the_checkout_no_second_one(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    for source in SOURCES:
        files = [path for path in (ROOT / source).rglob("*") if path.is_file()]
        for path in files or [ROOT / source]:
            if "__pycache__" not in path.parts:
                assert f"dnalrp/workflow_files/{path.relative_to(ROOT)}" in names
    assert {path.name for path in (ROOT / "src/dnalrp/workflow_files").glob("[!_]*")} == set()


def test_the_workflow_is_planned_in_an_empty_folder(dnalrp, tmp_path):
    write_classes(tmp_path)
    flags = ["--class", "weak=weak.fa", "--class", "strong=strong.fa", "--motif", "strong=MA0142"]
    result = ran([dnalrp, "init", *flags, "--dev", "chr2", "--test", "chr3"], tmp_path)
    assert result.returncode == 0, result.stderr
    result = ran([dnalrp, "run", "-n"], tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "results/data/mine/sequences.parquet" in result.stdout + result.stderr
    result = ran([dnalrp, "run", "--cores", "2", "results/data/mine/sequences.parquet"], tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(pd.read_parquet(tmp_path / "results/data/mine/sequences.parquet")) == 12


def test_settings_are_laid_over_those_of_the_installation(dnalrp, tmp_path):
    (tmp_path / "mine.yaml").write_text("datasets: {oct4_mafk: null}\nresults: out\n")
    result = ran([dnalrp, "run", "--configfile", "mine.yaml", "-n", "--quiet"], tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    (tmp_path / "mine.yaml").write_text("attribute: {batchsize: 1}\n")
    result = ran([dnalrp, "run", "--configfile", "mine.yaml", "-n"], tmp_path)
    assert result.returncode == 1
    assert "attribute: unknown setting 'batchsize'; did you mean" in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_the_other_commands_need_no_checkout(dnalrp, model, tmp_path):
    write_classes(tmp_path)
    flags = ["--motifs", "MA0139", "--decoys", "MA0112", "--train", "4", "--dev", "4"]
    result = ran([dnalrp, "simulate", *flags, "--test", "4", "--out", "data"], tmp_path)
    assert result.returncode == 0, result.stderr
    assert len(pd.read_parquet(tmp_path / "data/sequences.parquet")) == 12
    result = ran([dnalrp, "verify", model, "--sequences", "weak.fa"], tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    flags = ["--fasta", "weak.fa", "--out", "maps", "--json"]
    result = ran([dnalrp, "explain", model, *flags], tmp_path)
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)) == 6 and (tmp_path / "maps/attnlrp.bigWig").is_file()
    result = ran([dnalrp, "report", "."], tmp_path)
    assert result.returncode == 2 and "holds no settings of a run" in result.stderr
