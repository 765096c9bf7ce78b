"""What every data source promises, those of an extension too."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from conftest import random_sequences
from sections import RELEASE, SHARES, dataset, named

from dnalrp.data.grammar import GRAMMARS
from dnalrp.data.leakage import DROPPED_COLUMNS
from dnalrp.data.local import is_url
from dnalrp.data.scan import SITE_COLUMNS
from dnalrp.data.sources.catalogue import SOURCES, Prepared, Supply, prepare
from dnalrp.data.sources.simulated import Grammar
from dnalrp.data.splits import SPLITS
from dnalrp.errors import InputError

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
TEXTS = random_sequences(240, 40, 40, seed=7)
HELD_OUT = {"dev": ["chr2"], "test": ["chr3"]}


def fasta(path, records):
    path.write_text("".join(f">{name}\n{text}\n" for name, text in records))
    return path


def placed(path, texts, start):
    """Records with coordinates, the same number on each of three chromosomes."""
    names = [f"chr{i % 3 + 1}:{start + 100 * i}-{start + 100 * i + 40}" for i in range(len(texts))]
    return fasta(path, zip(names, texts, strict=True))


def simulated(folder):
    source = fasta(folder / "source.fa", [("all", "".join(TEXTS))])
    background = {"kind": "markov", "fasta": source, "order": 1}
    return {"background": background, "sequences": {"train": 12, "dev": 8, "test": 8}}


def peaks(folder):
    files = {
        "no": [placed(folder / "no.fa", TEXTS[:60], 0)],
        "yes": [placed(folder / "yes.fa", TEXTS[60:120], 50_000)],
    }
    return {"classes": named(fasta=files, motifs=["MA0139"]), "splits": HELD_OUT}


def table(folder):
    rows = [f"{text},{index % 2}" for index, text in enumerate(TEXTS)]
    path = folder / "table.csv"
    path.write_text("\n".join(["sequence,label", *rows]) + "\n")
    return {"files": {"all": path}, "classes": named("no", "yes")}


def fasta_files(folder):
    path = fasta(folder / "yes.fa", [(f"r{i}", text) for i, text in enumerate(TEXTS[:120])])
    other = fasta(folder / "no.fa", [(f"r{i}", text) for i, text in enumerate(TEXTS[120:])])
    negatives = {"kind": "peaks", "files": [other]}
    return {"classes": named(fasta={"yes": [path]}), "negatives": negatives, "splits": SHARES}


def intervals(folder):
    rng = np.random.default_rng(0)
    genome = {f"chr{k}": "".join(rng.choice(list("ACGT"), 9000)) for k in (1, 2, 3)}
    bed = folder / "yes.bed"
    bed.write_text("".join(f"{c}\t{s}\t{s + 40}\n" for c in genome for s in range(500, 8000, 500)))
    black = folder / "black.bed"
    black.write_text("chr1\t8000\t8500\n")
    background = {"kind": "genome", "ratio": 1, "gc_tolerance": 0.2, "distance": 0, "seed": 1}
    return {
        "genome": fasta(folder / "genome.fa", genome.items()),
        "length": 40,
        "blacklist": [black],
        "classes": named(bed={"yes": [bed]}),
        "negatives": background,
        "splits": HELD_OUT,
    }


EXAMPLES = {
    "simulated": simulated,
    "peaks": peaks,
    "table": table,
    "fasta": fasta_files,
    "intervals": intervals,
}


@pytest.fixture(params=list(SOURCES))
def source(request):
    return request.param


@pytest.fixture
def section(source, tmp_path):
    return dataset(source, **EXAMPLES[source](tmp_path))


def prepared_in(folder, section):
    folder.mkdir()
    return prepare(section, Supply(RELEASE, folder))


def test_it_is_declared_under_its_own_name(source):
    entry = SOURCES[source]
    assert entry.name == source and entry.about
    (allowed,) = entry.section.model_fields["source"].annotation.__args__
    assert allowed == source


def test_a_section_goes_to_yaml_and_back(section):
    written = section.model_dump(mode="json", exclude_unset=True)
    assert type(section).model_validate(written) == section


def test_every_field_says_what_it_is(source):
    fields = SOURCES[source].section.model_fields
    assert not [name for name, field in fields.items() if not field.description]


def test_unknown_keys_are_refused(section):
    with pytest.raises(ValueError, match="mistake"):
        type(section).model_validate(section.model_dump(exclude_unset=True) | {"mistake": 1})


def test_files_are_named_by_their_key_and_all_there_is_is_read(section, tmp_path):
    locations = section.locations()
    assert locations and all(Path(path).is_file() for path in locations.values())
    read = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert {Path(path).name for path in locations.values()} == read
    for key in locations:
        value = section.model_dump()
        for part in key.split("."):
            if isinstance(value, list) and not part.isdigit():
                value = next(entry for entry in value if entry["name"] == part)
            else:
                value = value[int(part) if part.isdigit() else part]
        assert value == locations[key]
    section.check_files()


def test_prepared_data_are_as_all_stages_expect_them(section, tmp_path):
    data = prepared_in(tmp_path / "folder", section)
    assert isinstance(data, Prepared)
    sequences = data.sequences
    assert list(sequences.columns)[:4] == ["id", "sequence", "label", "split"]
    assert sequences["id"].is_unique and set(sequences["split"]) == set(SPLITS)
    assert sequences["sequence"].str.fullmatch("[ACGTN]+").all()
    assert list(data.sites) == SITE_COLUMNS and set(data.sites["id"]) <= set(sequences["id"])
    assert list(data.scan) == ["id", "score"] and list(data.dropped) == DROPPED_COLUMNS
    if len(data.scan):
        assert data.scan["id"].tolist() == sequences["id"].tolist()
    assert data.class_names == section.class_names()
    assert sorted(sequences["label"].unique()) == [0, 1]
    if data.class_names:
        assert len(section.motifs_by_label()) == len(data.class_names) == 2
    shortest = section.shortest_sequence()
    if shortest is not None:
        assert sequences["sequence"].str.len().min() >= shortest.bases
        assert shortest.key in type(section).model_fields


def test_the_same_settings_give_the_same_data(section, tmp_path):
    first, second = (prepared_in(tmp_path / name, section) for name in ("one", "two"))
    for one, other in zip(first[:4], second[:4], strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_a_file_that_is_none_is_refused_in_one_line(section, tmp_path):
    path = Path(next(iter(section.locations().values())))
    path.write_bytes(b"\x00\x01 no text")
    with pytest.raises(InputError) as error:
        prepared_in(tmp_path / "folder", section)
    assert path.name in str(error.value) and "\n" not in str(error.value)


def test_motifs_are_named_by_key_and_true_ones_by_sign(section):
    listed = {motif for ids in section.motif_ids().values() for motif in ids}
    true = section.true_motifs()
    assert set(true) <= {"positive", "negative"} and "positive" in true
    assert {motif for ids in true.values() for motif in ids} <= listed


def test_locations_are_paths_or_urls(section):
    assert not any(is_url(location) for location in section.locations().values())


def test_grammars_of_the_settings_are_those_that_are_simulated():
    assert ("any", "all", *GRAMMARS) == get_args(Grammar)


def test_the_catalogue_is_read_without_what_takes_seconds():
    code = (
        "import sys; import dnalrp.data.sources.catalogue; "
        "print([m for m in ('torch', 'pandas', 'numpy', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# a source of one's own


GUIDE = Path(__file__).parents[2] / "docs/how-to/add-a-data-source.md"
USE = """
import yaml
from pathlib import Path
from dnalrp.extensions import load_extensions
load_extensions(["json_sources.py"])
from dnalrp.data.sources.catalogue import SOURCES, Supply, prepare
settings = yaml.safe_load(Path("settings.yaml").read_text())["datasets"]["accessible"]
section = SOURCES[settings["source"]].section.model_validate(settings)
data = prepare(section, Supply("JASPAR2026", Path(".")))
print(len(data.sequences), data.class_names, section.true_motifs(), section.locations())
"""


def test_the_guide_s_source_is_one_file_from_outside(tmp_path):
    code, settings = (
        re.search(f"```{kind}\n(.*?)```", GUIDE.read_text(), re.DOTALL).group(1)
        for kind in ("python", "yaml")
    )
    (tmp_path / "json_sources.py").write_text(code)
    (tmp_path / "settings.yaml").write_text(settings)
    splits = {name: TEXTS[12 * i : 12 * i + 12] for i, name in enumerate(SPLITS)}
    content = {name: {"open": own[:6], "closed": own[6:]} for name, own in splits.items()}
    (tmp_path / "accessible.json").write_text(json.dumps(content))
    done = subprocess.run(
        [sys.executable, "-c", USE], capture_output=True, text=True, cwd=tmp_path, env=ENVIRONMENT
    )
    expected = (
        "36 ['closed', 'open'] {'negative': [], 'positive': ['MA0139']} {'file': 'accessible.json'}"
    )
    assert done.stdout.strip() == expected, done.stderr
