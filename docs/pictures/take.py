"""`make screenshot`: the officers' pages as the demo fills them, in a real browser; writes docs/pictures/*.png."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent
ADDRESS = "http://127.0.0.1:8766"
PICTURES = (
    ("stage-1", "/", 1100),
    ("review", "/?queue=review", 1100),
    ("help", "/help", 1100),
    ("insight", "/insight", 1100),
    ("model", "/model#trade", 1100),
    ("wordings", "/wordings", 1100),
    ("phone", "/", 320),
)


def main() -> None:
    """Fill the queues, serve them, take pictures at a desk's width and at a phone's."""
    with tempfile.TemporaryDirectory() as place:
        command = [str(Path(sys.executable).parent / "heard"), "demo", "--port", "8766"]
        environment = {**os.environ, "HEARD_DATABASE": f"sqlite:///{place}/heard.db", "HEARD_SECOND_SHARE": "1"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
            _wait()
            _take()
            server.terminate()


def _take() -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 1000})
        _name(page, "A. Khan")
        page.goto(f"{ADDRESS}/choices")
        _press(page, "Save")
        for name, address, width in PICTURES:
            page.set_viewport_size({"width": width, "height": 1000})
            page.goto(ADDRESS + address)
            page.screenshot(path=FOLDER / f"{name}.png")
        page.set_viewport_size({"width": 1100, "height": 1000})
        for name, queue in (("item", "stage_1"), ("signpost", "signpost")):
            page.goto(f"{ADDRESS}/?queue={queue}")
            _press(page, "Start with the most urgent")
            page.screenshot(path=FOLDER / f"{name}.png")
        page.goto(f"{ADDRESS}/?queue=review")
        _press(page, "Start with the most urgent")
        _press(page, "Service request")
        _name(page, "S. Patel")
        page.goto(f"{ADDRESS}/second")
        page.screenshot(path=FOLDER / "second.png")
        browser.close()


def _name(page: Page, name: str) -> None:
    page.goto(f"{ADDRESS}/name")
    page.get_by_label("Your name").fill(name)
    _press(page, "Continue")


def _press(page: Page, words: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=words).click()


def _wait() -> None:
    while True:
        try:
            with urllib.request.urlopen(f"{ADDRESS}/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.3)


if __name__ == "__main__":
    main()
