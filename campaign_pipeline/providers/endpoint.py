"""Where a provider is reached over HTTP, and the words for a call to it that brought nothing.

Belongs here: address and key with the settings that hold them, and each failure's error.
Does not belong here: making the call (providers.transport), which failures may pass (providers.patience).
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.providers.excerpts import excerpt
from campaign_pipeline.providers.patience import LONGEST_STEP_PAUSE_S, is_passing

_REFUSED_KEY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_REDIRECTS = range(300, 400)
_SHORTEST_SECRET = 6
"""Characters of a key. A shorter one, such as people make up for a proxy that asks for none, keeps nobody out, and
stands in any text by chance."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a provider is reached, and with what.

    Args:
        provider: As an error names it.
        key: Sent as a bearer token and told to nobody else; None sends none.
        key_setting: What holds the key, for whoever has to set it right.
        url_setting: What holds the address, likewise.
        model_setting: What names the model, likewise.
        timeout_s: For the whole call: connecting, pauses and further attempts included.
    """

    provider: str
    url: str
    url_setting: str
    key: str | None = field(repr=False)
    key_setting: str
    model_setting: str
    timeout_s: float

    @property
    def name(self) -> str:
        """How an error names it: the provider, and the host that was asked."""
        return f"{self.provider} at {urlsplit(self.url).netloc}"

    @property
    def secret(self) -> str | None:
        """The key, where it is one that must not be told."""
        return self.key if self.key is not None and len(self.key) >= _SHORTEST_SECRET else None

    def check_key(self) -> None:
        """Refuse what no header can carry: the HTTP client would repeat it in its own words.

        Raises:
            CampaignError: VALIDATION_ERROR, without the key.
        """
        if self.key is not None and not (
            self.key.isascii() and self.key.isprintable() and " " not in self.key
        ):
            message = f"{self.key_setting}: a key with blanks or other than printable ASCII characters found"
            raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{message}; the key alone is expected")

    def refused(self, status: int, *, data: bytes, told_pause_s: float | None) -> CampaignError:
        """Word an answer whose status is no success.

        Args:
            data: Its beginning.
            told_pause_s: How long it asks to be left alone.
        """
        said = self.said(data)
        found = f"status {status} found{f', saying “{said}”' if said else ''}"
        right = self._right(status, told_pause_s=told_pause_s)
        is_soon = told_pause_s is None or told_pause_s <= LONGEST_STEP_PAUSE_S
        return self._error(f"{found}; {right}", may_pass=is_passing(status) and is_soon)

    def _right(self, status: int, *, told_pause_s: float | None) -> str:
        if status in _REDIRECTS:
            return f"{self.url_setting} is expected to name the place itself, for no redirect is followed"
        if status in _REFUSED_KEY:
            return f"a key that it takes is expected in {self.key_setting}"
        if told_pause_s:
            return f"it asks to be left alone for {told_pause_s:.0f} s: build again after that"
        if status == HTTPStatus.NOT_FOUND:
            found = f"{self.url_setting} is expected to name the API's address"
            return f"{found}, and {self.model_setting} a model that it has"
        if is_passing(status):
            return "it has trouble of its own: build again later, or give a fallback"
        return f"a request that it takes is expected: is the model in {self.model_setting} one that it has?"

    def too_large(self, max_bytes: int) -> CampaignError:
        """Word an answer that was not read to its end; another would be no smaller."""
        found = f"an answer of more than {max_bytes // 1_000_000} MB found; a smaller one is expected"
        return self._error(found, may_pass=False)

    def too_late(self) -> CampaignError:
        """Word a call that was given up."""
        found = f"no whole answer found within the {self.timeout_s:g} s of CAMPAIGN_PROVIDER_TIMEOUT"
        # Whoever waited so long is not made to wait, and perhaps to pay, three times as long by retries of the step.
        return self._error(f"{found}; build again, with a longer one or a fallback", may_pass=False)

    def not_reached(self, why: str) -> CampaignError:
        """Word a connection that did not come about."""
        told = self.said(why.encode()) or "no connection"
        right = f"{self.url_setting} is expected to name a server that runs"
        return self._error(f"not reached ({told}); {right}", may_pass=True)

    def broken_off(self) -> CampaignError:
        """Word a connection that ended too early."""
        found = "the connection broke off before the answer was complete"
        return self._error(f"{found}; build again later, or give a fallback", may_pass=True)

    def said(self, data: bytes) -> str:
        """Give the beginning of what was answered, without the key."""
        return excerpt(data, secrets=(self.secret,))

    def _error(self, text: str, *, may_pass: bool) -> CampaignError:
        return CampaignError(ErrorCode.PROVIDER_ERROR, f"{self.name}: {text}", retryable=may_pass)
