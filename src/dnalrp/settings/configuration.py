"""All settings of the workflow, and what they have to agree on."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from dnalrp.data.sources.base import DatasetSection
from dnalrp.models.architecture import ModelSection
from dnalrp.models.pretraining_settings import ARCHITECTURE, FROM_PRETRAINING, PretrainingSection
from dnalrp.names import SHUFFLED, base_method, is_shuffled
from dnalrp.section import CheckedSection, Location, Name, Seed, Unique
from dnalrp.settings.attribute import Attribute
from dnalrp.settings.catalogues import (
    ARCHITECTURES,
    dataset_sections,
    methods_of,
    model_sections,
)
from dnalrp.settings.chosen import ChosenBy
from dnalrp.settings.controls import Controls
from dnalrp.settings.downloads import Downloads
from dnalrp.settings.evaluate import Evaluate, ReadEvaluate
from dnalrp.settings.motifs import Motifs
from dnalrp.settings.project import Project
from dnalrp.settings.report import Report
from dnalrp.settings.tracks import Tracks

Dataset = Annotated[DatasetSection, ChosenBy("source", dataset_sections)]
Model = Annotated[ModelSection, ChosenBy("architecture", model_sections)]
Release = Literal["JASPAR2018", "JASPAR2020", "JASPAR2022", "JASPAR2024", "JASPAR2026"]


class Configuration(CheckedSection):
    """Settings of the dnalrp workflow."""

    results: Location
    """Folder for everything that is written."""
    seeds: Annotated[Unique[list[Seed]], Field(min_length=1)]
    """One model of each kind is trained per seed and data set."""
    jaspar: Release
    """Release of JASPAR that motifs are taken from."""
    gpu: bool
    """True: train, attribute and evaluate on a CUDA device."""
    extensions: Unique[list[Location]] = Field([])
    """Python files with methods, metrics, data sources or architectures of your own."""
    downloads: Downloads
    """Whence data come, and whether they are the right ones."""
    datasets: Annotated[dict[Name, Dataset], Field(min_length=1)]
    """Data sets by name; `source` says what one is read from."""
    models: Annotated[dict[Name, Model], Field(min_length=1)]
    """Models by name; `architecture` says what one is."""
    controls: Controls
    """Models that cannot know anything."""
    pretraining: PretrainingSection | None = None
    """A masked-language model for `pretrained`, as in config/pretraining.yaml."""
    attribute: Attribute
    """Which sequences are explained, by which methods."""
    project: Project
    """Which maps are projected."""
    motifs: Motifs
    """How motifs are discovered and matched to those of JASPAR."""
    tracks: Tracks
    """How maps are written for browsers: `snakemake tracks`."""
    evaluate: Annotated[Evaluate, ReadEvaluate()]
    """How maps are judged."""
    report: Report
    """What the report shows."""

    def contradictions(self) -> Iterator[str]:
        """What is wrong between sections: ``key: value and cure``."""
        yield from self._map_contradictions()
        yield from self._control_contradictions()
        yield from self._training_contradictions()
        yield from self._method_contradictions()
        needed = self.motifs.bases()
        for name, dataset in self.datasets.items():
            shortest = dataset.shortest_sequence()
            if shortest is not None and shortest.bases < needed:
                yield (
                    f"datasets.{name}.{shortest.key}: {shortest.bases} is less than the {needed} "
                    "bases that motif discovery looks at; raise it, or lower motifs.window or "
                    "motifs.flank"
                )

    def _map_contradictions(self) -> Iterator[str]:
        """Maps that a stage asks for and no stage makes."""
        projected = self.project.to_nucleotides
        if self.tracks.map not in projected:
            yield (
                f"tracks.map: {self.tracks.map!r} is not projected; add it to "
                "project.to_nucleotides or choose another"
            )
        for axis, settings in self.evaluate.axes().items():
            judged = getattr(settings, "map", None)
            if judged == "average" and self.attribute.segmentations is None:
                yield (
                    f"evaluate.{axis}.map: 'average' is not made; set attribute.segmentations or "
                    "choose another"
                )
            if judged == "copy" and "copy" not in projected:
                yield (
                    f"evaluate.{axis}.map: 'copy' is not projected; add it to "
                    "project.to_nucleotides or choose another"
                )

    def _control_contradictions(self) -> Iterator[str]:
        """Controls of data sets that are not there, and models that are named like controls."""
        for name in self.controls.shuffled_labels:
            if name not in self.datasets:
                known = ", ".join(self.datasets)
                yield f"controls.shuffled_labels: no data set {name!r}; choose from {known}"
        for name in self.models:
            if is_shuffled(name):
                yield f"models.{name}: names in {SHUFFLED!r} are those of controls; rename it"

    def _training_contradictions(self) -> Iterator[str]:
        """Training that needs a device, or a pre-trained model, that is not there."""
        for name, model in self.models.items():
            training = model.training
            if training is not None and training.precision == "float16" and not self.gpu:
                yield (
                    f"models.{name}.training.precision: float16 needs a CUDA device; set gpu: "
                    "true or float32"
                )
            if model.pretrained != FROM_PRETRAINING:
                continue
            if self.pretraining is None:
                yield (
                    f"models.{name}.pretrained: 'pretraining' is a section that is not there; "
                    "add one as in config/pretraining.yaml, or give a folder"
                )
            elif model.architecture != ARCHITECTURE:
                yield f"models.{name}.pretrained: pre-training makes a dnabert2; set it to null"

    def _method_contradictions(self) -> Iterator[str]:
        """Models without methods, methods without their model, and methods that do not fit."""
        methods = self.attribute.methods
        for name in self.models:
            if name not in methods:
                yield f"attribute.methods: no methods for model {name!r}; list some"
        for name, choices in methods.items():
            if name not in self.models:
                known = ", ".join(self.models)
                yield f"attribute.methods: no model {name!r}; choose from {known}"
                continue
            architecture = ARCHITECTURES[self.models[name].architecture]
            fitting = methods_of(architecture)
            for index, choice in enumerate(choices):
                if base_method(choice.method) not in fitting:
                    yield (
                        f"attribute.methods.{name}: {choice.method!r} does not explain a "
                        f"{architecture.name}; choose from {', '.join(fitting)}"
                    )
                for complaint in choice.options.unfit(architecture):
                    yield f"attribute.methods.{name}.{index}.{choice.method}.{complaint}"
