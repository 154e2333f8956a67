"""The ledger as those see it who clean up and who audit: all tables, whole, of all tenants.

Belongs here: putting the parts together.
Does not belong here: any of them (collecting, retaining, referring, auditing).
"""

from campaign_pipeline.storage.auditing import Auditing
from campaign_pipeline.storage.collecting import Collecting
from campaign_pipeline.storage.referring import Referring
from campaign_pipeline.storage.retaining import Retaining


class Cleaning(Collecting, Retaining, Referring, Auditing):
    """What gc deletes and verify reads, page by page."""
