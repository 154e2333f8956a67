"""A campaign's game, unpacked and served on this machine.

Belongs here: getting a bundle out of the store and onto a loopback address.
Does not belong here: the player with its videos, or exports for other hosts.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage import ArtifactRecord, ArtifactStore, TenantLedger

LOOPBACK = "127.0.0.1"


class _QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line on the terminal for each."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
        """Say nothing."""


def newest_game(ledger: TenantLedger, campaign_id: str) -> ArtifactRecord | None:
    """Find the game that a preview of the campaign plays; None where it has none yet."""
    return ledger.newest_artifact(campaign_id, "game_bundle")


@contextmanager
def served_game(game: ArtifactRecord, store: ArtifactStore, *, port: int) -> Iterator[str]:
    """Serve a game for as long as the context lasts.

    Args:
        port: 0 takes any free one.

    Returns:
        The address of the game.

    Raises:
        CampaignError: VALIDATION_ERROR when the port is taken, ARTIFACT_CORRUPT when the game's bytes no longer hold.
    """
    with TemporaryDirectory(prefix="campaign-preview-") as folder:
        _unpack(store.read(game.content_hash), Path(folder))
        with _server(folder, port) as server:
            thread = Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield f"http://{LOOPBACK}:{server.server_port}/index.html"
            finally:
                server.shutdown()
                thread.join()


def _unpack(archive: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        bundle.extractall(folder)


def _server(folder: str, port: int) -> ThreadingHTTPServer:
    try:
        return ThreadingHTTPServer((LOOPBACK, port), partial(_QuietHandler, directory=folder))
    except OSError as error:
        message = (
            f"--port: {port} cannot be listened on ({error.strerror}); another one, or 0 for any, is expected"
        )
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message) from error
