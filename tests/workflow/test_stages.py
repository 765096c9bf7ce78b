"""Every stage by itself, called as a notebook would: paths and settings in, files out."""

import hashlib
import json
import shutil
from pathlib import Path

import h5py
import pandas as pd
import pytest
import yaml

from dnalrp.attribution.catalogue import read_choice
from dnalrp.data.sources.catalogue import SOURCES
from dnalrp.data.sources.peaks import Archive
from dnalrp.errors import InputError
from dnalrp.models.catalogue import ARCHITECTURES
from dnalrp.provenance import read_provenance
from dnalrp.results import PERFORMANCE, PREDICTIONS, PROVENANCE, Results, Run, attribution_files
from dnalrp.settings.attribute import Attribute
from dnalrp.settings.downloads import Downloads
from dnalrp.settings.evaluate import ConfidenceIntervals, read_axes
from dnalrp.settings.motifs import Motifs
from dnalrp.settings.project import Project
from dnalrp.settings.tracks import Tracks
from dnalrp.stages.attribute import attribute
from dnalrp.stages.download import download
from dnalrp.stages.evaluate import evaluate
from dnalrp.stages.fetch import fetch
from dnalrp.stages.label import Label, label_data, label_model
from dnalrp.stages.motifs import motifs
from dnalrp.stages.prepare import prepare
from dnalrp.stages.project import project
from dnalrp.stages.report import report
from dnalrp.stages.similarity import similarity
from dnalrp.stages.summarise import summarise
from dnalrp.stages.tracks import tracks
from dnalrp.stages.train import train

ROOT = Path(__file__).parents[2]
RUN = Run.numbered("implant", "cnn", 1)
JASPAR = "JASPAR2026"
DOWNLOADS = Downloads(mirror=None, offline=True, sha256={})
METHODS = ["lrp", "random", "lrp_randomised"]


def dataset_section(settings):
    return SOURCES[settings["source"]].section(**settings)


def model_section(settings):
    return ARCHITECTURES[settings["architecture"]].section(**settings)


@pytest.fixture(scope="module")
def settings():
    """The default configuration, made small."""
    settings = yaml.safe_load((ROOT / "config.yaml").read_text())
    del settings["datasets"]["oct4_mafk"], settings["models"]["dnabert2"]
    simulated, network = settings["datasets"]["implant"], settings["models"]["cnn"]
    simulated |= {"length": 60, "sequences": {"train": 48, "dev": 12, "test": 12}}
    simulated |= {"sites": [1, 2], "motifs": ["MA0139", "MA0106"]}
    network["size"] |= {"filters": 8, "second_filters": 8, "hidden_size": 8}
    network["training"] |= {"epochs": 1, "batch_size": 24}
    judged = settings["evaluate"]
    judged["faithfulness"] |= {"sequences": 4, "shares": [0.2], "draws": 1, "range_sequences": 0}
    judged["robustness"]["sequences"] = 1
    judged["intervals"]["resamples"] = 100
    settings["report"]["examples"] = 1
    return settings


@pytest.fixture(scope="module")
def results(settings, tmp_path_factory):
    """One run, stage after stage."""
    files = Results(tmp_path_factory.mktemp("run") / "results")
    data = {"sequences": files.sequences("implant"), "sites": files.sites("implant")}
    prepare(
        settings=dataset_section(settings["datasets"]["implant"]),
        jaspar=JASPAR,
        scan=files.scan("implant"),
        **data,
    )
    train(
        sequences=data["sequences"],
        model=files.model(RUN),
        checkpoints=files.checkpoints(RUN),
        settings=model_section(settings["models"]["cnn"]),
        seed=1,
    )
    folders = {"attributions": files.attributions(RUN), "nucleotides": files.nucleotides(RUN)}
    attribute(
        sequences=data["sequences"],
        model=files.model(RUN),
        attributions=folders["attributions"],
        methods=[read_choice(name) for name in METHODS],
        settings=Attribute(**{**settings["attribute"], "methods": {}}),
        seed=1,
    )
    project(
        **folders,
        token_model=folders["attributions"],
        tokens=files.tokens(RUN),
        settings=Project(**settings["project"]),
    )
    motifs(
        sequences=data["sequences"],
        nucleotides=folders["nucleotides"],
        motifs=files.motifs(RUN),
        settings=Motifs(**settings["motifs"]),
        true_motifs={"positive": ["MA0139", "MA0106"]},
        jaspar=JASPAR,
    )
    evaluate(
        **data,
        **folders,
        model=files.model(RUN),
        tokens=files.tokens(RUN),
        metrics=files.metrics(RUN),
        settings=read_axes(settings["evaluate"]),
        jaspar=JASPAR,
    )
    summarise(
        results=files.folder,
        runs=[RUN],
        origins=[RUN],
        settings=ConfidenceIntervals(**settings["evaluate"]["intervals"]),
    )
    return files


def test_simulated_sequences_say_what_made_them(results):
    sequences = pd.read_parquet(results.sequences("implant"))
    assert sequences["split"].value_counts().to_dict() == {"train": 48, "dev": 12, "test": 12}
    record = read_provenance(results.sites("implant"))
    assert record["stage"] == "data" and record["settings"]["dataset"]["seed"] == 7
    assert len(pd.read_parquet(results.scan("implant"))) == 72


def test_a_model_has_its_predictions_and_no_checkpoints(results):
    folder = results.model(RUN)
    assert set(pd.read_parquet(folder / PREDICTIONS)["split"]) == {"dev", "test"}
    assert list(pd.read_csv(folder / PERFORMANCE, sep="\t")["split"]) == ["dev", "test"]
    assert json.loads((folder / PROVENANCE).read_text())["settings"]["labels"] == "true"
    assert not list(Path(results.checkpoints(RUN)).glob("*"))


def test_every_method_has_a_file_and_what_resolves_below_tokens_no_average(results):
    assert set(attribution_files(results.attributions(RUN))) == set(METHODS)
    with h5py.File(results.attribution_file(RUN, "lrp")) as file:
        record = json.loads(file.attrs["provenance"])
    assert record["settings"]["method"] == "lrp" and len(record["inputs"]) == 2
    with h5py.File(results.map_file(RUN, "lrp", "copy")) as file:
        assert file["relevance"].shape == (24, 60)
    assert results.token_file(RUN, "random", "max_abs").is_file()


def test_motifs_and_metrics_of_every_method_are_there(results):
    assert set(results.motif_folders(RUN)) == set(METHODS)
    values = pd.read_parquet(results.metrics(RUN))
    assert set(METHODS) <= set(values["method"])
    table = pd.read_csv(results.table("metrics"), sep="\t")
    assert list(table.columns[:4]) == ["dataset", "model", "seed", "method"]
    assert set(table["seed"]) == {"seed1"}


def test_maps_that_are_the_same_are_wholly_alike(results, tmp_path):
    nucleotides = dict.fromkeys(("seed1", "seed2"), results.nucleotides(RUN))
    tokens = dict.fromkeys(("seed1", "seed2"), results.tokens(RUN))
    similarity(
        between="seeds",
        nucleotides=nucleotides,
        tokens=tokens,
        metrics=tmp_path / "metrics.parquet",
        to_tokens=["sum"],
    )
    values = pd.read_parquet(tmp_path / "metrics.parquet")
    same = values[(values["metric"] == "cosine") & (values["method"] == "seed1:lrp~seed2:lrp")]
    assert len(same) and same["value"].to_numpy() == pytest.approx(1)


def test_tracks_of_sequences_without_places_are_tables(results, settings, tmp_path):
    tracks(
        sequences=results.sequences("implant"),
        nucleotides=results.nucleotides(RUN),
        motifs=results.motifs(RUN),
        tracks=tmp_path / "tracks",
        settings=Tracks(**settings["tracks"]),
        p_value=1e-4,
    )
    names = {path.name for path in (tmp_path / "tracks").iterdir()}
    assert {"lrp.maps.tsv.gz", "lrp.scores.npz", "lrp.rows.tsv", PROVENANCE} <= names


def test_a_report_is_written_where_it_is_asked_for(results, settings, tmp_path):
    page = report(results=results.folder, runs=[RUN], settings=settings, report=tmp_path / "made")
    assert page == tmp_path / "made/index.html" and "<h2" in page.read_text()
    manifest = json.loads((tmp_path / "made/manifest.json").read_text())
    assert str(results.table("metrics")) in manifest["inputs"]
    assert not results.report.folder.exists()


def test_a_run_that_was_not_finished_has_no_report(results, settings, tmp_path):
    shutil.copytree(results.folder, tmp_path / "results")
    shutil.rmtree(Results(tmp_path / "results").motifs(RUN))
    with pytest.raises(InputError, match=r"motifs/implant/cnn/seed1: is missing; run the workflow"):
        report(results=tmp_path / "results", runs=[RUN], settings=settings)


def labelled_table(path):
    """48 sequences with a label, both or none."""
    words = {"first": "AAAATGCTGACTCAGCA", "second": "CTTTGTTATGCAAAT"}
    rows = ["sequence,first,second,split"]
    for index in range(48):
        on = [index % 2, index // 2 % 2]
        parts = [word for word, held in zip(words.values(), on, strict=True) if held]
        text = ("ACGT"[index % 4] * 3 + "".join(parts) + f"{index:b}").ljust(60, "A")
        text = text.replace("0", "GC").replace("1", "TA")[:60]
        rows.append(f"{text},{on[0]},{on[1]},{('train', 'train', 'dev', 'test')[index // 4 % 4]}")
    path.write_text("\n".join([*rows, ""]))


def test_a_label_becomes_a_data_set_and_a_model(settings, tmp_path):
    labelled_table(tmp_path / "table.csv")
    files, run = Results(tmp_path), Run.numbered("marks", "cnn", 1)
    section = {
        "source": "table",
        "files": {"all": str(tmp_path / "table.csv")},
        "splits": {"column": "split"},
        "several_labels": True,
        "classes": [{"name": "first", "motifs": ["MA0495"]}, {"name": "second", "motifs": []}],
        "lengths": [60, 60],
        "site_p_value": 0.0001,
    }
    whole = {"sequences": files.sequences("marks"), "sites": files.sites("marks")}
    whole["sequences"].parent.mkdir(parents=True)
    rest = {"scan": files.scan("marks"), "dropped": files.dropped("marks")}
    prepare(settings=dataset_section(section), jaspar=JASPAR, downloads=DOWNLOADS, **whole, **rest)
    train(
        sequences=whole["sequences"],
        model=files.model(run),
        checkpoints=files.checkpoints(run),
        settings=model_section(settings["models"]["cnn"]),
        seed=1,
        classes=["first", "second"],
    )
    label, own = Label(number=1, name="second", motifs=[]), "marks.second"
    label_data(
        whole_sequences=whole["sequences"],
        whole_sites=whole["sites"],
        label=label,
        jaspar=JASPAR,
        sequences=files.sequences(own),
        sites=files.sites(own),
        scan=files.scan(own),
    )
    table = pd.read_parquet(files.sequences(own))
    assert set(table["label"]) == {0, 1} and len(table) == len(pd.read_parquet(whole["sequences"]))
    cut = files.model(run._replace(dataset=own))
    label_model(sequences=files.sequences(own), whole=files.model(run), label=label, model=cut)
    logits = pd.read_parquet(files.model(run) / PREDICTIONS).set_index("id")["logit_1"]
    margins = pd.read_parquet(cut / PREDICTIONS).set_index("id")["margin"]
    pd.testing.assert_series_equal(margins, logits[margins.index], check_names=False)


def test_a_model_is_taken_as_it_is(results, settings, tmp_path):
    taken = {**settings["models"]["cnn"], "training": None, "pretrained": str(results.model(RUN))}
    train(
        sequences=results.sequences("implant"),
        model=tmp_path / "model",
        checkpoints=tmp_path / "checkpoints",
        settings=model_section(taken),
        seed=5,
    )
    tables = [
        pd.read_parquet(folder / PREDICTIONS) for folder in (tmp_path / "model", results.model(RUN))
    ]
    pd.testing.assert_frame_equal(*tables, rtol=1e-5)


def test_archives_and_named_data_are_verified(tmp_path):
    (tmp_path / "local.whl").write_bytes(b"archive")
    sha256 = hashlib.sha256(b"archive").hexdigest()
    archive = Archive(package="janggu==0.10.2", sha256=sha256, local=str(tmp_path / "local.whl"))
    fetch(archive=tmp_path / "out.whl", settings=archive, downloads=DOWNLOADS)
    assert (tmp_path / "out.whl").read_bytes() == b"archive"
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror/sacCer3.fa.gz").write_bytes(b"genome")
    given = {"mirror": str(tmp_path / "mirror"), "offline": True}
    with pytest.raises(InputError, match="no SHA-256 is known"):
        download(name="sacCer3", folder=tmp_path, downloads=Downloads(**given, sha256={}))
    known = {"sacCer3": hashlib.sha256(b"genome").hexdigest()}
    path = download(name="sacCer3", folder=tmp_path, downloads=Downloads(**given, sha256=known))
    assert path.read_bytes() == b"genome"
