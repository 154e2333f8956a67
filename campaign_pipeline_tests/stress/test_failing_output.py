"""A ledger that fails while a build writes to it: nothing is paid for twice, whatever is tried again."""

from collections.abc import Callable

import pytest

from campaign_pipeline_tests.stress.site import KEY, Site, Size
from campaign_pipeline_tests.workplace import STEPS

ONCE = {"audio": 1, "text": 1}
TELLING = ("INSERT INTO provider_call", "INSERT INTO provider_answer", "UPDATE lease")
"""The first lets a call be made, with the second its answer becomes durable, with the third what was produced."""


def test_an_output_that_fails_at_any_statement_is_written_by_a_retry_and_nothing_is_asked_again(
    any_site: Site, size: Size, figure: Callable[[str, object], None]
) -> None:
    statements = _statements(any_site, within="publish")
    numbers = _chosen(statements, size)

    for number in numbers:
        any_site.ask_for(f"output {number}")
        child = any_site.start(
            "build_with_fault", KEY, number=number, for_good=False, within="publish"
        ).wait()

        assert child.code == 0, child.said
        assert any_site.calls == ONCE
        assert any_site.unsound() == []
        attempts = [row["attempt"] for row in any_site.place.tables().run_step[-len(STEPS) :]]
        assert sorted(attempts) == [1, 1, 1, 2]

    figure("statements of outputs", len(statements))
    figure("builds with one that fails", len(numbers))


def test_a_statement_that_fails_anywhere_costs_a_retry_or_the_run_and_never_a_second_call(
    any_site: Site, size: Size, figure: Callable[[str, object], None]
) -> None:
    statements = _statements(any_site, within="")
    assert all(any(words.startswith(kind) for words in statements) for kind in TELLING)
    numbers = _chosen(statements, size)

    outcomes = []
    for number in numbers:
        any_site.ask_for(f"statement {number}")
        child = any_site.start("build_with_fault", KEY, number=number, for_good=False).wait()
        outcomes.append(child.code)

        if child.code != 0:
            assert "LEDGER_UNAVAILABLE" in child.said, child.said
            any_site.built()
        assert any_site.calls == ONCE, number
        assert any_site.unsound() == [], number

    figure("statements of a build", len(statements))
    figure("builds that completed all the same", f"{outcomes.count(0)} of {len(outcomes)}")


@pytest.mark.parametrize("way", ["again from failure", "a new build"])
def test_what_could_not_be_published_is_published_by_whoever_comes_next(any_site: Site, way: str) -> None:
    any_site.ask_for(f"never published before {way}")
    failed = any_site.start("build_with_fault", KEY, number=2, for_good=True, within="publish").wait()
    run = any_site.place.tables().run[-1]
    assert (failed.code, run["status"]) == (1, "failed"), failed.said
    assert run["error"].startswith("LEDGER_UNAVAILABLE: ")
    called = any_site.calls

    after = (
        any_site.start("execute_again", run["id"]).wait() if way == "again from failure" else any_site.build()
    )

    assert after.code == 0, after.said
    assert any_site.calls == ONCE
    assert all(any_site.calls[name] == count for name, count in called.items())
    assert any_site.unsound() == []


def _chosen(statements: list[str], size: Size) -> list[int]:
    """Choose which of a build's statements fail: all, or as a sample the first, the last and the telling ones."""
    if size.is_full:
        return list(range(1, len(statements) + 1))
    telling = [
        number
        for number, words in enumerate(statements, start=1)
        if words.startswith(TELLING) and words not in statements[: number - 1]
    ]
    return sorted({1, *telling, len(statements)})


def _statements(site: Site, *, within: str) -> list[str]:
    """List the statements of a build on a ledger that is there."""
    site.start("make_ledger").wait()
    site.ask_for(f"a build whose statements are counted within {within!r}")
    listing = site.place.root / f"statements {within}"
    named = {"number": 0, "for_good": False, "within": within, "listing": str(listing)}
    assert site.start("build_with_fault", KEY, **named).wait().code == 0
    return listing.read_text().splitlines()
