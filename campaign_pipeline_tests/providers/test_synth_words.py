"""What the synth provider understands of free text."""

from dataclasses import replace

import pytest

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.synth.compose import compose
from campaign_pipeline.providers.synth.genre_words import genre_named
from campaign_pipeline.providers.synth.keys_in_words import NamedKey, key_named
from campaign_pipeline.providers.synth.prompts import Wishes, wishes_of


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
        ("chillhop", "hip-hop"),
        ("drum and bass", "electronic"),
        ("Drum & Bass", "electronic"),
        ("drum'n'bass", "electronic"),
        ("not rock but jazz", "jazz"),
        ("folk, not country", "folk"),
        ("no rock", "pop"),
        ("no-nonsense driving rock", "rock"),
        ("No worries beach vibes", "latin"),
        ("Not your average punk rock anthem", "rock"),
        ("no holds barred metal", "rock"),
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


@pytest.mark.parametrize(
    "words",
    [
        "no piano, not too fast, without bells",
        "no piano or strings",
        "without bells and piano",
        "neither piano nor strings",
        "no bright, loud or hard sounds",
        "I do not want any bells",
        "not in A minor",
        "no steel drums",
    ],
)
def test_what_is_declined_is_not_asked_for(words: str) -> None:
    assert wishes_of(words) == wishes_of("")


@pytest.mark.parametrize(
    "words",
    [
        "no drums",
        "without any drums",
        "no loud drums",
        "without the drums",
        "don't use drums",
        "no heavy percussion",
        "no piano, strings or drums",
        "drop the drums",
        "drumless",
        "a drum-free bed",
    ],
)
def test_drums_that_are_declined_stay_away(words: str) -> None:
    assert wishes_of(words) == Wishes(drums=False)


@pytest.mark.parametrize(
    "words",
    [
        "not without drums",
        "not only drums",
        "no vocals over the drums",
        "No vocals, drums and bass",
        "build up, then drop the beat",
        "no drum and bass",
        "drums",
    ],
)
def test_drums_that_are_not_declined_play(words: str) -> None:
    assert wishes_of(words).drums


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("no heavy percussion, only strings", "strings"),
        ("no drums, bells or harp, strings", "strings"),
        ("no drums, soft strings", "soft strings"),
        ("no drums but strings", "strings"),
        ("without bells and with a piano", "piano"),
        ("no bells and a piano", "piano"),
        ("no vocals, bright and sunny", "bright and sunny"),
        ("no vocals; fast piano", "fast piano"),
    ],
)
def test_a_refusal_ends_where_its_list_ends(words: str, wanted: str) -> None:
    assert replace(wishes_of(words), drums=True) == wishes_of(wanted)


def test_an_instrument_that_is_named_plays() -> None:
    score = compose(AudioRequest(prompt="a lonely flute over strings", genre="rock"))

    assert {"flute", "strings"} <= {note.patch for note in score.notes}


def test_words_of_the_genre_are_heard_too() -> None:
    score = compose(AudioRequest(genre="8-bit arcade"))

    assert "square_lead" in {note.patch for note in score.notes}


@pytest.mark.parametrize("words", ["no drums", "no loud drums, please", "don't use drums"])
def test_without_drums_nothing_is_struck(words: str) -> None:
    assert compose(AudioRequest(prompt=words)).hits == []


def test_words_of_energy_change_the_colour_too() -> None:
    calm, plain, driving = (
        compose(AudioRequest(prompt=words, mood="sad", energy_level=0.8)).brightness
        for words in ("calm", "", "driving")
    )

    assert calm < plain < driving


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
        ("A major, bright", 9, "major"),
        ("E major. Slow", 4, "major"),
        ("F# minor", 6, "minor"),
        ("key: Am", 9, "minor"),
        ("in Am with piano", 9, "minor"),
        ("in B major with strings", 11, "major"),
        ("a D minor waltz", 2, "minor"),
    ],
)
def test_a_key_is_found_in_free_text(text: str, tonic: int | None, scale: str | None) -> None:
    assert key_named(text) == NamedKey(tonic=tonic, scale=scale)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a major brand",
        "A major brand film",
        "I am",
        "Am I dreaming",
        "DM us",
        "Fm radio jingle",
        "vitamin C",
        "plan B major launch",
        "8 am",
        "8 Am",
        "baby",
        "a dominant figure",
        "add majesty",
        "the key of a house",
    ],
)
def test_where_no_key_is_named_none_is_found(text: str) -> None:
    assert key_named(text) == NamedKey()


def test_a_key_that_is_named_is_reported() -> None:
    assert compose(AudioRequest(prompt="in F# minor", mood="happy")).key == "F♯ minor"
