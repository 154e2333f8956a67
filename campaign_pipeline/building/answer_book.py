"""The answer book of a run: what paid providers answered, kept in the ledger and the artifact store.

Belongs here: finding an answer, asking for one under a lease, making it durable before anybody reads it, and counting.
Does not belong here: what is asked, and what is made of the answer (providers).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from campaign_pipeline.building.claims import Claims
from campaign_pipeline.building.insistence import insist
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import ContentHash, JsonObject, canonical_hash
from campaign_pipeline.model.prices import UNPRICED, Quote
from campaign_pipeline.providers.answers import Answer, AnswerBook
from campaign_pipeline.storage import ArtifactStore, KeptAnswer, TenantLedger


@dataclass
class Usage:
    """What a step asked of paid providers."""

    providers: list[str] = field(default_factory=list)
    calls: int = 0
    answers_reused: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0

    def paid(self, answer: Answer) -> None:
        """Count a call that was answered."""
        self.calls += 1
        self.tokens_in += answer.tokens_in or 0
        self.tokens_out += answer.tokens_out or 0
        self.cost_usd += answer.cost_usd or 0.0

    def to_json(self) -> JsonObject:
        """Give what a step's diagnostics keep; nothing where no paid provider was asked."""
        if not self.providers:
            return {}
        return {
            "providers": self.providers,
            "calls": self.calls,
            "answers_reused": self.answers_reused,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "cost_usd": round(self.cost_usd, 6),
        }


class KeptAnswers(AnswerBook):
    """Answers of one run, found again by whoever sends the same request.

    Args:
        since: Take none that was given before: the run was told to refresh, and began then. None takes any.
        lifetime: How long an answer may be reused; None is for ever.
    """

    def __init__(
        self,
        *,
        ledger: TenantLedger,
        store: ArtifactStore,
        claims: Claims,
        root_run_id: str,
        since: datetime | None,
        lifetime: timedelta | None,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._claims = claims
        self._root_run_id = root_run_id
        self._since = since
        self._lifetime = lifetime
        self._usage_by_step: dict[str, Usage] = {}
        self.usage = Usage()
        # Paid for and not recorded yet: the store or the ledger was away for too long.
        self._in_hand: dict[ContentHash, Answer] = {}

    def count_for(self, step_id: str) -> Usage:
        """Count for a step from now on, all its attempts in this process together."""
        self.usage = self._usage_by_step.setdefault(step_id, Usage())
        return self.usage

    def answer(
        self, request: JsonObject, *, provider: str, ask: Callable[[], Answer], quote: Quote = UNPRICED
    ) -> Answer:
        """Give a kept answer, or ask; see the port."""
        del quote
        if provider not in self.usage.providers:
            self.usage.providers.append(provider)
        request_hash = canonical_hash({"provider": provider, "request": request})
        kept = self._kept(request_hash)
        if kept is not None:
            return kept
        bound = {"request_hash": request_hash, "tenant_id": self._ledger.tenant_id}
        lease = self._claims.claim(canonical_hash(bound), subject=f"answer of {provider}")
        try:
            # Another run may have been answered while this one waited.
            return self._kept(request_hash) or self._asked(request_hash, ask, provider=provider)
        finally:
            self._claims.give_back(lease)

    def _asked(self, request_hash: ContentHash, ask: Callable[[], Answer], *, provider: str) -> Answer:
        """Ask, unless an earlier attempt was answered and could not record it; record it before anybody reads it."""
        answer = self._in_hand.get(request_hash)
        if answer is None:
            answer = ask()
            self.usage.paid(answer)
            self._in_hand[request_hash] = answer
        insist(partial(self._keep, request_hash, answer, provider=provider))
        del self._in_hand[request_hash]
        return answer

    def _kept(self, request_hash: ContentHash) -> Answer | None:
        found = self._ledger.kept_answer(request_hash, since=self._since)
        if found is None:
            return None
        try:
            data = self._store.read(found.content_hash)
        except CampaignError as error:
            if error.code is not ErrorCode.ARTIFACT_CORRUPT:
                raise
            return None
        self.usage.answers_reused += 1
        told = found.details
        return Answer(
            data=data,
            media_type=told["media_type"],
            tokens_in=told["tokens_in"],
            tokens_out=told["tokens_out"],
            cost_usd=told["cost_usd"],
        )

    def _keep(self, request_hash: ContentHash, answer: Answer, *, provider: str) -> None:
        """Bytes first, row second; both are durable before anybody reads the answer."""
        blob = self._store.put(answer.data)
        details = {
            "media_type": answer.media_type,
            "tokens_in": answer.tokens_in,
            "tokens_out": answer.tokens_out,
            "cost_usd": answer.cost_usd,
        }
        kept = KeptAnswer(content_hash=blob.content_hash, size_bytes=blob.size_bytes, details=details)
        self._ledger.keep_answer(
            request_hash, kept, provider=provider, root_run_id=self._root_run_id, lifetime=self._lifetime
        )
