"""The little of a provider's answer that may be told where it is of no use.

Belongs here: what of its words goes into an error or into diagnostics, short and without anything secret.
Does not belong here: what kind of bytes they are (finishing.foreign_bytes).
"""

import json
import re
from collections.abc import Iterable
from typing import Any

EXCERPT_BYTES = 1 << 14
"""Of an answer that is read for its excerpt: errors are short, and what is not is cut."""
_LONGEST = 160
_HIDDEN = "***"
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_ESCAPED = re.compile(r"\\u00([2-7][0-9a-fA-F])")
_LOOKS_SECRET = re.compile(
    r"(?<=bearer )\S+"  # what a server read in our header
    r"|\b(sk|pk|rk|key)-[\w.*-]{6,}"  # keys as vendors spell them, with their middle left out too
    r"|\b[0-9a-f]{64}\b",  # the digest of a key, which LiteLLM names the key by
    re.IGNORECASE,
)


def excerpt(data: bytes, *, secrets: Iterable[str | None]) -> str:
    """Give the beginning of what an answer says, in one line of plain text; nothing where it is no text.

    Args:
        secrets: What must not be told, though the provider repeated it.
    """
    text = data[:EXCERPT_BYTES].decode("utf-8", "replace")
    # Escapes could hide a key.
    said = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), _MARKUP.sub(" ", _message(text)))
    for secret in filter(None, secrets):
        said = said.replace(secret, _HIDDEN)
    line = " ".join(_LOOKS_SECRET.sub(_HIDDEN, said).split())
    if not line.isprintable() or "\ufffd" in line:
        return ""
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _message(text: str) -> str:
    """Find the sentence for people in an error as vendors spell it; whatever else is told as it is."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    return found if isinstance(found, str) else text
