"""Who is asked for words and music, where, and at what cost.

Belongs here: every variable that concerns providers.
Does not belong here: what a brief, a tag or a run's configuration says instead (building.choices).
"""

import re
from functools import cached_property

from campaign_pipeline.model.prices import Price
from campaign_pipeline.settings.environment import Environment, address, invalid

_DOLLARS = re.compile(r"\d{1,9}(\.\d{1,6})?")
_PRICE = re.compile(rf"(?P<model>[^=,\s]+)=(?P<first>{_DOLLARS.pattern})(/(?P<second>{_DOLLARS.pattern}))?")


class ProviderSettings(Environment):
    """The settings of the providers."""

    @property
    def text_provider(self) -> str:
        """Who writes the game configuration, unless the brief says otherwise."""
        return self._text("CAMPAIGN_TEXT_PROVIDER", "template")

    @property
    def audio_provider(self) -> str:
        """Who makes the music, unless the brief says otherwise."""
        return self._text("CAMPAIGN_AUDIO_PROVIDER", "synth")

    @property
    def text_model(self) -> str | None:
        """Which of the text provider's models, unless the brief says otherwise: `CAMPAIGN_TEXT_MODEL`."""
        return self._text("CAMPAIGN_TEXT_MODEL", "") or None

    @property
    def audio_model(self) -> str | None:
        """Which of the audio provider's models, unless the brief says otherwise: `CAMPAIGN_AUDIO_MODEL`."""
        return self._text("CAMPAIGN_AUDIO_MODEL", "") or None

    @property
    def text_fallback(self) -> list[str]:
        """Who writes the game configuration when the provider fails, in order: `CAMPAIGN_TEXT_FALLBACK`."""
        return self._names("CAMPAIGN_TEXT_FALLBACK")

    @property
    def audio_fallback(self) -> list[str]:
        """Who makes the music when the provider fails, in order: `CAMPAIGN_AUDIO_FALLBACK`."""
        return self._names("CAMPAIGN_AUDIO_FALLBACK")

    @cached_property
    def anthropic_url(self) -> str:
        """Where Claude is reached: `ANTHROPIC_BASE_URL`, the vendor's own address or a LiteLLM proxy's."""
        return address("ANTHROPIC_BASE_URL", self._text("ANTHROPIC_BASE_URL", "https://api.anthropic.com"))

    @property
    def anthropic_key(self) -> str | None:
        """The key that Claude asks for: `ANTHROPIC_API_KEY`."""
        return self._text("ANTHROPIC_API_KEY", "") or None

    @cached_property
    def litellm_url(self) -> str | None:
        """Where a LiteLLM proxy is reached: `LITELLM_BASE_URL`."""
        text = self._text("LITELLM_BASE_URL", "")
        return address("LITELLM_BASE_URL", text) if text else None

    @property
    def litellm_key(self) -> str | None:
        """The key that the LiteLLM proxy asks for: `LITELLM_API_KEY`."""
        return self._text("LITELLM_API_KEY", "") or None

    @cached_property
    def provider_timeout_s(self) -> float:
        """After how long a provider that does not answer is given up: `CAMPAIGN_PROVIDER_TIMEOUT`, 2 minutes."""
        text = self._text("CAMPAIGN_PROVIDER_TIMEOUT", "120s")
        match = re.fullmatch(r"([1-9]\d{0,3})(s|m)", text)
        if match is None:
            raise invalid("CAMPAIGN_PROVIDER_TIMEOUT", text, "a duration such as 90s or 5m")
        return float(match[1]) * {"s": 1, "m": 60}[match[2]]

    @cached_property
    def max_cost_usd(self) -> float | None:
        """What one run may cost at most, in dollars: `CAMPAIGN_MAX_COST_USD`; by default there is no limit."""
        text = self._text("CAMPAIGN_MAX_COST_USD", "")
        if not text:
            return None
        if not _DOLLARS.fullmatch(text):
            raise invalid("CAMPAIGN_MAX_COST_USD", text, "an amount of dollars such as 2.50")
        return float(text)

    @cached_property
    def prices(self) -> dict[str, Price]:
        """What models take, in dollars: `CAMPAIGN_PRICES`, such as `claude-opus-4-1=15/75,lyria=0.06`.

        Two numbers are for a million tokens in and out; one is for a call.
        """
        prices: dict[str, Price] = {}
        entries = (part.strip() for part in self._text("CAMPAIGN_PRICES", "").split(","))
        for entry in filter(None, entries):
            match = _PRICE.fullmatch(entry)
            if match is None:
                right = "model=in/out dollars for a million tokens, or model=dollars for a call,"
                raise invalid("CAMPAIGN_PRICES", entry, right)
            first = float(match["first"])
            by_token = match["second"] is not None
            prices[match["model"]] = (
                Price(input_usd=first, output_usd=float(match["second"]))
                if by_token
                else Price(call_usd=first)
            )
        return prices

    def _check_providers(self) -> None:
        """Read every one of them that can be wrong."""
        _ = (
            self.anthropic_url,
            self.litellm_url,
            self.provider_timeout_s,
            self.max_cost_usd,
            self.prices,
        )
