"""What bytes are that should have been something else.

Belongs here: naming them in a word or two, for an error that a person reads.
Does not belong here: recognising what is welcome (decoding); the bytes' own words, in which a secret may be.
"""

_HEAD = 512
_MARKUP = (b"<!doctype html", b"<html", b"<head", b"<body")
_STRUCTURE = (b"{", b"[")


def told(data: bytes, *, kind: str | None = None) -> str:
    """Name bytes and their size, such as “an HTML page of 512 bytes”.

    Args:
        kind: The kind of file that they are, where that is known.
    """
    if not data:
        return "nothing at all"
    name = _foreign(data[:_HEAD]) if kind is None else f"{'an' if kind == 'MP3' else 'a'} {kind} file"
    return f"{name} of {len(data)} bytes"


def _foreign(head: bytes) -> str:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(_MARKUP):
        return "an HTML page"
    text = _is_text(head)
    if text and start.startswith(_STRUCTURE):
        return "a JSON document"
    return "plain text" if text else _by_signature(head)


def _is_text(head: bytes) -> bool:
    return "".join(head.decode("utf-8", "replace").split()).isprintable() and b"\0" not in head


def _by_signature(head: bytes) -> str:
    import puremagic  # noqa: PLC0415 - only a refusal needs its signatures

    try:
        return f"{puremagic.from_string(head, mime=True) or 'an unknown file'}"
    except (puremagic.PureError, ValueError):
        return "an unknown file"
