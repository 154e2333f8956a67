"""The role in which the ledger works on Postgres: it owns nothing, and row-level security holds it.

Belongs here: making the role, what it may do, and who may take it on.
Does not belong here: the policies that hold it (migrations), and taking it on, a transaction at a time (database).
"""

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from campaign_pipeline.errors import CampaignError, ErrorCode, shown
from campaign_pipeline.storage.tables import METADATA

APP_ROLE = "campaign_app"

TABLE_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")

_SET_OPTION_SINCE = 16
"""The Postgres in which a member may inherit a role's rights and still not take it on."""

# Roles are the cluster's, not the database's: another ledger of the cluster may be migrating at this very moment.
_MAKE_ROLE = f"""
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{APP_ROLE}') THEN
        CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$
"""

_REFUSE_ONE_THAT_SEES_ALL = f"""
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_catalog.pg_roles WHERE rolname = '{APP_ROLE}' AND (rolsuper OR rolbypassrls)
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = 'role {APP_ROLE} is a superuser or bypasses row-level security, and may do neither';
    END IF;
END $$
"""

# A login that made the role administers it, and still has to grant itself that it may take it on.
_LET_THIS_LOGIN_TAKE_IT_ON = f"""
DO $$
BEGIN
    IF NOT pg_catalog.pg_has_role('{APP_ROLE}', '{{membership}}') THEN
        GRANT {APP_ROLE} TO CURRENT_USER;
    END IF;
EXCEPTION WHEN unique_violation THEN
    NULL;
END $$
"""

# Only what is missing: a login that owns nothing may then find everything in place.
_MISSING_GRANTS = text(
    f"""
SELECT format('GRANT %s ON TABLE %I TO {APP_ROLE}', granted, name)
FROM unnest(:tables) AS name, unnest(:rights) AS granted
WHERE NOT has_table_privilege('{APP_ROLE}', quote_ident(name), granted)
UNION ALL
SELECT format('GRANT SELECT ON TABLE %I TO {APP_ROLE}', :version_table)
WHERE NOT has_table_privilege('{APP_ROLE}', quote_ident(:version_table), 'SELECT')
UNION ALL
SELECT format('GRANT USAGE ON SCHEMA %I TO {APP_ROLE}', current_schema())
WHERE NOT has_schema_privilege('{APP_ROLE}', current_schema(), 'USAGE')
UNION ALL
SELECT 'GRANT EXECUTE ON FUNCTION campaign_sees(text) TO {APP_ROLE}'
WHERE NOT has_function_privilege('{APP_ROLE}', 'campaign_sees(text)', 'EXECUTE')
"""  # noqa: S608  of this file's constants only
).bindparams(
    bindparam("tables", type_=ARRAY(TEXT())),
    bindparam("rights", type_=ARRAY(TEXT())),
    bindparam("version_table", type_=TEXT()),
)


def ensure_app_role(connection: Connection, *, version_table: str) -> None:
    """Make the role where it is missing, and let it and this login do what the ledger needs; what is right stays.

    It is no part of the schema's history: a database that is restored into another cluster comes without its roles.
    """
    connection.exec_driver_sql(_MAKE_ROLE)
    connection.exec_driver_sql(_REFUSE_ONE_THAT_SEES_ALL)
    membership = "SET" if _has_set_option(connection) else "MEMBER"
    connection.exec_driver_sql(_LET_THIS_LOGIN_TAKE_IT_ON.format(membership=membership))
    wanted = {"tables": list(METADATA.tables), "rights": list(TABLE_RIGHTS), "version_table": version_table}
    for grant in connection.scalars(_MISSING_GRANTS, wanted).all():
        connection.exec_driver_sql(grant)


def require_login(connection: Connection, login: str) -> None:
    """Refuse a name that no login of the server has.

    Raises:
        CampaignError: VALIDATION_ERROR.
    """
    known = text("SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = :login")
    if not connection.scalar(known, {"login": login}):
        message = f"--grant: {shown(login)} found; the name of a login of this server is expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)


def grant_app_role(connection: Connection, login: str) -> None:
    """Let a login work with the ledger: it needs no rights of its own."""
    options = " WITH INHERIT TRUE, SET TRUE" if _has_set_option(connection) else ""
    name = connection.dialect.identifier_preparer.quote_identifier(login)
    connection.exec_driver_sql(f"GRANT {APP_ROLE} TO {name}{options}")


def _has_set_option(connection: Connection) -> bool:
    version: tuple[int, ...] = connection.dialect.server_version_info or (0,)
    return version[0] >= _SET_OPTION_SINCE
