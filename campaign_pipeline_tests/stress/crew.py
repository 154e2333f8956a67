"""Children at a workplace: started, waited for and killed by whoever holds the crew.

Belongs here: the client of the process that forks them.
Does not belong here: what they do (children).
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from campaign_pipeline_tests.workplace import REPOSITORY, bare_environment

_START_S, _END_S = 120.0, 300.0


@dataclass
class Child:
    """One process that was ordered."""

    crew: "Crew"
    pid: int
    output: Path
    code: int | None = None
    seconds: float = 0.0

    def wait(self, *, timeout_s: float = _END_S) -> "Child":
        """Wait for its end; what it is left with after too long is a failure of the test."""
        give_up_at = time.monotonic() + timeout_s
        while self.code is None:
            self.crew.listen(until=give_up_at)
        return self

    def kill(self) -> None:
        """Let it be killed by SIGKILL by its parent, which alone knows whether the id is still this child's."""
        self.crew.tell(kill=self.pid)

    @property
    def said(self) -> str:
        """What it printed."""
        return self.output.read_text()


@dataclass
class Crew:
    """The process that forks, and its children that have not ended."""

    folder: Path
    process: "subprocess.Popen[bytes]" = field(init=False)
    _children: dict[int, Child] = field(default_factory=dict)
    _heard: bytes = b""
    _begun: dict[str, int] = field(default_factory=dict)
    _ready: bool = False

    def __post_init__(self) -> None:
        """Start it, with nothing in its environment that reaches into the pipeline."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "campaign_pipeline_tests.stress.zygote"],
            cwd=REPOSITORY,
            # A library that computes in threads would have them before the fork.
            env={**bare_environment(), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def start(self, function: str, *words: str, cwd: Path, env: Mapping[str, str], **named: Any) -> Child:
        """Fork a child that calls one of the functions of `children`."""
        give_up_at = time.monotonic() + _START_S
        while not self._ready:
            self.listen(until=give_up_at)
        order, output = uuid4().hex, self.folder / f"{uuid4().hex}.txt"
        message = {
            "order": order,
            "function": function,
            "words": words,
            "named": named,
            "cwd": str(cwd),
            "env": {**bare_environment(), **env},
            "output": str(output),
        }
        self.tell(**message)
        while order not in self._begun:
            self.listen(until=give_up_at)
        child = Child(self, self._begun.pop(order), output)
        self._children[child.pid] = child
        return child

    def tell(self, **message: Any) -> None:
        """Send the process a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def listen(self, *, until: float) -> None:
        """Take in what the process tells, at least one event."""
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        while b"\n" not in self._heard:
            readable, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
            if not readable:
                raise TimeoutError("no child began or ended in time")
            heard = os.read(descriptor, 65536)
            if not heard:
                raise RuntimeError(f"the process that forks ended with code {self.process.wait()}")
            self._heard += heard
        line, _, self._heard = self._heard.partition(b"\n")
        self._take(json.loads(line))

    def _take(self, event: Mapping[str, Any]) -> None:
        if "ready" in event:
            self._ready = True
        elif "order" in event:
            self._begun[event["order"]] = event["pid"]
        else:
            child = self._children.pop(event["pid"])
            child.code, child.seconds = event["code"], event["seconds"]

    def dismiss(self) -> None:
        """End it, and the children that are left."""
        for child in list(self._children.values()):
            child.kill()
            child.wait()
        with self.process:
            pass  # its input ends, and with it the process
