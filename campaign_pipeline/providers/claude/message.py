"""A message of Claude's as it came over the wire.

Belongs here: telling a message from whatever else a server may send, and reading text, ending and usage out of it.
Does not belong here: what is wrong with the text (providers.claude.judgement).

It reads the bytes itself, so that an answer which was kept needs no SDK.
"""

from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

_INPUT_TOKENS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
_CUT_OFF = frozenset({"max_tokens", "model_context_window_exceeded"})


@dataclass(frozen=True, kw_only=True)
class Message:
    """What Claude said.

    Args:
        text: All text blocks together; thinking is none.
        is_cut_off: It had no room to end.
        refusal: Why it would not answer; None where it did.
        tokens_in: None where nothing readable is told.
        tokens_out: None where nothing readable is told.
        model: Which model says that it answered.
    """

    text: str
    is_cut_off: bool
    refusal: str | None
    tokens_in: int | None
    tokens_out: int | None
    model: str | None


def read_message(data: bytes) -> Message | None:
    """Read a response's body; None where it is no message."""
    try:
        body = from_json(data, allow_inf_nan=False)
    except ValueError:
        return None
    if (
        not isinstance(body, dict)
        or body.get("type") != "message"
        or not isinstance(body.get("content"), list)
    ):
        return None
    ending, usage, model = body.get("stop_reason"), body.get("usage"), body.get("model")
    return Message(
        text="".join(filter(None, map(_text, body["content"]))),
        is_cut_off=ending in _CUT_OFF if isinstance(ending, str) else False,
        refusal=_refusal(body.get("stop_details")) if ending == "refusal" else None,
        tokens_in=_tokens(usage, _INPUT_TOKENS),
        tokens_out=_tokens(usage, ("output_tokens",)),
        model=in_one_line(model, most=120) if isinstance(model, str) else None,
    )


def in_one_line(text: str, *, most: int) -> str:
    """Show what a model or a server wrote in one line, with nothing in it that a reader or a database cannot take.

    Args:
        most: Characters that are shown.
    """
    shown = "".join(letter if letter.isprintable() else "�" for letter in text[: most + 1])
    return shown if len(shown) <= most else f"{shown[:most]}…"


def _text(block: Any) -> str | None:
    if not isinstance(block, dict) or block.get("type") != "text" or not isinstance(block.get("text"), str):
        return None
    return str(block["text"])


def _refusal(details: Any) -> str:
    told = details if isinstance(details, dict) else {}
    reasons = (told.get("category"), told.get("explanation"))
    words = [in_one_line(reason, most=200) for reason in reasons if isinstance(reason, str) and reason]
    return ": ".join(words) or "no reason told"


def _tokens(usage: Any, names: tuple[str, ...]) -> int | None:
    counts = [usage.get(name) for name in names] if isinstance(usage, dict) else []
    told = [count for count in counts if isinstance(count, int) and count >= 0]
    return sum(told) if told else None
