"""The claude provider where the server, the network or the key is not as it should be."""

import json
import logging
import socket
import time
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.claude.adapter import ClaudeTextModel
from campaign_pipeline_tests.providers.asking import RememberedAnswers, request_for
from campaign_pipeline_tests.servers.anthropic_server import WHEEL_ANSWER, fails, says
from campaign_pipeline_tests.servers.http_server import (
    Answer,
    LocalServer,
    dribble,
    flood,
    hang,
    hang_up,
    reply,
    reply_json,
)

KEY = "sk-ant-canary-71c0d4"


def asking(url: str, *, key: str | None = KEY, timeout_s: float = 20) -> ClaudeTextModel:
    return ClaudeTextModel(
        Access(answers=RememberedAnswers(), anthropic_url=url, anthropic_key=key, timeout_s=timeout_s)
    )


def failure(model: ClaudeTextModel) -> CampaignError:
    with pytest.raises(CampaignError) as caught:
        model.write(request_for())
    return caught.value


def busy(told: str) -> Answer:
    return fails(429, "rate_limit_error", "Slow down", headers={"Retry-After": told})


def test_429_then_200_is_one_retry_after_the_told_time(http_server: LocalServer) -> None:
    http_server.answers(busy("1"), says(WHEEL_ANSWER))

    text = asking(http_server.url).write(request_for())

    assert text.texts.title == "Sommer am Rad"
    first, second = http_server.received
    assert second.at - first.at >= 1
    assert second.body == first.body


@pytest.mark.parametrize(
    "fault",
    [
        fails(529, "overloaded_error", "Overloaded"),
        fails(500, "api_error", "Internal server error"),
        hang_up(),
        hang_up(after=b'{"type": "message"'),
    ],
    ids=["overloaded", "server error", "no answer", "half an answer"],
)
def test_what_may_pass_is_tried_again(http_server: LocalServer, fault: Answer) -> None:
    http_server.answers(fault, says(WHEEL_ANSWER))

    text = asking(http_server.url).write(request_for())

    assert text.texts.title == "Sommer am Rad"
    assert len(http_server.received) == 2


def test_what_does_not_pass_is_given_up_after_two_retries(http_server: LocalServer) -> None:
    http_server.answers(fails(529, "overloaded_error", "Overloaded"))

    error = failure(asking(http_server.url))

    assert (error.code, error.retryable) == (ErrorCode.PROVIDER_ERROR, True)
    assert "status 529 found, saying “Overloaded”" in error.message
    assert len(http_server.received) == 3


@pytest.mark.parametrize("seconds", [10, 3600])
@pytest.mark.parametrize("spelled", ["seconds", "date"])
def test_nobody_waits_longer_than_there_is_time(http_server: LocalServer, seconds: int, spelled: str) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    told = str(seconds) if spelled == "seconds" else format_datetime(moment, usegmt=True)
    http_server.answers(busy(told))
    began = time.monotonic()

    error = failure(asking(http_server.url, timeout_s=5))

    assert "it asks to be left alone for" in error.message
    assert not error.retryable
    assert len(http_server.received) == 1
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "fault",
    [hang(), dribble(), dribble(in_headers=True)],
    ids=["silence", "a byte at a time", "a byte of a header at a time"],
)
def test_a_call_that_hangs_ends_at_the_time_out(http_server: LocalServer, fault: Answer) -> None:
    http_server.answers(fault)
    began = time.monotonic()

    error = failure(asking(http_server.url, timeout_s=1.5))

    taken = time.monotonic() - began
    assert (error.code, error.retryable) == (ErrorCode.PROVIDER_ERROR, False)
    assert "within the 1.5 s of CAMPAIGN_PROVIDER_TIMEOUT" in error.message
    assert len(http_server.received) == 1
    # Many times shorter than the server would keep it.
    assert 1.5 <= taken < 15


def test_what_is_too_large_is_cut_at_the_cap(http_server: LocalServer) -> None:
    http_server.answers(flood())

    error = failure(asking(http_server.url))

    assert "an answer of more than 4 MB found" in error.message
    assert len(http_server.received) == 1
    assert http_server.sent_bytes < 50_000_000


@pytest.mark.parametrize(("status", "requests"), [(400, 1), (500, 3)])
def test_of_a_refusal_without_end_the_beginning_is_read(
    http_server: LocalServer, status: int, requests: int
) -> None:
    http_server.answers(reply(b"x" * 60_000_000, status=status))

    error = failure(asking(http_server.url))

    assert f"status {status} found, saying “xxx" in error.message
    assert len(http_server.received) == requests
    assert http_server.sent_bytes < requests * 20_000_000


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (reply(b"<html><body>Welcome</body></html>", media_type="text/html"), "saying “Welcome”"),
        (reply(b""), "status 200 without a message"),
        (reply_json({"choices": []}), "status 200 without a message"),
        (reply_json({"type": "message", "content": "words"}), "status 200 without a message"),
        (reply(b"[" * 100_000), "status 200 without a message"),
    ],
    ids=["page", "nothing", "another vendor's", "half a message", "nested"],
)
def test_what_is_no_message_is_the_providers_error_and_not_kept(
    http_server: LocalServer, answer: Answer, found: str
) -> None:
    http_server.answers(answer)
    book = RememberedAnswers()
    model = ClaudeTextModel(Access(answers=book, anthropic_url=http_server.url, anthropic_key=KEY))

    error = failure(model)

    assert (error.code, error.retryable) == (ErrorCode.PROVIDER_ERROR, False)
    assert found in error.message
    assert "ANTHROPIC_BASE_URL is expected to name the API itself" in error.message
    assert book.answers == {}
    assert len(http_server.received) == 1


@pytest.mark.parametrize(
    ("status", "kind", "right"),
    [
        (401, "authentication_error", "a key that it takes is expected in ANTHROPIC_API_KEY"),
        (403, "permission_error", "a key that it takes is expected in ANTHROPIC_API_KEY"),
        (404, "not_found_error", "and text.model or CAMPAIGN_TEXT_MODEL a model that it has"),
        (400, "invalid_request_error", "is the model in text.model or CAMPAIGN_TEXT_MODEL one that it has?"),
    ],
)
def test_a_refused_request_is_not_tried_again(
    http_server: LocalServer, status: int, kind: str, right: str
) -> None:
    http_server.answers(fails(status, kind, "No such thing"))

    error = failure(asking(http_server.url))

    assert (error.code, error.retryable) == (ErrorCode.PROVIDER_ERROR, False)
    assert f"status {status} found, saying “No such thing”" in error.message
    assert right in error.message
    assert len(http_server.received) == 1


def test_the_key_goes_to_no_other_address(http_server: LocalServer) -> None:
    http_server.answers(reply(status=307, headers={"Location": f"{http_server.url}/elsewhere"}))

    error = failure(asking(http_server.url))

    assert "no redirect is followed" in error.message
    assert len(http_server.received) == 1


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    error = failure(asking(url))

    assert error.retryable
    assert f"claude at {url.removeprefix('http://')}: not reached" in error.message
    assert error.message.count("claude at") == 1


def test_a_key_made_up_for_a_proxy_that_asks_for_none_does_not_spoil_its_answers(
    http_server: LocalServer,
) -> None:
    http_server.answers(says(WHEEL_ANSWER))

    text = asking(http_server.url, key="k").write(request_for())

    assert text.prizes == WHEEL_ANSWER["prizes"]


def test_a_missing_key_is_named_when_claude_is_asked(http_server: LocalServer) -> None:
    model = asking(http_server.url, key=None)

    error = failure(model)

    assert error.code is ErrorCode.VALIDATION_ERROR
    assert error.message.startswith("ANTHROPIC_API_KEY: nothing found")
    assert http_server.received == []


@pytest.mark.parametrize("key", ["sk-canary\n71c0", "sk canary 71c0", "sk-canäry-71c0"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(
    http_server: LocalServer, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        error = failure(asking(http_server.url, key=key))

    assert error.code is ErrorCode.VALIDATION_ERROR
    assert error.message.startswith("ANTHROPIC_API_KEY: a key with blanks")
    assert "71c0" not in error.message + caplog.text
    assert http_server.received == []


def _spelled_out(text: str) -> bytes:
    """Spell the key in JSON's escapes, as no server has to and any may."""
    return text.replace(KEY, "".join(f"\\u{ord(letter):04x}" for letter in KEY)).encode()


def _message_with(words: str) -> str:
    content = [{"type": "text", "text": f'{{"copy": {{"title": "{words}"}}}}'.replace('"', '\\"')}]
    text = json.dumps({"type": "message", "content": content, "stop_reason": "end_turn", "model": "m"})
    assert KEY in text
    return text


_SAID = f"Bad key {KEY}, sent as Bearer {KEY}"


@pytest.mark.parametrize(
    "answer",
    [
        says(WHEEL_ANSWER),
        says(f"Your key is {KEY}"),
        reply(_spelled_out(f'{{"error": {{"message": "Bad key {KEY}"}}}}'), status=401),
        reply(_spelled_out(_message_with(KEY))),
        fails(401, "authentication_error", _SAID),
        fails(429, "rate_limit_error", _SAID, headers={"Retry-After": "0"}),
        reply(f"<html>{KEY}</html>".encode(), media_type="text/html"),
        hang_up(),
    ],
    ids=[
        "well",
        "told back",
        "refused in escapes",
        "told back in escapes",
        "refused",
        "busy",
        "page",
        "hung up",
    ],
)
def test_the_key_is_in_no_error_no_note_and_no_log(
    http_server: LocalServer, caplog: pytest.LogCaptureFixture, answer: Answer
) -> None:
    http_server.answers(answer)
    book = RememberedAnswers()
    model = ClaudeTextModel(Access(answers=book, anthropic_url=http_server.url, anthropic_key=KEY))
    told = ""

    with caplog.at_level(logging.DEBUG):
        try:
            model.write(request_for())
        except CampaignError:
            told = traceback.format_exc()

    assert http_server.received[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in told
    assert KEY not in caplog.text
    assert KEY not in f"{book.notes} {book.requests} {book.answers}"
    assert KEY not in repr(model.__dict__)
