"""How a campaign is shown, played and measured: what brief and manifest say in the same words.

Belongs here: button, redirect, rules, analytics and branding, with their ranges and defaults.
Does not belong here: the game itself (model.game_config) or a manifest's references (model.campaign).
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from campaign_pipeline.model.colour import HexColour
from campaign_pipeline.model.references import LocalOrWeb, WebAddress
from campaign_pipeline.model.text import Line60, Line120
from campaign_pipeline.model.values import Expected, Fraction, JsonMapping, PositiveFraction, StrictModel

_MOMENT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
)
_MOMENT_EXPECTED = "an ISO 8601 date or time such as 2026-06-01 or 2026-06-01T09:00:00Z"


def moment(text: str) -> datetime:
    """Read an ISO 8601 date or time; where it names no offset it is UTC.

    Raises:
        ValueError: There is no such date or time.
    """
    read = datetime.fromisoformat(text)
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _check_moment(text: str) -> str:
    try:
        if re.fullmatch(_MOMENT, text):
            moment(text)
            return text
    except ValueError:
        pass
    raise PydanticCustomError("moment", "{expected} is expected", {"expected": _MOMENT_EXPECTED})


Moment = Annotated[str, AfterValidator(_check_moment), Field(json_schema_extra={"pattern": _MOMENT})]
Point = Annotated[list[Fraction], Field(min_length=2, max_length=2), Expected("[x, y], each from 0 to 1,")]


class Bounds(StrictModel):
    """A rectangle in fractions of the video's frame, measured from its top left corner."""

    x: Fraction = 0.3
    y: Fraction = 0.75
    width: PositiveFraction = 0.4
    height: PositiveFraction = 0.12

    @model_validator(mode="after")
    def _stay_in_the_frame(self) -> Self:
        for start, size, names in ((self.x, self.width, "x + width"), (self.y, self.height, "y + height")):
            # A billionth of a frame is far below a pixel: what decimals cannot spell exactly is not refused.
            if start + size > 1 + 1e-9:
                raise PydanticCustomError(
                    "rule",
                    "{names} is {sum}; at most 1 is expected, or the button leaves the frame",
                    {"names": names, "sum": f"{start + size:g}"},
                )
        return self


class Button(StrictModel):
    """What the viewer of the intro video presses to begin the game."""

    bounds: Bounds = Bounds()
    mask_polygon: list[Point] | None = Field(
        default=None,
        min_length=3,
        max_length=200,
        description="Outline of the pressable area, point by point.",
    )
    hover_effect: Line60 | None = None
    click_sound_uri: LocalOrWeb | None = None


class OutcomeRedirect(StrictModel):
    """Where the player is sent after the outcome video, and when."""

    win_url: WebAddress | None = None
    lose_url: WebAddress | None = None
    delay_ms: int = Field(default=3000, ge=0, le=600_000)


class Rules(StrictModel):
    """Who may play, when and how often."""

    active: bool = True
    start_date: Moment | None = Field(
        default=None, description=f"First moment: {_MOMENT_EXPECTED}; UTC by default."
    )
    end_date: Moment | None = Field(default=None, description="After start_date, in the same form.")
    max_plays_per_user: int | None = Field(default=None, ge=1)
    global_win_rate: Fraction | None = Field(
        default=None, description="Where given, it equals the game's win probability."
    )
    require_login: bool = False
    allowed_regions: list[Line60] | None = Field(default=None, max_length=300)
    excluded_regions: list[Line60] | None = Field(default=None, max_length=300)
    rate_limiting: JsonMapping | None = None

    @model_validator(mode="after")
    def _start_before_the_end(self) -> Self:
        if self.start_date and self.end_date and moment(self.start_date) >= moment(self.end_date):
            raise PydanticCustomError(
                "rule",
                "start_date {start} is not before end_date {end}; an earlier start_date is expected",
                {"start": self.start_date, "end": self.end_date},
            )
        return self

    @model_validator(mode="after")
    def _allow_or_exclude(self) -> Self:
        both = sorted(set(self.allowed_regions or ()) & set(self.excluded_regions or ()))
        if both:
            raise PydanticCustomError(
                "rule",
                "{region} is in allowed_regions and in excluded_regions; one of them is expected",
                {"region": repr(both[0])},
            )
        return self


DEFAULT_EVENTS = (
    "campaign_view",
    "intro_started",
    "button_clicked",
    "game_started",
    "game_completed",
    "outcome_shown",
)


class Analytics(StrictModel):
    """Which events are reported, and under which account."""

    enabled: bool = True
    tracking_id: Line120 | None = None
    events: list[Line60] = Field(default=list(DEFAULT_EVENTS), max_length=100)


class BrandColours(StrictModel):
    """The brand's own colours, for what stands around the game."""

    primary: HexColour | None = None
    secondary: HexColour | None = None


class Branding(StrictModel):
    """Whose campaign it is."""

    brand_name: Line120
    logo_uri: LocalOrWeb | None = Field(
        default=None, description="A local file is also shown in the game; a web address is only referenced."
    )
    colors: BrandColours = BrandColours()
    font_family: Line120 | None = None
