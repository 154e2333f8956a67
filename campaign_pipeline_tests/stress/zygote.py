"""A process that has everything loaded and forks a child for each order: a build costs what it does, not its imports.

Belongs here: reading orders, forking, telling when a child began and how it ended.
Does not belong here: what children do (children), or who orders them (crew).
"""

import gc
import json
import os
import select
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from campaign_pipeline_tests.stress import children

_began: dict[int, float] = {}


def main() -> None:
    """Serve until the standard input ends."""
    children.load()
    # What is loaded stays: a collection in a child would only copy all its pages.
    gc.collect()
    gc.freeze()
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise RuntimeError(f"{threads} threads run: a fork would leave their locks behind")
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    _tell(ready=True)
    pending = b""
    while True:
        readable, _, _ = select.select([0, woken], [], [])
        if woken in readable:
            os.read(woken, 4096)
            _reap()
        if 0 in readable:
            heard = os.read(0, 65536)
            if not heard:
                return
            *lines, pending = (pending + heard).split(b"\n")
            for line in lines:
                _obey(json.loads(line))


def _obey(order: dict[str, Any]) -> None:
    if "kill" in order:
        if order["kill"] in _began:
            os.kill(order["kill"], signal.SIGKILL)
        return
    sys.stdout.flush()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _be_a_child(order)
    _began[pid] = began
    _tell(order=order["order"], pid=pid)


def _reap() -> None:
    while _began:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        seconds = time.monotonic() - _began.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        _tell(pid=pid, code=code, seconds=seconds)


def _be_a_child(order: dict[str, Any]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(order["cwd"])
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    silence = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((silence, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(order["env"])
    code = 70
    try:
        code = getattr(children, order["function"])(*order["words"], **order["named"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  the output tells it, the exit code too
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _tell(**event: Any) -> None:
    os.write(1, json.dumps(event).encode() + b"\n")


if __name__ == "__main__":
    main()
