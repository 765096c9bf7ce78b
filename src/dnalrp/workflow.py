"""What a run consists of, by its settings: the questions that rules ask.

Nothing here knows Snakemake. Settings have been checked before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dnalrp.data.grammar import GRAMMAR_RULES, PAIR_RULES
from dnalrp.data.local import is_url
from dnalrp.models.checkpoints import checkpoint_files
from dnalrp.names import BETWEEN_MODELS, BETWEEN_SEEDS, SHUFFLED, base_model, is_shuffled
from dnalrp.report.sections import figure_names
from dnalrp.results import Results, Run, seed_name
from dnalrp.settings import data_files, explained_datasets

PRETRAINING = "pretraining"
"""In place of a checkpoint: the model that the pre-training stage makes."""


@dataclass(frozen=True)
class Plan:
    """Data sets, models, runs and their settings.

    Parameters
    ----------
    settings
        The whole configuration.
    """

    settings: Mapping[str, Any]

    @cached_property
    def results(self) -> Results:
        return Results(self.settings["results"])

    @cached_property
    def trained_on(self) -> dict[str, str]:
        """Data sets as all stages after training know them, each with the one it is made from."""
        return explained_datasets(self.settings["datasets"])

    @property
    def datasets(self) -> list[str]:
        return list(self.trained_on)

    @property
    def models(self) -> list[str]:
        return list(self.settings["models"])

    @property
    def control_models(self) -> list[str]:
        """The models once more, trained on shuffled labels."""
        return [model + SHUFFLED for model in self.models]

    def models_of(self, dataset: str) -> list[str]:
        """Models of a data set, controls last."""
        shuffled = self.trained_on[dataset] in self.settings["controls"]["shuffled_labels"]
        return self.models + (self.control_models if shuffled else [])

    @property
    def seed_names(self) -> list[str]:
        return [seed_name(seed) for seed in self.settings["seeds"]]

    @cached_property
    def runs(self) -> list[Run]:
        """All trained models that are explained."""
        return [
            Run(dataset, model, seed)
            for dataset in self.datasets
            for model in self.models_of(dataset)
            for seed in self.seed_names
        ]

    @cached_property
    def origins(self) -> list[Run]:
        """Where metrics come from: the runs, and comparisons of models and of seeds."""
        origins = [
            Run(dataset, model, seed)
            for dataset in self.datasets
            for model in [*self.models_of(dataset), BETWEEN_MODELS]
            for seed in self.seed_names
        ]
        if len(self.seed_names) > 1:
            origins += [
                Run(dataset, model, BETWEEN_SEEDS)
                for dataset in self.datasets
                for model in self.models_of(dataset)
            ]
        return origins

    @property
    def token_model(self) -> str:
        """The model on whose tokens all others are judged too: the first that has longer ones."""
        for name, model in self.settings["models"].items():
            if model["architecture"] != "regulatory_cnn":
                return name
        return self.models[0]

    @property
    def figures(self) -> list[str]:
        """Names of the report's figures."""
        return figure_names(self.settings)

    def datasets_from(self, *sources: str) -> list[str]:
        """Names, in the settings, of the data sets of some sources."""
        datasets = self.settings["datasets"].items()
        return [name for name, dataset in datasets if dataset["source"] in sources]

    @property
    def several_labels(self) -> list[str]:
        """Names of the data sets of which every label becomes a data set of its own."""
        return sorted(set(self.settings["datasets"]) - set(self.datasets))

    @property
    def label_names(self) -> list[str]:
        """Names of these labels."""
        return [name.partition(".")[2] for name in self.datasets if "." in name]

    def class_names(self, dataset: str) -> list[str]:
        """Names of a data set's classes in the order of their labels; none where simulated."""
        section = self.settings["datasets"][dataset]
        made = ["background"] if section.get("negatives") else []
        return made + [entry["name"] for entry in section.get("classes", [])]

    def label(self, parent: str, label: str) -> dict[str, Any]:
        """Number, name and motifs of one of a data set's labels."""
        labels = self.settings["datasets"][parent]["classes"]
        number = [entry["name"] for entry in labels].index(label)
        return {"number": number, **labels[number]}

    def grammar(self, dataset: str) -> str | None:
        """The grammar on two motifs that made a simulated data set's labels, if one did."""
        name = self.settings["datasets"][self.trained_on[dataset]].get("rule")
        return name if name in GRAMMAR_RULES else None

    def true_motifs(self, dataset: str) -> dict[str, list[str]]:
        """Ids of a data set's true motifs by the sign of relevance they should appear with."""
        section = self.settings["datasets"][self.trained_on[dataset]]
        if section["source"] == "simulated":
            pair = section["rule"] in PAIR_RULES
            return {"positive": section["motifs"][:2] if pair else section["motifs"]}
        if section.get("several_labels"):
            label = dataset.rpartition(".")[2]
            motifs = {entry["name"]: entry["motifs"] for entry in section["classes"]}
            return {"positive": motifs[label]}
        motifs_by_class = [entry["motifs"] for entry in section["classes"]]
        if len(motifs_by_class) == 2:
            return {"negative": motifs_by_class[0], "positive": motifs_by_class[1]}
        return {"positive": [motif for motifs in motifs_by_class for motif in motifs]}

    def background(self, dataset: str) -> list[str]:
        """The FASTA file that a simulated background is drawn from, if one is."""
        file = self.settings["datasets"][dataset]["background"].get("fasta")
        return [file] if file else []

    def local_files(self, dataset: str) -> list[str]:
        """The files, not URLs, that a data set is read from."""
        files = data_files(self.settings["datasets"][dataset]).values()
        return [file for file in files if not is_url(file)]

    def model(self, name: str) -> dict[str, Any]:
        """Settings of a model; those of a control are of the model that it is a control of."""
        return self.settings["models"][base_model(name)]

    def checkpoint(self, name: str) -> Sequence[str | Path]:
        """Files of the checkpoint that a model starts from; none for one that is pre-trained here.

        :meth:`starts_from_pretraining` tells these two apart.
        """
        pretrained = self.model(name)["pretrained"]
        return checkpoint_files(pretrained) if pretrained not in (None, PRETRAINING) else []

    def starts_from_pretraining(self, name: str) -> bool:
        """Does a model start from what the pre-training stage makes?"""
        return self.model(name)["pretrained"] == PRETRAINING

    def labels(self, model: str) -> str:
        """The labels that a model is trained on: true or shuffled."""
        return "shuffled" if is_shuffled(model) else "true"

    def methods(self, model: str) -> list[str]:
        """The methods that explain a model, or the model that it is a control of."""
        return self.settings["attribute"]["methods"][base_model(model)]


def ordered(value: Any) -> Any:
    """The same settings with sorted keys: Snakemake compares params by their text."""
    if isinstance(value, Mapping):
        return {key: ordered(value[key]) for key in sorted(value)}
    return [ordered(item) for item in value] if isinstance(value, list | tuple) else value
