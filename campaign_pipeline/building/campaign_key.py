"""The name of a campaign: whose it is, and which.

Belongs here: reading `<tenant>/<campaign>`, which is a partition key to Dagster and a path to the briefs.
Does not belong here: whether there is such a campaign (building.brief_file).
"""

import re
from dataclasses import dataclass

from campaign_pipeline.errors import CampaignError, ErrorCode, shown

_KEY = re.compile(r"(?P<tenant>[a-z0-9][a-z0-9-]{0,62})/(?P<campaign>[a-z0-9][a-z0-9-]{0,62})")


@dataclass(frozen=True, kw_only=True)
class CampaignKey:
    """A tenant and one of its campaigns."""

    tenant_id: str
    campaign_id: str

    @classmethod
    def parse(cls, text: str | None, *, source: str) -> "CampaignKey":
        """Read a key as somebody wrote it.

        Raises:
            CampaignError: VALIDATION_ERROR, naming the source, when it is not `<tenant>/<campaign>`.
        """
        match = _KEY.fullmatch(text or "")
        if match is None:
            right = "<tenant>/<campaign>, each of a-z, 0-9 and -, such as demo/summer-spin,"
            raise CampaignError(
                ErrorCode.VALIDATION_ERROR, f"{source}: {shown(text)} found; {right} is expected"
            )
        return cls(tenant_id=match["tenant"], campaign_id=match["campaign"])

    def __str__(self) -> str:
        return f"{self.tenant_id}/{self.campaign_id}"
