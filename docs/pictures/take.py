"""`make screenshot`: the queue page as the demo fills it, in a real browser; writes docs/pictures/*.png."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent
ADDRESS = "http://127.0.0.1:8766"


def main() -> None:
    """Fill a queue, serve it, take its picture at a desk's width and at a phone's."""
    with tempfile.TemporaryDirectory() as place:
        command = [str(Path(sys.executable).parent / "heard"), "demo", "--port", "8766"]
        environment = {**os.environ, "HEARD_DATABASE": f"sqlite:///{place}/heard.db"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
            _wait()
            _take()
            server.terminate()


def _take() -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, address, width in (
            ("stage-1", "/", 1100),
            ("review", "/?queue=review", 1100),
            ("phone", "/", 320),
        ):
            page = browser.new_page(viewport={"width": width, "height": 1000})
            page.goto(ADDRESS + address)
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


def _wait() -> None:
    while True:
        try:
            with urllib.request.urlopen(f"{ADDRESS}/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.3)


if __name__ == "__main__":
    main()
