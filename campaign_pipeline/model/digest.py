"""Canonical bytes and content hashes.

Belongs here: RFC 8785 canonical JSON, sha256 content hashes and their one spelling.
Does not belong here: what takes part in an input hash or a cache key (storage.hashing).
"""

import hashlib
import re
from typing import Annotated, Any

import rfc8785
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

HASH_PREFIX = "sha256:"
_HASH = re.compile(r"sha256:[0-9a-f]{64}")

JsonObject = dict[str, Any]


def _check(value: str) -> str:
    if not _HASH.fullmatch(value):
        # The type is the contract's error code: errors made from pydantic's take it over as it is.
        raise PydanticCustomError(
            "INVALID_HASH",
            "{value} is not a content hash: sha256: and 64 lower-case hex digits are expected",
            {"value": repr(value[:80])},
        )
    return value


ContentHash = Annotated[str, AfterValidator(_check)]
"""`sha256:` and 64 lower-case hex digits."""


def is_content_hash(value: object) -> bool:
    """Tell whether a value is spelled as a content hash."""
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def content_hash(data: bytes) -> ContentHash:
    """Hash bytes to their content hash."""
    return HASH_PREFIX + hashlib.sha256(data).hexdigest()


def canonical_json(value: Any) -> bytes:
    """Serialise a JSON value to its one canonical form.

    Raises:
        rfc8785.CanonicalizationError: The value holds NaN, an infinity, an integer beyond 2**53 or what JSON
            cannot carry.

    Source:
        RFC 8785, JSON Canonicalization Scheme.
    """
    return rfc8785.dumps(value)


def canonical_hash(value: Any) -> ContentHash:
    """Hash a JSON value by its canonical form: key order and number spelling are free."""
    return content_hash(canonical_json(value))
