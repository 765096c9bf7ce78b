"""Where the files of a run lie: the one place that makes their names and reads them.

Rules ask it for patterns (``Results("results").model(EACH_RUN)``), stages, the report and the
commands for files. It imports nothing that takes time.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dnalrp.errors import InputError
from dnalrp.names import AVERAGE

PREDICTIONS, PERFORMANCE, HISTORY = "predictions.parquet", "performance.tsv", "history.tsv"
"""In a model's folder, beside the model: its logits, its scores, its training curve."""
PATTERNS, SEQLETS, MATCHES, RECOVERY = "patterns.h5", "seqlets.tsv", "matches.tsv", "recovery.tsv"
"""In the folder of a method's motifs."""
PROVENANCE = "provenance.json"
"""In a folder: what made it, where its files cannot say so themselves."""
TABLES = ("metrics", "overall", "comparisons", "controls", "performance", "recovery")
"""Tables over all runs, that a report is made from."""
SEED = "seed"


class Run(NamedTuple):
    """A model on a data set with one seed: three words, the same in tables and in paths.

    Attributes
    ----------
    dataset
        As all stages after training know it: ``marks.Oct4`` is a label of ``marks``.
    model
        As in the settings or a control of it; ``between_models`` where models are compared.
    seed
        ``seed1``; ``between_seeds`` where seeds are compared.
    """

    dataset: str
    model: str
    seed: str

    @classmethod
    def numbered(cls, dataset: str, model: str, seed: int) -> "Run":
        """The run of a seed that is given as a number."""
        return cls(dataset, model, seed_name(seed))

    @classmethod
    def of(cls, text: str) -> "Run":
        """Read ``dataset/model/seed``.

        Raises
        ------
        InputError
            Text of another form.
        """
        words = text.split("/")
        if len(words) != len(cls._fields) or not all(words):
            raise InputError(f"{text!r} names no run; write dataset/model/seed")
        return cls(*words)

    @classmethod
    def at(cls, folder: str | Path) -> "Run":
        """The run that a folder is of, such as that of its model."""
        return cls(*Path(folder).parts[-3:])

    def __str__(self) -> str:
        return "/".join(self)

    def columns(self) -> dict[str, str]:
        """The words as columns of a table: ``frame.assign(**run.columns())``."""
        return self._asdict()


def seed_name(seed: int | str) -> str:
    """What a seed is called in tables and paths."""
    return f"{SEED}{seed}"


EACH_RUN = Run("{dataset}", "{model}", seed_name("{seed}"))
"""With the wildcards of rules in place of the words."""


class MapName(NamedTuple):
    """Names of a method and of the map that its relevance was brought to: ``attnlrp.split``."""

    method: str
    projection: str

    @classmethod
    def of(cls, path: str | Path) -> "MapName":
        """Read the name of a file ``{method}.{projection}.h5``."""
        method, _, projection = Path(path).stem.rpartition(".")
        return cls(method, projection)

    @property
    def file(self) -> str:
        return f"{self.method}.{self.projection}.h5"


def attribution_name(method: str) -> str:
    """Name of the file with a method's own relevance."""
    return f"{method}.h5"


def attribution_files(folder: str | Path) -> dict[str, Path]:
    """Files of relevance as methods gave it, by method, sorted."""
    return {path.stem: path for path in sorted(Path(folder).glob("*.h5"))}


def average_folder(attributions: str | Path) -> Path:
    """Folder of the average maps of the methods that have one; it may be absent."""
    return Path(attributions) / AVERAGE


def map_files(folder: str | Path) -> dict[MapName, Path]:
    """Files of all maps in a folder, of nucleotides or on tokens, sorted."""
    return {MapName.of(path): path for path in sorted(Path(folder).glob("*.*.h5"))}


def maps_of(folder: str | Path, projection: str) -> dict[str, Path]:
    """Files of the maps of one projection, by method."""
    files = map_files(folder).items()
    return {name.method: path for name, path in files if name.projection == projection}


def maps_or_split(folder: str | Path, projection: str) -> dict[str, Path]:
    """Files of the maps of one projection, by method; of a method without it, its ``split``."""
    return maps_of(folder, "split") | maps_of(folder, projection)


@dataclass(frozen=True)
class Results:
    """The folder of a run's results."""

    folder: str | Path

    @classmethod
    def of_model(cls, model: str | Path) -> "Results":
        """The results that a trained model's folder lies in."""
        return cls(Path(model).parents[3])

    @classmethod
    def of_pretrained(cls, model: str | Path) -> "Results":
        """The results that a pre-trained model's folder lies in."""
        return cls(Path(model).parents[1])

    def _at(self, *parts: object) -> Path:
        return Path(self.folder, *map(str, parts))

    def download(self, file: str) -> Path:
        """A named data set."""
        return self._at("downloads", file)

    def archive(self, dataset: str) -> Path:
        return self._at("data", dataset, "archive.whl")

    def sequences(self, dataset: str) -> Path:
        return self._at("data", dataset, "sequences.parquet")

    def sites(self, dataset: str) -> Path:
        return self._at("data", dataset, "sites.parquet")

    def scan(self, dataset: str) -> Path:
        return self._at("data", dataset, "scan.parquet")

    def dropped(self, dataset: str) -> Path:
        return self._at("data", dataset, "dropped.tsv")

    def pretrained(self, name: str) -> Path:
        return self._at("pretrained", name)

    def model(self, run: Run) -> Path:
        """Folder of a trained model; with :data:`PREDICTIONS` and more in it."""
        return self._at("models", run)

    def checkpoints(self, run: Run) -> Path:
        """Folder from which an interrupted training is resumed."""
        return self._at("checkpoints", run)

    def pretraining_checkpoints(self, name: str) -> Path:
        return self._at("checkpoints", "pretraining", name)

    def attributions(self, run: Run) -> Path:
        """Folder of relevance as the methods gave it: see :func:`attribution_files`."""
        return self._at("attributions", run)

    def attribution_file(self, run: Run, method: str) -> Path:
        return self.attributions(run) / attribution_name(method)

    def nucleotides(self, run: Run) -> Path:
        """Folder of relevance by nucleotide: see :func:`map_files`."""
        return self._at("nucleotides", run)

    def map_file(self, run: Run, method: str, projection: str) -> Path:
        return self.nucleotides(run) / MapName(method, projection).file

    def tokens(self, run: Run) -> Path:
        """Folder of relevance on the token model's tokens: see :func:`map_files`."""
        return self._at("tokens", run)

    def token_file(self, run: Run, method: str, projection: str) -> Path:
        return self.tokens(run) / MapName(method, projection).file

    def motifs(self, run: Run) -> Path:
        """Folder with one of each method's motifs; with :data:`PATTERNS` and more in each."""
        return self._at("motifs", run)

    def motif_folders(self, run: Run) -> dict[str, Path]:
        """Folders of motifs by method, sorted."""
        files = sorted(self.motifs(run).glob(f"*/{MATCHES}"))
        return {path.parent.name: path.parent for path in files}

    def tracks(self, run: Run) -> Path:
        return self._at("tracks", run)

    def metrics(self, origin: Run) -> Path:
        """Values of one run, or of a comparison of models or of seeds."""
        return self._at("metrics", f"{origin}.parquet")

    def table(self, name: str) -> Path:
        """One of :data:`TABLES`."""
        return self._at(f"{name}.tsv")

    @property
    def report(self) -> "Report":
        return Report(self._at("report"))

    def log(self, stage: str, *names: object) -> Path:
        """Log of a stage, or of one of its jobs."""
        return self._at("logs", "/".join(map(str, (stage, *names))) + ".log")

    def benchmark(self, stage: str, *names: object) -> Path:
        """Time and memory of a stage, or of one of its jobs."""
        return self._at("benchmarks", "/".join(map(str, (stage, *names))) + ".tsv")


@dataclass(frozen=True)
class Report:
    """The folder of a report."""

    folder: str | Path

    @property
    def page(self) -> Path:
        return Path(self.folder, "index.html")

    @property
    def manifest(self) -> Path:
        return Path(self.folder, "manifest.json")

    @property
    def pictures(self) -> Path:
        """Folder of the examples and the motifs of the page."""
        return Path(self.folder, "pictures")

    def figure(self, name: str) -> Path:
        return Path(self.folder, "figures", f"{name}.png")
