"""Files among the briefs that are passed over for their name: which, why, and what they should be called."""

from pathlib import Path

import pytest

from campaign_pipeline.building.brief_file import list_campaigns
from campaign_pipeline.building.misnamed_briefs import misnamed_briefs


@pytest.fixture
def briefs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of briefs, beside which one stands."""
    monkeypatch.chdir(tmp_path)
    Path("briefs/demo").mkdir(parents=True)
    return Path("briefs")


@pytest.mark.parametrize(
    ("name", "reason", "rename_to"),
    [
        ("demo/Bad_Name.yaml", "Bad_Name is no campaign's name", "briefs/demo/bad-name.yaml"),
        ("demo/x.yml", "it ends in .yml", "briefs/demo/x.yaml"),
        ("demo/X.YAML", "X is no campaign's name", "briefs/demo/x.yaml"),
        ("demo/a b.yml", "a b is no campaign's name", "briefs/demo/a-b.yaml"),
        ("demo/-.yaml", "- is no campaign's name", None),
        (f"demo/{'x' * 70}.yaml", f"{'x' * 70} is no campaign's name", f"briefs/demo/{'x' * 63}.yaml"),
        ("Bad Tenant/x.yaml", "Bad Tenant is no tenant's name", "briefs/bad-tenant/x.yaml"),
        ("summer.yaml", "it lies in no tenant's folder", "briefs/<tenant>/summer.yaml"),
    ],
)
def test_a_misnamed_brief_is_told_with_the_name_that_would_be_found(
    briefs: Path, name: str, reason: str, rename_to: str | None
) -> None:
    (briefs / name).parent.mkdir(exist_ok=True)
    (briefs / name).touch()

    [found] = misnamed_briefs(briefs)

    assert (found.path, found.rename_to) == (f"briefs/{name}", rename_to)
    assert found.reason.startswith(reason)
    assert str(found).endswith(f"; rename it to {rename_to}" if rename_to else "; give it another name")


def test_a_name_that_is_taken_is_not_advised(briefs: Path) -> None:
    (briefs / "demo" / "x.yaml").touch()
    (briefs / "demo" / "x.yml").touch()

    [found] = misnamed_briefs(briefs)

    assert str(found) == (
        "briefs/demo/x.yml: it ends in .yml, and briefs/demo/x.yaml is there already; give it another name"
    )


def test_what_is_a_brief_or_nothing_like_one_is_not_told(briefs: Path) -> None:
    (briefs / "demo" / "summer.yaml").touch()
    (briefs / "demo" / "Clip_1.mp4").touch()
    (briefs / "demo" / ".Swap.yaml").touch()
    (briefs / "demo" / "Folder.yaml").mkdir()
    (briefs / ".git").mkdir()
    (briefs / ".git" / "x.yml").touch()

    assert list_campaigns(briefs) == ["demo/summer"]
    assert misnamed_briefs(briefs) == []
    assert misnamed_briefs(briefs / "none") == []
