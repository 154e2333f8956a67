"""Who works on a run: this process, so that another can tell whether it still lives.

Belongs here: host, process id and the process's start time.
Does not belong here: what is concluded from them, or when a sign of life is written (steps).
"""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

_START_FIELD = 19  # of /proc/PID/stat, counted after the name in parentheses; in clock ticks since boot


@dataclass(frozen=True)
class Worker:
    """A process on a host; `started_at` tells it from a later one with the same id, where the host says so."""

    host: str
    pid: int
    started_at: datetime | None


def this_worker() -> Worker:
    """Identify the calling process."""
    return _worker(os.getpid())


@lru_cache(maxsize=1)
def _worker(pid: int) -> Worker:
    return Worker(host=platform.node(), pid=pid, started_at=_started_at(pid))


def _started_at(pid: int) -> datetime | None:
    """Read a process's start time; None where there is no /proc to read it from.

    Source:
        proc(5): field 22 of /proc/PID/stat, and btime of /proc/stat.
    """
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[_START_FIELD])
        lines = Path("/proc/stat").read_text().splitlines()
        boot = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return datetime.fromtimestamp(boot + ticks / os.sysconf("SC_CLK_TCK"), UTC)
