"""A real Chromium, and bundles on its stage.

Belongs here: the browser, one context a test, unpacked bundles opened from file:// or in a host's sandboxed frame over
http, and what was seen meanwhile: messages, console, requests.
Does not belong here: what a game or a page should do (the tests say that).
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, sync_playwright

HOST_PAGE = """<!doctype html><meta charset="utf-8"><title>Host</title><link rel="icon" href="data:,">
<style>body { margin: 0 } iframe { border: 0; width: 100vw; height: 100vh; display: block }</style>
<script>
const seen = [];
addEventListener('message', (event) => seen.push({...event.data, origin: event.origin}));
const send = (message) => document.querySelector('iframe').contentWindow.postMessage(message, '*');
</script>
<iframe sandbox="allow-scripts" src="bundle/index.html"></iframe>
"""
# Kept before anything of the page runs, for a game that has no parent to post to.
LISTEN = (
    "window.seen = []; document.addEventListener('campaign-game', (event) => window.seen.push(event.detail));"
)


@dataclass(kw_only=True)
class Stage:
    """A game in the browser, and all that was seen of it."""

    page: Page
    game: Page | Frame
    base: str
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def messages(self, *types: str) -> list[dict[str, Any]]:
        """Return what the game told its parent, or the page where there is none; only `types` if given."""
        seen: list[dict[str, Any]] = self.page.evaluate("seen")
        return [message for message in seen if not types or message["type"] in types]

    def types(self) -> list[str]:
        """Return the types of all messages in order."""
        return [message["type"] for message in self.messages()]

    def send(self, kind: str, **content: Any) -> None:
        """Post to the game as its host does."""
        self.page.evaluate(
            "message => send(message)",
            {"source": "campaign-player", "version": 1, "type": kind, **content},
        )
        # A message to another process has no end that a test could wait for; the next turn of the frame comes after it.
        self.game.evaluate("() => new Promise((done) => { const c = new MessageChannel(); "
                           "c.port1.onmessage = done; c.port2.postMessage(0); })")  # fmt: skip

    def spend(self, milliseconds: int) -> None:
        """Let game time pass at once."""
        self.page.clock.run_for(milliseconds)

    def play(self) -> dict[str, Any]:
        """Press the button, let the play end, and return its result."""
        done = len(self.messages("game_complete"))
        self.game.locator("#action").click()
        self.spend(9000)
        completed = self.messages("game_complete")
        assert len(completed) == done + 1
        return completed[-1]

    def come_to_rest(self) -> None:
        """Wait for the end of every animation that has one: until then nothing is where it will be."""
        self.game.evaluate(
            "() => Promise.all(document.getAnimations()"
            ".filter((one) => one.effect.getComputedTiming().iterations !== Infinity).map((one) => one.finished))"
        )

    def wait_for(self, expression: str) -> None:
        """Wait until an expression holds; Playwright's own way would need the eval that the page's CSP forbids."""
        for _ in range(200):
            if self.game.evaluate(expression):
                return
            self.page.wait_for_timeout(25)
        pytest.fail(f"never came true: {expression}")

    def await_message(self, kind: str) -> dict[str, Any]:
        """Wait in real time until the game tells of something, and return the first such message."""
        for _ in range(600):
            found = self.messages(kind)
            if found:
                return found[0]
            self.page.wait_for_timeout(25)
        pytest.fail(f"never came: {kind}, only {self.types()}")

    def strangers(self) -> list[str]:
        """Return the requests that left the bundle's folder."""
        return [url for url in self.requests if not url.startswith((self.base, "data:", "blob:"))]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the Chromium of this machine; sound needs a gesture in it, as it does for everybody."""
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        pytest.fail(f"no browser on PATH: install one of {', '.join(names)}")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Open a fresh profile; a test parametrises it indirectly with Playwright's context options."""
    options: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, **getattr(request, "param", {})}
    opened = browser.new_context(**options)
    yield opened
    opened.close()


def _watch(stage: Stage) -> Stage:
    stage.page.on("console", lambda message: stage.console.append(message.text))
    stage.page.on("pageerror", lambda error: stage.console.append(str(error)))
    stage.page.on("request", lambda request: stage.requests.append(request.url))
    return stage


Opened = Callable[..., Stage]


@pytest.fixture
def opened_file(context: BrowserContext) -> Opened:
    """Open an index.html as a double click on it does."""

    def opened(index: Path, *, real_time: bool = False) -> Stage:
        page = context.new_page()
        stage = _watch(Stage(page=page, game=page, base=index.parent.as_uri()))
        if not real_time:
            page.clock.install()
        page.add_init_script(LISTEN)
        page.goto(index.as_uri())
        return stage

    return opened


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: requests are watched in the browser."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Serve the test's folder on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def framed_bundle(context: BrowserContext, tmp_path: Path, served: str) -> Opened:
    """Open the test's folder `bundle` in a host's `<iframe sandbox="allow-scripts">` over http."""

    def framed(*, real_time: bool = False) -> Stage:
        (tmp_path / "host.html").write_text(HOST_PAGE, encoding="utf-8")
        page = context.new_page()
        if not real_time:
            page.clock.install()
        stage = _watch(Stage(page=page, game=page, base=f"{served}/"))
        page.goto(f"{served}/host.html")
        stage.game = page.frames[1]
        return stage

    return framed
