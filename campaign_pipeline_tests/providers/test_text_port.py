"""The contract of the TextModel port, over all adapters that are shipped."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import NoReturn

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import canonical_hash, canonical_json
from campaign_pipeline.model.game_text import GameText, TextRequest
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.text import TextModel
from campaign_pipeline.providers.text_choice import MODELLESS_TEXT, TEXT_ADAPTERS, text_model
from campaign_pipeline.providers.text_rules import text_problems
from campaign_pipeline_tests.providers.asking import RememberedAnswers, request_for
from campaign_pipeline_tests.servers.anthropic_server import WHEEL_ANSWER, says
from campaign_pipeline_tests.servers.http_server import LocalServer

KEY = "sk-ant-canary-71c0d4"


@pytest.fixture(params=list(TEXT_ADAPTERS))
def model(request: pytest.FixtureRequest, http_server: LocalServer) -> TextModel:
    """Each adapter, with a server behind it that knows what is asked here."""
    http_server.answers(says(WHEEL_ANSWER))
    access = Access(answers=RememberedAnswers(), anthropic_url=http_server.url, anthropic_key=KEY)
    return text_model(request.param, access=access)


def given(request: TextRequest) -> Callable[[], TextRequest]:
    return lambda: request


def test_an_adapter_says_who_it_is(model: TextModel) -> None:
    assert model.provider_id in TEXT_ADAPTERS
    assert (model.model is None) == (model.provider_id in MODELLESS_TEXT)
    assert model.version


def test_an_adapter_that_can_be_asked_misses_nothing(model: TextModel) -> None:
    assert model.missing(request_for) is None


def test_an_adapter_says_what_it_misses() -> None:
    assert text_model("template").missing(request_for) is None
    assert text_model("claude").missing(request_for) == "ANTHROPIC_API_KEY is not set"


def test_what_an_adapter_writes_fits_the_game(model: TextModel) -> None:
    text = model.write(request_for())

    assert isinstance(text, GameText)
    assert text_problems(text, request=request_for()) == []


def test_the_same_request_is_written_for_once(model: TextModel, http_server: LocalServer) -> None:
    first = model.write(request_for())
    asked = len(http_server.received)

    assert model.write(request_for()) == first
    assert len(http_server.received) == asked


def test_parameters_are_canonical_json_without_a_secret_and_cost_no_call(
    model: TextModel, http_server: LocalServer
) -> None:
    params = model.params(given(request_for()))

    assert KEY not in canonical_json(params).decode()
    assert params == json.loads(json.dumps(params))
    assert http_server.received == []


@pytest.mark.parametrize("changes", [{"campaign_name": "Another"}, {"branding": {"brand_name": "B"}}])
def test_what_an_adapter_reads_of_a_request_is_in_its_parameters(
    model: TextModel, changes: dict[str, object]
) -> None:
    one, other = (canonical_hash(model.params(given(request_for(**some)))) for some in ({}, changes))

    assert (one != other) == (model.provider_id != "template")


def test_who_reads_nothing_of_a_request_does_not_have_it_made() -> None:
    def unwanted() -> NoReturn:
        raise AssertionError("a request was made")

    assert text_model("template").params(unwanted) == {}


def test_an_unknown_provider_is_refused_and_the_shipped_ones_are_named() -> None:
    with pytest.raises(CampaignError, match=r"'cloude'.*did you mean 'claude'.*template, claude") as caught:
        text_model("cloude")

    assert caught.value.code is ErrorCode.VALIDATION_ERROR


def test_a_model_cannot_be_chosen_where_there_is_none() -> None:
    with pytest.raises(CampaignError, match=r"text\.model: 'x'"):
        text_model("template", model="x")


def test_a_model_is_asked_by_its_name() -> None:
    assert text_model("claude", model="claude-haiku-5-5").model == "claude-haiku-5-5"


def test_choosing_a_model_loads_no_client() -> None:
    code = (
        "import sys; import campaign_pipeline.skills.game_config_from_template;"
        "from campaign_pipeline.providers.text_choice import text_model; text_model('template');"
        "unread = 'campaign_pipeline.model.game_text' in sys.modules; text_model('claude');"
        "print(unread, sorted({'anthropic', 'httpx2', 'jsonschema', 'dagster'} & set(sys.modules)))"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "False []"
