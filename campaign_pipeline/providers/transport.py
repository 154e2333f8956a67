"""A call to a provider over HTTP that comes to an end, in time and within bounds.

Belongs here: sending JSON, time-out, size cap, further attempts, and the error of a call that failed.
Does not belong here: what is asked and what an answer means (the adapters).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.providers.cut_off import CutOff
from campaign_pipeline.providers.excerpts import EXCERPT_BYTES, excerpt
from campaign_pipeline.providers.patience import (
    ATTEMPTS,
    LONGEST_PAUSE_S,
    is_passing,
    pause_s,
    told_pause_s,
)

if TYPE_CHECKING:  # a build that asks nobody must not pay for the client
    import httpx2

MAX_ANSWER_BYTES = 64_000_000
"""Five minutes of stereo at 48 kHz in 16 bits are 57.6 million; nothing that is asked for is larger."""
_CONNECT_S = 10.0
_SHORTEST_S = 0.01
"""A pause that took a little longer than it should leaves no time; less than none no clock can count."""
_REFUSED_KEY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a provider is reached, and with what.

    Args:
        provider: As an error names it.
        key: Sent as a bearer token and told to nobody else; None sends none.
        key_setting: What holds the key, for whoever has to set it right.
        url_setting: What holds the address, likewise.
        timeout_s: For the whole call: connecting, pauses and further attempts included.
    """

    provider: str
    url: str
    url_setting: str
    key: str | None = field(repr=False)
    key_setting: str
    timeout_s: float

    @property
    def name(self) -> str:
        """How an error names it: the provider, and the host that was asked."""
        return f"{self.provider} at {urlsplit(self.url).netloc}"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer with a status of success.

    Args:
        headers: By lower-case name.
        latency_s: Of the attempt that was answered.
    """

    data: bytes
    headers: Mapping[str, str]
    latency_s: float


@dataclass(frozen=True, kw_only=True)
class _Failure:
    """An attempt of which nothing came, and how long the provider asks to be left alone."""

    error: CampaignError
    told_pause_s: float | None = None


def post_json(body: JsonObject, *, to: Endpoint, max_bytes: int = MAX_ANSWER_BYTES) -> Reply:
    """Send JSON and give what is answered, trying again where that can help and there is time.

    Raises:
        CampaignError: PROVIDER_ERROR, with the host, what was answered, and whether a later call can help;
            VALIDATION_ERROR, the key is none that can be sent.
    """
    _check_key(to)
    ends_at, attempt = time.monotonic() + to.timeout_s, 1
    while True:
        left_s = max(_SHORTEST_S, ends_at - time.monotonic())
        came = _attempt(body, to=to, max_bytes=max_bytes, left_s=left_s)
        if isinstance(came, Reply):
            return came
        pause = pause_s(attempt) if came.told_pause_s is None else came.told_pause_s
        has_time = pause <= LONGEST_PAUSE_S and time.monotonic() + pause < ends_at
        if attempt == ATTEMPTS or not has_time or not came.error.retryable:
            raise came.error
        time.sleep(pause)
        attempt += 1


def _check_key(to: Endpoint) -> None:
    """Refuse what no header can carry: the client would repeat it in its own words."""
    if to.key is not None and not (to.key.isascii() and to.key.isprintable() and " " not in to.key):
        message = f"{to.key_setting}: a key with blanks or other than printable ASCII characters found"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{message}; the key alone is expected")


def _attempt(body: JsonObject, *, to: Endpoint, max_bytes: int, left_s: float) -> Reply | _Failure:
    import httpx2  # noqa: PLC0415  only a provider that is really asked pays for the client

    began = time.perf_counter()
    timeout = httpx2.Timeout(left_s, connect=min(_CONNECT_S, left_s))
    with CutOff(left_s) as cut_off:
        try:
            with (
                httpx2.Client(timeout=timeout, follow_redirects=False) as client,
                client.stream(
                    "POST", to.url, json=body, headers=_headers(to), extensions={"trace": cut_off.notice}
                ) as response,
            ):
                if not response.is_success:
                    return _refused(response, to=to)
                data = _read(response, max_bytes=max_bytes, to=to)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return _unreached(error, to=to, is_over=cut_off.is_over)
        except CampaignError as error:
            return _Failure(error=error)
    if cut_off.is_over:
        # A body that tells no length ends where the connection does, and so it did.
        return _Failure(error=_too_late(to))
    return Reply(data=data, headers=dict(response.headers), latency_s=time.perf_counter() - began)


def _headers(to: Endpoint) -> dict[str, str]:
    # Not compressed: sound gains nothing, and a small body could unpack to a large one.
    headers = {"Accept-Encoding": "identity", "User-Agent": "campaign-pipeline"}
    return headers if to.key is None else {**headers, "Authorization": f"Bearer {to.key}"}


def _read(response: "httpx2.Response", *, max_bytes: int, to: Endpoint) -> bytes:
    """Read a body and stop where it is too large, which its header may have said before."""
    announced = response.headers.get("content-length", "")
    size = int(announced) if announced.isdecimal() else 0
    held = bytearray()
    for chunk in response.iter_bytes() if size <= max_bytes else ():
        held += chunk
        size = max(size, len(held))
        if size > max_bytes:
            break
    if size > max_bytes:
        message = (
            f"{to.name}: an answer of more than {max_bytes // 1_000_000} MB found; a smaller one is expected"
        )
        raise CampaignError(ErrorCode.PROVIDER_ERROR, message)
    return bytes(held)


def _refused(response: "httpx2.Response", *, to: Endpoint) -> _Failure:
    """Word an answer whose status is no success."""
    status = response.status_code
    told = told_pause_s(response.headers.get("retry-after"))
    if response.is_redirect:
        right = f"{to.url_setting} is expected to name the place itself, for no redirect is followed"
    elif status in _REFUSED_KEY:
        right = f"a key that it takes is expected in {to.key_setting}"
    elif told is not None:
        right = f"it asks to be left alone for {told:.0f} s"
    else:
        right = "an answer with status 200 is expected"
    said = excerpt(_beginning(response), secrets=(to.key,))
    found = f"status {status} found{f', saying “{said}”' if said else ''}"
    error = CampaignError(
        ErrorCode.PROVIDER_ERROR, f"{to.name}: {found}; {right}", retryable=is_passing(status)
    )
    return _Failure(error=error, told_pause_s=told)


def _beginning(response: "httpx2.Response") -> bytes:
    held = bytearray()
    for chunk in response.iter_bytes():
        held += chunk
        if len(held) >= EXCERPT_BYTES:
            break
    return bytes(held)


def _unreached(error: Exception, *, to: Endpoint, is_over: bool) -> _Failure:
    """Word a call that no answer came of; what may have been half-way there is tried again all the same."""
    import httpx2  # noqa: PLC0415  as above

    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.InvalidURL):
        why = excerpt(str(error).encode(), secrets=(to.key,)) or "no connection"
        message = f"{to.name}: not reached ({why}); {to.url_setting} is expected to name a server that runs"
        return _Failure(error=CampaignError(ErrorCode.PROVIDER_ERROR, message, retryable=True))
    if is_over or isinstance(error, httpx2.TimeoutException):
        return _Failure(error=_too_late(to))
    message = f"{to.name}: the connection broke off before the answer was complete"
    return _Failure(error=CampaignError(ErrorCode.PROVIDER_ERROR, message, retryable=True))


def _too_late(to: Endpoint) -> CampaignError:
    message = f"{to.name}: no whole answer found within the {to.timeout_s:g} s of CAMPAIGN_PROVIDER_TIMEOUT"
    return CampaignError(ErrorCode.PROVIDER_ERROR, message, retryable=True)
