"""Brief: what a marketing team asks for, one YAML file a campaign.

Belongs here: every key of a brief with its range and default, and what the keys must say together.
Does not belong here: what only the game's template can tell (games), reading files (building.brief_file).
"""

from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.model.colour import HexColour
from campaign_pipeline.model.cron import cron_problem
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.references import LocalFile, MediaReference, is_local
from campaign_pipeline.model.terms import Analytics, Branding, Button, OutcomeRedirect, Rules
from campaign_pipeline.model.text import Line60, Line120, Line140, Prose
from campaign_pipeline.model.values import (
    Fraction,
    Identifier,
    JsonMapping,
    Level,
    Locale,
    Slug,
    StrictModel,
    Version,
)

OutcomeMode = Literal["client_demo", "host_supplied"]
AudioProvider = Literal["synth", "stub", "litellm"]
TextProvider = Literal["template", "claude"]

MAX_GAME_DURATION_SEC = 3600
RESERVED_METADATA_KEY = "artifacts"
_NOT_ACTED_ON = "Checked and kept, but not acted on by this version."


def _one_alone(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


AudioProviders = Annotated[
    list[AudioProvider],
    BeforeValidator(_one_alone, json_schema_input_type=AudioProvider | list[AudioProvider]),
]
TextProviders = Annotated[
    list[TextProvider],
    BeforeValidator(_one_alone, json_schema_input_type=TextProvider | list[TextProvider]),
]


class BriefDifficulty(StrictModel):
    """How hard the game is; what is not said comes from the template's table for the level."""

    level: Level
    win_probability: Fraction | None = Field(default=None, description="Chance that one play is won.")
    parameters: dict[Identifier, float] = Field(
        default={}, description="Numbers of the template's difficulty table to be changed."
    )


def _level_alone(value: Any) -> Any:
    return {"level": value} if isinstance(value, str) else value


Difficulty = Annotated[
    BriefDifficulty, BeforeValidator(_level_alone, json_schema_input_type=Level | BriefDifficulty)
]


class BriefColours(StrictModel):
    """Colours that replace the theme's."""

    primary: HexColour | None = None
    secondary: HexColour | None = None
    accent: HexColour | None = None
    background: HexColour | None = None


class BriefCopy(StrictModel):
    """Words that replace the template's; plain text, shown as it is written."""

    title: Line60 | None = None
    instructions: Line140 | None = None
    win_message: Line140 | None = None
    lose_message: Line140 | None = None


class BriefAudio(StrictModel, AudioRequest):
    """The background music: what it should be like, and who makes it."""

    prompt: Prose = Field(default="", description="What the music should be like, in words.")
    genre: Line60 = Field(default="electronic", description="Free text, such as “pop”.")
    provider: AudioProvider | None = Field(
        default=None, description="Who makes it, instead of CAMPAIGN_AUDIO_PROVIDER."
    )
    model: Line120 | None = Field(default=None, description="Which of the provider's models.")
    fallback: AudioProviders | None = Field(
        default=None,
        description="Who makes it when the provider fails: one, several in order, or [] for nobody.",
    )

    def request(self) -> AudioRequest:
        """Give the part that may shape the sound."""
        return AudioRequest.model_validate(self.model_dump(include=set(AudioRequest.model_fields)))


class BriefText(StrictModel):
    """Who writes the words that the brief leaves open."""

    provider: TextProvider | None = Field(default=None, description="Instead of CAMPAIGN_TEXT_PROVIDER.")
    model: Line120 | None = None
    fallback: TextProviders | None = Field(
        default=None,
        description="Who writes them when the provider fails: one, several in order, or [] for nobody.",
    )


class BriefVideos(StrictModel):
    """The three videos: each a path beside the brief, http(s):// or s3://."""

    intro: MediaReference
    win: MediaReference
    lose: MediaReference


def _check_cron(value: str) -> str:
    problem = cron_problem(value)
    if problem is not None:
        raise PydanticCustomError("cron", "{problem}", {"problem": problem})
    return value


def _check_timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError(
            "timezone", "a time zone such as UTC or Europe/Berlin is expected"
        ) from None
    return value


class Rebuild(StrictModel):
    """When the campaign is to be built again by itself; checked and kept, but not acted on by this version."""

    cron: Annotated[str, AfterValidator(_check_cron)] = Field(
        max_length=100, description="Minute, hour, day of month, month, day of week."
    )
    timezone: Annotated[str, AfterValidator(_check_timezone)] = Field(default="UTC", max_length=60)


def _check_metadata(value: JsonObject) -> JsonObject:
    if RESERVED_METADATA_KEY in value:
        raise PydanticCustomError("rule", "the key artifacts is the manifest's own; another name is expected")
    return value


class Brief(StrictModel):
    """A campaign as a marketing team asks for it."""

    campaign_id: Slug | None = Field(
        default=None, description="Given by the file's name; if written, equal to it."
    )
    tenant: Slug | None = Field(
        default=None, description="Given by the folder's name; if written, equal to it."
    )
    campaign_name: Line120 = Field(description="The campaign's name for people.")
    version: Version = Field(default="1.0.0", description="The campaign's own version.")
    template_id: Identifier = Field(description="Which game, such as spin_wheel_v1.")
    theme: Identifier = Field(description="One of the template's themes.")
    difficulty: Difficulty = Field(
        description="easy, medium or hard, or a mapping that changes such a level."
    )
    locale: Locale = Field(default="en-US", description="Language of the game (BCP 47).")
    duration_sec: float | None = Field(
        default=None,
        gt=0,
        le=MAX_GAME_DURATION_SEC,
        description="Length of a play; by default the template's.",
    )
    colors: BriefColours = BriefColours()
    mechanics: JsonMapping = Field(
        default={}, description="The template's own rules; merged into its defaults."
    )
    outcome_mode: OutcomeMode | None = Field(
        default=None, description="Who decides the outcome: the bundle's own draw, or the host page."
    )
    texts: BriefCopy = Field(default=BriefCopy(), alias="copy")
    assets: dict[Identifier, LocalFile] = Field(default={}, description="Images by slot of the template.")
    audio: BriefAudio
    text: BriefText | None = None
    videos: BriefVideos
    button: Button = Button()
    outcome_redirect: OutcomeRedirect | None = None
    rules: Rules = Rules()
    analytics: Analytics = Analytics()
    branding: Branding | None = None
    metadata: Annotated[JsonMapping, AfterValidator(_check_metadata)] = Field(
        default={}, description="Anything else; it is handed on in the manifest as it is."
    )
    rebuild: Rebuild | None = Field(
        default=None, description=f"When the campaign is built again by itself. {_NOT_ACTED_ON}"
    )

    @model_validator(mode="after")
    def _say_the_outcome_mode_once(self) -> Self:
        within = self.mechanics.get("outcome_mode")
        if None not in (within, self.outcome_mode) and within != self.outcome_mode:
            raise PydanticCustomError(
                "rule",
                "outcome_mode {above} and mechanics.outcome_mode {within} differ; one of them is expected",
                {"above": self.outcome_mode, "within": str(within)[:40]},
            )
        return self

    @model_validator(mode="after")
    def _win_at_the_stated_rate(self) -> Self:
        problem = self.win_rate_problem(self.difficulty.win_probability)
        if problem is not None:
            raise PydanticCustomError("rule", "{problem}", {"problem": problem})
        return self

    def win_rate_problem(self, win_probability: float | None) -> str | None:
        """Say how the promised win rate differs from the game's, or None where the two do not clash."""
        promised = self.rules.global_win_rate
        if promised is None or win_probability is None or promised == win_probability:
            return None
        return (
            f"rules.global_win_rate: {promised:g} found; "
            f"{win_probability:g}, the game's win_probability, is expected"
        )

    def file_references(self) -> dict[str, str]:
        """Name every local file of the brief: field path to path beside the brief."""
        branding = self.branding
        named = {
            "videos.intro": self.videos.intro,
            "videos.win": self.videos.win,
            "videos.lose": self.videos.lose,
            **{f"assets.{slot}": path for slot, path in self.assets.items()},
            "branding.logo_uri": branding.logo_uri if branding else None,
            "button.click_sound_uri": self.button.click_sound_uri,
        }
        return {field: path for field, path in named.items() if path is not None and is_local(path)}
