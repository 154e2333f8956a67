"""What libraries say while a run is watched."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from campaign_pipeline.terminal.stillness import stillness


@contextmanager
def logging_that_nobody_set_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take pytest's own handlers away, as in a process of the command's."""
    with monkeypatch.context() as patch:
        patch.setattr(logging.getLogger(), "handlers", [])
        yield
        assert logging.getLogger().handlers == []


def test_libraries_asides_are_kept_off_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with logging_that_nobody_set_up(monkeypatch), stillness():
        logging.warning("Retrying failed database connection: %s", "refused")  # noqa: LOG015  as libraries do
        sys.stderr.write("Exception while writing logger call to event log: (driver) closed\n[SQL: INSERT]\n")

    assert capsys.readouterr().err == ""


def test_our_own_warnings_take_a_line_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cause = ValueError("away\nand more")

    with logging_that_nobody_set_up(monkeypatch), stillness():
        logging.getLogger("campaign_pipeline.building").warning("run %s: not ended", 1, exc_info=cause)
        sys.stderr.write("something else\n")

    assert capsys.readouterr().err == "run 1: not ended: away\nsomething else\n"
