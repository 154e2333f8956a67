"""GameConfig: everything that the game reads, exactly as the data model spells it.

Belongs here: the configuration of a game, and the copy of it that lies in a bundle.
Does not belong here: how it is made from brief and template (skills.game_config_from_template).
"""

from pydantic import Field

from campaign_pipeline.model.colour import HexColour
from campaign_pipeline.model.text import Line60, Line140
from campaign_pipeline.model.values import (
    Fraction,
    JsonMapping,
    Level,
    Locale,
    PositiveNumber,
    StrictModel,
    Version,
)


class GameDifficulty(StrictModel):
    """How hard the game is."""

    level: Level
    win_probability: Fraction = Field(description="Chance that one play is won.")
    parameters: dict[str, float] = Field(description="The template's own numbers for this level.")


class GameSettings(StrictModel):
    """How long, how hard, in which language."""

    duration_sec: PositiveNumber
    difficulty: GameDifficulty
    locale: Locale


class Palette(StrictModel):
    """The four colours that a game is drawn in, as `#rrggbb`."""

    primary: HexColour
    secondary: HexColour
    accent: HexColour
    background: HexColour


class GameVisuals(StrictModel):
    """What the game looks like."""

    theme: str = Field(min_length=1)
    colors: Palette
    assets: dict[str, str] = Field(description="Slot to content hash; in a bundle, to a file of the bundle.")
    animations: JsonMapping


class BackgroundMusic(StrictModel):
    """Whether and how music plays."""

    enabled: bool
    volume: Fraction
    loop: bool


class SoundEffect(StrictModel):
    """One sound that the game's runtime makes."""

    volume: Fraction


class GameAudio(StrictModel):
    """What the game sounds like."""

    bgm: BackgroundMusic
    sfx: dict[str, SoundEffect]


class GameCopy(StrictModel):
    """The words of the game, as plain text."""

    title: Line60
    instructions: Line140
    win_message: Line140
    lose_message: Line140


class GameConfig(StrictModel):
    """The configuration of one game."""

    template_id: str = Field(min_length=1)
    version: Version
    settings: GameSettings
    visuals: GameVisuals
    audio: GameAudio
    mechanics: JsonMapping = Field(description="Template-specific; its template.yaml holds the schema.")
    texts: GameCopy = Field(alias="copy")


class BundledMusic(BackgroundMusic):
    """The music as a bundle carries it: a script with the encoded file, and where its loop lies."""

    uri: str = Field(min_length=1)
    loop_start_sec: float = Field(ge=0)
    loop_end_sec: PositiveNumber


class BundledAudio(GameAudio):
    """What a bundled game sounds like."""

    bgm: BundledMusic


class BundledGameConfig(GameConfig):
    """The bundle's copy of the configuration: the same, with its files resolved to paths of the bundle."""

    audio: BundledAudio
