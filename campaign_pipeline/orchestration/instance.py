"""The Dagster instance that a command works on: the same that the UI and `dagster job execute` use.

Belongs here: finding it from where the command was called.
Does not belong here: what is done on it (launch, history).
"""

import os
from pathlib import Path

import dagster as dg


def opened_instance() -> dg.DagsterInstance:
    """Open the instance that `dagster job execute` would open from here (dagster-facts, 24)."""
    if os.environ.get("DAGSTER_HOME"):
        return dg.DagsterInstance.get()
    if Path("dagster.yaml").is_file():
        return dg.DagsterInstance.from_config(str(Path.cwd()))
    return dg.DagsterInstance.ephemeral()
