"""Who works on a run: this process, and whether another one still lives.

Belongs here: host, process id and the process's start, and what they say of a process of this host.
Does not belong here: what is concluded from a process that is gone (reconciling, leases).
"""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path

_STATE_FIELD, _START_FIELD = 0, 19
"""Of /proc/PID/stat, counted after the name in parentheses: one letter, and clock ticks since boot."""

_GONE = frozenset({"Z", "X", "x"})
"""States of a process that runs no more, though its parent has not asked for its exit code yet."""

_FIRST_PID_NAMESPACE = "pid:[4026531836]"
"""The namespace of a host's own processes; Linux gives it this number on every host (PROC_PID_INIT_INO)."""


@dataclass(frozen=True)
class Worker:
    """A process on a host.

    Args:
        start_ticks: The process's start in clock ticks since boot, which tells it from a later one with the same id
            whatever is done to the clock; None where the host does not say.
        started_at: The same as a time, for people.
    """

    host: str
    pid: int
    start_ticks: int | None
    started_at: datetime | None = None

    @property
    def is_gone(self) -> bool:
        """Whether it is known that the process runs no more; of another host's process nothing is known."""
        if self.host != this_host() or self.start_ticks is None or this_worker().start_ticks is None:
            return False
        found = _stat(self.pid)
        if found is None:
            return True
        return found[_STATE_FIELD] in _GONE or int(found[_START_FIELD]) != self.start_ticks

    @property
    def is_alive(self) -> bool:
        """Whether it is known that the process runs: it is one of this host's, and the host tells."""
        told = self.start_ticks is not None and this_worker().start_ticks is not None
        return told and self.host == this_host() and not self.is_gone


def this_worker() -> Worker:
    """Identify the calling process."""
    return _worker(os.getpid())


@cache
def this_host() -> str:
    """Name this host, and the container within it: process ids mean nothing outside the one they were given in."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115  it is no path that is read
    except OSError:
        return platform.node()
    return platform.node() if namespace == _FIRST_PID_NAMESPACE else f"{platform.node()} {namespace}"


@lru_cache(maxsize=1)
def _worker(pid: int) -> Worker:
    found = _stat(pid)
    ticks = None if found is None else int(found[_START_FIELD])
    return Worker(host=this_host(), pid=pid, start_ticks=ticks, started_at=_time_of(ticks))


def _stat(pid: int) -> list[str] | None:
    """Read what the host says of a process, from its state on; None where there is none, or no /proc.

    Source:
        proc(5), /proc/PID/stat.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _time_of(ticks: int | None) -> datetime | None:
    """Place clock ticks since boot in time.

    Source:
        proc(5): btime of /proc/stat.
    """
    if ticks is None:
        return None
    lines = Path("/proc/stat").read_text().splitlines()
    boot = next((int(line.split()[1]) for line in lines if line.startswith("btime ")), None)
    return None if boot is None else datetime.fromtimestamp(boot + ticks / os.sysconf("SC_CLK_TCK"), UTC)
