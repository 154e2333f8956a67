"""The litellm provider against a proxy of our own: what it asks, what it takes, and what it refuses."""

from typing import get_args

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest, Mood
from campaign_pipeline.model.prices import Price, Quote
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.answers import AnswerBook
from campaign_pipeline.providers.audio import AudioModel
from campaign_pipeline.providers.audio_choice import audio_model
from campaign_pipeline.providers.litellm import wording
from campaign_pipeline.providers.litellm.wording import in_words
from campaign_pipeline.skills.generate_bgm_track import params
from campaign_pipeline_tests.providers.asking import RememberedAnswers
from campaign_pipeline_tests.servers.http_server import LocalServer, reply, reply_json
from campaign_pipeline_tests.servers.speech_server import HTML_PAGE, speech

KEY = "sk-canary-93b2a17e"
REQUEST = AudioRequest(prompt="steel drums at the beach", genre="tropical pop", mood="happy", duration_sec=30)


@pytest.fixture
def book() -> RememberedAnswers:
    return RememberedAnswers("litellm")


@pytest.fixture
def model(http_server: LocalServer, book: RememberedAnswers) -> AudioModel:
    http_server.answers(speech(key=KEY))
    return _model(http_server, book)


def _model(
    server: LocalServer, book: AnswerBook, *, path: str = "", prices: dict[str, Price] | None = None
) -> AudioModel:
    access = Access(
        answers=book, prices=prices or {}, litellm_url=server.url + path, litellm_key=KEY, timeout_s=20
    )
    return audio_model("litellm", model="lyria", access=access)


def _changed(**fields: object) -> AudioRequest:
    return AudioRequest.model_validate({**REQUEST.model_dump(), **fields})


def test_the_proxy_is_asked_in_the_shape_of_speech(model: AudioModel, http_server: LocalServer) -> None:
    generated = model.generate(REQUEST)

    [request] = http_server.received
    assert (request.method, request.path) == ("POST", "/v1/audio/speech")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json() == {"model": "lyria", "input": in_words(REQUEST), "voice": "alloy"}
    assert (generated.sample_rate, generated.samples.shape) == (48000, (2, 20 * 48000))
    assert (generated.bpm, generated.bars, generated.loop) == (None, None, False)


@pytest.mark.parametrize(
    ("audio_format", "sample_rate", "channels"), [("wav", 22050, 1), ("wav", 48000, 2), ("mp3", 44100, 1)]
)
def test_any_rate_and_any_format_is_taken_as_it_is(
    http_server: LocalServer, book: RememberedAnswers, audio_format: str, sample_rate: int, channels: int
) -> None:
    http_server.answers(speech(audio_format=audio_format, sample_rate=sample_rate, channels=channels))

    generated = _model(http_server, book).generate(REQUEST)

    assert generated.sample_rate == sample_rate
    assert generated.samples.shape == (channels, 20 * sample_rate)


def test_the_type_is_told_by_the_bytes_and_not_by_their_name(
    http_server: LocalServer, book: RememberedAnswers
) -> None:
    http_server.answers(speech(headers={"Content-Type": "text/html"}))

    generated = _model(http_server, book).generate(REQUEST)

    assert generated.samples.shape[1] == 20 * 48000


def test_an_address_with_the_version_in_it_is_taken_too(
    http_server: LocalServer, book: RememberedAnswers
) -> None:
    http_server.answers(speech())

    _model(http_server, book, path="/v1").generate(REQUEST)

    assert http_server.received[0].path == "/v1/audio/speech"


@pytest.mark.parametrize(
    ("field", "value"),
    [("bitrate_kbps", 192), ("format", "wav"), ("sample_rate", 48000), ("channels", 1)],
)
def test_what_only_shapes_the_file_buys_no_other_music(
    model: AudioModel, http_server: LocalServer, field: str, value: object
) -> None:
    model.generate(REQUEST)

    model.generate(_changed(**{field: value}))

    assert len(http_server.received) == 1
    assert params(REQUEST, model=model) != params(_changed(**{field: value}), model=model)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", "a walk in the rain"),
        ("genre", "jazz"),
        ("mood", "sad"),
        ("energy_level", 0.9),
        ("bpm", 90.0),
        ("duration_sec", 45.0),
        ("loopable", False),
        ("seed", 7),
    ],
)
def test_what_shapes_the_music_buys_another(
    model: AudioModel, http_server: LocalServer, field: str, value: object
) -> None:
    model.generate(REQUEST)

    model.generate(_changed(**{field: value}))

    assert len(http_server.received) == 2


def test_the_words_say_what_is_asked() -> None:
    said = in_words(_changed(bpm=111, energy_level=0.65))

    assert said.startswith("steel drums at the beach\n")
    assert "Genre: tropical pop. Mood: happy, bright and carefree. Energy: high: lively and full." in said
    assert "exactly 112 beats per minute" in said
    assert "30 seconds, 14 bars" in said
    assert "do not fade out" in " ".join(said.split())
    assert "No vocals" in said


def test_words_of_a_brief_are_words_and_no_places_to_fill_in() -> None:
    said = in_words(_changed(prompt="  ${mood} for $9.99, 100% ${nothing}  "))

    assert said.startswith("${mood} for $9.99, 100% ${nothing}\n")


def test_a_piece_without_a_theme_has_no_empty_line() -> None:
    assert "" not in in_words(_changed(prompt=" ")).split("\n")


@pytest.mark.parametrize("mood", get_args(Mood))
def test_every_mood_has_words(mood: Mood) -> None:
    assert f"Mood: {mood}, " in in_words(_changed(mood=mood))


@pytest.mark.parametrize("energy_level", [0, 0.2, 0.21, 0.5, 0.999, 1])
def test_every_energy_has_words(energy_level: float) -> None:
    assert "Energy: " in in_words(_changed(energy_level=energy_level))


def test_other_words_change_the_input_hash(model: AudioModel, monkeypatch: pytest.MonkeyPatch) -> None:
    before = params(REQUEST, model=model)

    monkeypatch.setattr(wording, "_bytes", lambda: b"version: 2.0.0")

    assert params(REQUEST, model=model) != before


def test_the_input_hash_needs_no_address_no_model_and_no_key(
    http_server: LocalServer, book: RememberedAnswers
) -> None:
    unreached = audio_model("litellm", model="lyria")

    assert params(REQUEST, model=unreached) == params(REQUEST, model=_model(http_server, book))
    assert params(REQUEST, model=audio_model("litellm"))["model"] is None


def test_a_model_is_missed_only_where_music_is_made() -> None:
    model = audio_model("litellm", access=Access(litellm_url="http://127.0.0.1:1"))

    with pytest.raises(CampaignError, match="CAMPAIGN_AUDIO_MODEL") as refused:
        model.generate(REQUEST)

    assert refused.value.code is ErrorCode.VALIDATION_ERROR


def test_an_address_is_missed_only_where_music_is_made() -> None:
    model = audio_model("litellm", model="lyria")

    with pytest.raises(CampaignError, match="LITELLM_BASE_URL: nothing found") as refused:
        model.generate(REQUEST)

    assert refused.value.code is ErrorCode.VALIDATION_ERROR


@pytest.mark.parametrize(
    ("told", "priced", "cost"),
    [
        ("0.06", None, 0.06),
        ("6e-05", None, 0.00006),
        ("0.06", 0.5, 0.06),
        ("0.0", 0.5, 0.5),
        ("None", 0.5, 0.5),
        ("nan", 0.5, 0.5),
        (None, 0.5, 0.5),
        (None, None, None),
    ],
)
def test_the_cost_is_what_the_proxy_tells_or_else_what_the_price_table_says(
    http_server: LocalServer,
    book: RememberedAnswers,
    told: str | None,
    priced: float | None,
    cost: float | None,
) -> None:
    http_server.answers(speech(headers={} if told is None else {"x-litellm-response-cost": told}))
    prices = {} if priced is None else {"lyria": Price(call_usd=priced)}

    _model(http_server, book, prices=prices).generate(REQUEST)

    [answer] = book.answers.values()
    assert answer.cost_usd == cost
    assert book.quotes == [Quote(model="lyria", most_usd=priced, price_as="0.06")]
    assert (answer.model, answer.media_type) == ("lyria", "audio/mpeg")
    assert answer.latency_s is not None


def test_a_price_by_tokens_says_nothing_of_sound(http_server: LocalServer, book: RememberedAnswers) -> None:
    http_server.answers(speech())

    _model(http_server, book, prices={"lyria": Price(input_usd=3, output_usd=15)}).generate(REQUEST)

    assert book.quotes == [Quote(model="lyria", most_usd=None, price_as="0.06")]


@pytest.mark.parametrize(
    ("body", "media_type", "named"),
    [
        (HTML_PAGE, "text/html", "an HTML page of 90 bytes found"),
        (HTML_PAGE, "audio/mpeg", "an HTML page of 90 bytes found"),
        (b'{"error": {"message": "quota"}}', "application/json", "a JSON document of 31 bytes found"),
        (b"", "audio/mpeg", "nothing at all found"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav", "found that does not decode"),
    ],
)
def test_what_is_no_sound_is_refused_and_not_kept(
    http_server: LocalServer, book: RememberedAnswers, body: bytes, media_type: str, named: str
) -> None:
    http_server.answers(reply(body, media_type=media_type), speech())
    model = _model(http_server, book)

    with pytest.raises(CampaignError, match=named) as refused:
        model.generate(REQUEST)

    assert refused.value.code is ErrorCode.PROVIDER_ERROR
    assert refused.value.message.startswith(f"litellm at {http_server.url.removeprefix('http://')}: ")
    assert book.answers == {}
    assert model.generate(REQUEST).sample_rate == 48000


def test_what_is_no_sound_is_told_in_diagnostics_without_a_secret(
    http_server: LocalServer, book: RememberedAnswers
) -> None:
    body = f"<html><body><h1>Sign in</h1>with {KEY}</body></html>".encode()
    http_server.answers(reply(body, media_type=f"text/html; note={KEY}"))

    with pytest.raises(CampaignError) as refused:
        _model(http_server, book).generate(REQUEST)

    [note] = book.notes
    assert note["errors"] == [refused.value.message]
    assert note["answer"] == "Sign in with ***"
    assert KEY not in str(note)


def test_a_key_that_is_not_taken_names_its_setting(http_server: LocalServer, book: RememberedAnswers) -> None:
    http_server.answers(speech(key="another"))

    with pytest.raises(CampaignError, match="LITELLM_API_KEY") as refused:
        _model(http_server, book).generate(REQUEST)

    assert len(http_server.received) == 1
    assert not refused.value.retryable


def test_no_request_that_is_remembered_has_the_key(model: AudioModel, book: RememberedAnswers) -> None:
    model.generate(REQUEST)

    assert KEY not in str(book.requests)
    assert KEY not in repr(model.__dict__)


def test_a_busy_proxy_is_asked_again(http_server: LocalServer, book: RememberedAnswers) -> None:
    busy = reply_json({"error": {"message": "rate limit"}}, status=429, headers={"Retry-After": "0"})
    http_server.answers(busy, speech())

    generated = _model(http_server, book).generate(REQUEST)

    assert len(http_server.received) == 2
    assert generated.samples.size
