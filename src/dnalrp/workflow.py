"""What a run consists of, by its settings: the questions that rules ask.

Nothing here knows Snakemake.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dnalrp.data.local import is_url
from dnalrp.models.architecture import ModelSection
from dnalrp.models.catalogue import ARCHITECTURES
from dnalrp.models.checkpoints import checkpoint_files
from dnalrp.models.pretraining_settings import FROM_PRETRAINING
from dnalrp.names import BETWEEN_MODELS, BETWEEN_SEEDS, SHUFFLED, base_model, is_shuffled
from dnalrp.report.sections import figure_names
from dnalrp.results import Results, Run, seed_name
from dnalrp.section import Section
from dnalrp.settings import Configuration, explained_datasets


@dataclass(frozen=True)
class Plan:
    """Data sets, models, runs and their settings.

    Parameters
    ----------
    settings
        The whole configuration.
    """

    settings: Configuration

    @cached_property
    def results(self) -> Results:
        return Results(self.settings.results)

    @cached_property
    def trained_on(self) -> dict[str, str]:
        """Data sets as all stages after training know them, each with the one it is made from."""
        return explained_datasets(self.settings)

    @property
    def datasets(self) -> list[str]:
        return list(self.trained_on)

    @property
    def models(self) -> list[str]:
        return list(self.settings.models)

    @property
    def control_models(self) -> list[str]:
        """The models once more, trained on shuffled labels."""
        return [model + SHUFFLED for model in self.models]

    def models_of(self, dataset: str) -> list[str]:
        """Models of a data set, controls last."""
        shuffled = self.trained_on[dataset] in self.settings.controls.shuffled_labels
        return self.models + (self.control_models if shuffled else [])

    @property
    def seed_names(self) -> list[str]:
        return [seed_name(seed) for seed in self.settings.seeds]

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
        for name, model in self.settings.models.items():
            if ARCHITECTURES[model.architecture].grain == "token":
                return name
        return self.models[0]

    @property
    def figures(self) -> list[str]:
        """Names of the report's figures."""
        return figure_names(written(self.settings))

    @property
    def several_labels(self) -> list[str]:
        """Names of the data sets of which every label becomes a data set of its own."""
        return sorted(set(self.settings.datasets) - set(self.datasets))

    @property
    def label_names(self) -> list[str]:
        """Names of these labels."""
        return [name.partition(".")[2] for name in self.datasets if "." in name]

    def class_names(self, dataset: str) -> list[str]:
        """Names of a data set's classes in the order of their labels; none where simulated."""
        return self.settings.datasets[dataset].class_names()

    def label(self, parent: str, label: str) -> dict[str, Any]:
        """Number, name and motifs of one of a data set's labels."""
        section = self.settings.datasets[parent]
        number = section.label_names().index(label)
        return {"number": number, **written(section.entries()[number])}

    def grammar(self, dataset: str) -> str | None:
        """The grammar on two motifs that made a simulated data set's labels, if one did."""
        return self.settings.datasets[self.trained_on[dataset]].pair_grammar()

    def true_motifs(self, dataset: str) -> dict[str, list[str]]:
        """Ids of a data set's true motifs by the sign of relevance they should appear with."""
        section = self.settings.datasets[self.trained_on[dataset]]
        label = dataset.rpartition(".")[2] if section.label_names() else None
        return section.true_motifs(label)

    def local_files(self, dataset: str) -> list[str]:
        """The files, not URLs, that a data set is read from."""
        files = self.settings.datasets[dataset].locations().values()
        return [file for file in files if not is_url(file)]

    def model(self, name: str) -> dict[str, Any]:
        """Settings of a model; those of a control are of the model that it is a control of."""
        return written(self._model(name))

    def _model(self, name: str) -> ModelSection:
        return self.settings.models[base_model(name)]

    def checkpoint(self, name: str) -> Sequence[str | Path]:
        """Files of the checkpoint that a model starts from; none for one that is pre-trained here.

        :meth:`starts_from_pretraining` tells these two apart.
        """
        pretrained = self._model(name).pretrained
        return checkpoint_files(pretrained) if pretrained not in (None, FROM_PRETRAINING) else []

    def starts_from_pretraining(self, name: str) -> bool:
        """Does a model start from what the pre-training stage makes?"""
        return self._model(name).pretrained == FROM_PRETRAINING

    def labels(self, model: str) -> str:
        """The labels that a model is trained on: true or shuffled."""
        return "shuffled" if is_shuffled(model) else "true"

    def methods(self, model: str) -> list[Any]:
        """The methods, as in settings, that explain a model or the model it is a control of."""
        return written(self.settings.attribute)["methods"][base_model(model)]


def written(section: Section) -> dict[str, Any]:
    """A section as a configuration has it: what was given, and nothing that was not."""
    return section.model_dump(mode="json", exclude_unset=True)


def ordered(value: Any) -> Any:
    """The same settings with sorted keys: Snakemake compares params by their text."""
    if isinstance(value, Mapping):
        return {key: ordered(value[key]) for key in sorted(value)}
    return [ordered(item) for item in value] if isinstance(value, list | tuple) else value
