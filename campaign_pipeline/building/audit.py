"""What an audit found.

Belongs here: problems in words, what was looked at, and the form that scripts read.
Does not belong here: looking (building.auditor), or drawing what was found (terminal).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.storage.referring import ReferrerKind

ProblemKind = Literal["bytes", "manifest", "bundle", "run", "step", "context", "cache_entry", "lease"]


MOST_PROBLEMS = 1000
"""How many are kept in words: a store that is lost has hundreds of thousands, and the first ones say so."""


@dataclass(frozen=True)
class Flaw:
    """What is wrong with an artifact beside its bytes, which hold."""

    kind: ProblemKind
    message: str


@dataclass(frozen=True, kw_only=True)
class Dependent:
    """A row that needs damaged bytes.

    Args:
        kind: In which table it is.
        use: What they are to it, such as `audio/bgm` or `videos.intro`.
    """

    kind: ReferrerKind
    id: str
    tenant_id: str
    use: str
    campaign_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that is not as it should be.

    Args:
        subject: What is wrong, as people find it again.
        message: What was found.
        advice: What to do about it.
        run_id: The run that it is about; of several that need a blob, the newest.
        referrers: Of a damaged blob: some of the rows that need it, the newest runs first.
        more_referrers: How many need it beyond those.
    """

    kind: ProblemKind
    tenant_id: str
    subject: str
    message: str
    advice: str
    run_id: str | None = None
    content_hash: ContentHash | None = None
    referrers: tuple[Dependent, ...] = ()
    more_referrers: int = 0

    def to_json(self) -> JsonObject:
        """Give the form that scripts read."""
        return {**vars(self), "referrers": [dict(vars(row)) for row in self.referrers]}


@dataclass
class Audit:
    """What was looked at, and what is wrong with it.

    Args:
        checked: How many runs, steps, artifacts, reusable results, blobs and bytes.
        problems: The first that were found.
        more_problems: How many were found beyond those.
    """

    checked: Counter[str] = field(
        default_factory=lambda: Counter(runs=0, steps=0, artifacts=0, cache_entries=0, blobs=0, bytes=0)
    )
    problems: list[Problem] = field(default_factory=list)
    more_problems: int = 0

    def add(self, problems: Iterable[Problem]) -> None:
        """Take problems in: the first in words, the rest as a number."""
        for problem in problems:
            if len(self.problems) < MOST_PROBLEMS:
                self.problems.append(problem)
            else:
                self.more_problems += 1

    def to_json(self) -> JsonObject:
        """Give the form that scripts read."""
        return {
            "sound": not self.problems,
            "checked": dict(self.checked),
            "problems": [problem.to_json() for problem in self.problems],
            "more_problems": self.more_problems,
        }
