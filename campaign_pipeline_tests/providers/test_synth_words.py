"""What the synth provider understands of free text."""

import pytest

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.synth.compose import compose
from campaign_pipeline.providers.synth.genre_words import genre_named
from campaign_pipeline.providers.synth.keys_in_words import NamedKey, key_named
from campaign_pipeline.providers.synth.prompts import wishes_of


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Electronic", "electronic"),
        ("8-bit arcade", "electronic"),
        ("tropical pop", "latin"),
        ("synth pop", "electronic"),
        ("indie rock", "rock"),
        ("Lo-Fi", "hip-hop"),
        ("trap", "hip-hop"),
        ("ambient drone", "ambient"),
        ("orchestral", "cinematic"),
        ("cinematic trailer", "cinematic"),
        ("smooth jazz", "jazz"),
        ("bossa nova", "latin"),
        ("acoustic folk", "folk"),
        ("polka", "pop"),
    ],
)
def test_a_genre_is_found_in_free_text(text: str, name: str) -> None:
    assert genre_named(text).name == name


def test_words_choose_instruments_and_colour() -> None:
    wishes = wishes_of("Sunny beach afternoon with steel drums, without drums machine")

    assert wishes.lead == "steel_pan"
    assert wishes.brightness > 1
    assert not wishes.drums


def test_words_inside_other_words_are_not_heard() -> None:
    assert wishes_of("a barbell workout") == wishes_of("")


def test_what_is_declined_is_not_asked_for() -> None:
    assert wishes_of("no piano, not too fast, without bells") == wishes_of("")


def test_an_instrument_that_is_named_plays() -> None:
    score = compose(AudioRequest(prompt="a lonely flute over strings", genre="rock"))

    assert {"flute", "strings"} <= {note.patch for note in score.notes}


def test_words_of_the_genre_are_heard_too() -> None:
    score = compose(AudioRequest(genre="8-bit arcade"))

    assert "square_lead" in {note.patch for note in score.notes}


def test_without_drums_nothing_is_struck() -> None:
    assert compose(AudioRequest(prompt="no drums")).hits == []


@pytest.mark.parametrize(
    ("text", "tonic", "scale"),
    [
        ("in D minor", 2, "minor"),
        ("a waltz in a minor", 9, "minor"),
        ("something in A minor, slow", 9, "minor"),
        ("F#m groove", 6, "minor"),
        ("Bb major", 10, "major"),
        ("B flat major", 10, "major"),
        ("E♭ major", 3, "major"),
        ("C# harmonic minor", 1, "harmonic minor"),
        ("in E phrygian mode", 4, "phrygian"),
        ("the key of e flat", 3, None),
        ("in a minor key", None, "minor"),
    ],
)
def test_a_key_is_found_in_free_text(text: str, tonic: int | None, scale: str | None) -> None:
    assert key_named(text) == NamedKey(tonic=tonic, scale=scale)


@pytest.mark.parametrize(
    "text",
    ["", "a major brand", "I am", "DM us", "vitamin C", "8 am", "baby", "a dominant figure", "add majesty"],
)
def test_where_no_key_is_named_none_is_found(text: str) -> None:
    assert key_named(text) == NamedKey()


def test_a_key_that_is_named_is_reported() -> None:
    assert compose(AudioRequest(prompt="in F# minor", mood="happy")).key == "F♯ minor"
