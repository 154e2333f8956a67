"""Looking for what must not have been written down.

Belongs here: finding a text in files and in rows.
Does not belong here: which texts are secret (the tests say that).
"""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import MetaData, create_engine, select


def files_with(text: str, folder: Path) -> Iterator[Path]:
    """Give every file, Dagster's event log and captured output among them, that holds a text."""
    for path in folder.rglob("*"):
        if path.is_file() and text.encode() in path.read_bytes():
            yield path


def rows_with(text: str, url: str) -> Iterator[str]:
    """Give every row of every table, Dagster's among them where they are in the same database, that holds a text."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        tables = MetaData()
        tables.reflect(engine)
        with engine.connect() as connection:
            for table in tables.sorted_tables:
                for row in connection.execute(select(table)):
                    if text in str(row):
                        yield f"{table.name}: {row}"
    finally:
        engine.dispose()
