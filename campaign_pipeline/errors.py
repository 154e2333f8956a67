"""What can go wrong, in the words that every surface repeats.

Belongs here: the error codes of the contract and the one exception that carries them.
Does not belong here: how an error is recorded (storage) or shown (orchestration, cli).
"""

from enum import StrEnum


class ErrorCode(StrEnum):
    """The contract's error codes; scripts rely on their spelling."""

    VALIDATION_ERROR = "VALIDATION_ERROR"
    MISSING_ASSET = "MISSING_ASSET"
    INVALID_HASH = "INVALID_HASH"
    UNKNOWN_CAMPAIGN = "UNKNOWN_CAMPAIGN"
    UNKNOWN_TEMPLATE = "UNKNOWN_TEMPLATE"
    BASE_RUN_NOT_FOUND = "BASE_RUN_NOT_FOUND"
    INCOMPLETE_BASE_RUN = "INCOMPLETE_BASE_RUN"
    GENERATION_FAILED = "GENERATION_FAILED"
    PROVIDER_ERROR = "PROVIDER_ERROR"
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED"
    BUNDLE_TOO_LARGE = "BUNDLE_TOO_LARGE"
    PROFILE_VIOLATION = "PROFILE_VIOLATION"
    NOT_PLAYABLE = "NOT_PLAYABLE"
    ARTIFACT_CORRUPT = "ARTIFACT_CORRUPT"
    LEDGER_UNAVAILABLE = "LEDGER_UNAVAILABLE"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    CANCELLED = "CANCELLED"
    RUN_LOST = "RUN_LOST"


class CampaignError(Exception):
    """A failure that a person can act on.

    Its text is `CODE: message` and reaches the run, the step, the Dagster event and the command line unchanged.

    Args:
        code: One of the contract's codes.
        message: The field or file, what was found, and what would be right.
        retryable: Whether the same attempt, made again later, may succeed.
    """

    def __init__(self, code: ErrorCode, message: str, *, retryable: bool = False) -> None:
        super().__init__(f"{code.value}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable
