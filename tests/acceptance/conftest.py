"""One browser for all tests in it, and a fresh officer's window that notes whatever should not happen."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route, expect, sync_playwright

from service import assets
from tests.site import KHAN, Site, a_site


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; skipped, saying so, where there is none. While it runs, no test can run a loop of its own."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def design() -> None:
    """The Design System's files, fetched once; where they cannot be, the pages are tested plain."""
    try:
        assets.fetch()
    except assets.AssetsNotFetched as error:
        print(f"Tested with the plain stylesheet: {error}")  # shown with a failure


@pytest.fixture
def site(tmp_path: Path, design: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with a_site(tmp_path) as served:
        yield served


class Window:
    """An officer's window. `wrong` holds console errors, script errors and requests to other hosts;
    `questions` counts how often the browser asked whether to leave what was typed.
    """

    def __init__(
        self, browser: Browser, site: Site, *, name: str = KHAN, script: bool = True, width: int = 1280
    ) -> None:
        self.site = site
        self.wrong: list[str] = []
        self.questions = 0
        self.context: BrowserContext = browser.new_context(
            java_script_enabled=script, viewport={"width": width, "height": 900}
        )
        self.context.set_default_timeout(10_000)
        if name:
            self.context.add_cookies([{"name": "heard-name", "value": quote(name), "url": site.address}])
        self.page: Page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"script error: {error}"))
        self.page.on("request", lambda request: self._host(request.url))
        self.page.on("dialog", self._asked)

    def _asked(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            self.questions += 1
            dialog.accept()
        else:
            self.wrong.append(f"dialog: {dialog.message}")
            dialog.dismiss()

    def _console(self, message: object) -> None:
        kind, text = message.type, message.text
        if kind in {"error", "warning"} and "the server responded with a status of" not in text:
            self.wrong.append(f"console: {text}")

    def _host(self, url: str) -> None:
        if urlsplit(url).netloc != urlsplit(self.site.address).netloc:
            self.wrong.append(f"request to {url}")

    def open(self, path: str) -> None:
        self.page.goto(self.site.address + path)

    def press(self, text: str) -> None:
        """Press a button or link by its words, and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=text).first.click()

    def key(self, key: str) -> None:
        """Press a key that leads to another page."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def sees(self, text: str) -> None:
        expect(self.page.locator("body")).to_contain_text(text, ignore_case=True)


def without_our_script(page: Page) -> None:
    """As without JavaScript, but a tester's own script can still look at the page."""

    def empty(route: Route) -> None:
        route.fulfill(content_type="text/javascript", body="")

    page.route("**/*.js", empty)


@pytest.fixture
def window(browser: Browser, site: Site) -> Iterator[Callable[..., Window]]:
    """Opens windows; at the end nothing may have gone wrong in any of them."""
    opened: list[Window] = []

    def new(**given: object) -> Window:
        opened.append(Window(browser, site, **given))
        return opened[-1]

    yield new
    for each in opened:
        each.context.close()
    assert [wrong for each in opened for wrong in each.wrong] == []
