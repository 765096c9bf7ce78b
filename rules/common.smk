"""The door, where settings are checked, and the words that rule files have in common."""

import re
import sys
from pathlib import Path

ROOT = Path(str(workflow.current_basedir)).parent
if not ROOT.is_dir():
    raise WorkflowError("dnalrp can be imported from a folder, not a URL; clone or pip install it")
if (ROOT / "src").is_dir():  # a checkout; installed, the package lies around the workflow
    sys.path.insert(0, str(ROOT / "src"))

from dnalrp.code_digest import PACKAGE, code_digest
from dnalrp.data.catalogue import named_data
from dnalrp.errors import InputError
from dnalrp.results import EACH_RUN, TABLES
from dnalrp.settings import check_keys, read_configuration, without_nulls
from dnalrp.workflow import Plan, ordered, written

try:
    for file in workflow.configfiles:
        check_keys(file)
    PLAN = Plan(read_configuration(without_nulls(config)))
except InputError as error:
    raise WorkflowError(f"config: {error}") from None

config.update(written(PLAN.settings))
RESULTS = PLAN.results
RUNS = list(map(str, PLAN.runs))
PRETRAINING = config.get("pretraining") or {}
ENVIRONMENT = "../envs/dnalrp.yaml"
GPU = int(config["gpu"])
DOWNLOADS = {row.result: vars(row) for row in named_data().values()}


def one_of(names):
    """These names as a wildcard constraint; without any it matches nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


def asked(question, *wildcard_names):
    """Params function: what the plan answers about these wildcards."""
    return lambda wildcards: ordered(question(*(wildcards[name] for name in wildcard_names)))


def settings_of(*keys, leaving_out=()):
    """Params function: the settings below ``keys``, wildcards filled in."""

    def read(wildcards):
        value = config
        for key in keys:
            value = value[key.format(**wildcards)]
        return ordered(
            {k: value[k] for k in value if k not in leaving_out} if leaving_out else value
        )

    return read


def code_of(script):
    """Digest of all code that a script of a rule runs."""
    return code_digest(ROOT / "workflow/scripts" / script, config.get("extensions", []))


def own_files(paths):
    """Files of the user's: a workflow that imports this one puts no prefix before them."""
    return [local(path) for path in paths]


def prepared_from(wildcards):
    """A data set's archive, or the local files that it is read from."""
    if config["datasets"][wildcards.dataset].get("archive"):
        return {"archive": RESULTS.archive(wildcards.dataset)}
    return {"files": own_files(PLAN.local_files(wildcards.dataset))}


def starting_point(wildcards):
    """What training starts from: the pre-training stage's folder, or the files of a checkpoint."""
    if PLAN.starts_from_pretraining(wildcards.model):
        return RESULTS.pretrained(PRETRAINING["name"])
    return own_files(PLAN.checkpoint(wildcards.model))


def described(table):
    """A table's file, with its caption in Snakemake's own report."""
    caption = f"../workflow/report/{table}.rst"
    return report(RESULTS.table(table), category="Tables", caption=caption)


wildcard_constraints:
    dataset=one_of(PLAN.datasets),
    parent=one_of(PLAN.several_labels),
    label=one_of(PLAN.label_names),
    model=one_of(PLAN.models + PLAN.control_models),
    seed=r"\d+",
