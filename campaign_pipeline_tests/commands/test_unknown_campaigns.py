"""A campaign that nobody knows: every command says the same of it, with the nearest one that there is."""

import json

import pytest

from campaign_pipeline.storage import Ledger
from campaign_pipeline_tests.workplace import Desk

TYPO = "demo/sumer-spin"
WORDS = f"UNKNOWN_CAMPAIGN: {TYPO}: no brief at briefs/demo/sumer-spin.yaml; did you mean demo/summer-spin?"
LOOKING = {"show": 1, "verify": 2, "preview": 1}


@pytest.mark.parametrize(("command", "exit_code"), LOOKING.items())
def test_whoever_looks_for_it_is_told_the_nearest(any_desk: Desk, command: str, exit_code: int) -> None:
    Ledger.open(any_desk.place.ledger_url).close()

    result = any_desk.campaign(command, TYPO)

    assert (result.exit_code, result.stdout, result.stderr) == (exit_code, "", f"{WORDS}\n")


def test_the_build_that_was_refused_for_it_is_kept_and_says_the_same(any_desk: Desk) -> None:
    built, planned = any_desk.campaign("build", TYPO), any_desk.campaign("plan", TYPO, "--json")

    shown, verified, previewed = (any_desk.campaign(command, TYPO) for command in LOOKING)

    [run] = any_desk.place.tables().run
    assert (run["status"], run["error"]) == ("failed", WORDS)
    assert built.stdout.splitlines()[-1] == shown.stdout.splitlines()[-1] == WORDS
    assert json.loads(planned.stdout)["campaigns"][0]["error"] == WORDS
    assert verified.stderr == previewed.stderr == f"{WORDS}\n"
    assert (built.exit_code, planned.exit_code) == (1, 1)
    assert (shown.exit_code, verified.exit_code, previewed.exit_code) == (0, 2, 1)


def test_a_campaign_that_was_built_is_known_though_its_brief_has_gone(desk: Desk) -> None:
    brief = desk.place.write_brief("demo/small")
    desk.build("demo/small")
    brief.unlink()

    assert desk.campaign("show", "demo/small").exit_code == 0
    assert desk.campaign("verify", "demo/small").exit_code == 0
