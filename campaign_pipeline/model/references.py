"""References from a brief to files: a path beside the brief, a web address, an object in a bucket.

Belongs here: how each kind is spelled and which spellings are refused before anything is looked up.
Does not belong here: whether the file is there (building.brief_file) or its bytes are stored (storage).
"""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.text import refused_character

MAX_REFERENCE_CHARACTERS = 1000

_LOCAL = r"(?![A-Za-z][A-Za-z0-9+.-]*:)(?!/)(?!(?:.*/)?\.\.(?:/|$))(?!(?:.*/)?$)[^\\\u0000-\u001f]+"
_WEB = r"https?://[^\s/?#@\\]+(?:[/?#][^\s\\]*)?"
_BUCKET = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\s\\]+"

_LOCAL_EXPECTED = "a path relative to the brief and inside its folder"
_WEB_EXPECTED = "an http:// or https:// address without a user name"


def is_local(reference: str) -> bool:
    """Tell a path beside the brief from a web address or an object in a bucket."""
    return "://" not in reference


def is_web_address(reference: str) -> bool:
    """Tell whether a reference is a well-formed http(s) address."""
    if not re.fullmatch(_WEB, reference):
        return False
    try:
        parts = urlsplit(reference)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _is_local_path(reference: str) -> bool:
    return re.fullmatch(_LOCAL, reference) is not None


def _is_bucket_object(reference: str) -> bool:
    return re.fullmatch(_BUCKET, reference) is not None


def _refuse(expected: str) -> PydanticCustomError:
    return PydanticCustomError("reference", "{expected} is expected", {"expected": expected})


def _check(reference: str, *, fits: bool, expected: str) -> str:
    if not fits or len(reference) > MAX_REFERENCE_CHARACTERS or refused_character(reference) is not None:
        raise _refuse(expected)
    return reference


def _check_local(reference: str) -> str:
    if not is_local(reference):
        raise _refuse(f"{_LOCAL_EXPECTED} (a bundle plays without a network, so its files are not fetched)")
    return _check(reference, fits=_is_local_path(reference), expected=_LOCAL_EXPECTED)


def _check_web(reference: str) -> str:
    return _check(reference, fits=is_web_address(reference), expected=_WEB_EXPECTED)


def _check_local_or_web(reference: str) -> str:
    fits = _is_local_path(reference) or is_web_address(reference)
    return _check(reference, fits=fits, expected=f"{_LOCAL_EXPECTED}, or {_WEB_EXPECTED}")


def is_media_reference(reference: str) -> bool:
    """Tell whether a video may be named so: by a relative path, a web address or an object in a bucket."""
    return _is_local_path(reference) or is_web_address(reference) or _is_bucket_object(reference)


def _check_media(reference: str) -> str:
    fits = is_media_reference(reference)
    expected = f"{_LOCAL_EXPECTED}, {_WEB_EXPECTED}, or s3://bucket/key"
    return _check(reference, fits=fits, expected=expected)


def _schema(*kinds: str) -> JsonObject:
    pattern = f"^(?:{'|'.join(kinds)})$"
    return {"type": "string", "maxLength": MAX_REFERENCE_CHARACTERS, "pattern": pattern}


MEDIA_SCHEMA = _schema(_LOCAL, _WEB, _BUCKET)


LocalFile = Annotated[str, AfterValidator(_check_local), WithJsonSchema(_schema(_LOCAL))]
WebAddress = Annotated[str, AfterValidator(_check_web), WithJsonSchema(_schema(_WEB))]
LocalOrWeb = Annotated[str, AfterValidator(_check_local_or_web), WithJsonSchema(_schema(_LOCAL, _WEB))]
MediaReference = Annotated[str, AfterValidator(_check_media), WithJsonSchema(MEDIA_SCHEMA)]
