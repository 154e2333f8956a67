"""What a template's template.yaml says, as typed values.

Belongs here: the shape of template.yaml.
Does not belong here: where templates lie (games.catalogue) or how a brief is held against one (games.template).
"""

from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from campaign_pipeline.model.game_config import BackgroundMusic, GameCopy, Palette, SoundEffect
from campaign_pipeline.model.values import (
    Fraction,
    Identifier,
    JsonMapping,
    Level,
    PositiveNumber,
    StrictModel,
    Version,
)

ImageType = Literal["image/png", "image/jpeg", "image/webp"]


class Theme(StrictModel):
    """One look of a game."""

    colors: Palette
    animations: JsonMapping


class LevelTable(StrictModel):
    """The odds and numbers of one difficulty."""

    win_probability: Fraction
    parameters: dict[Identifier, float]


class MechanicsSpec(StrictModel):
    """The game's own rules: their JSON Schema, and values that satisfy it."""

    rules: dict[str, Any] = Field(alias="schema")
    defaults: JsonMapping


class ImageSlot(StrictModel):
    """A place for an image of the brief's."""

    description: str
    types: list[ImageType] = Field(min_length=1)
    max_px: int = Field(gt=0, le=4096)


class AssetsSpec(StrictModel):
    """The places for images."""

    slots: dict[Identifier, ImageSlot]


class SoundSpec(StrictModel):
    """How music and effects play unless a brief says otherwise."""

    bgm: BackgroundMusic
    sfx: dict[Identifier, SoundEffect]


class CopyLimits(StrictModel):
    """How many characters of each text the game has room for."""

    title: int = Field(ge=1, le=60)
    instructions: int = Field(ge=1, le=140)
    win_message: int = Field(ge=1, le=140)
    lose_message: int = Field(ge=1, le=140)


class CopySpec(StrictModel):
    """The game's words, by language."""

    limits: CopyLimits
    languages: dict[str, GameCopy]


class WrittenPrizes(StrictModel):
    """The names in the game's mechanics that a text model may write."""

    path: Identifier = Field(description="The list within mechanics.")
    field: Identifier = Field(description="The key of its entries that holds the name.")
    wins: JsonMapping = Field(min_length=1, description="What an entry holds that wins.")
    max_length: int = Field(ge=1, le=60)


class WrittenQuestions(StrictModel):
    """The questions in the game's mechanics that a text model may write."""

    path: Identifier = Field(description="The list within mechanics.")
    count: int = Field(ge=1, le=20)


class WrittenSpec(StrictModel):
    """What a text model may write beside copy and colours; nothing else of a game is a model's to change."""

    prizes: WrittenPrizes | None = None
    questions: WrittenQuestions | None = None


class TemplateSpec(StrictModel):
    """Everything that template.yaml declares."""

    template_id: Identifier
    version: Version
    title: str
    description: str
    duration_sec: PositiveNumber
    themes: dict[Identifier, Theme] = Field(min_length=1)
    difficulty: dict[Level, LevelTable] = Field(min_length=3)
    mechanics: MechanicsSpec
    assets: AssetsSpec
    audio: SoundSpec
    texts: CopySpec = Field(alias="copy")
    written: WrittenSpec = WrittenSpec()
    player_result: dict[str, Any] = Field(description="JSON Schema of what a play reports to its host.")

    @model_validator(mode="after")
    def _written_places_exist(self) -> Self:
        for name, place in (("prizes", self.written.prizes), ("questions", self.written.questions)):
            if place is not None and not isinstance(self.mechanics.defaults.get(place.path), list):
                raise PydanticCustomError(
                    "rule",
                    "written.{name}.path {path} found; the name of a list in mechanics.defaults is expected",
                    {"name": name, "path": place.path},
                )
        return self

    def copy_for(self, locale: str) -> GameCopy:
        """Give the words of a locale's language; English where the game does not speak it."""
        languages = self.texts.languages
        return languages.get(locale.partition("-")[0].lower(), languages[FALLBACK_LANGUAGE])


FALLBACK_LANGUAGE = "en"
