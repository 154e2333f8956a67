"""Starting and stopping the proxy.

Belongs here: its process, its environment, and waiting until it answers.
Does not belong here: what it serves (proxy.yaml), what is built through it (test_real_proxy).
"""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ENVIRONMENT = Path(__file__).parents[2] / ".venv-litellm"
CONFIG = Path(__file__).with_name("proxy.yaml")
START_TIMEOUT_S = 120

_ALONE = {
    # The price list that lies in the package, and not the one that would be fetched at import.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "DISABLE_ADMIN_UI": "True",
    "NO_DOCS": "True",
    # Whatever else it wants from outside finds nobody there, at once.
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
}


@contextmanager
def running_proxy(folder: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Run a proxy on loopback, and give its address.

    Args:
        folder: Where it is started, and where its log goes.
        environ: What proxy.yaml reads.
    """
    port, log = _free_port(), folder / "proxy.log"
    words = ("--config", str(CONFIG), "--host", "127.0.0.1", "--port", str(port))
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(ENVIRONMENT / "bin" / "litellm"), *words],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **_ALONE, **environ},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(process, url=url, log=log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", *, url: str, log: Path) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > give_up_at:
            raise RuntimeError(f"the proxy does not answer; its log ends so:\n{log.read_text()[-4000:]}")
        time.sleep(0.2)


def _answers(url: str) -> bool:
    # No proxy for the proxy, whatever this environment says.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/health/readiness", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
