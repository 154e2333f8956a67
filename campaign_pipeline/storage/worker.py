"""Who works on a run: this process, and whether another one still lives.

Belongs here: host, process id and the process's start, and what they say of a process of this host.
Does not belong here: what is concluded from a process that is gone (reconciling, leases).
"""

import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path

_STATE_FIELD, _START_FIELD = 0, 19
"""Of /proc/PID/stat, counted after the name in parentheses: one letter, and clock ticks since boot."""

_GONE = frozenset({"Z", "X", "x"})
"""States of a process that runs no more, though its parent has not asked for its exit code yet."""

_BOOT_DIGITS = 8
"""Of a boot id, which is random: enough to tell machines of one name apart, and short enough to be read."""

_FIRST_PID_NAMESPACE = "pid:[4026531836]"
"""The namespace of a host's own processes; Linux gives it this number on every host (PROC_PID_INIT_INO)."""


@dataclass(frozen=True)
class Worker:
    """A process on a host.

    Two are equal where they are the same process.

    Args:
        start_ticks: The process's start in clock ticks since boot, which tells it from a later one with the same id
            whatever is done to the clock; None where the host does not say.
        started_at: The same as a time, for people.
    """

    host: str
    pid: int
    start_ticks: int | None
    started_at: datetime | None = field(default=None, compare=False)

    @classmethod
    def named(cls, *, host: str | None, pid: int | None, start_ticks: int | None) -> "Worker | None":
        """Take a worker as columns name it; None where they name nobody."""
        return None if host is None or pid is None else cls(host=host, pid=pid, start_ticks=start_ticks)

    @property
    def is_gone(self) -> bool:
        """Whether it is known that the process runs no more; of another host's process nothing is known."""
        return self._runs() is False

    @property
    def is_alive(self) -> bool:
        """Whether it is known that the process runs: it is one of this host's, and the host tells."""
        return self._runs() is True

    def _runs(self) -> bool | None:
        """Tell whether the process runs; None where nobody can: silence decides then."""
        if self.host != this_host() or self.start_ticks is None or this_worker().start_ticks is None:
            return None
        try:
            found = _stat(self.pid)
        except (FileNotFoundError, ProcessLookupError):
            return None if _is_hidden(self.pid) else False
        except OSError:
            # No descriptor is left, or /proc may not be read: this says nothing about the other process.
            return None
        return found[_STATE_FIELD] not in _GONE and int(found[_START_FIELD]) == self.start_ticks


def this_worker() -> Worker:
    """Identify the calling process."""
    return _worker(os.getpid())


@cache
def this_host() -> str:
    """Name this host since it booted, and the container within it: elsewhere and earlier its process ids mean nothing.

    Two machines may have one name, as clones have; no two have one boot id.
    """
    return " ".join([platform.node(), *_boot(), *_container()])


def _boot() -> list[str]:
    """Tell this boot of this host from every other; nothing where the host does not say.

    Source:
        random(4), /proc/sys/kernel/random/boot_id.
    """
    try:
        return ["boot", Path("/proc/sys/kernel/random/boot_id").read_text()[:_BOOT_DIGITS]]
    except OSError:
        return []


def _container() -> list[str]:
    try:
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115  it is no path that is read
    except OSError:
        return []
    return [] if namespace == _FIRST_PID_NAMESPACE else [namespace]


@lru_cache(maxsize=1)
def _worker(pid: int) -> Worker:
    try:
        ticks = int(_stat(pid)[_START_FIELD])
    except OSError:
        ticks = None
    return Worker(host=this_host(), pid=pid, start_ticks=ticks, started_at=_time_of(ticks))


def _stat(pid: int) -> list[str]:
    """Read what the host says of a process, from its state on.

    Raises:
        OSError: There is none, or no /proc, or this process may not see it.

    Source:
        proc(5), /proc/PID/stat.
    """
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _is_hidden(pid: int) -> bool:
    """Tell whether there may be a process that /proc does not show, as it does not show others' with hidepid.

    Source:
        kill(2): signal 0 tells of a process and does nothing to it. proc(5): hidepid.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


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
