"""The answer book of a run: what paid providers answered, kept in the ledger and the artifact store.

Belongs here: finding an answer, asking for one under a lease, making it durable before anybody reads it, and counting.
Does not belong here: what is asked, and what is made of the answer (providers).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from campaign_pipeline.building.budget import Budget, RunningBill
from campaign_pipeline.building.claims import Claims
from campaign_pipeline.building.insistence import insist
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import ContentHash, JsonObject, canonical_hash
from campaign_pipeline.model.prices import Quote
from campaign_pipeline.providers.answers import Answer, AnswerBook, Ask
from campaign_pipeline.storage import ArtifactStore, KeptAnswer, TenantLedger

_MOST_ATTEMPTS = 8
"""Of a step's attempts that its row keeps; no provider is asked so often."""


@dataclass
class Usage:
    """What a step asked of paid providers."""

    providers: list[str] = field(default_factory=list)
    requests: int = 0
    calls: int = 0
    answers_reused: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    is_cost_known: bool = True
    latency_s: float = 0.0
    models: list[str] = field(default_factory=list)
    attempts: list[JsonObject] = field(default_factory=list)

    def paid(self, answer: Answer) -> None:
        """Count a call that was answered."""
        self.calls += 1
        self.latency_s += answer.latency_s or 0.0
        self.tokens_in += answer.tokens_in or 0
        self.tokens_out += answer.tokens_out or 0

    def billed(self, bill: RunningBill) -> None:
        """Count what was sent, answered or not, and what may be billed for it."""
        self.requests += bill.attempts
        self.cost_usd += bill.charged_usd
        self.is_cost_known &= bill.is_known

    def to_json(self) -> JsonObject:
        """Give what a step's diagnostics keep; nothing where no paid provider was asked."""
        if not self.providers:
            return {}
        return {
            "providers": self.providers,
            "requests": self.requests,
            "calls": self.calls,
            "answers_reused": self.answers_reused,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "cost_usd": round(self.cost_usd, 6) if self.is_cost_known else None,
            **({"latency_ms": round(self.latency_s * 1000)} if self.latency_s else {}),
            **({"models": self.models} if self.models else {}),
            **({"attempts": self.attempts} if self.attempts else {}),
        }

    def by(self, model: str | None) -> None:
        """Note whose answer was used, where that is told."""
        if model is not None and model not in self.models:
            self.models.append(model)


@dataclass(frozen=True, kw_only=True)
class _Paid:
    """An answer that was paid for.

    Args:
        call_id: The attempt that brought it, as the ledger has it; None where nothing was charged for it.
    """

    answer: Answer
    call_id: str | None


class KeptAnswers(AnswerBook):
    """Answers of one run, found again by whoever sends the same request.

    Args:
        since: Tells of a step since when its answers must have been given: the run was told to refresh it, and began
            then. None takes any.
        lifetime: How long an answer may be reused; None is for ever.
        budget: What the run may spend on answers.
    """

    def __init__(
        self,
        *,
        ledger: TenantLedger,
        store: ArtifactStore,
        claims: Claims,
        root_run_id: str,
        since: Callable[[str], datetime | None],
        lifetime: timedelta | None,
        budget: Budget,
    ) -> None:
        self._budget = budget
        self._ledger = ledger
        self._store = store
        self._claims = claims
        self._root_run_id = root_run_id
        self._since = since
        self._lifetime = lifetime
        self._step_id = ""
        self._usage_by_step: dict[str, Usage] = {}
        self.usage = Usage()
        # Paid for and not recorded yet: the store or the ledger was away for too long.
        self._in_hand: dict[ContentHash, _Paid] = {}
        self._failed: dict[ContentHash, str] = {}

    def count_for(self, step_id: str) -> Usage:
        """Answer and count for a step from now on, all its attempts in this process together."""
        self._step_id = step_id
        self.usage = self._usage_by_step.setdefault(step_id, Usage())
        return self.usage

    def answer(self, request: JsonObject, *, provider: str, ask: Ask, quote: Quote) -> Answer:
        """Give a kept answer, or ask; see the port."""
        if provider not in self.usage.providers:
            self.usage.providers.append(provider)
        answer = self._answer(request, provider=provider, ask=ask, quote=quote)
        self.usage.by(answer.model)
        return answer

    def note(self, attempt: JsonObject) -> None:
        """Keep what became of an answer; see the port."""
        if len(self.usage.attempts) < _MOST_ATTEMPTS:
            self.usage.attempts.append(attempt)

    def _answer(self, request: JsonObject, *, provider: str, ask: Ask, quote: Quote) -> Answer:
        request_hash = canonical_hash({"provider": provider, "request": request})
        kept = self._kept(request_hash)
        if kept is not None:
            return kept
        bound = {"request_hash": request_hash, "tenant_id": self._ledger.tenant_id}
        lease = self._claims.claim(canonical_hash(bound), subject=f"answer of {provider}")
        try:
            # Another run may have been answered while this one waited.
            return self._kept(request_hash) or self._asked(request_hash, ask, provider=provider, quote=quote)
        finally:
            self._claims.give_back(lease)

    def _asked(self, request_hash: ContentHash, ask: Ask, *, provider: str, quote: Quote) -> Answer:
        """Ask, unless an earlier attempt was answered and could not record it; record it before anybody reads it."""
        if request_hash in self._in_hand:
            return self._recorded(request_hash, provider=provider)
        failed = self._failed.get(request_hash)
        with self._budget.opened(quote, provider=provider, after=failed) as bill:
            answer = self._sent(request_hash, ask, bill)
            self._in_hand[request_hash] = _Paid(answer=answer, call_id=bill.call_id)
            return self._recorded(request_hash, provider=provider)

    def _sent(self, request_hash: ContentHash, ask: Ask, bill: RunningBill) -> Answer:
        """Ask, and count what was sent and what it cost, whatever comes of it."""
        try:
            answer = ask(bill)
            bill.told(answer.cost_usd)
        except CampaignError as error:
            # Settings that are wrong are found before anything is sent.
            bill.withdraw() if error.code is ErrorCode.VALIDATION_ERROR else bill.close()
            if error.code is ErrorCode.PROVIDER_ERROR:
                self._failed[request_hash] = error.message
            raise
        finally:
            self.usage.billed(bill)
        self.usage.paid(answer)
        return replace(answer, cost_usd=bill.last_usd)

    def _recorded(self, request_hash: ContentHash, *, provider: str) -> Answer:
        paid = self._in_hand[request_hash]
        insist(partial(self._keep, request_hash, paid, provider=provider))
        del self._in_hand[request_hash]
        return paid.answer

    def _kept(self, request_hash: ContentHash) -> Answer | None:
        found = self._ledger.kept_answer(request_hash, since=self._since(self._step_id))
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
            model=told.get("model"),
        )

    def _keep(self, request_hash: ContentHash, paid: _Paid, *, provider: str) -> None:
        """Bytes first, row second; both are durable before anybody reads the answer."""
        answer = paid.answer
        blob = self._store.put(answer.data)
        details = {
            "media_type": answer.media_type,
            "tokens_in": answer.tokens_in,
            "tokens_out": answer.tokens_out,
            "cost_usd": answer.cost_usd,
            "model": answer.model,
        }
        kept = KeptAnswer(content_hash=blob.content_hash, size_bytes=blob.size_bytes, details=details)
        self._ledger.keep_answer(
            request_hash,
            kept,
            provider=provider,
            root_run_id=self._root_run_id,
            lifetime=self._lifetime,
            call_id=paid.call_id,
        )
