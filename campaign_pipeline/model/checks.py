"""What was verified of a product, property by property.

Belongs here: the verdict on one property, and its form in an artifact's metadata.
Does not belong here: numbers and limits (skills, providers.finishing), showing a verdict (orchestration).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from campaign_pipeline.model.digest import JsonObject


@dataclass(frozen=True, kw_only=True)
class Check:
    """The verdict on one property of one product.

    Args:
        name: The property, as a slug such as `true_peak`.
        found: What it is, in words with its unit.
        right: What is right, in words with its unit.
        value: What it is as a number, where it is one; its unit is in the words.
    """

    name: str
    passed: bool
    found: str
    right: str
    value: float | None = None

    @property
    def fault(self) -> str:
        """Word the verdict as an error does: what was found and what would be right."""
        return f"{self.found}; {self.right} is right"

    def to_json(self) -> JsonObject:
        """Give the form that an artifact's metadata keeps."""
        spelled: JsonObject = {"passed": self.passed, "found": self.found, "right": self.right}
        return spelled if self.value is None else {**spelled, "value": self.value}

    @classmethod
    def of(cls, name: str, kept: Mapping[str, Any]) -> "Check":
        """Take back what `to_json` gave."""
        return cls(
            name=name,
            passed=kept["passed"],
            found=kept["found"],
            right=kept["right"],
            value=kept.get("value"),
        )


def checks_to_json(checks: Iterable[Check], *, verifier: str) -> JsonObject:
    """Give what an artifact's metadata keeps under `checks`.

    Args:
        verifier: The version of the rules that the product was held against.
    """
    return {"verifier": verifier, "properties": {check.name: check.to_json() for check in checks}}


def checks_of(metadata: Mapping[str, Any]) -> list[Check]:
    """Read an artifact's verdicts; one that was made before there were any has none."""
    kept = metadata.get("checks", {}).get("properties", {})
    return [Check.of(name, verdict) for name, verdict in kept.items()]
