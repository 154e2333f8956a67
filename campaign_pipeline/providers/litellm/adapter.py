"""The litellm provider behind the port.

Belongs here: asking a LiteLLM proxy for music, and refusing an answer that is none before it is kept.
Does not belong here: the words of the request (wording), calls over HTTP (providers.transport).
"""

from functools import partial
from typing import TYPE_CHECKING

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.prices import Quote
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.answers import Answer
from campaign_pipeline.providers.audio import AudioModel, GeneratedAudio
from campaign_pipeline.providers.bill import Bill, told_cost_usd
from campaign_pipeline.providers.endpoint import Endpoint
from campaign_pipeline.providers.litellm.wording import in_words, wording_digest

if TYPE_CHECKING:  # numpy is for a step that makes sound; a fully cached build must not pay for it
    from campaign_pipeline.providers.finishing.sound import Sound

_PATH = "/v1/audio/speech"
_VOICE = "alloy"
"""OpenAI's shape demands one; a model that makes music has none, and takes no notice."""
_UNNAMED_TYPE = "application/octet-stream"


class LiteLLMAudioModel(AudioModel):
    """Asks a LiteLLM proxy for music, in the shape of OpenAI's speech.

    Model and address are missed only where music has to be made: what was made before needs neither.
    """

    provider_id = "litellm"
    version = "1.0.0"
    remedy = (
        "answers are kept, so build again with cache: refresh:bgm, or with another audio.seed, to ask anew"
    )

    def __init__(self, model: str | None, access: Access) -> None:
        self.model = model
        self._access = access

    def params(self) -> JsonObject:
        """Name the words in which music is asked for."""
        return {"wording": wording_digest()}

    def missing(self) -> str | None:
        """Say that no model is named, or no proxy."""
        if self.model is None:
            return "neither audio.model nor CAMPAIGN_AUDIO_MODEL is set"
        return None if self._access.litellm_url else "LITELLM_BASE_URL is not set"

    def generate(self, request: AudioRequest) -> GeneratedAudio:
        """Give what the model made of the request, as it is: any length, any rate, no tempo told."""
        from campaign_pipeline.providers.finishing.decoding import decode, enough_s  # noqa: PLC0415  numpy only here

        model, to = self._model(), self._endpoint()
        # No response_format: some models know only mp3 and others only wav, and both are read.
        fresh: list[Sound] = []
        most_s = enough_s(request.duration_sec)
        body: JsonObject = {"model": model, "input": in_words(request), "voice": _VOICE}
        answer = self._access.answers.answer(
            # The seed is not sent, for there is no place for it; it only makes another number another request.
            {"url": to.url, "body": body, "seed": request.seed},
            provider=self.provider_id,
            ask=partial(self._ask, body=body, to=to, most_s=most_s, fresh=fresh),
            quote=Quote(model=model, most_usd=self._price_usd, price_as="0.06"),
        )
        # What was asked for just now has been decoded already.
        sound = fresh[0] if fresh else decode(answer.data, source=to.name, most_s=most_s)
        return GeneratedAudio(
            samples=sound.samples, sample_rate=sound.sample_rate, bpm=None, bars=None, loop=False
        )

    def _model(self) -> str:
        if self.model is None:
            message = "audio.model: nothing found, nor in CAMPAIGN_AUDIO_MODEL"
            right = "the name of a model that the LiteLLM proxy serves is expected"
            raise CampaignError(ErrorCode.VALIDATION_ERROR, f"{message}; {right}")
        return self.model

    def _endpoint(self) -> Endpoint:
        base = self._access.litellm_url
        if base is None:
            message = "LITELLM_BASE_URL: nothing found; the address of a LiteLLM proxy is expected"
            raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
        return Endpoint(
            provider=self.provider_id,
            # Other clients want the address with the version in it.
            url=base.removesuffix("/v1") + _PATH,
            url_setting="LITELLM_BASE_URL",
            key=self._access.litellm_key,
            key_setting="LITELLM_API_KEY",
            model_setting="audio.model or CAMPAIGN_AUDIO_MODEL",
            timeout_s=self._access.timeout_s,
        )

    def _ask(
        self, bill: Bill, *, body: JsonObject, to: Endpoint, most_s: float, fresh: "list[Sound]"
    ) -> Answer:
        """Ask, and refuse what is no sound: it is not kept, so that a later attempt asks again.

        Args:
            most_s: How much of the sound is wanted.
            fresh: Gets the sound that came.
        """
        from campaign_pipeline.providers.finishing.decoding import decode  # noqa: PLC0415  as above
        from campaign_pipeline.providers.transport import post_json  # noqa: PLC0415  as above

        reply = post_json(body, to=to, bill=bill)
        cost_usd = told_cost_usd(reply.headers)
        bill.told(cost_usd)
        media_type = to.said(reply.headers.get("content-type", "").encode()) or _UNNAMED_TYPE
        try:
            fresh.append(decode(reply.data, source=to.name, most_s=most_s))
        except CampaignError as error:
            said = to.said(reply.data)
            self._access.answers.note({"errors": [error.message], "media_type": media_type, "answer": said})
            raise
        return Answer(
            data=reply.data,
            media_type=media_type,
            cost_usd=cost_usd or self._price_usd,
            model=self.model,
            latency_s=reply.latency_s,
        )

    @property
    def _price_usd(self) -> float | None:
        """What a call costs by the price table; a price by tokens says nothing of sound."""
        price = self._access.prices.get(self.model or "")
        return None if price is None or price.input_usd or price.output_usd else price.call_usd
