"""The blobs that an audit has come by, each read once.

Belongs here: whether a blob holds, and remembering it.
Does not belong here: who needs it (building.audit_damage), or what the files say of others (building.audit_contents).
"""

from collections import Counter

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import ContentHash
from campaign_pipeline.storage import ArtifactStore, Verification
from campaign_pipeline.storage.compact_set import CompactSet


class AuditedBlobs:
    """Checks blobs, and remembers of each what was found.

    Args:
        checked: Counts the sound ones, and their bytes.
    """

    def __init__(self, store: ArtifactStore, *, checked: Counter[str]) -> None:
        self._store = store
        self._checked = checked
        # Taken for sound unread: once in a hundred million million blobs of a store of a hundred thousand.
        self._sound = CompactSet()
        self._damaged = {
            verdict: CompactSet() for verdict in Verification if verdict is not Verification.SOUND
        }

    def verdict(self, digest: ContentHash) -> Verification:
        """Check a blob, the first time that anything names it."""
        known = self.damage(digest)
        if known is not None:
            return known
        if digest in self._sound:
            return Verification.SOUND
        verdict = self._store.verify(digest)
        if verdict is Verification.SOUND:
            self._is_sound(digest, size_bytes=self._store.size(digest) or 0)
        else:
            self._damaged[verdict].add(digest)
        return verdict

    def damage(self, digest: ContentHash) -> Verification | None:
        """Say what was found to be wrong with a blob; None where nothing was, or it was not looked at."""
        return next((verdict for verdict, damaged in self._damaged.items() if digest in damaged), None)

    def read(self, digest: ContentHash) -> bytes | None:
        """Read a blob whole, which checks it too; None where it does not hold."""
        try:
            data = self._store.read(digest)
        except CampaignError as error:
            if error.code is not ErrorCode.ARTIFACT_CORRUPT:
                raise
            return None
        if digest not in self._sound:
            self._is_sound(digest, size_bytes=len(data))
        return data

    def size(self, digest: ContentHash) -> int | None:
        """Say how long a blob is; None where it is gone."""
        return self._store.size(digest)

    def is_sound_by_now(self, digest: ContentHash) -> bool:
        """Check a damaged blob once more: a build may have repaired it since."""
        return self._store.verify(digest) is Verification.SOUND

    def _is_sound(self, digest: ContentHash, *, size_bytes: int) -> None:
        self._sound.add(digest)
        self._checked.update(blobs=1, bytes=size_bytes)
