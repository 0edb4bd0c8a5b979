"""Debian's Chromium, driven by Selenium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_server import PATIENCE
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

_IS_LET_IN = """
const request = new XMLHttpRequest();
request.open("GET", "/api/v2/dags", false);
request.send();
return request.status === 200;
"""


@contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """Run Chromium without a window, and end it afterwards.

    :param profile: an empty folder for the files of Chromium.
    """
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "window-size=1100,2000",
        f"user-data-dir={profile}",
    ):
        options.add_argument(f"--{flag}")
    driver = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
    try:
        yield driver
    finally:
        driver.quit()


def enter(browser: webdriver.Chrome, url: str) -> None:
    """Open the first page of an Airflow 3 that asks nobody for a password, and wait until it lets the browser in.

    The login of Airflow 3.1 forgets where the browser wanted to go.

    :param browser: a new one.
    :param url: the root of Airflow, without a path.
    """
    browser.get(url)
    WebDriverWait(browser, PATIENCE).until(lambda _: browser.execute_script(_IS_LET_IN))
