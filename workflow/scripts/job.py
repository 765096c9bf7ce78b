"""Makes the package known in whatever environment a job runs, and hands on its surroundings."""

import sys
from importlib.util import find_spec
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src"
if SOURCE.is_dir():  # a checkout: its own package, not one that is installed besides
    sys.path.insert(0, str(SOURCE))
elif find_spec("dnalrp") is None:
    sys.exit("error: dnalrp is not installed in this job's environment; use pip install there")

from dnalrp.stages.job import running  # noqa: E402

__all__ = ["running"]
