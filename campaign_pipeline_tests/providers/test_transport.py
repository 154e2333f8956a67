"""A call over HTTP comes to an end, whatever the server does."""

import logging
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.providers.bill import Bill, NoBill
from campaign_pipeline.providers.endpoint import Endpoint
from campaign_pipeline.providers.patience import is_passing, pause_s, told_pause_s
from campaign_pipeline.providers.transport import Reply, post_json
from campaign_pipeline_tests.servers.http_server import (
    LocalServer,
    dribble,
    flood,
    hang,
    hang_up,
    reply,
    reply_json,
    serving,
)

KEY = "sk-canary-4f1d9c07"
AT_ONCE = {"Retry-After": "0"}


def _to(server: LocalServer | str, *, timeout_s: float = 20.0, key: str | None = KEY) -> Endpoint:
    url = server if isinstance(server, str) else server.url
    return Endpoint(
        provider="vendor",
        url=f"{url}/v1/work",
        url_setting="VENDOR_URL",
        key=key,
        key_setting="VENDOR_KEY",
        model_setting="VENDOR_MODEL",
        timeout_s=timeout_s,
    )


def _post(
    server: LocalServer | str, *, timeout_s: float = 20.0, key: str | None = KEY, bill: Bill | None = None
) -> Reply:
    return post_json({"a": 1}, to=_to(server, timeout_s=timeout_s, key=key), bill=bill or NoBill())


def _refused(server: LocalServer | str, *, timeout_s: float = 20.0, key: str | None = KEY) -> CampaignError:
    with pytest.raises(CampaignError) as refused:
        _post(server, timeout_s=timeout_s, key=key)
    assert KEY not in str(refused.value)
    return refused.value


def test_what_is_asked_and_answered_arrives(http_server: LocalServer) -> None:
    http_server.answers(reply(b"sound", media_type="audio/mpeg", headers={"X-Cost": "0.5"}))

    answered = _post(http_server)

    [request] = http_server.received
    assert (request.method, request.path, request.json()) == ("POST", "/v1/work", {"a": 1})
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert answered.data == b"sound"
    assert (answered.headers["content-type"], answered.headers["x-cost"]) == ("audio/mpeg", "0.5")
    assert answered.latency_s > 0


def test_without_a_key_none_is_sent(http_server: LocalServer) -> None:
    http_server.answers(reply(b"sound"))

    _post(http_server, key=None)

    assert "authorization" not in http_server.received[0].headers


def test_a_server_that_is_busy_is_asked_once_more_after_the_told_time(http_server: LocalServer) -> None:
    http_server.answers(reply_json({}, status=429, headers={"Retry-After": "1"}), reply(b"sound"))

    answered = _post(http_server)

    first, second = http_server.received
    assert answered.data == b"sound"
    assert second.at - first.at >= 1
    assert first.body == second.body


def test_the_told_time_may_be_a_date(http_server: LocalServer) -> None:
    # Whole seconds are all that an HTTP date can spell.
    moment = (datetime.now(UTC) + timedelta(seconds=2)).replace(microsecond=0)
    told = {"Retry-After": format_datetime(moment, usegmt=True)}
    http_server.answers(reply(status=503, headers=told), reply(b"sound"))

    _post(http_server)

    assert len(http_server.received) == 2
    assert datetime.now(UTC) >= moment


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_tried_twice_more_and_then_left_to_a_later_attempt(
    http_server: LocalServer, status: int
) -> None:
    http_server.answers(reply(b"busy", status=status, media_type="text/plain", headers=AT_ONCE))

    error = _refused(http_server)

    assert len(http_server.received) == 3
    assert (error.code, error.retryable) == (ErrorCode.PROVIDER_ERROR, True)
    host = http_server.url.removeprefix("http://")
    assert error.message.startswith(f"vendor at {host}: status {status} found, saying “busy”; ")


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_will_not_pass_is_not_tried_again(http_server: LocalServer, status: int) -> None:
    http_server.answers(reply_json({"error": {"message": "no such model"}}, status=status))

    error = _refused(http_server)

    assert len(http_server.received) == 1
    assert not error.retryable
    assert f"status {status} found, saying “no such model”" in error.message


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_the_setting_and_not_the_key(http_server: LocalServer, status: int) -> None:
    http_server.answers(reply_json({"error": {"message": f"Bad key {KEY}"}}, status=status))

    error = _refused(http_server)

    assert len(http_server.received) == 1
    assert not error.retryable
    assert "saying “Bad key ***”; a key that it takes is expected in VENDOR_KEY" in error.message


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused_unsaid(http_server: LocalServer, key: str) -> None:
    with pytest.raises(CampaignError, match="VALIDATION_ERROR: VENDOR_KEY: a key with blanks") as refused:
        _post(http_server, key=key)

    assert key not in str(refused.value)
    assert http_server.received == []


def test_a_server_that_says_nothing_is_given_up(http_server: LocalServer) -> None:
    http_server.answers(hang())

    error = _refused(http_server, timeout_s=0.3)

    assert len(http_server.received) == 1
    assert not error.retryable
    assert "no whole answer found within the 0.3 s of CAMPAIGN_PROVIDER_TIMEOUT; build again" in error.message


@pytest.mark.parametrize("in_headers", [True, False], ids=["headers", "body"])
def test_a_server_that_dribbles_is_given_up(http_server: LocalServer, in_headers: bool) -> None:  # noqa: FBT001  a case
    http_server.answers(dribble(in_headers=in_headers))

    began = time.monotonic()

    error = _refused(http_server, timeout_s=0.4)

    # It would dribble for ever.
    assert time.monotonic() - began < 12
    assert not error.retryable
    assert "no whole answer found within the 0.4 s" in error.message


def test_a_server_that_asks_for_more_time_than_there_is_gets_none(http_server: LocalServer) -> None:
    http_server.answers(reply(status=429, headers={"Retry-After": "3600"}))

    error = _refused(http_server)

    assert len(http_server.received) == 1
    assert not error.retryable
    assert "it asks to be left alone for 3600 s: build again after that" in error.message


@pytest.mark.parametrize("announced", [True, False])
def test_half_a_gigabyte_is_cut_at_the_cap(http_server: LocalServer, announced: bool) -> None:  # noqa: FBT001  a case
    http_server.answers(flood(500_000_000, announced=announced))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    error = _refused(http_server)

    # In KiB; what is kept at most once and what is on its way.
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 220_000
    assert http_server.sent_bytes < 160_000_000
    assert len(http_server.received) == 1
    assert not error.retryable
    assert "an answer of more than 128 MB found" in error.message


def test_an_error_without_end_is_read_no_further_than_it_is_told(http_server: LocalServer) -> None:
    http_server.answers(flood(500_000_000, status=400, head=b"too much"))

    error = _refused(http_server)

    assert http_server.sent_bytes < 20_000_000
    assert "status 400 found" in error.message


@pytest.mark.parametrize("after", [None, b"half an ans"])
def test_a_connection_that_breaks_off_is_tried_again(http_server: LocalServer, after: bytes | None) -> None:
    http_server.answers(hang_up(after=after), reply(b"sound"))

    assert _post(http_server).data == b"sound"
    assert len(http_server.received) == 2


def test_a_connection_that_always_breaks_off_is_told(http_server: LocalServer) -> None:
    http_server.answers(hang_up())

    error = _refused(http_server)

    assert len(http_server.received) == 3
    assert error.retryable
    assert "the connection broke off before the answer was complete" in error.message


def test_a_server_that_does_not_run_is_told_with_its_setting() -> None:
    with serving() as gone:
        url = gone.url

    error = _refused(url)

    assert error.retryable
    assert "not reached" in error.message
    assert error.message.endswith("VENDOR_URL is expected to name a server that runs")


def test_an_address_that_is_none_is_told_with_its_setting() -> None:
    error = _refused("http://localhost:99999")

    assert "VENDOR_URL is expected" in error.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(http_server: LocalServer, status: int) -> None:
    with serving(reply(b"sound")) as elsewhere:
        http_server.answers(reply(status=status, headers={"Location": f"{elsewhere.url}/{KEY}"}))

        error = _refused(http_server)

    assert elsewhere.received == []
    assert len(http_server.received) == 1
    assert f"status {status} found; VENDOR_URL is expected to name the place itself" in error.message


def test_nothing_that_the_client_logs_has_the_key(
    http_server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    http_server.answers(reply(status=500, headers=AT_ONCE), reply(b"sound"))

    with caplog.at_level(logging.DEBUG):
        _post(http_server)

    assert "HTTP Request: POST" in caplog.text
    assert KEY not in caplog.text


def test_pauses_grow_and_differ() -> None:
    firsts, seconds = ([pause_s(attempt) for _ in range(50)] for attempt in (1, 2))

    assert all(0.25 <= pause <= 0.5 for pause in firsts)
    assert all(0.5 <= pause <= 1 for pause in seconds)
    assert len(set(firsts)) > 1


@pytest.mark.parametrize(
    ("told", "pause"),
    [
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("nan", None),
        ("Mon, 01 Jan 2024 99999999999999999999:00:00 GMT", None),
    ],
)
def test_what_a_server_says_of_time_is_read(told: str | None, pause: float | None) -> None:
    assert told_pause_s(told) == pause


def test_success_and_refusal_do_not_pass() -> None:
    assert not any(is_passing(status) for status in (200, 302, 400, 401, 403, 404))


def test_nobody_is_kept_from_interrupting_a_pause(http_server: LocalServer, tmp_path: Path) -> None:
    http_server.answers(reply(status=429, headers={"Retry-After": "50"}))
    code = (
        # What a shell has sent into the background is born deaf to interrupts, and so are its children.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from campaign_pipeline.providers.bill import NoBill\n"
        "from campaign_pipeline.providers.endpoint import Endpoint\n"
        "from campaign_pipeline.providers.transport import post_json\n"
        f"told = dict(provider='vendor', url='{http_server.url}', url_setting='', key=None, key_setting='')\n"
        "told['model_setting'] = ''\n"
        "try:\n    post_json({}, to=Endpoint(**told, timeout_s=90), bill=NoBill())\n"
        "except KeyboardInterrupt:\n    print('interrupted')\n"
    )
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        while not http_server.received:
            time.sleep(0.02)
        time.sleep(0.3)

        process.send_signal(signal.SIGINT)

        try:
            told, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    assert told.strip() == "interrupted"
