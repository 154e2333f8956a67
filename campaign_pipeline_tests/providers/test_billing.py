"""Every adapter that is paid tells of each attempt before it sends it, and takes off those that nobody took up."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.audio_choice import audio_model
from campaign_pipeline.providers.bill import is_unbilled, told_cost_usd
from campaign_pipeline.providers.text_choice import text_model
from campaign_pipeline_tests.providers.asking import RememberedAnswers, request_for
from campaign_pipeline_tests.servers.anthropic_server import WHEEL_ANSWER, says
from campaign_pipeline_tests.servers.http_server import Answer as Behaviour
from campaign_pipeline_tests.servers.http_server import LocalServer, hang_up, reply
from campaign_pipeline_tests.servers.speech_server import speech

AT_ONCE = {"Retry-After": "0"}
KEY = "sk-canary-77d1"


def _words(url: str, book: RememberedAnswers, *, timeout_s: float = 20) -> None:
    access = Access(answers=book, anthropic_url=url, anthropic_key=KEY, timeout_s=timeout_s)
    text_model("claude", access=access).write(request_for())


def _music(url: str, book: RememberedAnswers, *, timeout_s: float = 20) -> None:
    access = Access(answers=book, litellm_url=url, litellm_key=KEY, timeout_s=timeout_s)
    audio_model("litellm", model="music-1", access=access).generate(AudioRequest(duration_sec=10))


PAID = {"claude": (_words, says(WHEEL_ANSWER)), "litellm": (_music, speech(key=KEY))}
each_adapter = pytest.mark.parametrize("provider", sorted(PAID))


@each_adapter
@pytest.mark.parametrize(
    ("faults", "bill"),
    [
        ([], [True]),
        ([429], [False, True]),
        ([529, 503], [False, False, True]),
        ([500, 502], [True, True, True]),
        ([504, 429], [True, False, True]),
    ],
)
def test_each_attempt_is_on_the_bill_unless_nobody_took_it_up(
    http_server: LocalServer, provider: str, faults: list[int], bill: list[bool]
) -> None:
    ask, good = PAID[provider]
    book = RememberedAnswers(provider)
    http_server.answers(*(reply(status=status, headers=AT_ONCE) for status in faults), good)

    ask(http_server.url, book)

    assert [each.attempts for each in book.bills] == [bill]
    assert len(http_server.received) == len(bill)


@each_adapter
@pytest.mark.parametrize(
    ("fault", "may_be_billed"),
    [
        (reply(status=401), False),
        (reply(status=302, headers={"Location": "/elsewhere"}), False),
        (reply(b"<html>welcome</html>", headers={"Content-Type": "text/html"}), True),
        (hang_up(), True),
        (hang_up(after=b"half a reason", status=401), False),
    ],
)
def test_what_brought_no_answer_stays_on_the_bill_if_somebody_may_have_worked_on_it(
    http_server: LocalServer, provider: str, fault: Behaviour, *, may_be_billed: bool
) -> None:
    ask, _ = PAID[provider]
    book = RememberedAnswers(provider)
    http_server.answers(fault)

    with pytest.raises(CampaignError) as failed:
        ask(http_server.url, book)

    assert failed.value.code is ErrorCode.PROVIDER_ERROR
    assert set(book.bills[0].attempts) == {may_be_billed}
    assert len(book.bills[0].attempts) == len(http_server.received)


@each_adapter
def test_what_an_answer_of_no_use_is_said_to_have_cost_is_told_all_the_same(
    http_server: LocalServer, provider: str
) -> None:
    ask, _ = PAID[provider]
    book = RememberedAnswers(provider)
    headers = {"x-litellm-response-cost": "0.06"}
    http_server.answers(reply(b"<html>welcome</html>", media_type="text/html", headers=headers))

    with pytest.raises(CampaignError):
        ask(http_server.url, book)

    assert book.bills[0].costs_usd == [0.06]


@each_adapter
def test_a_server_that_is_not_there_bills_nothing(provider: str) -> None:
    ask, _ = PAID[provider]
    book = RememberedAnswers(provider)

    with pytest.raises(CampaignError, match="not reached"):
        ask(_url_of_nobody(), book)

    assert set(book.bills[0].attempts) == {False}


@each_adapter
def test_a_server_that_takes_no_connection_bills_nothing_and_holds_nobody_beyond_the_time(
    provider: str,
) -> None:
    ask, _ = PAID[provider]
    book = RememberedAnswers(provider)
    with _full_server() as url:
        began = time.monotonic()
        with pytest.raises(CampaignError, match="not reached") as failed:
            ask(url, book, timeout_s=2)
        taken = time.monotonic() - began

    assert failed.value.retryable
    assert set(book.bills[0].attempts) == {False}
    # A client left to itself goes on for minutes.
    assert taken < 12


@each_adapter
def test_a_server_that_dribbles_while_it_shakes_hands_is_given_up(provider: str) -> None:
    ask, _ = PAID[provider]
    with _dribbling_handshake() as url:
        began = time.monotonic()
        with pytest.raises(CampaignError) as failed:
            ask(url, RememberedAnswers(provider), timeout_s=2)
        taken = time.monotonic() - began

    assert failed.value.code is ErrorCode.PROVIDER_ERROR
    assert taken < 12


@pytest.mark.parametrize(
    ("told", "cost"),
    [
        ("0.06", 0.06),
        ("0.0073750000000000005", 0.0073750000000000005),
        ("1.2345678901234567e-05", 1.2345678901234567e-05),
        ("7e-05", 7e-05),
        ("0", None),
        ("0.0", None),
        ("", None),
        ("None", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("1.2.3", None),
    ],
)
def test_what_a_proxy_says_that_a_call_cost_is_read_where_it_says_anything(
    told: str, cost: float | None
) -> None:
    assert told_cost_usd({"x-litellm-response-cost": told}) == cost


def test_whatever_a_proxy_counts_together_is_read() -> None:
    dice = random.Random(7)  # noqa: S311  guards nothing
    for _ in range(2000):
        cost = dice.randrange(1, 9000) * 0.15 / 1e6 + dice.randrange(1, 9000) * 0.6 / 1e6
        assert told_cost_usd({"x-litellm-response-cost": repr(cost)}) == cost


def test_refusals_are_not_billed_and_whatever_may_have_been_worked_on_is() -> None:
    assert all(is_unbilled(status) for status in (301, 400, 401, 404, 409, 429, 503, 529))
    assert not any(is_unbilled(status) for status in (200, 408, 500, 502, 504))


def _url_of_nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def _full_server() -> Iterator[str]:
    """Listen with a queue that is full: what knocks waits for ever."""
    with ExitStack() as held:
        listening = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def _dribbling_handshake() -> Iterator[str]:
    """Begin a record of TLS that never ends, a byte at a time."""
    done = threading.Event()

    def dribble(connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(b"\x16\x03\x03\x40\x00")
                while not done.wait(0.05):
                    connection.sendall(b"\x02")
            except OSError:
                return

    def serve(listening: socket.socket) -> None:
        while not done.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            threads.append(threading.Thread(target=dribble, args=(connection,)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        threads = [threading.Thread(target=serve, args=(listening,))]
        threads[0].start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        done.set()
        for thread in threads:
            thread.join()
