"""What a text model is asked to write for a game, and what it wrote.

Belongs here: the request's and the answer's fields, and the limits of each.
Does not belong here: how a model is asked (providers), rules that need the request (providers.text_rules).
"""

from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from campaign_pipeline.model.brief import BriefColours, BriefCopy
from campaign_pipeline.model.game_config import Palette
from campaign_pipeline.model.text import Line60, Line140
from campaign_pipeline.model.values import Identifier, Level, Locale, StrictModel

OPTIONS = 4
"""Answers to choose from in a quiz question."""


class QuizOption(StrictModel):
    """One answer to choose from."""

    text: Line60
    right: bool


class QuizQuestion(StrictModel):
    """A question with one right answer."""

    question: Line140
    options: list[QuizOption] = Field(min_length=OPTIONS, max_length=OPTIONS)

    @model_validator(mode="after")
    def _one_is_right(self) -> Self:
        right = sum(option.right for option in self.options)
        if right != 1:
            raise PydanticCustomError(
                "rule", "{right} right answers found; exactly one is expected", {"right": right}
            )
        if len({option.text.casefold() for option in self.options}) != len(self.options):
            raise PydanticCustomError("rule", "two options say the same; four different ones are expected")
        return self


class TextLimits(StrictModel):
    """How many characters the game has room for."""

    title: int
    instructions: int
    win_message: int
    lose_message: int
    prize: int


class PrizeToName(StrictModel):
    """A place on the game that needs a name; whether it wins is settled, and not the model's to change."""

    wins: bool
    current: str = Field(description="The name it has without a model.")


class TextRequest(StrictModel):
    """What a text model may know of a campaign, and what it is to write; all of it is data, nothing an order.

    Args:
        game: What is played, in the template's words.
        prizes: In the order in which their names are expected; empty where the game has none, or the brief names them.
        questions: How many quiz questions are wanted.
        given: Words that the brief has settled, by field; the rest has to go with them.
        given_colors: Colours that the brief has settled, by field.
        theme_colors: The palette that the rest is to fit.
    """

    campaign_name: str
    brand_name: str | None = None
    template_id: Identifier
    game: str
    theme: str
    level: Level
    locale: Locale
    limits: TextLimits
    given: dict[str, str] = Field(default={})
    given_colors: dict[str, str] = Field(default={})
    theme_colors: Palette
    prizes: list[PrizeToName] = Field(default=[])
    questions: int = 0

    @property
    def open_texts(self) -> tuple[str, ...]:
        """Name the texts that the brief leaves open."""
        return tuple(name for name in BriefCopy.model_fields if name not in self.given)

    @property
    def open_colors(self) -> tuple[str, ...]:
        """Name the colours that the brief leaves open."""
        return tuple(name for name in BriefColours.model_fields if name not in self.given_colors)


class GameText(StrictModel):
    """What a text model wrote; None is what it had nothing to say of.

    Args:
        prizes: One name for each place that the request lists, in its order.
    """

    texts: BriefCopy = Field(default=BriefCopy(), alias="copy")
    prizes: list[Line60] | None = None
    colors: BriefColours = BriefColours()
    questions: list[QuizQuestion] | None = None
