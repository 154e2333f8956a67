"""Where a ledger is, as the setting says it.

Belongs here: which URLs name a ledger, the driver that is meant, and a name that holds no secret.
Does not belong here: connecting (database).
"""

import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from campaign_pipeline.errors import CampaignError, ErrorCode

_POSTGRES = {"postgresql", "postgres"}
_EXPECTED = "sqlite:///path/to/ledger.db or postgresql://user:password@host:5432/database is expected"


@dataclass(frozen=True)
class LedgerAddress:
    """One database: a file of SQLite's, or one of a Postgres server's."""

    url: URL
    path: Path | None

    @classmethod
    def parse(cls, text: str) -> "LedgerAddress":
        """Read a ledger's URL; `postgresql://`, whatever driver it names, means psycopg 3.

        Raises:
            CampaignError: VALIDATION_ERROR when it names neither a SQLite file nor a Postgres database.
        """
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            # What cannot be parsed is not repeated: a password may stand anywhere in it.
            raise _refused("something that is no URL") from None
        family = url.get_backend_name()
        if family in _POSTGRES:
            return cls(url.set(drivername="postgresql+psycopg"), None)
        if family != "sqlite":
            raise _refused(f"{family}://")
        if url.database in {None, "", ":memory:"}:
            raise _refused("a SQLite database in memory, which no other process can read,")
        # Held absolute, so that a later change of the working directory changes nothing.
        path = Path(url.database or "").absolute()
        return cls(url.set(drivername="sqlite+pysqlite", database=str(path)), path)

    @property
    def name(self) -> str:
        """What people are told: the file, or server and database; never a password."""
        if self.path is not None:
            return str(self.path)
        # Put together from what may be shown, rather than cut down: the query may hold a password too.
        shown = self.url
        plain = URL.create(
            "postgresql", username=shown.username, host=shown.host, port=shown.port, database=shown.database
        )
        return plain.render_as_string()

    def without_password(self, text: str) -> str:
        """Take this address's password out of what a server or driver said.

        It is taken out where it stands as a word of its own, and left where it is the user, host or database too: a
        password of one letter, or one that is the user's name, would else make a message that nobody can read.
        """
        public = {self.url.username, self.url.host, self.url.database}
        given = self.url.query.get("password", ())
        written = (given,) if isinstance(given, str) else given
        for password in {str(self.url.password or ""), *written} - public - {""}:
            text = re.sub(rf"(?<!\w){re.escape(password)}(?!\w)", "***", text)
        return text

    @property
    def place(self) -> str:
        """The same for everybody who means this ledger, whoever logs in to it."""
        if self.path is not None:
            return str(self.path)
        return f"postgresql://{self.url.host or 'localhost'}:{self.url.port or 5432}/{self.url.database}"

    @property
    def advice(self) -> str:
        """What to look at when it cannot be reached."""
        if self.path is not None:
            return "check that CAMPAIGN_DATABASE_URL names a ledger's file in a folder that can be written"
        return "check that the server runs, and the host, the database, user and password in CAMPAIGN_DATABASE_URL"


def _refused(found: str) -> CampaignError:
    return CampaignError(ErrorCode.VALIDATION_ERROR, f"CAMPAIGN_DATABASE_URL: {found} found; {_EXPECTED}")
