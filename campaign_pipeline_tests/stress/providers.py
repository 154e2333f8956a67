"""Text and audio providers that are slow, count their calls, and are asked through the answer book as paid ones are.

Belongs here: the fakes, and putting them in the places of the shipped ones.
Does not belong here: how many calls are right (the campaigns).
"""

import io
import os
import time
import wave
from collections import Counter
from pathlib import Path
from typing import Any

from campaign_pipeline.building.answer_book import KeptAnswers, Usage
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.model.digest import ContentHash, canonical_hash
from campaign_pipeline.model.prices import UNPRICED
from campaign_pipeline.providers import audio_choice
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.answers import Answer, AnswerBook
from campaign_pipeline.providers.audio import AudioModel, GeneratedAudio
from campaign_pipeline.providers.stub import StubAudioModel
from campaign_pipeline.skills import game_config_from_template as text_skill
from campaign_pipeline_tests.stress.tracer import append, point

COUNTING = "counting"
CALLS, DELAY = "STRESS_CALLS", "STRESS_DELAY_S"
"""Environment variables: the file that every call is noted in, and how long a provider takes."""

_open_books: list[AnswerBook] = []


def calls_in(file: Path) -> Counter[str]:
    """Count the calls that were sent, by `provider prompt`."""
    return Counter(file.read_text().splitlines()) if file.exists() else Counter()


def request_hash(provider: str, prompt: str) -> ContentHash:
    """Give the digest under which the answer to a prompt is kept."""
    return canonical_hash({"provider": provider, "request": {"prompt": prompt}})


class CountingAudioModel(AudioModel):
    """A paid model: its answer is a small WAV, of which a tone is made."""

    provider_id = COUNTING
    model = None
    version = "1.0.0"

    def __init__(self, model: str | None, access: Access) -> None:
        del model  # it has none
        self._answers = access.answers

    def generate(self, request: AudioRequest) -> GeneratedAudio:
        """Ask for the tone, then make it as long as it has to be."""
        prompt = str(request.prompt)
        answer = self._answers.answer(
            {"prompt": prompt}, provider="audio", ask=lambda _: _ask("audio", prompt), quote=UNPRICED
        )
        with wave.open(io.BytesIO(answer.data)) as file:
            assert file.getnframes() > 0
        return StubAudioModel().generate(request)


def install() -> None:
    """Offer the audio model as `counting`, and let the text skill ask for its words."""
    audio_choice.ADAPTERS[COUNTING] = CountingAudioModel
    write, count_for = text_skill.game_config_from_template, KeptAnswers.count_for

    def counted(book: KeptAnswers, step_id: str) -> Usage:
        _open_books[:] = [book]
        return count_for(book, step_id)

    def asked(brief: Any, **around: Any) -> Any:
        title = str(brief.texts.title)
        _open_books[0].answer(
            {"prompt": title}, provider="text", ask=lambda _: _ask("text", title), quote=UNPRICED
        )
        return write(brief, **around)

    KeptAnswers.count_for = counted  # type: ignore[method-assign, assignment]  # a test's right
    text_skill.game_config_from_template = asked


def _ask(provider: str, prompt: str) -> Answer:
    point(f"before asking for {provider}")
    append(Path(os.environ[CALLS]), f"{provider} {prompt}")
    time.sleep(float(os.environ.get(DELAY, "0")))
    point(f"after {provider} was answered")
    return Answer(data=_wav(), media_type="audio/wav", tokens_in=1, tokens_out=1, cost_usd=0.01)


def _wav() -> bytes:
    # Never the same twice, as with any model.
    samples = os.urandom(64)
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples)
    return target.getvalue()
