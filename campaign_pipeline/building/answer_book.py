"""The answer book of a run: what paid providers answered, kept in the ledger and the artifact store.

Belongs here: finding an answer, asking for one under a lease, making it durable before anybody reads it, and counting.
Does not belong here: what is asked, and what is made of the answer (providers).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from campaign_pipeline.building.claims import Claims
from campaign_pipeline.model.digest import ContentHash, JsonObject, canonical_hash
from campaign_pipeline.providers.answers import Answer, AnswerBook
from campaign_pipeline.storage import ArtifactStore, KeptAnswer, TenantLedger, Verification


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
        only_own: Take none that runs before this one were given: the run was told to refresh.
        lifetime: How long an answer may be reused; None is for ever.
    """

    def __init__(
        self,
        *,
        ledger: TenantLedger,
        store: ArtifactStore,
        claims: Claims,
        root_run_id: str,
        only_own: bool,
        lifetime: timedelta | None,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._claims = claims
        self._root_run_id = root_run_id
        self._only_own = only_own
        self._lifetime = lifetime
        self._usage_by_step: dict[str, Usage] = {}
        self.usage = Usage()

    def count_for(self, step_id: str) -> Usage:
        """Count for a step from now on, all its attempts in this process together."""
        self.usage = self._usage_by_step.setdefault(step_id, Usage())
        return self.usage

    def answer(self, request: JsonObject, *, provider: str, ask: Callable[[], Answer]) -> Answer:
        """Give a kept answer, or ask; see the port."""
        if provider not in self.usage.providers:
            self.usage.providers.append(provider)
        request_hash = canonical_hash({"provider": provider, "request": request})
        kept = self._kept(request_hash)
        if kept is not None:
            return kept
        lease = self._claims.claim(self._lease_key(request_hash), subject=f"answer of {provider}")
        try:
            # Another run may have been answered while this one waited.
            kept = self._kept(request_hash)
            if kept is not None:
                return kept
            answer = ask()
            self._keep(request_hash, answer, provider=provider)
            self.usage.paid(answer)
            return answer
        finally:
            self._claims.give_back(lease)

    def _kept(self, request_hash: ContentHash) -> Answer | None:
        root_run_id = self._root_run_id if self._only_own else None
        found = self._ledger.kept_answer(request_hash, root_run_id=root_run_id)
        if found is None:
            return None
        verdict = self._store.verify(found.content_hash, size_bytes=found.size_bytes)
        if verdict is not Verification.SOUND:
            return None
        self.usage.answers_reused += 1
        return Answer(data=self._store.read(found.content_hash), **found.details)

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

    def _lease_key(self, request_hash: ContentHash) -> ContentHash:
        bound = {"request_hash": request_hash, "tenant_id": self._ledger.tenant_id}
        return canonical_hash({**bound, "root_run_id": self._root_run_id} if self._only_own else bound)
