"""The thread that shows that a process lives."""

import logging
import threading
from collections.abc import Callable
from threading import Event

import pytest

from campaign_pipeline.building.heartbeat import BEAT_S, Heartbeat
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage.leases import LEASE_S

PATIENCE_S = 30


def counting(until: int, reached: Event, *, failure: Exception | None = None) -> Callable[[], None]:
    """Give a beat that tells when it was called so often, and fails at first."""
    calls = 0

    def beat() -> None:
        nonlocal calls
        calls += 1
        if calls >= until:
            reached.set()
        elif failure is not None:
            raise failure

    return beat


def test_every_beat_is_called_again_and_again_until_it_is_stopped() -> None:
    one, other = Event(), Event()
    heartbeat = Heartbeat([counting(3, one), counting(3, other)], every_s=0.01)

    heartbeat.start()
    called = (one.wait(PATIENCE_S), other.wait(PATIENCE_S))
    heartbeat.stop()

    assert called == (True, True)
    assert "campaign-heartbeat" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    "failure",
    [CampaignError(ErrorCode.LEDGER_UNAVAILABLE, "away", retryable=True), ZeroDivisionError()],
    ids=["away", "mistake"],
)
def test_a_beat_that_fails_is_called_again_and_stops_no_other(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    failing, sound = Event(), Event()
    heartbeat = Heartbeat([counting(4, failing, failure=failure), counting(4, sound)], every_s=0.01)

    heartbeat.start()
    called = (failing.wait(PATIENCE_S), sound.wait(PATIENCE_S))
    heartbeat.stop()

    assert called == (True, True)
    assert "a sign of life was not recorded" in caplog.text


def test_what_is_shorter_than_one_interval_is_told_nothing() -> None:
    called = Event()
    heartbeat = Heartbeat([called.set])

    heartbeat.start()
    heartbeat.stop()

    assert not called.is_set()


def test_a_ledger_may_be_away_for_several_beats_before_a_run_counts_as_lost() -> None:
    assert BEAT_S * 5 < LEASE_S
