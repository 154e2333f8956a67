"""The large shape of a piece.

Belongs here: how bars are divided into sections, and what is new in each.
Does not belong here: what is played in a section (compose).
"""

from dataclasses import dataclass

BARS_PER_PHRASE = 4
_LONG_PIECE_BARS = 28
_CYCLES = (("A", "A′", "B", "A"), ("A′", "C", "B′", "A"), ("D", "C′", "B", "A′"), ("A", "D′", "C", "B′"))
CASTS = 3
_THIN_TURN = 4
"""Of every eight sections, the one that opens the second cycle is thin, so that what follows can grow."""
_KEY_LIFTS = (0, 0, 5, 0, -3, 2)
"""Semitones by which each cycle of a long piece lies above the first; the last returns home."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A stretch of bars with one thematic idea.

    Args:
        letter: The idea: A, B, …; sections of one letter share harmony and motif.
        varied: Whether the idea comes in its varied form.
        lift: Semitones above the home key.
        intensity: −1 thin, 0 ordinary, 1 full.
        turn: Which section of the piece it is, from 0; ornaments differ by it.
        cast: Who plays it: a later cycle is played by others, the last by those of the first.
    """

    letter: str
    varied: bool
    first_bar: int
    bars: int
    lift: int
    intensity: int
    turn: int
    cast: int

    @property
    def name(self) -> str:
        """The section as analysts write it."""
        return self.letter + ("′" if self.varied else "")


def divide(bars: int) -> tuple[Section, ...]:
    """Divide a piece into sections: A A′ B A, and for longer pieces more cycles with new ideas."""
    names = _names(bars)
    edges = _edges(bars, parts=len(names))
    cycles = (len(names) + 3) // 4
    return tuple(
        Section(
            letter=name[0],
            varied=name.endswith("′"),
            first_bar=edges[turn],
            bars=edges[turn + 1] - edges[turn],
            lift=0 if turn // 4 == cycles - 1 else _KEY_LIFTS[turn // 4 % len(_KEY_LIFTS)],
            intensity=_intensity(turn, name=name),
            turn=turn,
            cast=0 if turn // 4 == cycles - 1 else turn // 4 % CASTS,
        )
        for turn, name in enumerate(names)
    )


def _names(bars: int) -> list[str]:
    if bars < len(_CYCLES[0]):
        return list(("A", "B", "A")[:bars])
    section_bars = BARS_PER_PHRASE if bars < _LONG_PIECE_BARS else 2 * BARS_PER_PHRASE
    cycles = max(1, round(bars / (4 * section_bars)))
    # Two cycles have room for all ideas only if the first of them does not spend itself on A.
    opening = -1 if cycles == 2 else 0  # noqa: PLR2004
    names = [name for cycle in range(cycles - 1) for name in _CYCLES[opening + cycle % len(_CYCLES)]]
    # Coming home at the end lets a loop begin again without a surprise.
    return names + list(_CYCLES[0])


def _edges(bars: int, *, parts: int) -> list[int]:
    """Put the borders between whole phrases where there are enough bars, or else on even bars."""
    grid = BARS_PER_PHRASE if bars >= 2 * BARS_PER_PHRASE * parts else 2 if bars >= 2 * parts else 1
    inner = [grid * round(part * bars / (parts * grid)) for part in range(1, parts)]
    return [0, *inner, bars]


def _intensity(turn: int, *, name: str) -> int:
    if turn % 8 == _THIN_TURN:
        return -1
    return 1 if name[0] in "BC" or name == "D′" else 0
