"""One request to Claude over the vendor's SDK.

Belongs here: sending it, and the error of a call that failed.
Does not belong here: what is asked (providers.claude.conversation), how long it may take (providers.claude.bounds),
what an answer is worth (providers.claude.judgement).
"""

import time
from typing import TYPE_CHECKING

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.prices import Price
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.answers import Answer
from campaign_pipeline.providers.bill import Bill, told_cost_usd
from campaign_pipeline.providers.claude.message import Message, read_message
from campaign_pipeline.providers.endpoint import Endpoint
from campaign_pipeline.providers.patience import ATTEMPTS, told_pause_s

if TYPE_CHECKING:  # a build that asks nobody must not pay for the client
    from anthropic import APIStatusError


def endpoint_of(access: Access) -> Endpoint:
    """Say where Claude is reached, and with what."""
    return Endpoint(
        provider="claude",
        # The SDK names the version itself; other clients want the address with it.
        url=access.anthropic_url.removesuffix("/v1"),
        url_setting="ANTHROPIC_BASE_URL",
        key=access.anthropic_key,
        key_setting="ANTHROPIC_API_KEY",
        model_setting="text.model or CAMPAIGN_TEXT_MODEL",
        timeout_s=access.timeout_s,
    )


def send(bill: Bill, *, body: JsonObject, to: Endpoint, price: Price | None) -> Answer:
    """Send one request to the messages endpoint and give what came back.

    Args:
        bill: Where each attempt after the first is counted, and those that nobody took up are not.
        body: As the vendor's API spells it.
        price: What the model takes, where that is known.

    Raises:
        CampaignError: VALIDATION_ERROR, there is no key, or none that a header can carry; PROVIDER_ERROR, with the
            host, what was answered, and whether a later call can help; whatever the bill raises.
    """
    _check_key(to)
    from anthropic import Anthropic, APIConnectionError, APIStatusError  # noqa: PLC0415  only who asks pays for it

    from campaign_pipeline.providers.claude.bounds import Bounds  # noqa: PLC0415  as above

    bounds = Bounds(to, bill=bill)
    with Anthropic(
        api_key=to.key,
        base_url=to.url,
        max_retries=ATTEMPTS - 1,
        timeout=bounds.timeout,
        http_client=bounds.client(),
        middleware=[bounds.attempt],
        # A campaign's words are for no collector of traces.
        open_telemetry=False,
    ) as client:
        began = time.perf_counter()
        try:
            response = client.messages.with_raw_response.create(**body)
        except APIStatusError as error:
            raise _refused(error, to=to) from None
        except APIConnectionError as error:
            # Its words are those of the bounds.
            raise CampaignError(ErrorCode.PROVIDER_ERROR, error.message, retryable=True) from None
        data, told = response.read(), told_cost_usd(response.headers)
        bill.told(told)
        return _answer(data, told_usd=told, price=price, latency_s=time.perf_counter() - began, to=to)


def _check_key(to: Endpoint) -> None:
    if to.key is None:
        right = f"the key that {to.name} takes is expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{to.key_setting}: nothing found; {right}")
    to.check_key()


def _answer(
    data: bytes, *, told_usd: float | None, price: Price | None, latency_s: float, to: Endpoint
) -> Answer:
    message = read_message(data)
    # What is no answer is not kept: the next build asks again.
    if message is None:
        said = to.said(data)
        found = f"status 200 without a message found{f', saying “{said}”' if said else ''}"
        raise _useless(to, f"{found}; {to.url_setting} is expected to name the API itself")
    told = (message.text, message.model or "", message.refusal or "")
    # A key that is spelled in escapes stands in the message, and not in the bytes.
    if to.secret and (to.secret.encode() in data or any(to.secret in said for said in told)):
        raise _useless(to, f"an answer that repeats {to.key_setting} found; one without it is expected")
    return Answer(
        data=data,
        media_type="application/json",
        tokens_in=message.tokens_in,
        tokens_out=message.tokens_out,
        cost_usd=told_usd or _priced(message, price),
        model=message.model,
        latency_s=latency_s,
    )


def _priced(message: Message, price: Price | None) -> float | None:
    """Count the cost by what the provider tells of tokens; None where it does not tell."""
    if price is None or message.tokens_in is None or message.tokens_out is None:
        return None
    return price.of(tokens_in=message.tokens_in, tokens_out=message.tokens_out)


def _refused(error: "APIStatusError", *, to: Endpoint) -> CampaignError:
    told = told_pause_s(error.response.headers.get("retry-after"))
    return to.refused(error.status_code, data=error.response.content, told_pause_s=told)


def _useless(to: Endpoint, text: str) -> CampaignError:
    return CampaignError(ErrorCode.PROVIDER_ERROR, f"{to.name}: {text}")
