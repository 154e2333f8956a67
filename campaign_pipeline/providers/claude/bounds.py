"""The bounds of a call that the vendor's SDK makes: its time, its size, its pauses.

Belongs here: the HTTP client under the SDK, and what is seen to before and after each of its attempts.
Does not belong here: which answers are worth another attempt: the SDK knows, and honours Retry-After.

It imports the SDK, and is itself imported where a request is really sent.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import httpx2
from anthropic import APIConnectionError, APIRequest, APIResponse, CallNext

from campaign_pipeline.errors import CampaignError
from campaign_pipeline.providers.bill import Bill, is_unbilled
from campaign_pipeline.providers.cut_off import CutOff
from campaign_pipeline.providers.endpoint import Endpoint
from campaign_pipeline.providers.excerpts import EXCERPT_BYTES
from campaign_pipeline.providers.patience import (
    CONNECT_S,
    LONGEST_PAUSE_S,
    SHORTEST_S,
    is_passing,
    told_pause_s,
)
from campaign_pipeline.providers.transport import unreached

MAX_ANSWER_BYTES = 4_000_000
"""A hundred times what the longest answer takes."""


class Bounds:
    """Holds one call, all its attempts and pauses together, to the endpoint's time."""

    def __init__(self, endpoint: Endpoint, *, bill: Bill) -> None:
        self._to = endpoint
        self._bill = bill
        self._ended: CampaignError | None = None
        self._ends_at = time.monotonic() + endpoint.timeout_s
        self._cut_off = CutOff(endpoint.timeout_s)

    @property
    def timeout(self) -> httpx2.Timeout:
        """How long a single silence may last."""
        return self._timeout(self._to.timeout_s)

    def client(self) -> httpx2.Client:
        """Give the HTTP client for the SDK."""
        return httpx2.Client(
            # The key goes to the address that was set, and to no other that an answer names.
            follow_redirects=False,
            # Each attempt takes a connection of its own, for the cut-off takes hold of a connection where it begins.
            limits=httpx2.Limits(max_keepalive_connections=0),
            # Not compressed: a small body could unpack to a large one.
            headers={"Accept-Encoding": "identity"},
            event_hooks={"request": [self._watch], "response": [self._bound]},
        )

    def attempt(self, request: APIRequest, call_next: CallNext) -> APIResponse[Any]:
        """Make one attempt within the time that is left; the SDK's middleware.

        Raises:
            CampaignError: PROVIDER_ERROR, the time is over, the answer is too large, or the pause that is asked for is
                too long to wait; whatever the bill raises. Nothing of this does the SDK try again.
        """
        if self._ended is not None:
            self._bill.again(after=self._ended.message)
            if self._left_s <= SHORTEST_S:
                self._bill.void()
                raise self._ended
        with CutOff(self._left_s) as self._cut_off:
            try:
                response = call_next(request)
            except APIConnectionError as error:
                raise self._failure(error) from None
        if self._cut_off.is_over:
            # A body that tells no length ends where the connection does, and so it did.
            raise self._to.too_late()
        if is_unbilled(response.status_code):
            self._bill.void()
        self._note_refusal(response)
        return response

    def _watch(self, request: httpx2.Request) -> None:
        request.extensions["trace"] = self._cut_off.notice
        # Of this attempt: the SDK would give each the time of the whole call.
        request.extensions["timeout"] = self._timeout(self._left_s).as_dict()

    def _bound(self, response: httpx2.Response) -> None:
        if isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = _Bounded(response.stream, to=self._to, is_refusal=not response.is_success)

    @property
    def _left_s(self) -> float:
        return max(SHORTEST_S, self._ends_at - time.monotonic())

    @staticmethod
    def _timeout(left_s: float) -> httpx2.Timeout:
        return httpx2.Timeout(left_s, connect=min(CONNECT_S, left_s))

    def _failure(self, error: APIConnectionError) -> Exception:
        """Tell what is worth another attempt, which the SDK makes of its own errors only, from what is not."""
        cause = error.__cause__
        if isinstance(cause, CampaignError):
            return cause
        if not isinstance(cause, Exception):
            return error
        failure = unreached(cause, to=self._to, is_over=self._cut_off.is_over)
        if failure.is_unbilled:
            self._bill.void()
        self._ended = failure.error
        is_late = isinstance(cause, httpx2.TimeoutException) and not failure.is_unbilled
        if self._cut_off.is_over or is_late:
            return failure.error
        return APIConnectionError(message=failure.error.message, request=error.request)

    def _note_refusal(self, response: APIResponse[Any]) -> None:
        """Remember how an attempt ended that the SDK makes again, and refuse to wait for too long before that."""
        if response.status_code < HTTPStatus.BAD_REQUEST:
            return
        told = told_pause_s(response.headers.get("retry-after"))
        refused = self._to.refused(response.status_code, data=response.read(), told_pause_s=told)
        self._ended = refused
        if told is None or not is_passing(response.status_code):
            return
        if told > LONGEST_PAUSE_S or time.monotonic() + told >= self._ends_at:
            raise refused


class _Bounded(httpx2.SyncByteStream):
    """A body that ends with an error where it is too large; a refusal's just ends, for its status says enough."""

    def __init__(self, stream: httpx2.SyncByteStream, *, to: Endpoint, is_refusal: bool) -> None:
        self._stream = stream
        self._to = to
        self._is_refusal = is_refusal

    def __iter__(self) -> Iterator[bytes]:
        return self._beginning() if self._is_refusal else self._whole()

    def _beginning(self) -> Iterator[bytes]:
        read = 0
        with suppress(httpx2.HTTPError):
            for chunk in self._stream:
                yield chunk
                read += len(chunk)
                if read >= EXCERPT_BYTES:
                    break

    def _whole(self) -> Iterator[bytes]:
        read = 0
        for chunk in self._stream:
            read += len(chunk)
            if read > MAX_ANSWER_BYTES:
                raise self._to.too_large(MAX_ANSWER_BYTES)
            yield chunk

    def close(self) -> None:
        self._stream.close()
