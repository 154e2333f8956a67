"""Runs and plans as a terminal shows them: a live line a step, a table, or JSON.

Belongs here: how the ledger's rows, and plans, are drawn.
Does not belong here: what commands there are (commands), the words of an analysis (building), any reading but of steps.
"""

from campaign_pipeline.terminal.housekeeping import show_audit, show_collection, telling
from campaign_pipeline.terminal.plans import plans_as_json, show_plans
from campaign_pipeline.terminal.runs import run_as_json, show_run
from campaign_pipeline.terminal.screen import console, counting
from campaign_pipeline.terminal.stillness import stillness
from campaign_pipeline.terminal.watch import watching

__all__ = [
    "console",
    "counting",
    "plans_as_json",
    "run_as_json",
    "show_audit",
    "show_collection",
    "show_plans",
    "show_run",
    "stillness",
    "telling",
    "watching",
]
