"""The workflow's own files: Snakefile, rules, scripts, environments, profiles, configuration.

In a checkout they lie at its top, where people look for them; a build copies them into this
folder of the wheel (``setup.py``). Either way :func:`root` says where.
"""

from pathlib import Path

from dnalrp.errors import InputError

SNAKEFILE, CONFIGURATION = "Snakefile", "config.yaml"


def root() -> Path:
    """The folder with the Snakefile of this installation.

    Raises
    ------
    InputError
        There is none: the package was taken out of its checkout by hand.
    """
    here = Path(__file__).resolve().parent
    for folder in (here, here.parents[2]):
        if (folder / SNAKEFILE).is_file() and (folder / "rules").is_dir():
            return folder
    raise InputError(f"{here}: holds no {SNAKEFILE}; install dnalrp again, with pip")


def snakefile() -> Path:
    """The Snakefile of this installation."""
    return root() / SNAKEFILE


def configuration() -> Path:
    """The default configuration of this installation."""
    return root() / CONFIGURATION
