"""Where files lie: names that are made can be read again."""

import sys
from pathlib import Path

import pytest

from dnalrp.errors import InputError
from dnalrp.results import (
    EACH_RUN,
    MATCHES,
    MapName,
    Results,
    Run,
    attribution_files,
    map_files,
    maps_of,
    maps_or_split,
)

RUN = Run.numbered("marks.Oct4", "cnn_shuffled", 12)


def test_a_run_is_read_as_it_is_written():
    assert str(RUN) == f"{RUN}" == "marks.Oct4/cnn_shuffled/seed12"
    assert Run.of(str(RUN)) == RUN
    assert RUN.columns() == {"dataset": "marks.Oct4", "model": "cnn_shuffled", "seed": "seed12"}
    assert str(EACH_RUN) == "{dataset}/{model}/seed{seed}"


@pytest.mark.parametrize("text", ["a/b", "a/b/seed1/c", "a//seed1", ""])
def test_what_names_no_run_is_refused(text):
    with pytest.raises(InputError, match="write dataset/model/seed"):
        Run.of(text)


def test_a_model_s_folder_says_its_run_and_its_results():
    folder = Results("some/where").model(RUN)
    assert Run.at(folder) == RUN
    assert Results.of_model(folder).checkpoints(RUN) == Results("some/where").checkpoints(RUN)
    pretrained = Results("some/where").pretrained("compact")
    assert Results.of_pretrained(pretrained) == Results(Path("some/where"))


def test_files_lie_where_they_always_did():
    results = Results("results")
    paths = {
        "data/a/sequences.parquet": results.sequences("a"),
        "data/a/sites.parquet": results.sites("a"),
        f"models/{RUN}": results.model(RUN),
        f"attributions/{RUN}/lrp.h5": results.attribution_file(RUN, "lrp"),
        f"nucleotides/{RUN}/lrp.split.h5": results.map_file(RUN, "lrp", "split"),
        f"tokens/{RUN}/lrp.sum.h5": results.token_file(RUN, "lrp", "sum"),
        f"metrics/{RUN}.parquet": results.metrics(RUN),
        "metrics.tsv": results.table("metrics"),
        "report/index.html": results.report.page,
        "report/figures/logic.png": results.report.figure("logic"),
        f"logs/train/{RUN}.log": results.log("train", RUN),
        "benchmarks/summarise.tsv": results.benchmark("summarise"),
    }
    for path, made in paths.items():
        assert made == Path("results", path)


def test_names_of_maps_are_read_as_they_are_written(tmp_path):
    name = MapName("attnlrp_randomised", "max_abs")
    assert MapName.of(tmp_path / name.file) == name
    for made in (name, MapName("lrp", "split"), MapName("lrp", "copy"), MapName("cp_lrp", "split")):
        (tmp_path / made.file).touch()
    assert list(map_files(tmp_path)) == [
        *(("attnlrp_randomised", "max_abs"), ("cp_lrp", "split"), ("lrp", "copy")),
        ("lrp", "split"),
    ]
    assert maps_of(tmp_path, "copy") == {"lrp": tmp_path / "lrp.copy.h5"}
    assert maps_or_split(tmp_path, "copy") == {
        "cp_lrp": tmp_path / "cp_lrp.split.h5",
        "lrp": tmp_path / "lrp.copy.h5",
    }
    (tmp_path / "average").mkdir()
    (tmp_path / "lrp.h5").touch()
    assert attribution_files(tmp_path)["lrp"] == tmp_path / "lrp.h5"


def test_motifs_of_methods_are_those_with_a_table(tmp_path):
    for method in ("lrp", "attnlrp", "half"):
        folder = Results(tmp_path).motifs(RUN) / method
        folder.mkdir(parents=True)
        if method != "half":
            (folder / MATCHES).touch()
    assert list(Results(tmp_path).motif_folders(RUN)) == ["attnlrp", "lrp"]


def test_where_files_lie_is_known_at_once():
    """Rules import this for every job: it must not wait for pandas."""
    import subprocess

    code = "import sys, dnalrp.results; sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
