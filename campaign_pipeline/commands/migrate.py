"""`campaign migrate`: bring the ledger's schema to this version.

Belongs here: its options, and saying what was done.
Does not belong here: doing it (storage.migrating).
"""

import json

import click

from campaign_pipeline.commands.running import plainly
from campaign_pipeline.settings import Settings
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.migrating import migrate_ledger


@click.command()
@click.option(
    "--grant",
    "logins",
    multiple=True,
    metavar="LOGIN",
    help="Let this login of the Postgres server work with the ledger; may be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@plainly
def migrate(*, logins: tuple[str, ...], as_json: bool) -> None:
    """Make or migrate the ledger's tables, and on Postgres its role and policies.

    A ledger is migrated by itself when it is opened, where the login may do that. This is for where it may not: run it
    once as a login that may, and grant the ledger to the login that builds.
    """
    url = Settings.from_environment().database_url
    migration = migrate_ledger(url, grant_to=logins)
    name = LedgerAddress.parse(url).name
    if as_json:
        told = {"ledger": name, "from": migration.before, "to": migration.after, "granted": list(logins)}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"the ledger {name} {_change(migration.before, migration.after)}")
    for login in logins:
        click.echo(f"{login} may work with it")


def _change(before: str | None, after: str) -> str:
    if before is None:
        return f"was made, at revision {after}"
    if before == after:
        return f"is at revision {after} already"
    return f"went from revision {before} to {after}"
