"""What is said to Claude and what it answers: a request, and one correction of an answer that is of no use.

Belongs here: the turns, what is kept and noted of them, and the error where none was of use.
Does not belong here: prompts, form, wire and judgement, each in a module beside this one.
"""

from collections.abc import Sequence
from functools import partial

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import JsonObject, canonical_json
from campaign_pipeline.model.game_text import GameText, TextRequest
from campaign_pipeline.model.prices import Quote
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.claude import prompts
from campaign_pipeline.providers.claude.form import answer_form
from campaign_pipeline.providers.claude.judgement import Judgement, judged
from campaign_pipeline.providers.claude.message import Message, in_one_line, read_message
from campaign_pipeline.providers.claude.wire import endpoint_of, send

MAX_TOKENS = 8192
"""Of an answer: twice what twenty questions take, for the newer models think before they write, and that counts."""

_FORM_TOKENS = 2000
"""What the vendor adds to a request to explain the form: a generous guess, for the quote."""
_MOST_NAMED = 5
_EXCERPT_CHARACTERS = 600


class Conversation:
    """Asks one model about one campaign.

    Args:
        model: As the vendor or the proxy names it.
        provider: As diagnostics name it.
    """

    def __init__(self, access: Access, *, model: str, provider: str) -> None:
        self._access = access
        self._model = model
        self._provider = provider
        self._to = endpoint_of(access)

    def about(self, request: TextRequest) -> GameText:
        """Ask for what the request leaves open, and once more where the answer is of no use; see the port."""
        form = answer_form(request)
        if not form["properties"]:
            return GameText()
        said = prompts.request(request, wanted=list(form["properties"]))
        turns: list[JsonObject] = [{"role": "user", "content": said}]
        message, judgement = self._asked(turns, form=form, request=request)
        if judgement.text is None:
            # An empty turn is refused by the vendor, and two of the user's in a row are taken as one.
            if message.text.strip():
                turns.append({"role": "assistant", "content": message.text})
            turns.append({"role": "user", "content": prompts.correction(judgement.problems)})
            message, judgement = self._asked(turns, form=form, request=request)
        if judgement.text is None:
            raise self._failed(judgement.problems, is_cut_off=message.is_cut_off)
        return judgement.text

    def _asked(
        self, turns: Sequence[JsonObject], *, form: JsonObject, request: TextRequest
    ) -> tuple[Message, Judgement]:
        """Send the turns so far and judge the answer; one that is of no use is noted for whoever looks into it."""
        message = self._message(turns, form=form)
        if message.refusal is not None:
            self._note(message, errors=[f"refused: {message.refusal}"])
            raise self._refused(message.refusal)
        judgement = judged(message, request=request, max_tokens=MAX_TOKENS)
        if judgement.text is None:
            self._note(message, errors=judgement.problems)
        return message, judgement

    def _message(self, turns: Sequence[JsonObject], *, form: JsonObject) -> Message:
        body: JsonObject = {
            "model": self._model,
            "max_tokens": MAX_TOKENS,
            "system": prompts.system(),
            "messages": list(turns),
            "output_config": {"format": {"type": "json_schema", "schema": form}},
        }
        price = self._access.prices.get(body["model"])
        # A token is a byte at least, so this is more than it can be.
        most_in = len(canonical_json(body)) + _FORM_TOKENS
        most_usd = None if price is None else price.of(tokens_in=most_in, tokens_out=MAX_TOKENS)
        answer = self._access.answers.answer(
            {"address": self._to.url, "body": body},
            provider=self._provider,
            ask=partial(send, body=body, to=self._to, price=price),
            quote=Quote(model=body["model"], most_usd=most_usd),
        )
        message = read_message(answer.data)
        if message is None:
            raise CampaignError(
                ErrorCode.PROVIDER_ERROR, f"{self._name}: a kept answer is no message; {_ANEW}"
            )
        return message

    def _note(self, message: Message, *, errors: Sequence[str]) -> None:
        note = {
            "provider": self._provider,
            "model": self._model,
            "errors": list(errors),
            "answer": in_one_line(message.text, most=_EXCERPT_CHARACTERS),
        }
        self._access.answers.note(note)

    def _refused(self, why: str) -> CampaignError:
        right = (
            f"words that it can write for are expected in the brief, or another model in text.model; {_ANEW}"
        )
        return self._generation_failed(f"it refused to write for this campaign ({why}); {right}")

    def _failed(self, problems: Sequence[str], *, is_cut_off: bool) -> CampaignError:
        if is_cut_off:
            right = "another model in text.model, or a brief that leaves less open, is expected"
            found = f"its answer was cut off at {MAX_TOKENS} tokens, after one correction too"
            return self._generation_failed(f"{found}; {right}; {_ANEW}")
        named = "; ".join(problems[:_MOST_NAMED])
        more = f"; and {len(problems) - _MOST_NAMED} more" if len(problems) > _MOST_NAMED else ""
        return self._generation_failed(
            f"its answer stayed wrong after one correction: {named}{more}; {_ANEW}"
        )

    def _generation_failed(self, text: str) -> CampaignError:
        return CampaignError(ErrorCode.GENERATION_FAILED, f"{self._name}: {text}")

    @property
    def _name(self) -> str:
        return f"{self._to.name} ({self._model})"


_ANEW = "answers are kept, so build again with cache: refresh:game_config to ask anew"
