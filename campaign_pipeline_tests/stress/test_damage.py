"""Bytes that are not what their rows say, and results that are not this run's to take: never served, made again."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

from sqlalchemy import text

from campaign_pipeline_tests.stress.site import Site, Size
from campaign_pipeline_tests.workplace import STEPS

EPOCH = "1700000000"
ALL_RUN_ONLY = ",".join(
    f"{skill}=run_only"
    for skill in (
        "game_config_from_template",
        "generate_bgm_track",
        "bundle_game_template",
        "assemble_campaign_manifest",
    )
)


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    _overwrite(file, bytes(data))


def truncate(file: Path) -> None:
    _overwrite(file, file.read_bytes()[:-1])


def delete(file: Path) -> None:
    file.unlink()


def _overwrite(file: Path, data: bytes) -> None:
    file.chmod(0o644)
    file.write_bytes(data)


def test_damaged_artifacts_are_repaired_by_the_next_build_and_the_bad_bytes_put_aside(
    any_site: Site, size: Size, figure: Callable[[str, object], None]
) -> None:
    any_site.extra_env["SOURCE_DATE_EPOCH"] = EPOCH
    any_site.ask_for("a tune that is damaged")
    any_site.built()
    before = _results(any_site)
    files = [any_site.place.blob(digest) for digest in _digests(any_site)]
    together = [files] if not size.is_full else [*([file] for file in files), files]

    for damage, damaged in product((flip, truncate, delete), together):
        for file in damaged:
            damage(file)
        bad = [file.read_bytes() for file in damaged if file.exists()]

        any_site.built()

        assert any_site.unsound() == []
        assert _results(any_site) == before
        assert any_site.calls == {"audio": 1, "text": 1}
        aside = [file.read_bytes() for file in (any_site.place.store / "quarantine").glob("*")]
        assert all(data in aside for data in bad)
    assert _made_again(any_site) == set(STEPS)

    figure("artifacts and attachments", len(files))
    figure("repairing builds", 3 * len(together))


def test_an_answer_that_is_damaged_is_never_made_music_of(any_site: Site) -> None:
    any_site.extra_env["SOURCE_DATE_EPOCH"] = EPOCH
    any_site.ask_for("a tune whose answer is damaged")
    any_site.built()
    with any_site.connected() as connection:
        answers = connection.scalars(text("SELECT content_hash FROM provider_answer")).all()
    for digest in (*answers, *_digests(any_site)):
        flip(any_site.place.blob(digest))

    any_site.built()

    assert any_site.unsound() == []
    assert any_site.calls == {"audio": 2, "text": 2}


def test_results_of_another_tenant_of_yesterday_or_of_another_run_are_never_served(any_site: Site) -> None:
    any_site.ask_for("a tune that others have")
    any_site.ask_for("a tune that others have", of="acme/small")
    any_site.start("build", "acme/small").wait()
    any_site.built()
    assert any_site.calls == {"audio": 2, "text": 2}
    owned = "UPDATE step_cache SET tenant_id = 'acme', artifact_ids = (SELECT artifact_ids FROM step_cache AS other "
    of_acme = (
        "WHERE other.tenant_id = 'acme' AND other.step_id = step_cache.step_id) WHERE tenant_id = 'demo'"
    )
    expired = "UPDATE step_cache SET expires_at = created_at"

    for in_the_way, env in (
        (owned + of_acme, {}),
        (expired, {}),
        (None, {"CAMPAIGN_CACHE_POLICY": ALL_RUN_ONLY}),
    ):
        any_site.extra_env.update(env)
        if in_the_way is not None:
            with any_site.connected() as connection:
                connection.execute(text(in_the_way))

        any_site.built()

        tables = any_site.place.tables()
        run = tables.run[-1]
        assert tables.statuses(run["id"]) == dict.fromkeys(STEPS, ("completed", False))
        made = [row for row in tables.artifact if row["run_id"] == run["id"]]
        assert [row["tenant_id"] for row in made] == ["demo"] * len(STEPS)
    # What a provider answered serves all of them: an answer is kept for the tenant, whatever the results are for.
    assert any_site.calls == {"audio": 2, "text": 2}


def _results(site: Site) -> dict[str, str]:
    """Give what the newest run came to, step by step."""
    tables = site.place.tables()
    hashes = {row["id"]: row["content_hash"] for row in tables.artifact}
    steps = tables.steps_of(tables.run[-1]["id"])
    return {name: hashes[step["output_artifact_ids"][0]] for name, step in steps.items()}


def _digests(site: Site) -> list[str]:
    """Give the digests of the newest run's artifacts, and of what is attached to them."""
    tables = site.place.tables()
    named = set(_results(site).values())
    rows = [row for row in tables.artifact if row["content_hash"] in named]
    attached = [digest for row in rows for digest in row["metadata"].get("attachments", {}).values()]
    return [*dict.fromkeys(row["content_hash"] for row in rows), *dict.fromkeys(attached)]


def _made_again(site: Site) -> set[str]:
    tables = site.place.tables()
    return {
        row["step_id"]
        for row in tables.run_step
        if row["run_id"] == tables.run[-1]["id"] and row["status"] == "completed"
    }
