"""A build that is killed by SIGKILL, at every point between two effects and at any moment.

What must hold after each: the next build completes, and does not wait for a lease; no row names bytes that are not
there; nothing is left running, nor under way in Dagster once its sensor has looked; and a provider is asked again only
where its answer had not arrived.
"""

import random
import shutil
import time
from collections.abc import Callable
from statistics import median

from campaign_pipeline_tests.stress.site import Site, Size

RATIO = 15
"""How much slower than an undisturbed build the one after a kill may be; to wait for a lease takes 50 builds."""


def test_a_build_killed_at_any_point_between_two_effects_costs_the_next_nothing(
    any_site: Site, size: Size, figure: Callable[[str, object], None]
) -> None:
    points = _points(any_site)
    usual_s = _undisturbed_s(any_site, builds=size.of(sample=1, full=5))
    chosen = points[:: size.of(sample=len(points) // 3, full=1)]

    after_s, kills = [], 0
    for number, name in chosen:
        any_site.ask_for(f"killed at {number}")
        # How often somebody who waits looks again differs from build to build: the last points may not come.
        killed = any_site.build(kill_at=number)
        assert killed.code in {0, -9}, f"{name}: {killed.said}"
        kills += killed.code == -9
        after_s.append(_check_the_next(any_site, f"killed at point {number}: {name}", usual_s=usual_s))

    assert kills >= size.of(sample=3, full=len(points) * 9 // 10)
    figure("points", len(points))
    figure("kills", kills)
    figure("undisturbed build, median seconds", round(usual_s, 2))
    figure(
        "build after a kill, median and longest seconds", (round(median(after_s), 2), round(max(after_s), 2))
    )


def test_a_build_killed_at_any_moment_costs_the_next_nothing(
    any_site: Site, size: Size, figure: Callable[[str, object], None]
) -> None:
    kills = size.of(sample=2, full=200)
    chance = random.Random(20240229)  # noqa: S311  moments, not secrets
    any_site.delay_s = 0.1
    usual_s = _undisturbed_s(any_site, builds=size.of(sample=1, full=5))

    after_s, in_time = [], 0
    for number in range(kills):
        any_site.ask_for(f"moment {number}")
        fresh = number % 5 == 1 and any_site.place.ledger_url.startswith("sqlite")
        if fresh:
            # Ledger, store and Dagster instance have to be made again, in the midst of which it may be killed too.
            shutil.rmtree(any_site.place.root / ".campaign")
        moment_s = chance.uniform(0.0, usual_s * (1.5 if fresh else 1.0))
        child = any_site.start("build", "demo/small")
        time.sleep(moment_s)
        child.kill()
        in_time += child.wait().code == -9
        after_s.append(_check_the_next(any_site, f"killed after {moment_s:.3f} s", usual_s=usual_s))

    figure("kills, and those that met the build before its end", (kills, in_time))
    figure("undisturbed build, median seconds", round(usual_s, 2))
    figure(
        "build after a kill, median and longest seconds", (round(median(after_s), 2), round(max(after_s), 2))
    )


def _points(site: Site) -> list[tuple[int, str]]:
    """Find the points of a build on a ledger that is there."""
    site.start("make_ledger").wait()
    listing = site.place.root / "points"
    # The first build comes to a few points more than the later ones, which are those that are killed.
    for name in ("a first build", "a build that is listed"):
        site.ask_for(name)
        listing.unlink(missing_ok=True)
        assert site.build(listing=str(listing)).code == 0
    lines = [line.split(" ", 1) for line in listing.read_text().splitlines()]
    assert len(lines) >= 12
    return [(int(number), name) for number, name in lines]


def _undisturbed_s(site: Site, *, builds: int) -> float:
    seconds = []
    for number in range(builds):
        site.ask_for(f"undisturbed {number}")
        seconds.append(site.built().seconds)
    return median(seconds)


def _check_the_next(site: Site, killed: str, *, usual_s: float) -> float:
    """Build again, check all that must hold, and give how long it took."""
    answered = site.answered
    called = site.calls

    after = site.build()

    assert after.code == 0, f"{killed}: {after.said}"
    assert site.unsound() == [], killed
    looked = site.start("look_at_runs").wait()
    assert looked.code == 0, f"{killed}: {looked.said}"
    calls = site.calls
    for provider in ("audio", "text"):
        again = calls[provider] - called[provider]
        assert again == (0 if provider in answered else 1), (
            f"{killed}: {provider} was asked {again} times more"
        )
    assert after.seconds < usual_s * RATIO, killed
    return after.seconds
