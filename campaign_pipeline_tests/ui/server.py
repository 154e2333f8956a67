"""Dagster's UI with its daemon, as `make dev` starts it, in a test's own folder.

Belongs here: starting it on a free loopback port, waiting until it answers, asking it, and leaving no process behind.
Does not belong here: what a person does in it (the tests).
"""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from campaign_pipeline_tests.workplace import BIN, Workplace, bare_environment

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15


@dataclass(frozen=True)
class DagsterUI:
    """A UI that this test process started for itself."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, query: str, **variables: Any) -> Any:
        """Ask its GraphQL API and give the data of the answer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(f"{self.address}/graphql", body, {"Content-Type": "application/json"})  # noqa: S310  loopback
        with urlopen(request, timeout=10) as answer:  # noqa: S310  loopback
            return json.load(answer)["data"]

    def campaigns(self) -> set[str]:
        """Name the campaigns that can be chosen in it."""
        assets = self.ask("{ assetNodes { partitionKeys } }")["assetNodes"]
        return {key for asset in assets for key in asset["partitionKeys"]}

    def await_that(self, holds: Callable[[], Any], what: str) -> None:
        """Wait until something holds; an answer that is none yet counts as no."""
        give_up_at = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                if holds():
                    return
            except (URLError, ConnectionError):
                pass
            if self.process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(f"never came: {what}\n{self.log.read_text()}")
            time.sleep(0.1)


@contextmanager
def dagster_ui(place: Workplace) -> Iterator[DagsterUI]:
    """Serve a folder's UI for as long as the context lasts."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = place.root.parent / "dagster-dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [BIN / "dagster", "dev", "--host", "127.0.0.1", "--port", str(port), "-w", "workspace.yaml"],
            cwd=place.root,
            env={**bare_environment(), **place.env},
            stdout=output,
            stderr=subprocess.STDOUT,
            # A process group of its own: webserver, daemon, code server and run workers end with it.
            start_new_session=True,
        )
    try:
        yield DagsterUI(f"http://127.0.0.1:{port}", process, log)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Press Ctrl-C, and then end whatever of the group is still there."""
    os.killpg(process.pid, signal.SIGINT)
    # Where pytest itself was started with SIGINT ignored, so were these, and only the second signal ends them.
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_TIMEOUT_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
