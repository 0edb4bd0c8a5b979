"""The log of a failed gate, in a real browser, from a running Airflow 3.3: the failures are on the screen."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest
from airflow import __version__
from airflow_server import AIRFLOW_2, PATIENCE
from chromium import chromium, enter
from gates import ACCESS_DENIED, CONNECTION_REFUSED
from running_airflow import wait_until
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By

pytestmark = [
    pytest.mark.skipif(AIRFLOW_2, reason="the page of a task of Airflow 2 does not open with its log"),
    pytest.mark.skipif(__version__.startswith("3.1."), reason="the log of Airflow 3.1 opens at its top"),
]

SCREENSHOT = Path(__file__).parents[2] / "docs" / "images" / "failed-gate-log.png"
SCREEN = {"width": 1440, "height": 860}

CREATE_FAILED = "the job is in CREATE_FAILED; DRS tests endpoints only in CONFIGURATION"
LINES = {
    "36 of 40 endpoints passed": "4 failed.",
    "billing new (target)": f"{ACCESS_DENIED} [DRS.KE0002]",
    "parcels old (source)": f"{CONNECTION_REFUSED} [DRS.M01501]",
    "suppliers old (source)": CREATE_FAILED,
    "suppliers new (target)": CREATE_FAILED,
}

# the browser returns the element at a point as people see it: not behind another one, not scrolled away, not cut off
IS_ON_SCREEN = """
const [element, start, end] = arguments, range = document.createRange();
range.setStart(element.firstChild, start);
range.setEnd(element.firstChild, end);
const parts = [...range.getClientRects()];
return parts.length > 0 && parts.every(({left, right, top, bottom}) =>
    [left + 1, right - 1].every(x => document.elementFromPoint(x, (top + bottom) / 2) === element));
"""
TOP_OF_TRACEBACK = """
return document.querySelector("[data-testid='summary-AirflowFailException'] + *").getBoundingClientRect().top;
"""


def test_the_log_opens_with_each_failed_endpoint_and_its_reason_on_the_screen(tmp_path, airflow_after_gates):
    with chromium(tmp_path / "profile") as browser:
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {**SCREEN, "deviceScaleFactor": 1, "mobile": False}
        )
        enter(browser, airflow_after_gates.url)
        browser.get(f"{airflow_after_gates.url}/dags/failed_gate/runs/run/tasks/test_connections")

        def is_on_screen(first: str) -> bool:
            try:
                line = browser.find_element(By.XPATH, f"//code/span[contains(text(), '{first}')]")
                start, end = line.text.index(first), line.text.index(LINES[first]) + len(LINES[first])
                return bool(browser.execute_script(IS_ON_SCREEN, line, start, end))
            except (NoSuchElementException, StaleElementReferenceException):
                return False  # the page is still opening

        for first in LINES:
            wait_until(f"{first} is on the screen, up to the end of its reason", lambda: is_on_screen(first), PATIENCE)  # noqa: B023
        # times differ from run to run, so there is a new picture only where the old one was deleted;
        # it ends above the traceback, which has the paths of the machine
        if not SCREENSHOT.exists():
            clip = {"x": 0, "y": 0, "scale": 1, **SCREEN, "height": browser.execute_script(TOP_OF_TRACEBACK)}
            picture = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip})["data"]
            SCREENSHOT.write_bytes(b64decode(picture))
