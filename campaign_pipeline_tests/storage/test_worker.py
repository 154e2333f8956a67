"""Who works on a run, and whether it still does."""

import errno
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from campaign_pipeline.storage.worker import Worker, this_host, this_worker


@pytest.fixture
def other() -> Iterator[tuple[subprocess.Popen[str], Worker]]:
    """A process that lives until its standard input is closed, as it identifies itself."""
    told = "from campaign_pipeline.storage.worker import this_worker as w; print(w().pid, w().start_ticks, flush=True)"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{told}; input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pid, ticks = map(int, process.stdout.readline().split())
    with process:
        yield process, Worker(host=this_host(), pid=pid, start_ticks=ticks)
        process.kill()


def test_a_worker_is_this_process_on_this_host_since_it_started() -> None:
    worker = this_worker()

    assert (worker.host, worker.pid) == (this_host(), os.getpid())
    if worker.started_at is not None:
        started = datetime.fromtimestamp(psutil.Process().create_time(), UTC)
        assert abs(worker.started_at - started) < timedelta(seconds=1)


def test_a_process_that_lives_is_not_gone(other: tuple[subprocess.Popen[str], Worker]) -> None:
    _, worker = other

    assert not worker.is_gone
    assert not this_worker().is_gone
    assert worker.is_alive
    assert this_worker().is_alive


def test_a_process_that_was_killed_is_gone_before_its_parent_has_taken_notice(
    other: tuple[subprocess.Popen[str], Worker],
) -> None:
    process, worker = other

    process.kill()
    # Leaves it a zombie, as a parent does that looks only now and then.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert worker.is_gone


def test_a_process_that_ended_is_gone(other: tuple[subprocess.Popen[str], Worker]) -> None:
    process, worker = other

    process.communicate("\n")

    assert worker.is_gone


def test_a_later_process_with_the_same_id_is_another(
    other: tuple[subprocess.Popen[str], Worker],
) -> None:
    _, worker = other
    assert worker.start_ticks is not None

    earlier = replace(worker, start_ticks=worker.start_ticks - 1)

    assert earlier.is_gone
    assert not earlier.is_alive


def test_nothing_is_known_of_a_process_of_another_host() -> None:
    elsewhere = replace(this_worker(), host="elsewhere", pid=2**22 + 1)

    assert not elsewhere.is_gone
    assert not elsewhere.is_alive


@pytest.mark.parametrize("trouble", [PermissionError, OSError], ids=["may not be read", "no descriptor left"])
def test_a_host_that_cannot_be_asked_says_nothing_of_a_process(
    other: tuple[subprocess.Popen[str], Worker], monkeypatch: pytest.MonkeyPatch, trouble: type[OSError]
) -> None:
    _, worker = other
    assert this_worker().start_ticks is not None
    monkeypatch.setattr(Path, "read_text", _failing_with(trouble(errno.EMFILE, "it cannot be asked")))

    assert not worker.is_gone
    assert not worker.is_alive


def test_a_process_that_is_hidden_from_this_one_is_not_gone(
    other: tuple[subprocess.Popen[str], Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, worker = other
    assert this_worker().start_ticks is not None
    # As /proc does with hidepid, for processes of other users.
    monkeypatch.setattr(Path, "read_text", _failing_with(FileNotFoundError()))

    hidden = (worker.is_gone, worker.is_alive)
    process.communicate("\n")

    assert hidden == (False, False)
    assert worker.is_gone


def test_another_boot_of_the_same_host_is_another_host() -> None:
    boot_id = Path("/proc/sys/kernel/random/boot_id")
    if not boot_id.exists():
        pytest.skip("this host does not tell its boots apart")
    boot = boot_id.read_text()[:8]

    earlier = replace(this_worker(), host=this_host().replace(boot, "00000000"), pid=2**22 + 1)

    assert this_host().startswith(f"{platform.node()} boot {boot}")
    assert not earlier.is_gone
    assert not earlier.is_alive


def test_a_worker_is_itself_whatever_time_is_told_for_people() -> None:
    ours = this_worker()

    named = Worker.named(host=ours.host, pid=ours.pid, start_ticks=ours.start_ticks)

    assert named == ours
    assert Worker.named(host=None, pid=None, start_ticks=None) is None


def _failing_with(error: OSError) -> Callable[[Path], str]:
    def read_text(_path: Path) -> str:
        raise error

    return read_text
