"""What is asked of an audio model, and what comes back as the record of it.

Belongs here: the audio part of a brief with its ranges and defaults, AudioGenerationResult, loop points.
Does not belong here: which provider answers (providers) or how sound is finished (providers.finishing).
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from campaign_pipeline.model.digest import JsonObject

Mood = Literal["happy", "sad", "tense", "relaxed", "epic", "playful", "dramatic", "neutral"]
AudioFormat = Literal["mp3", "wav"]

SAMPLE_RATES_HZ = (16000, 22050, 24000, 32000, 44100, 48000)
"""What MP3 can carry and a browser will play without doubt (ISO 11172-3, 13818-3)."""

MAX_SEED = 2**53 - 1
"""The largest integer that canonical JSON spells exactly (RFC 8785)."""


def _check_sample_rate(value: int) -> int:
    if value not in SAMPLE_RATES_HZ:
        known = ", ".join(map(str, SAMPLE_RATES_HZ))
        raise PydanticCustomError(
            "sample_rate",
            "{value} Hz is not supported: one of {known} is expected",
            {"value": value, "known": known},
        )
    return value


SampleRate = Annotated[int, AfterValidator(_check_sample_rate)]


class AudioRequest(BaseModel):
    """The music that a brief asks for; everything that may shape its sound, and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    prompt: str = Field(default="", max_length=2000, description="What the music should be like, in words.")
    genre: str = Field(
        default="electronic", min_length=1, max_length=80, description="Free text, such as “pop”."
    )
    mood: Mood = "neutral"
    energy_level: float = Field(
        default=0.5, ge=0, le=1, description="0 is calm and sparse, 1 is dense and driving."
    )
    bpm: float = Field(
        default=110.0, ge=60, le=200, description="Asked tempo; a loop takes the nearest that fits."
    )
    duration_sec: float = Field(default=30.0, ge=10, le=300, description="Exact to the sample.")
    loopable: bool = Field(
        default=True, description="Whether the end runs into the beginning without a seam."
    )
    format: AudioFormat = "mp3"
    bitrate_kbps: int = Field(
        default=96, ge=32, le=320, description="Of an MP3; the nearest that MP3 knows is used."
    )
    sample_rate: SampleRate = Field(default=44100, description="In Hz.")
    channels: int = Field(default=2, ge=1, le=2, description="1 is mono, 2 is stereo.")
    seed: int | None = Field(default=None, ge=0, le=MAX_SEED, description="Another number, another piece.")

    @property
    def frames(self) -> int:
        """The length in sample frames, the unit in which a duration is exact."""
        return round(self.duration_sec * self.sample_rate)


class LoopPoints(BaseModel):
    """Where the loop lies within the decoded file, in seconds; the end is exclusive."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    start_sec: float = Field(ge=0)
    end_sec: float = Field(gt=0)


class _CamelModel(BaseModel):
    """Keys on the wire are the data model's camelCase; attributes are Python's."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )


class AudioGenerationMetadata(_CamelModel):
    """What a provider made; `duration_sec` is the loop's, not that of the lead-in and lead-out around it."""

    provider_id: str = Field(min_length=1)
    model: str | None = None
    duration_sec: float = Field(gt=0)
    format: AudioFormat
    sample_rate: int = Field(gt=0)
    channels: int = Field(ge=1)


class AudioGenerationResult(_CamelModel):
    """The data model's AudioGenerationResult: where the audio is, and what it is."""

    uri: str = Field(min_length=1)
    metadata: AudioGenerationMetadata

    def as_json(self) -> JsonObject:
        """Spell it as the data model does: camelCase keys, `model` left out where there is none."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
