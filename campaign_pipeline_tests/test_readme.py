"""What the README promises is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from campaign_pipeline.cli import main as campaign_command
from campaign_pipeline_tests.workplace import REPOSITORY, STEPS, Workplace

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def shell_lines() -> list[str]:
    """Give the commands of the README's shell blocks, continued lines joined, comments cut off."""
    blocks = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.partition("   #")[0].strip() for line in lines if line.strip()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_local_link_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_make_target_and_every_subcommand_that_is_named_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))

    named = set(re.findall(r"`make ([a-z]+)`", README)) | {
        line.split()[1] for line in shell_lines() if line.startswith("make ")
    }
    commands = {line.split()[1] for line in shell_lines() if line.startswith(".venv/bin/campaign ")}

    assert named <= targets
    assert {"demo", "test"} <= named
    assert commands
    assert commands <= set(campaign_command.commands)


def test_the_settings_that_are_listed_are_those_that_are_read() -> None:
    folder = REPOSITORY / "campaign_pipeline" / "settings"
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))

    read = set(re.findall(r'_(?:text|duration|names)\("([A-Z_]+)"', source))
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", README, flags=re.MULTILINE))

    assert listed == read


def test_the_commands_of_the_second_way_build_the_campaign_that_they_name(workplace: Workplace) -> None:
    commands = [
        line for line in shell_lines() if "job execute" in line or line.startswith(".venv/bin/campaign ")
    ]
    (workplace.root / ".venv").symlink_to(Path(sys.prefix))

    for line in commands:
        if "preview" in line:
            continue
        done = subprocess.run(  # noqa: S602  the README's own lines
            line, shell=True, cwd=workplace.root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"

    assert {run["status"] for run in workplace.tables().run} == {"completed"}
    with ZipFile(workplace.root / "summer-spin.zip") as bundle:
        assert {"index.html", "game_config.json", "bundle_manifest.json"} <= set(bundle.namelist())


def test_make_demo_builds_the_campaign_and_a_second_time_reuses_all_of_it(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    root.mkdir()
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in filter(None, tracked.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, root / name)
    # The environment that runs this test is the one that `make demo` would set up; its stamp says so.
    (root / ".venv").symlink_to(Path(sys.prefix))

    first, second = (
        subprocess.run(
            ["make", "-o", ".venv/.runtime", "demo"], cwd=root, capture_output=True, text=True, check=False
        )
        for _ in range(2)
    )

    assert first.returncode == 0, first.stdout + first.stderr
    assert second.returncode == 0, second.stdout + second.stderr
    assert "campaign preview demo/summer-spin" in first.stdout
    for artifact in ("json/game-config", "audio/bgm", "bundle/game", "json/campaign-manifest"):
        assert artifact in first.stdout
    place = Workplace(root, f"sqlite:///{root / '.campaign' / 'ledger.db'}")
    tables = place.tables()
    assert [run["status"] for run in tables.run] == ["completed", "completed"]
    assert tables.statuses(tables.run[1]["id"]) == dict.fromkeys(STEPS, ("skipped", True))
