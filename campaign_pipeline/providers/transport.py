"""A call to a provider over HTTP that comes to an end, in time and within bounds.

Belongs here: sending JSON, time-out, size cap, and further attempts.
Does not belong here: what is asked and what an answer means (the adapters), how a failure is worded (endpoint).
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.providers.bill import Bill, is_unbilled
from campaign_pipeline.providers.cut_off import CutOff
from campaign_pipeline.providers.endpoint import Endpoint
from campaign_pipeline.providers.excerpts import EXCERPT_BYTES
from campaign_pipeline.providers.patience import (
    ATTEMPTS,
    CONNECT_S,
    LONGEST_PAUSE_S,
    SHORTEST_S,
    is_passing,
    pause_s,
    told_pause_s,
)

if TYPE_CHECKING:  # a build that asks nobody must not pay for the client
    import httpx2

MAX_ANSWER_BYTES = 128_000_000
"""Five minutes of stereo at 48 kHz in 32 bits are 115.2 million; nothing that is asked for is larger."""


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
class Failure:
    """An attempt of which nothing came.

    Args:
        told_pause_s: How long the provider asks to be left alone.
        is_unbilled: Nobody took the request up.
        may_pass: The same request may be answered a little later, be it sooner than a retry of the step comes.
    """

    error: CampaignError
    may_pass: bool
    told_pause_s: float | None = None
    is_unbilled: bool = False


def post_json(body: JsonObject, *, to: Endpoint, bill: Bill, max_bytes: int = MAX_ANSWER_BYTES) -> Reply:
    """Send JSON and give what is answered, trying again where that can help and there is time.

    Raises:
        CampaignError: PROVIDER_ERROR, with the host, what was answered, and whether a later call can help;
            VALIDATION_ERROR, the key is none that can be sent; whatever the bill raises.
    """
    to.check_key()
    ends_at, attempt = time.monotonic() + to.timeout_s, 1
    while True:
        left_s = max(SHORTEST_S, ends_at - time.monotonic())
        came = _attempt(body, to=to, max_bytes=max_bytes, left_s=left_s)
        if isinstance(came, Reply):
            return came
        if came.is_unbilled:
            bill.void()
        pause = pause_s(attempt) if came.told_pause_s is None else came.told_pause_s
        has_time = pause <= LONGEST_PAUSE_S and time.monotonic() + pause < ends_at
        if attempt == ATTEMPTS or not has_time or not came.may_pass:
            raise came.error
        time.sleep(pause)
        bill.again(after=came.error.message)
        if time.monotonic() >= ends_at:
            bill.void()
            raise came.error
        attempt += 1


def _attempt(body: JsonObject, *, to: Endpoint, max_bytes: int, left_s: float) -> Reply | Failure:
    import httpx2  # noqa: PLC0415  only a provider that is really asked pays for the client

    began = time.perf_counter()
    timeout = httpx2.Timeout(left_s, connect=min(CONNECT_S, left_s))
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
                data = _whole(response, max_bytes=max_bytes)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return unreached(error, to=to, is_over=cut_off.is_over)
    if data is None:
        return Failure(error=to.too_large(max_bytes), may_pass=False)
    if cut_off.is_over:
        # A body that tells no length ends where the connection does, and so it did.
        return Failure(error=to.too_late(), may_pass=True)
    return Reply(data=data, headers=dict(response.headers), latency_s=time.perf_counter() - began)


def _headers(to: Endpoint) -> dict[str, str]:
    # Not compressed: sound gains nothing, and a small body could unpack to a large one.
    headers = {"Accept-Encoding": "identity", "User-Agent": "campaign-pipeline"}
    return headers if to.key is None else {**headers, "Authorization": f"Bearer {to.key}"}


def _whole(response: "httpx2.Response", *, max_bytes: int) -> bytes | None:
    """Read a body; None where it is too large, which its header may have said before."""
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        return None
    held = _read(response.iter_bytes(), at_least=max_bytes + 1)
    return bytes(held) if len(held) <= max_bytes else None


def _read(chunks: Iterable[bytes], *, at_least: int) -> bytearray:
    """Read until so many bytes are there, or there are no more."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) >= at_least:
            break
    return held


def _refused(response: "httpx2.Response", *, to: Endpoint) -> Failure:
    told = told_pause_s(response.headers.get("retry-after"))
    data = _beginning(response)
    return Failure(
        error=to.refused(response.status_code, data=data, told_pause_s=told),
        told_pause_s=told,
        may_pass=is_passing(response.status_code),
        is_unbilled=is_unbilled(response.status_code),
    )


def _beginning(response: "httpx2.Response") -> bytes:
    """Read as much of a refusal as an error tells; its status holds also where the connection breaks off."""
    import httpx2  # noqa: PLC0415  as above

    try:
        return bytes(_read(response.iter_bytes(), at_least=EXCERPT_BYTES))
    except httpx2.HTTPError:
        return b""


def unreached(error: Exception, *, to: Endpoint, is_over: bool) -> Failure:
    """Tell apart why no answer came; what may have been half-way there is tried again all the same.

    Args:
        error: The HTTP client's.
        is_over: The call was cut off.
    """
    import httpx2  # noqa: PLC0415  as above

    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.InvalidURL):
        return Failure(error=to.not_reached(str(error)), may_pass=True, is_unbilled=True)
    if is_over or isinstance(error, httpx2.TimeoutException):
        return Failure(error=to.too_late(), may_pass=True)
    return Failure(error=to.broken_off(), may_pass=True)
