"""The report page, in a real browser, from a running Airflow: who sees what, how it looks, and the ways to it."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from airflow import __version__
from airflow_server import AIRFLOW_2, PATIENCE, RUN, airflow_environment, api_server
from chromium import chromium, enter
from gates import ACCESS_DENIED
from running_airflow import RunningAirflow, wait_until
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

HERE = Path(__file__).parent
IMAGES = HERE.parents[1] / "docs" / "images"
WIDE, NARROW = (1280, 800), (400, 860)
HAS_TAB = not __version__.startswith(("2.", "3.0.", "3.1.", "3.2.", "3.3."))
HAS_ENTRY = __version__.startswith(("3.1.", "3.2.", "3.3."))
GATE = "#/dags/failed_gate/runs/run/tasks/test_connections"
PASSWORD = "a1b2c3d4"
CONTROL = """
const all = (root) => [...root.querySelectorAll("*")].flatMap(
    (each) => [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])]);
const is_tab = (each) => (each.getAttribute("href") || "").includes("/plugin/");
return all(document).find((each) =>
    ["A", "BUTTON"].includes(each.tagName) && !is_tab(each) && each.textContent.trim() === arguments[0]);
"""
LISTED = ["-f", "A", "-l", "Person", "-p", PASSWORD]


class Page:
    """The browser of one person."""

    def __init__(self, browser, url: str) -> None:
        self.browser, self.url = browser, url

    def open(self, fragment: str) -> Page:
        """Open the report page and wait until it shows something."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.url}/drs/report.html{fragment}")
        return self.loaded()

    def loaded(self) -> Page:
        self.until("the page is loaded", lambda: self.all("main[aria-busy=false]") != [])
        return self

    def all(self, css: str):
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def texts(self, css: str) -> list[str]:
        """Return the texts of the elements that are on display."""
        return [each.text for each in self.all(css) if each.is_displayed()]

    @property
    def text(self) -> str:
        return str(self.browser.find_element(By.TAG_NAME, "body").text)

    def until(self, what: str, condition) -> None:
        def holds() -> bool:
            try:
                return bool(condition())
            except (StaleElementReferenceException, WebDriverException):
                return False  # the page is still changing

        wait_until(what, holds, PATIENCE)

    def follow(self, xpath: str) -> None:
        """Click what a person would, as soon as it is there."""
        self.until(f"there is {xpath}", lambda: self.browser.find_element(By.XPATH, xpath).is_displayed())
        self.browser.find_element(By.XPATH, xpath).click()

    def control(self, words: str) -> WebElement:
        """Return the link or button with these words, once it is there; the grid of Airflow 2 is a shadow tree."""
        elements: list[WebElement | None] = []

        def is_there() -> bool:
            elements.append(self.script(CONTROL, words))
            return elements[-1] is not None

        self.until(f"there is {words}", is_there)
        assert elements[-1] is not None
        return elements[-1]

    def follow_to_the_report(self, link: WebElement) -> None:
        """Click a link to the report, and go to the new tab if it opens in one."""
        link.click()

        def arrived() -> bool:
            self.browser.switch_to.window(self.browser.window_handles[-1])
            return "/drs/report.html" in self.browser.current_url

        self.until("the report page is open", arrived)
        self.loaded()

    def script(self, code: str, *values):
        return self.browser.execute_script(code, *values)

    def resize(self, size: tuple[int, int]) -> None:
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
        )

    def dark(self) -> None:
        media = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def picture(self, name: str) -> None:
        """Take a picture, if it was deleted: times differ from run to run."""
        file = IMAGES / name
        if not file.exists():
            data = self.browser.execute_cdp_cmd("Page.captureScreenshot", {})["data"]
            file.write_bytes(b64decode(data))

    def log_in(self, user: str, password: str) -> None:
        self.browser.get(f"{self.url}/login/" if AIRFLOW_2 else f"{self.url}/auth/login")
        self.until("the form is there", lambda: self.all("input[name=username]"))
        for name, typed in (("username", user), ("password", password)):
            self.all(f"input[name={name}]")[0].send_keys(typed)
        self.all("input[name=password]")[0].send_keys(Keys.ENTER)
        self.until("the login is over", lambda: "login" not in urlsplit(self.browser.current_url).path)


@contextmanager
def person(folder: Path, url: str) -> Iterator[Page]:
    with chromium(folder / "profile") as browser:
        page = Page(browser, url)
        page.resize(WIDE)
        yield page


def admin(page: Page, airflow: RunningAirflow) -> Page:
    if AIRFLOW_2:
        page.log_in("admin", (airflow.home / "standalone_admin_password.txt").read_text().strip())
    else:
        enter(page.browser, page.url)
    return page


@pytest.fixture(scope="module")
def page(tmp_path_factory, airflow_after_gates) -> Iterator[Page]:
    with person(tmp_path_factory.mktemp("browser"), airflow_after_gates.url) as page:
        yield admin(page, airflow_after_gates)


def task_page(dag: str, task: str) -> str:
    """Return the path of the page of a task that shows its links."""
    if AIRFLOW_2:
        return f"/dags/{dag}/grid?dag_run_id=run&task_id={task}"
    return f"/dags/{dag}/runs/run/tasks/{task}/details"


def test_one_click_leads_from_a_failed_task_to_the_table_that_names_the_databases(page):
    page.browser.get(page.url + task_page("failed_gate", "test_connections"))
    page.follow_to_the_report(page.control("DRS report"))

    assert page.texts("h2") == ["4 of 40 endpoints failed"]
    assert page.texts("tbody tr:nth-child(-n+5) .name") == [
        *("billing new", "parcels old", "suppliers old", "suppliers new", "orders old"),
    ]
    first = page.all("tbody tr")[0].text
    assert all(text in first for text in ("✕ Failed", "target", ACCESS_DENIED, "DRS.KE0002", "Correct the database"))
    if __version__ == "3.3.2":
        page.picture("report-page.png")
        page.dark()
        page.picture("report-page-dark.png")


@pytest.mark.skipif(AIRFLOW_2, reason="the page of a task of Airflow 2 opens with its links")
def test_one_click_leads_from_the_log_of_a_failed_task_to_its_report(page):
    page.browser.get(f"{page.url}/dags/failed_gate/runs/run/tasks/test_connections")
    line = "//a[contains(@href, '/drs/report.html')]"
    page.until("the log has the address", lambda: page.browser.find_element(By.XPATH, line).is_displayed())
    page.follow_to_the_report(page.browser.find_element(By.XPATH, line))

    assert page.texts("h2") == ["4 of 40 endpoints failed"]


@pytest.mark.parametrize("task", ["waiting", "bad_input", "subclass"])
def test_a_task_that_waits_or_failed_early_and_one_of_a_subclass_have_the_link(page, task):
    page.browser.get(page.url + task_page("reports", task))
    page.follow_to_the_report(page.control("DRS report"))

    expected = {
        "waiting": "the task is deferred",
        "bad_input": "jobs[0].id: is missing",
        "subclass": "1 endpoint passed",
    }
    assert expected[task] in page.text


def test_a_task_has_a_link_to_the_console_that_the_connection_names(page):
    page.browser.get(page.url + task_page("reports", "waiting"))

    assert page.control("DRS console").get_attribute("href") == "https://console.example.com/drs"


def test_a_filter_hides_what_passed_and_a_key_opens_a_row(page):
    page.open(GATE)
    page.all("label[for$=-failed]")[0].click()
    assert page.texts("tbody .name") == ["billing new", "parcels old", "suppliers old", "suppliers new"]

    page.all(".opener")[0].send_keys(Keys.ENTER)
    details = dict(zip(page.texts("dt"), page.texts("dd"), strict=True))
    assert {name: details[name] for name in ("Address", "Job id", "Attempts")} == {
        "Address": "billing-new.example.com:3306",
        "Job id": "00000001-2222-4333-8444-5555555jb101",
        "Attempts": "1",
    }
    assert details["Request id"]
    assert float(details["Seconds"]) >= 0
    page.all(".opener")[0].send_keys(Keys.SPACE)
    assert page.texts("dt") == []


def test_every_control_is_reached_with_the_tab_key(page):
    page.open(GATE)
    reached = []
    for _ in range(7):
        page.browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(page.script("const e = document.activeElement; return e.value || e.textContent.trim()"))

    expected = ["run", "Task in Airflow", "Copy as Markdown", "all", "billing new", "parcels old"]
    assert [each for each in reached if each != "Latest gates"][:6] == expected


def test_the_markdown_of_the_report_is_copied(page, airflow_after_gates):
    grant = {"origin": page.url, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    page.browser.execute_cdp_cmd("Browser.grantPermissions", grant)
    page.open(GATE)
    page.all(".verdict button")[0].click()
    page.until("it says so", lambda: page.texts("#status") == ["Copied."])

    copied = page.browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == airflow_after_gates.xcom("failed_gate", "test_connections")["summary"]


def test_the_reports_of_a_run_are_on_one_page_with_mapped_tasks_by_their_names(page):
    page.open("#/dags/reports/runs/run")

    names = page.texts("article h1 a")
    assert {*names[:2]} == {"bad_input", "mapped · billing old, billing new"}
    assert {"mapped · orders old, orders new", "mapped · billing old, billing new", "waiting", "there"} <= {*names}
    page.follow("//h1/a[contains(., 'billing')]")
    page.until("the report of one task is there", lambda: page.texts("h2") == ["1 of 2 endpoints failed"])
    assert page.texts("h1") == ["mapped · billing old, billing new"]


def test_items_of_a_precheck_show_their_result_reason_and_waiver(page):
    page.open("#/dags/reports/runs/run/tasks/precheck")

    assert page.texts("h2") == ["1 of 3 jobs failed"]
    items = page.texts(".items li")
    assert "✕ Failed source / binlogFormat" in items[0]
    assert "binlog_format is STATEMENT" in items[0]
    assert "! Alarm source / srcCollHasTtlIndex" in items[1]
    assert "✓ Waived source / srcCollHasTtlIndex" in items[2]
    assert "accepted until 2026-12-31 by Mei: the index is rebuilt on Monday" in items[2]


def test_an_approval_shows_who_when_and_why(page):
    page.open("#/dags/reports/runs/run/tasks/approval")

    assert page.texts("h2") == ["Approved"]
    assert "by Mei Lin" in page.text
    assert "<b>Agreed</b> with the owners." in page.text
    assert page.all("time")[0].get_attribute("title") == "2026-11-26 21:46:12 UTC"


@pytest.mark.parametrize(
    ("task", "words"),
    {
        "nothing": "This task has left no report. It ended as success",
        "waiting": "There is no report yet: the task is deferred.",
        "reference": "An XCom backend may keep reports elsewhere",
        "absent": "This task has left no report.",
        "there/{MAP_INDEX}": "CONFIGURATION",
    }.items(),
    ids=str,
)
def test_the_page_says_in_words_what_there_is_in_place_of_a_report(page, task, words):
    page.open(f"#/dags/reports/runs/run/tasks/{task}")

    assert words in page.text


# what an operator of ours would have cut and cleaned before
HOSTILE = "#/dags/reports/runs/run/tasks/hostile"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_markup_directions_and_long_texts_stay_text_and_keep_the_layout(page, size):
    page.resize(size)
    page.open(HOSTILE)
    for opener in page.all(".opener"):
        page.script("arguments[0].click()", opener)

    assert "pwned" not in page.browser.title
    assert page.all("main :is(img, script, b)") == []
    names = page.script("return [...document.querySelectorAll('.opener')].map(each => each.textContent)")
    assert names[0] == "<img src=x onerror=\"document.title='pwned'\"><b>bold</b>"
    assert names[1] == "</td></table><script>document.title='pwned'</script>"
    assert names[3] == "x" * 2_000 + "…"
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")
    left = "return [...document.querySelectorAll('tr:not(.more) > td.reason')].map(e => e.getBoundingClientRect().left)"
    assert len({*page.script(left)}) == 1
    tall = "return Math.max(...[...document.querySelectorAll('tbody tr')].map(e => e.offsetHeight))"
    assert page.script(tall) < 2_000
    page.resize(WIDE)


def test_a_narrow_screen_shows_the_whole_table_without_a_scroll_bar_at_its_foot(page):
    page.resize(NARROW)
    page.open(GATE)
    if __version__ == "3.3.2":
        page.picture("report-page-narrow.png")
    fits = page.script("return document.documentElement.scrollWidth <= innerWidth")
    page.resize(WIDE)

    assert fits
    assert ACCESS_DENIED in page.text


@pytest.mark.skipif(
    not HAS_ENTRY, reason="Airflow 3.1 to 3.3 have an entry in the navigation; 3.4 has a tab in its place"
)
def test_an_entry_in_the_navigation_lists_the_latest_gates(page):
    page.browser.get(page.url)
    page.follow("//nav//*[normalize-space()='DRS gates'] | //*[normalize-space(text())='DRS gates']")
    page.until("the frame is there", lambda: page.all("iframe"))
    page.browser.switch_to.frame(page.all("iframe")[0])
    page.until("the list is there", lambda: page.texts("h1") == ["Latest gates"])
    rows = page.texts("tbody tr")
    assert any("✕ failed" in row and "test_connections" in row and "failed_gate" in row for row in rows)
    assert not any("approval" in row for row in rows)
    page.follow("//a[normalize-space()='test_connections']")
    page.until("the report is there", lambda: page.texts("h2") == ["4 of 40 endpoints failed"])
    page.browser.switch_to.default_content()


@pytest.mark.skipif(AIRFLOW_2, reason="Airflow 2 has no tabs of plugins")
@pytest.mark.parametrize(("task", "ours"), {"hostile": False, "subclass": True, "bad_input": True}.items(), ids=str)
def test_only_our_tasks_have_a_tab_and_only_from_airflow_3_4_on(page, task, ours):
    page.browser.get(f"{page.url}/dags/reports/runs/run/tasks/{task}")
    page.until("the tabs are there", lambda: page.browser.find_elements(By.XPATH, "//a[normalize-space()='Details']"))
    tab = "//a[normalize-space()='DRS report' and contains(@href, 'plugin')]"
    if ours and HAS_TAB:
        page.follow(tab)
        page.until("the frame is there", lambda: page.all("iframe"))
        page.browser.switch_to.frame(page.all("iframe")[0])
        page.until("the report is there", lambda: page.all(".report") != [])
        page.browser.switch_to.default_content()
    else:
        page.until("all is loaded", lambda: page.script("return document.readyState") == "complete")
        assert page.browser.find_elements(By.XPATH, tab) == []


@pytest.mark.parametrize("name", ["report.html", "main.js"])
def test_a_browser_asks_for_the_files_again_so_that_an_upgrade_mixes_no_versions(airflow_after_gates, name):
    answer = requests.get(f"{airflow_after_gates.url}/drs/{name}", timeout=60)

    assert "no-cache" in answer.headers["Cache-Control"]
    assert "max-age" not in answer.headers["Cache-Control"].replace("max-age=0", "")
    again = requests.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]}, timeout=60)
    assert (again.status_code, again.content) == (304, b"")


@pytest.fixture(scope="module")
def guarded(airflow_after_gates) -> Iterator[str]:
    """A second web server of the same Airflow, under a path and with logins; `vera` has no right to XComs."""
    home = airflow_after_gates.home
    if AIRFLOW_2:
        seen = ["Website", "DAGs", "DAG Runs", "Task Instances"]
        for command in (
            ["roles", "create", "NoXComs"],
            ["roles", "add-perms", "NoXComs", "--action", "can_read", "--resource", *seen],
            ["users", "create", *LISTED, "-u", "vera", "-e", "vera@example.com", "-r", "NoXComs"],
            ["users", "create", *LISTED, "-u", "ada", "-e", "ada@example.com", "-r", "Viewer"],
        ):
            subprocess.run([*RUN, *command], env=airflow_environment(home), check=True, capture_output=True)
        settings = {}
    else:
        passwords = home / "passwords.json"
        passwords.write_text(json.dumps({"ada": PASSWORD, "vera": PASSWORD}))
        settings = {
            "PYTHONPATH": str(HERE / "auth"),
            "AIRFLOW__CORE__AUTH_MANAGER": "no_xcoms.NoXComsForViewers",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "ada:op,vera:viewer",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        }
    with api_server(home, "/af", **settings) as url:
        yield url


def test_without_a_login_no_data_comes_but_the_way_to_the_login(tmp_path, guarded):
    with person(tmp_path, guarded) as page:
        page.open(GATE)

        assert "billing" not in page.text
        assert page.all("main a")[0].get_attribute("href") == f"{guarded}/"
        assert "login" in page.text or "logged in" in page.text


def test_a_viewer_without_the_right_to_xcoms_sees_no_report(tmp_path, guarded):
    with person(tmp_path, guarded) as page:
        page.log_in("vera", PASSWORD)
        page.open(GATE)

        assert "billing" not in page.text
        assert "the right to read the XComs of the DAG" in page.text


def test_a_viewer_with_the_right_sees_the_report_under_a_base_path(tmp_path, guarded):
    with person(tmp_path, guarded) as page:
        page.log_in("ada", PASSWORD)
        page.browser.get(guarded + task_page("failed_gate", "test_connections"))
        page.follow_to_the_report(page.control("DRS report"))

        assert page.browser.current_url == f"{guarded}/drs/report.html{GATE}"
        assert page.texts("h2") == ["4 of 40 endpoints failed"]
        page.follow("//a[normalize-space()='Task in Airflow']")
        page.until("it leads back", lambda: page.browser.current_url.startswith(f"{guarded}/dags/failed_gate/"))
