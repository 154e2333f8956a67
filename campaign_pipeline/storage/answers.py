"""Providers' answers: under which request which bytes are kept, and for how long.

Belongs here: reading and writing the rows of one tenant.
Does not belong here: the bytes (artifact_store), or asking a provider (building.answer_book).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.storage.charges import settled
from campaign_pipeline.storage.hashing import require_hash
from campaign_pipeline.storage.portable_sql import insert_into, utc_in, utc_now
from campaign_pipeline.storage.tables import PROVIDER_ANSWER
from campaign_pipeline.storage.tenant_scope import TenantScope, canonical_id


@dataclass(frozen=True, kw_only=True)
class KeptAnswer:
    """A provider's answer: its bytes are in the store.

    Args:
        details: Media type, and what the provider told of tokens and cost.
    """

    content_hash: ContentHash
    size_bytes: int
    details: JsonObject


class AnswerLedger(TenantScope):
    """A tenant's kept answers."""

    def kept_answer(self, request_hash: ContentHash, *, since: datetime | None) -> KeptAnswer | None:
        """Read the answer to a request, unless it has expired by the database's clock.

        Args:
            since: Take none that was given before; None takes any.
        """
        kept = PROVIDER_ANSWER.c
        lives = or_(kept.expires_at.is_(None), kept.expires_at > utc_now())
        wanted = select(PROVIDER_ANSWER).where(
            kept.tenant_id == self.tenant_id, kept.request_hash == request_hash, lives
        )
        if since is not None:
            wanted = wanted.where(kept.created_at >= since)
        row = self._row(wanted)
        if row is None:
            return None
        return KeptAnswer(
            content_hash=row["content_hash"], size_bytes=row["size_bytes"], details=row["details"]
        )

    def keep_answer(
        self,
        request_hash: ContentHash,
        answer: KeptAnswer,
        *,
        provider: str,
        root_run_id: str,
        lifetime: timedelta | None,
        call_id: str | None = None,
    ) -> None:
        """Record an answer whose bytes are in the store; an earlier one to the same request is replaced.

        Args:
            call_id: The charged call that brought it, which costs what the answer's details say.

        Raises:
            CampaignError: INVALID_HASH, VALIDATION_ERROR.
        """
        key = {"tenant_id": self.tenant_id, "request_hash": require_hash(request_hash, name="request_hash")}
        values: dict[str, Any] = {
            "provider": provider,
            "root_run_id": canonical_id(root_run_id, name="root_run_id"),
            "content_hash": require_hash(answer.content_hash, name="content_hash"),
            "size_bytes": answer.size_bytes,
            "details": answer.details,
            "created_at": utc_now(),
            "expires_at": None if lifetime is None else utc_in(round(lifetime.total_seconds())),
        }
        with self._write() as connection:
            connection.execute(
                insert_into(connection, PROVIDER_ANSWER)
                .values(**key, **values)
                .on_conflict_do_update(index_elements=list(PROVIDER_ANSWER.primary_key), set_=values)
            )
            if call_id is not None:
                cost_usd = answer.details.get("cost_usd")
                connection.execute(settled(self.tenant_id, call_id, cost_usd=cost_usd))
