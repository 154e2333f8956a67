"""In whose name the ledger is read and written: one tenant, or one named purpose of housekeeping.

Belongs here: the two kinds of scope, and the purposes there are.
Does not belong here: how a database is held to a scope (database, migrations), or what is done in one (ledger).
"""

from dataclasses import dataclass
from typing import Literal, get_args

from campaign_pipeline.errors import CampaignError, ErrorCode

Purpose = Literal["gc", "plan", "reconcile", "show", "stats", "verify"]
"""Why somebody may see all tenants. Postgres knows them too: a new one takes a new revision.

No code of ours asks as `plan` or `stats`: they are for people who look at the tables by hand.
"""

PURPOSES: frozenset[str] = frozenset(get_args(Purpose))


@dataclass(frozen=True)
class Scope:
    """One tenant, or one purpose of housekeeping; the other is empty."""

    tenant_id: str = ""
    purpose: str = ""

    @classmethod
    def of_tenant(cls, tenant_id: str) -> "Scope":
        """See and write what is one tenant's.

        Raises:
            CampaignError: VALIDATION_ERROR when the tenant has no name.
        """
        if not tenant_id:
            raise CampaignError(
                ErrorCode.VALIDATION_ERROR, "tenant: nothing found; a tenant's name is expected"
            )
        return cls(tenant_id=tenant_id)

    @classmethod
    def of_housekeeping(cls, purpose: Purpose) -> "Scope":
        """See and write what is any tenant's.

        Raises:
            ValueError: There is no such purpose; Postgres would take it for one that sees nothing.
        """
        if purpose not in PURPOSES:
            raise ValueError(f"purpose {purpose!r} found; one of {', '.join(sorted(PURPOSES))} is expected")
        return cls(purpose=purpose)
