"""The yardstick: a method, a metric, a data source and an encoder from outside, in a report.

Each is one file and one entry (the encoder two files), named under ``extensions``. Nothing of the
package is changed.
"""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from tiny import tiny_configuration

ROOT = Path(__file__).parents[2]

METHOD = '''
"""Relevance of a token: how many of its letters are those of the option."""
import numpy as np

from dnalrp.attribution.batch import BatchRelevance
from dnalrp.attribution.catalogue import METHODS, Method
from dnalrp.attribution.options import Options


class LetterOptions(Options):
    letters: str = "GC"


def relevance(batch, options):
    return BatchRelevance([
        np.array([sum(text[s:e].count(a) for a in options.letters) for s, e in spans], dtype=float)
        for text, spans in zip(batch.sequences, batch.spans, strict=True)
    ])


METHODS.add(Method(name="letters", about="counts letters", relevance=relevance,
                   options=LetterOptions))
'''

METRIC = '''
"""Which share of the positions is above zero?"""
from dnalrp.evaluation.catalogue import AXES, Axis, Metric


def share_above_zero(relevance, level):
    return (relevance > 0).sum(axis=1) / level.lengths


AXES.add(Axis(
    name="positivity",
    metrics=(Metric(name="share_above_zero", meaning="share of positions above zero",
                    better="lower", score=share_above_zero, shown=True, column="above zero"),),
    note="How much of a map speaks for the class?",
))
'''

SOURCE = '''
"""Two words in a row of letters: class 1 has the first, class 0 the second."""
from typing import Literal

from dnalrp.data.sources.catalogue import SOURCES, DatasetSection, Prepared, Source
from dnalrp.data.sources.fields import NamedClass
from dnalrp.section import Count


class WordsSection(DatasetSection):
    source: Literal["words"]
    sequences: Count
    classes: list[NamedClass]


def prepare(section, supply):
    import numpy as np
    import pandas as pd

    from dnalrp.data.leakage import remove_leakage
    from dnalrp.data.prepare import finished

    rng, rows = np.random.default_rng(1), []
    for number in range(section.sequences):
        label, text = number % 2, "".join(rng.choice(list("ACGT"), size=80))
        word = ("CCACCAGGGGGCGC", "AAAATGCTGACTCA")[label]
        split = ("train", "train", "dev", "test")[number // 2 % 4]
        rows.append((f"w{number}", text[:30] + word + text[44:], label, split))
    frame = pd.DataFrame(rows, columns=["id", "sequence", "label", "split"])
    return finished(remove_leakage(frame), section, supply, p_value=1e-4)


SOURCES.add(Source(name="words", section=WordsSection, prepare=prepare, about="words in letters"))
'''

ENCODER = '''
"""transformers' ELECTRA, from random weights."""
from typing import Literal

from dnalrp.models.catalogue import ARCHITECTURES, Architecture, ModelSection
from dnalrp.section import Count


class ElectraSection(ModelSection):
    architecture: Literal["electra"]
    hidden_size: Count


def new_classifier(section, sequences, num_labels):
    from transformers import ElectraConfig, ElectraForSequenceClassification

    from dnalrp.models.tokenizer import train_byte_pair_tokenizer

    width = section.hidden_size
    model = ElectraForSequenceClassification(ElectraConfig(
        vocab_size=64, embedding_size=width, hidden_size=width, num_hidden_layers=1,
        num_attention_heads=2, intermediate_size=width, num_labels=num_labels,
    ))
    model.tokenizer = train_byte_pair_tokenizer(sequences, 64, 6)
    return model


ARCHITECTURES.add(Architecture(
    name="electra", family="encoder", config="transformers:ElectraConfig",
    model="transformers:ElectraForSequenceClassification", section=ElectraSection,
    about="transformers' ELECTRA", from_scratch=new_classifier,
))
'''

RULES = '''
"""Rules for ELECTRA's modules."""
from dnalrp.attribution.encoders.catalogue import ENCODERS, Encoder


def rules():
    from functools import partial

    from torch import nn
    from transformers.activations import GELUActivation
    from transformers.models.electra import modeling_electra as electra

    from dnalrp.attribution.encoders.attention import SelfAttentionRule
    from dnalrp.attribution.encoders.kit import EncoderRules
    from dnalrp.attribution.rules import GeluRule

    names = "ForSequenceClassification Model Embeddings Encoder Layer Attention SelfOutput"
    names += " Intermediate Output ClassificationHead"
    plain = [getattr(electra, f"Electra{name}") for name in names.split()]
    return EncoderRules(
        attention=lambda product: {
            electra.ElectraSelfAttention: partial(SelfAttentionRule, product=product)
        },
        others=lambda kit: {GELUActivation: GeluRule},
        plain=(nn.Dropout, nn.ModuleList, *plain),
    )


ENCODERS.add(Encoder("electra", rules))
'''
FILES = {"letters": METHOD, "positivity": METRIC, "words": SOURCE}
FILES |= {"electra_model": ENCODER, "electra_rules": RULES}


def configuration(folder):
    """The tiny configuration with what comes from outside in place of its own."""
    settings = tiny_configuration(folder)
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text)
    settings["extensions"] = [f"{name}.py" for name in FILES]
    motifs = [["MA0139"], ["MA0495"]]
    classes = [{"name": f"class{i}", "motifs": ids} for i, ids in enumerate(motifs)]
    settings["datasets"] = {"words": {"source": "words", "sequences": 160, "classes": classes}}
    training = settings["models"]["dnabert2"]["training"]
    electra = {"architecture": "electra", "hidden_size": 16, "pretrained": None}
    electra |= {"revision": "main", "training": training}
    settings["models"] = {"electra": electra, "cnn": settings["models"]["cnn"]}
    settings["attribute"]["methods"] = {
        "electra": ["attnlrp", {"letters": {"letters": "A"}}, "random"],
        "cnn": ["lrp", "letters", "random"],
    }
    return settings


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")
    settings = configuration(folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--cores", "2"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-5000:]
    return folder / "results"


@pytest.mark.slow
def test_all_four_show_up_in_the_tables(results):
    metrics = pd.read_csv(results / "metrics.tsv", sep="\t")
    assert set(metrics["dataset"]) == {"words"}
    assert {"electra", "cnn"} <= set(metrics["model"])
    rows = metrics[metrics["metric"] == "share_above_zero"]
    assert set(rows["method"]) == {"attnlrp", "lrp", "letters", "random"}
    assert set(rows["axis"]) == {"positivity"}
    ledger = metrics[(metrics["axis"] == "ledger") & (metrics["model"] == "electra")]
    assert "attnlrp" in set(ledger["method"]), "its ledger closed, else evaluation had stopped"


@pytest.mark.slow
def test_an_option_of_the_method_changes_its_map(results):
    """Letters A alone for the encoder, G and C by default for the CNN."""
    from dnalrp.attribution.storage import read_attributions

    table = pd.read_parquet(results / "data/words/sequences.parquet").set_index("id")
    for model, letters in (("electra", "A"), ("cnn", "GC")):
        maps = read_attributions(results / f"attributions/words/{model}/seed1/letters.h5")
        for name, relevance in zip(maps.ids, maps.relevance, strict=True):
            expected = sum(table.loc[name, "sequence"].count(letter) for letter in letters)
            assert relevance.sum() == expected


@pytest.mark.slow
def test_all_four_show_up_in_the_report(results):
    page = (results / "report/index.html").read_text()
    for words in ("letters", "electra", "words", "above zero", "How much of a map speaks"):
        assert words in page
    assert (results / "report/figures/positivity.png").stat().st_size > 1000


def test_a_file_that_fails_is_named_in_one_line(tmp_path):
    from dnalrp.errors import InputError
    from dnalrp.extensions import load_extensions

    path = tmp_path / "broken_extension.py"
    path.write_text("1 / 0\n")
    with pytest.raises(InputError, match=r"broken_extension.py fails \(ZeroDivisionError"):
        load_extensions([path])
    with pytest.raises(InputError, match=r"absent.py is no Python file"):
        load_extensions([tmp_path / "absent.py"])
