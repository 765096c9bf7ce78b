"""The workflow end to end on a tiny configuration, and what reruns when something changes."""

import hashlib
import json

import h5py
import pandas as pd
import pytest
import yaml
from tiny import (
    copied_project,
    planned_rules,
    shows_motifs,
    snakemake,
)

from dnalrp.command import main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project in a folder of its own, run once from nothing."""
    folder = tmp_path_factory.mktemp("project")
    settings = copied_project(folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    result = snakemake(folder)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-5000:]
    return folder


@pytest.fixture
def restored(project):
    """The project, its configuration and code put back afterwards."""
    saved = {p: p.read_bytes() for p in project.rglob("*") if p.suffix in (".py", ".yaml", ".fa")}
    times = {p: p.stat().st_mtime_ns for p in saved}
    yield project
    import os

    for path, content in saved.items():
        if path.read_bytes() != content or path.stat().st_mtime_ns != times[path]:
            path.write_bytes(content)
            os.utime(path, ns=(times[path], times[path]))


def change_setting(project, value, *keys):
    path = project / "config.yaml"
    settings = yaml.safe_load(path.read_text())
    place = settings
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(yaml.safe_dump(settings, sort_keys=False))


def test_every_stage_leaves_its_files(project):
    results = project / "results"
    sequences = pd.read_parquet(results / "data/implant/sequences.parquet")
    assert list(sequences.columns) == ["id", "sequence", "label", "split"]
    peaks = pd.read_parquet(results / "data/oct4_mafk/sequences.parquet")
    assert {"chrom", "start", "end", "strand"} <= set(peaks.columns)
    assert peaks["sequence"].str.fullmatch("[ACGTN]+").all()
    model = results / "models/implant/dnabert2/seed1"
    for name in ("config.json", "model.safetensors", "tokenizer.json", "performance.tsv"):
        assert (model / name).is_file()
    own = json.loads((results / "models/oct4_mafk/dnabert2/seed1/config.json").read_text())
    assert own["id2label"] == {"0": "MafK", "1": "Oct4"}
    with h5py.File(results / "attributions/implant/dnabert2/seed1/attnlrp.h5") as file:
        assert json.loads(file.attrs["provenance"])["settings"]["method"] == "attnlrp"
        assert file["ledger"].shape == (48, 6)
    nucleotides = results / "nucleotides/oct4_mafk"
    for name in ("gradient_x_input.split.h5", "random.copy.h5", "random.average.h5"):
        assert (nucleotides / "dnabert2/seed1" / name).is_file()
    averaged = {p.name.split(".")[0] for p in nucleotides.glob("*/seed1/*.average.h5")}
    assert averaged == {"attnlrp", "gradient_x_input", "random"}  # tokens of several nucleotides
    assert (results / "tokens/oct4_mafk/cnn/seed1/lrp.sum.h5").is_file()


def test_tracks_are_written_on_request(project):
    folder = project / "results/tracks/oct4_mafk/cnn/seed1"
    assert planned_rules(project, "tracks") == {"tracks", "write_tracks"}
    result = snakemake(project, "results/tracks/oct4_mafk/cnn/seed1")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    for name in ("lrp.bigWig", "lrp.igv.xml", "lrp.seqlets.bed", "lrp.scores.npz"):
        assert (folder / name).is_file()


def test_named_data_come_from_a_mirror(restored):
    (restored / "mirror").mkdir()
    (restored / "mirror/sacCer3.fa.gz").write_bytes(b"not the genome")
    change_setting(restored, {"mirror": "mirror", "offline": True, "sha256": {}}, "downloads")
    result = snakemake(restored, "results/downloads/sacCer3.fa.gz")
    assert "sacCer3: " in result.stderr and "no SHA-256 is known" in result.stderr
    known = {"sacCer3": hashlib.sha256(b"not the genome").hexdigest()}
    change_setting(restored, known, "downloads", "sha256")
    assert snakemake(restored, "results/downloads/sacCer3.fa.gz").returncode == 0


def test_metrics_cover_every_axis_model_and_data_set(project):
    table = pd.read_csv(project / "results/metrics.tsv", sep="\t")
    axes = {"localisation", "sparsity", "complexity", "similarity", "faithfulness", "ledger"}
    axes |= {"robustness"}
    assert set(table["axis"]) == axes
    assert set(table["level"]) == {"nucleotide", "token"}
    for axis in axes:
        rows = table[(table["axis"] == axis) & (table["model"] != "between_models")]
        assert set(rows["model"]) == {"dnabert2", "cnn"}
        assert set(rows["dataset"]) == {"implant", "oct4_mafk"}
    localised = table[(table["axis"] == "localisation") & (table["model"] == "dnabert2")]
    bounded = localised[localised["method"] == "ceiling"]["map"]
    assert "average" in set(localised["map"]) and set(bounded) == {"split", "copy"}
    assert {"matrix scan", "dnabert2", "cnn"} == set(
        pd.read_csv(project / "results/performance.tsv", sep="\t")["model"]
    )


def test_report_is_one_file(project):
    page = (project / "results/report/index.html").read_text()
    assert "<h2" in page and 'src="data:image/png;base64' in page
    assert "http://" not in page and "https://" not in page
    manifest = json.loads((project / "results/report/manifest.json").read_text())
    assert manifest["inputs"] and manifest["versions"]["torch"]
    assert list((project / "results/report/pictures").glob("example_*.png"))
    for dataset in ("implant", "oct4_mafk"):
        assert shows_motifs(project, dataset, "dnabert2", "attnlrp")
        assert shows_motifs(project, dataset, "cnn", "lrp")


def test_the_command_writes_the_same_report_again(project, tmp_path):
    assert main(["report", str(project / "results"), "--out", str(tmp_path)]) == 0
    page = project / "results/report/index.html"
    assert (tmp_path / "index.html").read_bytes() == page.read_bytes()


def test_snakemake_writes_its_own_report(project, tmp_path):
    result = snakemake(project, "--report", str(tmp_path / "report.html"))
    assert result.returncode == 0, result.stderr[-2000:]
    assert "Localisation" in (project / "results/report/index.html").read_text()
    assert (tmp_path / "report.html").stat().st_size > 100_000


def test_nothing_is_done_twice(project):
    result = snakemake(project)
    assert "Nothing to be done" in result.stdout + result.stderr


DOWNSTREAM = {"summarise", "report"}


@pytest.mark.parametrize(
    ("keys", "value", "expected"),
    [
        (("report", "examples"), 2, {"report"}),
        (("evaluate", "intervals", "resamples"), 101, DOWNSTREAM),
        (("evaluate", "faithfulness", "draws"), 2, {"evaluate", *DOWNSTREAM}),
        (("motifs", "map"), "average", {"motifs", *DOWNSTREAM}),
        (("motifs", "window"), 19, {"motifs", *DOWNSTREAM}),
        (
            ("attribute", "alibi"),
            "uniform",
            {"attribute", "project", "motifs", "evaluate", "similarity", *DOWNSTREAM},
        ),
    ],
)
def test_a_changed_setting_reruns_what_depends_on_it(restored, keys, value, expected):
    change_setting(restored, value, *keys)
    assert planned_rules(restored) == expected


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("report/page.py", {"report"}),
        ("motifs/matching.py", {"motifs", *DOWNSTREAM}),
        ("evaluation/axes/similarity.py", {"evaluate", "similarity", *DOWNSTREAM}),
        (
            "attribution/rules.py",
            {"attribute", "project", "motifs", "evaluate", "similarity", *DOWNSTREAM},
        ),
    ],
)
def test_changed_package_code_reruns_what_imports_it(restored, module, expected):
    path = restored / "src/dnalrp" / module
    path.write_text(path.read_text() + "\nCHANGED = True\n")
    assert planned_rules(restored) == expected


def test_a_comment_reruns_nothing(restored):
    path = restored / "src/dnalrp/attribution/rules.py"
    path.write_text(path.read_text() + "\n# only a comment\n")
    assert planned_rules(restored) == set()


def test_seeds_are_compared_where_there_are_several(restored):
    change_setting(restored, [1, 2], "seeds")
    assert "similarity_of_seeds" in planned_rules(restored)


def test_reordered_settings_rerun_nothing_but_the_report_stays(restored):
    path = restored / "config.yaml"
    settings = yaml.safe_load(path.read_text())
    settings["models"]["cnn"] = dict(reversed(settings["models"]["cnn"].items()))
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
    assert planned_rules(restored) == set()


def test_one_stage_can_be_asked_for(project):
    assert "attribute" not in planned_rules(project, "--until", "train", "--forceall")
    assert planned_rules(project, "-R", "motifs") == {"motifs", *DOWNSTREAM}


def test_a_misspelt_setting_stops_with_one_line(restored):
    change_setting(restored, 1, "attribute", "batchsize")
    result = snakemake(restored, "-n")
    output = result.stdout + result.stderr
    assert result.returncode != 0
    assert "attribute: unknown setting 'batchsize'; did you mean 'batch_size'?" in output
    assert "Traceback" not in output


def test_a_bad_sequence_stops_with_one_line_and_leaves_nothing(restored):
    path = restored / "Oct4.fa"
    path.write_text(path.read_text().replace("ctttgttatgcaaat", "ctttgttatgcaaRR", 1))
    result = snakemake(restored, "--until", "prepare")
    output = result.stdout + result.stderr
    assert result.returncode != 0
    assert "Oct4.fa, line 1, record chr1:500-580: character 'R' at position 44" in output
    assert "Traceback" not in output
    assert not (restored / "results/data/oct4_mafk/sequences.parquet").exists()
