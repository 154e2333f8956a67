"""The files that a brief names, on their way into the store.

Belongs here: taking them in, and holding a base or parent run's files to what they were.
Does not belong here: finding them beside the brief (building.brief_file), storing bytes (storage).
"""

from collections.abc import Mapping
from pathlib import Path

from campaign_pipeline.building.blobs import Blobs
from campaign_pipeline.building.brief_file import local_files
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.games.template import Template
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.storage import Verification


class Intake:
    """Takes one tenant's files into the store.

    Args:
        folder: Where the tenant's briefs lie.
    """

    def __init__(self, blobs: Blobs, *, folder: Path) -> None:
        self._blobs = blobs
        self._folder = folder

    def take_in(
        self, brief: Brief, *, template: Template, known: Mapping[str, StoredFile]
    ) -> dict[str, StoredFile]:
        """Store every local file that a brief names, pictures only of the kinds that its template takes.

        Args:
            known: What an earlier run took in, by field, and this one is held to.

        Raises:
            CampaignError: MISSING_ASSET, VALIDATION_ERROR, STORE_UNAVAILABLE.
        """
        self._hold(brief, known)
        paths = local_files(brief, brief_dir=self._folder, except_fields=frozenset(known))
        template.check_files(paths, brief=brief)
        return {**known, **{field: self._stored(path) for field, path in paths.items()}}

    def _hold(self, brief: Brief, known: Mapping[str, StoredFile]) -> None:
        """Check that an earlier run's files are still what they were; what was lost is taken in again if it can be."""
        damaged = {field: file for field, file in known.items() if not self._is_sound(file)}
        if not damaged:
            return
        sound = frozenset(known) - set(damaged)
        others = frozenset(brief.file_references()) - set(known)
        paths = local_files(brief, brief_dir=self._folder, except_fields=sound | others)
        for field, file in damaged.items():
            if self._stored(paths[field]).content_hash != file.content_hash:
                message = (
                    f"{field}: {file.content_hash}, which the earlier run used, is no longer in the store"
                )
                right = (
                    f"{paths[field].name} is another file by now; build the brief as it lies there instead"
                )
                raise CampaignError(ErrorCode.MISSING_ASSET, f"{message}, and {right}")

    def _is_sound(self, file: StoredFile) -> bool:
        # Held, not only verified: until this run's trigger names them, the earlier run may be all that refers to them.
        verdict = self._blobs.hold(file.content_hash, size_bytes=file.size_bytes)
        return verdict is Verification.SOUND

    def _stored(self, path: Path) -> StoredFile:
        blob = self._blobs.put_file(path)
        return StoredFile.of(path, content_hash=blob.content_hash, size_bytes=blob.size_bytes)
