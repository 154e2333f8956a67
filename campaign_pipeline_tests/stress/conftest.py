"""What the campaigns share: how large they are, a crew, a site to build at, and the table of figures at the end.

Belongs here: fixtures of this folder.
Does not belong here: what must hold (the campaigns, audit).
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from campaign_pipeline_tests.stress.crew import Crew
from campaign_pipeline_tests.stress.site import Site, Size
from campaign_pipeline_tests.workplace import Workplace

MARKER = "stress"
_FIGURE = "figure"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every campaign: `-m stress`, and only that, runs them at full size."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(MARKER)


@pytest.fixture(scope="session")
def size(request: pytest.FixtureRequest) -> Size:
    """Whether the campaigns run whole, or as samples."""
    return Size(is_full=request.config.getoption("markexpr") == MARKER)


@pytest.fixture(scope="session")
def crew() -> Iterator[Crew]:
    """A process of this test process's own that forks children with everything loaded."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-crew-"))
    crew = Crew(folder)
    try:
        yield crew
    finally:
        crew.dismiss()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def site(workplace: Workplace, crew: Crew) -> Site:
    """A workplace on SQLite whose builds are children of the crew and ask counting providers."""
    return Site(workplace, crew)


@pytest.fixture
def any_site(any_workplace: Workplace, crew: Crew) -> Site:
    """The same on either database."""
    return Site(any_workplace, crew)


@pytest.fixture
def figure(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Callable[[str, object], None]:
    """Take down a figure for the table at the end."""
    subject = request.node.name

    def take_down(name: str, value: object) -> None:
        record_property(_FIGURE, f"{subject}\t{name}\t{value}")

    return take_down


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the campaigns took down, where they ran at full size."""
    if config.getoption("markexpr") != MARKER:
        return
    reports = [report for found in terminalreporter.stats.values() for report in found]
    rows = [
        str(value).split("\t")
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == _FIGURE and getattr(report, "when", "") == "call"
    ]
    terminalreporter.section("figures")
    for subject, name, value in rows:
        terminalreporter.write_line(f"{subject:<70} {name:<44} {value}")
