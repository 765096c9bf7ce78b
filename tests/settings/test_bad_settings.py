"""Bad settings: one line that names the key, the value and the cure, before anything runs."""

import copy
from pathlib import Path

import pytest
import yaml

from dnalrp.errors import InputError
from dnalrp.settings import check_keys, read_configuration, without_nulls

ROOT = Path(__file__).parents[2]


def settings_with(dataset):
    found = yaml.safe_load((ROOT / "config.yaml").read_text())
    return found | {"datasets": {"own": dataset}}


def own_dataset(source, folder):
    for name in ("a.csv", "b.csv", "c.csv", "g.fa", "p.bed", "p.fa"):
        (folder / name).write_text("sequence,label\n" if name.endswith("csv") else "content")
    motifs = {"motifs": []}
    if source == "table":
        return {
            "source": "table",
            "files": {
                s: str(folder / f"{n}.csv")
                for s, n in (("train", "a"), ("dev", "b"), ("test", "c"))
            },
            "classes": [{"name": "no", **motifs}, {"name": "yes", **motifs}],
            "splits": None,
            "lengths": [50, 100],
            "site_p_value": 0.0001,
        }
    own = {"splits": {"dev": 0.1, "test": 0.1, "seed": 1}, "site_p_value": 0.0001}
    own |= {"source": source, "negatives": {"kind": "shuffle", "ratio": 1, "seed": 1}}
    if source == "fasta":
        classes = [{"name": "yes", "fasta": [str(folder / "p.fa")], **motifs}]
        return own | {"classes": classes, "lengths": [50, 100]}
    own |= {"genome": str(folder / "g.fa"), "aliases": {}, "length": 100, "blacklist": []}
    return own | {"classes": [{"name": "yes", "bed": [str(folder / "p.bed")], **motifs}]}


@pytest.mark.parametrize("source", ["table", "fasta", "intervals"])
def test_own_data_are_accepted(tmp_path, source):
    read_configuration(settings_with(own_dataset(source, tmp_path)))


@pytest.mark.parametrize(
    ("source", "path", "value", "message"),
    [
        ("table", "files/dev", "gone.csv", "datasets.own.files.dev: no such file gone.csv"),
        ("table", "files/dev", "", "datasets.own.files.dev: '' "),
        ("table", "files", {"train": "a.csv"}, "files: name train, dev and test, or one file"),
        ("table", "files", {"all": "a.csv"}, "splits: one file must be divided"),
        ("table", "splits", {"column": "x"}, "splits: the files are the splits already"),
        ("table", "lengths", [90, 50], "lengths: from 90 to 50 is empty"),
        ("table", "lengths", [20, 90], "lengths: 20 is less than the 41 bases that motif discov"),
        ("table", "lenghts", [50, 90], "unknown setting 'lenghts'; did you mean 'lengths'"),
        ("table", "classes/1/name", "no", "classes: two have one name"),
        ("table", "several_labels", "yes", "several_labels: 'yes' is not of type 'boolean'"),
        ("table", "classes/1/name", "H3K4/me3", r"classes.1.name: 'H3K4/me3' does not match"),
        ("table", "classes/1/motifs", ["MA9999"], "classes.no|classes.yes.motifs: .*'MA9999'"),
        ("fasta", "negatives", None, "negatives: one class only; say where negatives come from"),
        ("fasta", "negatives/kind", "genomic", "negatives.kind: 'genomic' is not one of"),
        ("fasta", "negatives/seeds", 1, "negatives: unknown setting 'seeds'; did you mean 'seed'"),
        ("fasta", "classes/0/name", "background", "'background' is the name of the negatives"),
        ("fasta", "splits", {"dev": 0.5, "test": 0.5, "seed": 1}, "leave nothing to train on"),
        ("fasta", "splits", {"dev": 0.1, "test": 0.1}, "splits: setting 'seed' is missing"),
        ("fasta", "splits", {"dev": ["1"], "test": 0.1}, "must both be lists"),
        ("fasta", "splits", {"dev": ["1"], "test": ["1"]}, "splits: 1 is in dev and test"),
        ("fasta", "splits", {"dev": ["1"], "test": ["2"], "seed": 1}, "splits.seed: "),
        ("intervals", "genome", "https:/x.fa", "datasets.own.genome: https:/x.fa: the URL names"),
        ("intervals", "genome", "gone.fa", "datasets.own.genome: no such file gone.fa"),
        ("intervals", "blacklist", ["gone.bed"], "datasets.own.blacklist.0: no such file"),
        ("intervals", "classes/0/bed", ["x.bed"], "classes.yes.bed.0: no such file x.bed"),
        ("intervals", "classes/0/bed", [str(ROOT)], "classes.yes.bed.0: .* is a folder"),
        ("intervals", "length", 30, "length: 30 is less than the 41 bases"),
        ("intervals", "length", -200, "datasets.own.length: -200 is less than the minimum"),
    ],
)
def test_mistakes_in_settings_are_found_at_the_door(tmp_path, source, path, value, message):
    dataset = copy.deepcopy(own_dataset(source, tmp_path))
    *parents, last = path.split("/")
    place = dataset
    for key in parents:
        place = place[int(key) if key.isdigit() else key]
    place[last] = value
    with pytest.raises(InputError, match=message) as error:
        read_configuration(settings_with(dataset))
    assert "\n" not in str(error.value) and "datasets.own" in str(error.value)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["Oct4", "OCT4"], "classes: two are named 'OCT4', in whatever case; rename one"),
        (["Oct4", "ID"], "classes: 'ID' is the name of another column of the table; rename it"),
        (["Oct4", "fold"], "classes: 'fold' is the name of another column of the table"),
    ],
)
def test_names_of_labels_could_be_those_of_columns(tmp_path, names, message):
    dataset = own_dataset("table", tmp_path) | {"splits": {"column": "fold"}}
    dataset |= {"files": {"all": dataset["files"]["train"]}}
    dataset["classes"] = [{"name": name, "motifs": []} for name in names]
    (tmp_path / "a.csv").write_text("sequence,label,fold\n")
    read_configuration(settings_with(dataset))
    with pytest.raises(InputError, match=f"datasets.own.{message}") as error:
        read_configuration(settings_with(dataset | {"several_labels": True}))
    assert "\n" not in str(error.value)


def test_no_data_set_can_have_the_name_of_a_label_s(tmp_path):
    dataset = own_dataset("table", tmp_path)
    found = settings_with(dataset | {"several_labels": True})
    read_configuration(found)
    found["datasets"]["own.yes"] = dataset
    with pytest.raises(InputError, match=r"datasets: 'own\.yes' does not match") as error:
        read_configuration(found)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("header", "splits", "message"),
    [
        ("sequence,a,b", None, "files.train: .*a.csv, line 1: 0 columns are named 'label'"),
        ("sequence,label", {"column": "fold"}, "0 columns are named 'fold' .* sequence, label, fo"),
    ],
)
def test_a_table_of_other_columns_is_found_at_the_door(tmp_path, header, splits, message):
    dataset = own_dataset("table", tmp_path)
    (tmp_path / "a.csv").write_text(f"\ufeff\n{header}\r\n")
    if splits:
        dataset |= {"files": {"all": dataset["files"]["train"]}, "splits": splits}
    with pytest.raises(InputError, match=message) as error:
        read_configuration(settings_with(dataset))
    assert "\n" not in str(error.value)


def test_an_empty_file_is_found_at_the_door(tmp_path):
    dataset = own_dataset("intervals", tmp_path)
    (tmp_path / "g.fa").write_text("")
    with pytest.raises(InputError, match=r"datasets\.own\.genome: .*g\.fa is empty"):
        read_configuration(settings_with(dataset))


def test_decoys_of_a_motifs_family_and_missing_backgrounds_are_found_at_the_door():
    found = yaml.safe_load((ROOT / "config.yaml").read_text())
    found["datasets"]["implant"]["decoys"] = ["MA0112", "MA0861.1"]  # TP73, of TP53's family
    with pytest.raises(InputError, match=r"implant\.decoys: MA0861\.1 is of the family 'p53"):
        read_configuration(found)
    found["datasets"]["implant"]["decoys"] = ["MA0112"]
    found["datasets"]["implant"]["background"] = {"kind": "shuffled", "fasta": "gone.fa"}
    with pytest.raises(InputError, match=r"implant\.background\.fasta: no such file gone\.fa"):
        read_configuration(found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("results: a\nresults: b\n", "line 2: 'results' is on line 1 already; remove one"),
        ("a:\n- {x: 1}\n- b: {c: 1,\n    c: 2}\n", "line 4: 'c' is on line 3 already"),
    ],
)
def test_a_key_that_is_there_twice_is_found(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=f"mine.yaml, {message}") as error:
        check_keys(path)
    assert "\n" not in str(error.value)


def test_the_configurations_of_the_project_have_every_key_once():
    for path in (ROOT / "config.yaml", *(ROOT / "config").glob("*.yaml")):
        check_keys(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"results": "res{x}"}, r"results: 'res\{x\}' holds a brace"),
        ({"results": __file__}, "results: .* is a file; give another folder"),
        ({"results": 3}, 'results: 3 is not of type .string.; write it in quotes: "3"'),
        ({"results": True}, "write it in quotes, else YAML reads yes, no, on and off as"),
        ({"gpu": "on"}, "gpu: 'on' is not of type 'boolean'; correct the value"),
        ({"motifs/fdr": "1e-3"}, "'1e-3' is not of type 'number'; write 0.001, without quotes"),
        ({"motifs/fdr": "low"}, "'low' is not of type 'number'; give a number"),
        ({"tracks/map": "splitt"}, "'splitt' is not one of the choices; did you mean 'split'"),
        ({"tracks/map": "?"}, "choose from split, copy"),
        ({"models/cnn/pretrained": __file__}, r"models\.cnn\.pretrained: .* is a file; give the"),
        ({"models/cnn/pretrained": "."}, r"models\.cnn\.pretrained: \.: no config\.json there"),
        ({"models/cnn/pretrained": "a/b/c"}, r"models\.cnn\.pretrained: a/b/c: no such folder"),
        ({"models": 3}, "models: 3 is not of type 'object'"),
        ({"datasets": None}, r"datasets: \{\} should be non-empty"),
        ({"attribute/methods/dnabert": ["random"]}, "no model 'dnabert'; choose from dnabert2"),
    ],
)
def test_settings_that_yaml_or_a_slip_made_wrong(changes, message):
    found = yaml.safe_load((ROOT / "config.yaml").read_text())
    for path, value in changes.items():
        *parents, last = path.split("/")
        place = found
        for key in parents:
            place = place[key]
        place[last] = value
    with pytest.raises(InputError, match=message) as error:
        read_configuration(without_nulls(found))
    assert "\n" not in str(error.value)


def test_what_is_null_is_left_out_and_a_models_methods_with_it():
    found = yaml.safe_load((ROOT / "config.yaml").read_text())
    found["datasets"]["implant"] = found["models"]["cnn"] = None
    kept = without_nulls(found)
    assert set(kept["datasets"]) == {"oct4_mafk"}
    assert set(kept["models"]) == set(kept["attribute"]["methods"]) == {"dnabert2"}
    read_configuration(kept)
