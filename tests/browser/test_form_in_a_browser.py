"""The form of a DRS connection, in a real browser, from a running Airflow to the emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow import __version__
from airflow_server import AIRFLOW_2, PATIENCE, api_server
from chromium import chromium, enter
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.hooks.connection_form import EXTRA_FIELDS, RELABELING

pytestmark = pytest.mark.skipif(AIRFLOW_2, reason="Airflow 2 has another form; test-forms covers its fields")

HAS_SECTIONS = __version__.startswith(("3.0.", "3.1.", "3.2.", "3.3."))
SCREENSHOT = Path(__file__).parents[2] / "docs" / "images" / "connection-form.png"


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    with api_server(tmp_path_factory.mktemp("airflow")) as url:
        yield url


@pytest.fixture
def browser(tmp_path, airflow):
    with chromium(tmp_path / "profile") as driver:
        enter(driver, airflow)
        yield driver


class Page:
    """The connections page of Airflow, used as a person would."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser = browser
        browser.get(f"{url}/connections")

    @property
    def text(self) -> str:
        return self.browser.find_element(By.TAG_NAME, "body").text

    def find(self, xpath: str) -> WebElement:
        def visible(browser: webdriver.Chrome) -> WebElement | None:
            return next((item for item in browser.find_elements(By.XPATH, xpath) if item.is_displayed()), None)

        actual: WebElement = self.wait(visible, f"nothing at {xpath}")
        return actual

    def wait(self, until, otherwise: str) -> Any:
        try:
            return WebDriverWait(self.browser, PATIENCE, ignored_exceptions=[StaleElementReferenceException]).until(
                until
            )
        except TimeoutException:
            raise AssertionError(f"{otherwise} in:\n{self.text}") from None

    def press(self, label: str) -> None:
        self.find(f"//button[normalize-space()='{label}' or @aria-label='{label}']").click()

    def fill(self, **fields: object) -> None:
        for name, value in fields.items():
            field = self.find(f"//*[@name='{name}']")
            field.send_keys(Keys.CONTROL, "a")
            field.send_keys(str(value))

    def choose_type(self) -> None:
        self.find("//*[@role='dialog']//input[@role='combobox']").send_keys("Huawei Cloud DRS")
        self.find("//*[@role='option' and normalize-space()='Huawei Cloud DRS']").click()

    def says(self, *words: str) -> None:
        self.wait(lambda _: all(word in self.text for word in words), f"not {words}")


def labels(page: Page) -> list[str]:
    """Return the labels of the fields on display; every field has one."""
    texts = [item.text for item in page.browser.find_elements(By.XPATH, "//*[@role='dialog']//label")]
    return [text for text in texts if text and "*" not in text]


def test_the_form_is_filled_in_and_saved_and_test_says_whether_the_token_is_good(browser, airflow):
    with Emulator() as emulator:
        host, _, port = emulator.url.rpartition(":")
        page = Page(browser, airflow)
        page.press("Add Connection")
        page.choose_type()
        page.fill(connection_id="drs_default", host=host, port=port, password=emulator.world.token)
        shown = labels(page)
        if HAS_SECTIONS:
            page.press("Extra Fields")
        page.fill(element_project_id=emulator.world.project_id)
        shown += labels(page) if HAS_SECTIONS else []
        assert shown == ["Description", *RELABELING.values(), *(field.label for field in EXTRA_FIELDS.values())]
        if __version__ == "3.3.2":
            page.find("//*[@role='dialog']").screenshot(str(SCREENSHOT))
        page.press("Save")

        page.press("Test Connection")
        page.says("Test Connection Successful", "accepts the credential for project")

        emulator.world.token = "another-token"
        browser.refresh()
        page.press("Test Connection")
        page.says("Test Connection Failed", "The token was refused.")
        assert "emulator-token" not in page.text
