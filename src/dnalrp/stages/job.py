"""What a job needs around its stage: log, threads, extensions, and errors in one line.

Imported before anything that takes its number of threads from the environment.
"""

import logging
import os
import platform
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dnalrp import __version__
from dnalrp.errors import InputError
from dnalrp.extensions import load_extensions

if TYPE_CHECKING:
    from snakemake.iocontainers import Snakemake

CURSOR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Tee:
    """Writes lines to the job's log and, named after the job, to the terminal."""

    def __init__(self, name: str, log: TextIO, terminal: TextIO) -> None:
        self.name, self.log, self.terminal = name, log, terminal
        self.encoding = "utf-8"

    def write(self, text: str) -> int:
        for line in CURSOR.sub("", text).replace("\r", "\n").split("\n"):
            if line.strip():
                self.log.write(f"{line}\n")
                self.terminal.write(f"[{self.name}] {line}\n")
        self.flush()
        return len(text)

    def flush(self) -> None:
        self.log.flush()
        self.terminal.flush()

    def isatty(self) -> bool:
        return False


@contextmanager
def running(snakemake: "Snakemake") -> Iterator[None]:
    """Run a job: output to the rule's log, threads set, a user's error printed as one line.

    Enter it before importing libraries with threads of their own: they read their number of
    threads from the environment once.
    """
    for library in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
        os.environ[f"{library}_NUM_THREADS"] = str(snakemake.threads)
    os.environ.update(TQDM_MININTERVAL="5", TOKENIZERS_PARALLELISM="false")
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    name = " ".join([snakemake.rule, *map(str, snakemake.wildcards)])
    with Path(snakemake.log[0]).open("w", encoding="utf-8") as log:
        sys.stdout = Tee(name, log, sys.__stdout__)  # type: ignore[assignment,arg-type]
        sys.stderr = Tee(name, log, sys.__stderr__)  # type: ignore[assignment,arg-type]
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
        try:
            logging.getLogger("dnalrp").info("%s", _circumstances(snakemake))
            load_extensions(snakemake.config.get("extensions") or [])
            yield
        except InputError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)
        except Exception:
            traceback.print_exc()
            sys.exit(1)
        finally:
            sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__


def _circumstances(snakemake: "Snakemake") -> str:
    """Threads, seed and versions, for the head of the log."""
    packages = ("torch", "transformers", "modisco-lite")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    seed = snakemake.wildcards.get("seed", snakemake.params.get("seed", "none"))
    return (
        f"{snakemake.threads} thread(s), seed {seed}, "
        f"dnalrp {__version__}, python {platform.python_version()}, {versions}"
    )
