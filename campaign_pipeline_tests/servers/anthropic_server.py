"""Anthropic's /v1/messages as Claude would answer it, and the refusals and faults that come back instead.

Belongs here: messages and errors in the vendor's shape, a complete answer for the wheel, what was said in a request.
Does not belong here: the server itself (http_server), what the pipeline makes of an answer (the tests say that).
"""

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from campaign_pipeline_tests.servers.http_server import Answer, Exchange, Received, reply_json

PATH = "/v1/messages"
_SHAPE = {"model", "max_tokens", "messages"}

WHEEL_ANSWER: Mapping[str, Any] = {
    "copy": {
        "title": "Sommer am Rad",
        "instructions": "Tippe auf das Rad und sieh, wo es hält.",
        "win_message": "Wie schön, du hast gewonnen!",
        "lose_message": "Heute nicht. Schön, dass du da warst!",
    },
    "prizes": [
        "10 % Nachlass",
        "Knapp vorbei",
        "Gratis-Versand",
        "Fast",
        "25 % Nachlass",
        "Leider nein",
        "Wundertüte",
        "Schade",
    ],
    "colors": {"primary": "#0a5c7a", "secondary": "#e4572e", "accent": "#ffc914", "background": "#f2fbff"},
}
"""An answer to a German brief for spin_wheel_v1 that leaves everything open: nothing is wrong with it."""


def answer_for_wheel(**changes: Any) -> dict[str, Any]:
    """Give the answer for the wheel with some of its parts changed; a part that is None is left out."""
    changed = {**copy.deepcopy(dict(WHEEL_ANSWER)), **changes}
    return {name: part for name, part in changed.items() if part is not None}


def says(
    value: Any,
    *,
    stop_reason: str = "end_turn",
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
    after_s: float = 0.0,
    **more: Any,
) -> Answer:
    """Answer with a message: text as it is, anything else as JSON.

    Args:
        key: The only one that is taken; None takes any.
        more: Further fields of the message.
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def answer(exchange: Exchange) -> None:
        request = exchange.request
        if request.path != PATH or request.method != "POST":
            fails(404, "not_found_error", "Not Found")(exchange)
        elif key is not None and request.headers.get("authorization") != f"Bearer {key}":
            fails(401, "authentication_error", "invalid x-api-key")(exchange)
        elif missing := _SHAPE - set(request.json()):
            fails(400, "invalid_request_error", f"{sorted(missing)}: Field required")(exchange)
        else:
            model = request.json()["model"]
            message = {**_message(text, model=model, stop_reason=stop_reason), **more}
            reply_json(message, headers=headers, after_s=after_s)(exchange)

    return answer


def fails(status: int, kind: str, message: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with an error as the vendor spells it."""
    error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    return reply_json(error, status=status, headers=headers)


def campaign_in(request: Received) -> dict[str, Any]:
    """Give the campaign's data out of a request."""
    [found] = re.findall(
        r"<campaign>\n(.*)\n</campaign>", request.json()["messages"][0]["content"], re.DOTALL
    )
    data: dict[str, Any] = json.loads(found)
    return data


def _message(text: str, *, model: str, stop_reason: str) -> dict[str, Any]:
    thinking = {"type": "thinking", "thinking": "A wheel.", "signature": "c2lnbmF0dXJl"}
    content = [thinking, {"type": "text", "text": text}] if text else []
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 900, "cache_read_input_tokens": 100, "output_tokens": 400},
    }
