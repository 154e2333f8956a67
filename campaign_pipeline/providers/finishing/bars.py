"""Which bars fill an asked length, and the way through a sound that plays them.

Belongs here: the choice of bars, beats or plain time; the parts that are played, and how long they overlap.
Does not belong here: samples (arranging), finding beats (pulse).

Times are seconds of the sound as it came, from its first frame; places in it are counted in units.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from campaign_pipeline.providers.finishing.pulse import Pulse
from campaign_pipeline.providers.tempo import BEATS_PER_BAR

MOST_SPEED_CHANGE = 0.02
"""A third of a semitone: nobody hears it who does not know the piece."""
_FINE_S = 0.001
"""The unit of plain time."""
_LONGEST_FADE_S, _LONGEST_PLAIN_FADE_S, _SHORTEST_FADE_S = 0.5, 1.5, 0.03
"""Half a beat at most, so that no beat is heard twice; without beats, longer is smoother."""
_SHORTEST_PART_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Equal units that fill a length: bars, or beats where bars would change the speed too much, or plain time.

    Args:
        step_s: From one time at which a part may begin to the next.
        first_s: The first such time.
        fade_s: How long parts overlap where there is room.
        bars: How many bars fill the length, where bars do.
        beats: How many beats fill the length, where beats do.
    """

    unit_s: float
    count: int
    step_s: float
    first_s: float
    fade_s: float
    bars: int | None = None
    beats: int | None = None

    @property
    def length_s(self) -> float:
        """How long its units last."""
        return self.count * self.unit_s


@dataclass(frozen=True, kw_only=True)
class Part:
    """A stretch of the sound that is played in one go, in units."""

    first: int
    units: int


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way through a sound: its parts one after another, of which the last runs into the first.

    Args:
        start_s: Where unit 0 begins.
        unit_s: As the grid has it, or measured more exactly.
        fade_s: How long what lies before a part is mixed into the end of the one before it.
    """

    grid: Grid
    start_s: float
    unit_s: float
    fade_s: float
    parts: tuple[Part, ...]

    @property
    def length_s(self) -> float:
        """How long it takes."""
        return self.grid.count * self.unit_s

    @property
    def reach(self) -> int:
        """The unit at which the sound is left behind."""
        return max(part.first + part.units for part in self.parts)

    @property
    def end_s(self) -> float:
        """The time at which the sound is left behind."""
        return self.start_s + self.reach * self.unit_s

    def with_unit(self, unit_s: float) -> "Way":
        """Go the same way by units that were measured more exactly."""
        return replace(self, unit_s=unit_s)


def filling(duration_s: float, *, pulse: Pulse | None) -> list[Grid]:
    """Give the units that fill a length at nearly the speed that the sound has, the best first."""
    plain = _plain(duration_s, pulse=pulse)
    if pulse is None:
        return [plain]
    grids = [_nearest(duration_s, pulse=pulse, beats=beats) for beats in (BEATS_PER_BAR, 1)]
    return [*(grid for grid in grids if abs(grid.length_s / duration_s - 1) <= MOST_SPEED_CHANGE), plain]


def _nearest(duration_s: float, *, pulse: Pulse, beats: int) -> Grid:
    return _beaten(pulse, beats=beats, count=max(1, round(duration_s / (beats * pulse.beat_s))))


def covering(duration_s: float, *, pulse: Pulse | None) -> list[Grid]:
    """Give the units that cover a length, the last of which may be cut, the best first."""
    plain = _plain(duration_s, pulse=pulse)
    if pulse is None:
        return [plain]
    count = math.ceil(duration_s / (BEATS_PER_BAR * pulse.beat_s))
    return [_beaten(pulse, beats=BEATS_PER_BAR, count=count), plain]


def _beaten(pulse: Pulse, *, beats: int, count: int) -> Grid:
    return Grid(
        unit_s=beats * pulse.beat_s,
        count=count,
        step_s=pulse.beat_s,
        first_s=pulse.first_s,
        fade_s=_fade_s(pulse),
        bars=count if beats == BEATS_PER_BAR else None,
        beats=count * beats,
    )


def _plain(duration_s: float, *, pulse: Pulse | None) -> Grid:
    """Give units so short that any time is one of theirs."""
    count = round(duration_s / _FINE_S)
    unit_s = duration_s / count
    return Grid(unit_s=unit_s, count=count, step_s=unit_s, first_s=0.0, fade_s=_fade_s(pulse))


def _fade_s(pulse: Pulse | None) -> float:
    return min(_LONGEST_FADE_S, pulse.beat_s / 2) if pulse else _LONGEST_PLAIN_FADE_S


def way_through(length_s: float, *, grids: Iterable[Grid]) -> Way | None:
    """Lay a way through a sound of some length by the first units that allow one; None where it is too short.

    A sound that is too short is repeated: all there is, as often as it fits, then as much of its end as is missing.
    """
    for grid in grids:
        # A shorter overlap is worth it where it spares a repetition.
        fades = (grid.fade_s, grid.fade_s / 3, _SHORTEST_FADE_S)
        ways = filter(None, (_way(grid, length_s=length_s, fade_s=fade_s) for fade_s in fades))
        best = min(ways, key=lambda way: len(way.parts), default=None)
        if best:
            return best
    return None


def _way(grid: Grid, *, length_s: float, fade_s: float) -> Way | None:
    steps = max(0, math.ceil((fade_s - grid.first_s) / grid.step_s))
    start_s = grid.first_s + steps * grid.step_s
    units = min(grid.count, int((length_s - start_s) / grid.unit_s))
    shortest = min(grid.count, math.ceil(_SHORTEST_PART_S / grid.unit_s))
    if units < shortest:
        return None
    parts = _parts(grid.count, longest=units, shortest=shortest)
    return Way(grid=grid, start_s=start_s, unit_s=grid.unit_s, fade_s=fade_s, parts=parts)


def _parts(count: int, *, longest: int, shortest: int) -> tuple[Part, ...]:
    whole, rest = divmod(count, longest)
    lengths = [longest] * whole + [rest] * bool(rest)
    if 0 < rest < shortest:
        # Nothing is played for so short a while: the part before it gives some up.
        lengths[-2:] = [longest - (shortest - rest), shortest]
    *before, last = lengths
    return (*(Part(first=0, units=units) for units in before), Part(first=longest - last, units=last))
