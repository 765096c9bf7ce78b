"""Puts the workflow, which lies at the top of the checkout, into the wheel.

All else is said in ``pyproject.toml``. An editable installation finds the files where they are.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

WORKFLOW = ("Snakefile", "config.yaml", "config", "rules", "workflow", "envs", "profiles")
IGNORED = shutil.ignore_patterns("__pycache__", ".*")


class BuildWithWorkflow(build_py):
    """Builds the package, then copies the workflow to ``dnalrp/workflow_files``."""

    def run(self) -> None:
        """Build; the copy of an earlier build goes first, so that no file outlives its source."""
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.build_lib, "dnalrp", "workflow_files")
        for name in WORKFLOW:
            source, copy = Path(name), folder / name
            if source.is_dir():
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(source, copy, ignore=IGNORED)
            else:
                shutil.copy(source, copy)


setup(cmdclass={"build_py": BuildWithWorkflow})
