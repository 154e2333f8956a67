"""Where the artifact store is, as the setting says it.

Belongs here: which addresses name a store, and the adapter that is meant.
Does not belong here: storing (local_store).
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage.artifact_store import ArtifactStore
from campaign_pipeline.storage.local_store import LocalArtifactStore


def artifact_store(url: str, *, ledger: str | None = None) -> ArtifactStore:
    """Give the store that a setting names.

    Args:
        url: A folder, relative to the working directory of now, or a `file://` URL.
        ledger: Whose rows will name what is put there, as `LedgerAddress.place` has it; None for nobody's.

    Raises:
        CampaignError: VALIDATION_ERROR for any other scheme.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path:
        return LocalArtifactStore(Path(unquote(parts.path)), ledger=ledger)
    # A single letter is a drive of Windows.
    if not url or "://" in url or parts.scheme == "file":
        found = f"{parts.scheme}://{parts.hostname or ''}" if url else "nothing"
        message = (
            f"CAMPAIGN_STORE_URL: {found} found; this version ships folders only, such as .campaign/store"
        )
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    return LocalArtifactStore(Path(url), ledger=ledger)
