"""What a check leaves is whole, and what cannot be written is told before anything is sent."""

from __future__ import annotations

import errno
import io
import json
import signal
import threading

import pytest
from checking import JOBS, world
from wire import Reply, Request, Service

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.livecheck.__main__ import main
from airflow_provider_drs.livecheck.files import draft_of, finish
from airflow_provider_drs.livecheck.options import INTERRUPTED, WELL, WRONG_INPUT

REFUSAL = Reply({"error_code": "APIGW.0301", "error_msg": "no token"}, 401)


@pytest.fixture
def asked(monkeypatch):
    """Return the world of an emulator that ``drs_default`` leads to."""
    with Emulator(world()) as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
        yield emulator.world


@pytest.fixture
def connect(monkeypatch):
    """Return a function that points ``drs_default`` at a URL."""

    def point(url):
        connection = {"conn_type": "drs", "host": url, "password": "a-token", "extra": {"project_id": "1" * 32}}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))

    return point


@pytest.mark.parametrize("path", ["absent/answers.json", ".", "a\0b"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_sent(asked, tmp_path, capsys, path):
    assert main(["--json", f"{tmp_path}/{path}"]) == WRONG_INPUT

    assert "1 violation, nothing was sent:\n  --json: " in capsys.readouterr().err
    assert asked.calls == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [
        ["--json", ""],
        ["--record", ""],
        ["--test", ""],
        ["--environment", ""],
        ["--environment", "cn-north-4", "--conn-id", "another"],
    ],
    ids=" ".join,
)
def test_an_option_that_says_nothing_or_two_things_is_refused(asked, capsys, options):
    assert main(options) == WRONG_INPUT

    assert f"violation, nothing was sent:\n  {options[0]}: " in capsys.readouterr().err
    assert asked.calls == []


@pytest.mark.parametrize(
    ("text", "violation"),
    [
        ('[{"id": "a", "ip": "b", "ip": "c"}]', "the object in line 1 has a member twice; which counts is unclear"),
        ("- id: a\n- ip: b\n  ip: c\n", "the object in line 2 has a member twice; which counts is unclear"),
        ("[" * 5000, "is text that is neither YAML nor JSON"),
        ("a: [", "is text that is neither YAML nor JSON, as line 1 shows"),
        (b"\xff\xfe", "is no text in UTF-8"),
        (b" " * 10_000_001, "the file has more than 10000000 bytes"),
    ],
    ids=["JSON with a member twice", "YAML with a member twice", "deep", "neither", "bytes", "huge"],
)
def test_a_file_of_endpoints_that_cannot_be_read_is_told_before_anything_is_sent(
    asked, tmp_path, capsys, text, violation
):
    (tmp_path / "ends").write_bytes(text if isinstance(text, bytes) else text.encode())

    assert main(["--test", str(tmp_path / "ends")]) == WRONG_INPUT
    assert capsys.readouterr().err.endswith(f"1 violation, nothing was sent:\n  --test: {violation}\n")
    assert asked.calls == []


def test_answers_of_before_stay_until_there_are_new_ones(asked, tmp_path):
    file = tmp_path / "answers.json"
    file.write_text("of before")
    kept = tmp_path / "records"
    kept.mkdir()
    (kept / "one").touch()

    assert main(["--json", str(file), "--record", str(kept)]) == WRONG_INPUT
    assert (file.read_text(), sorted(tmp_path.iterdir())) == ("of before", [file, kept])

    assert main(["--json", str(file), "--record", str(tmp_path / "new")]) == WELL
    assert json.loads(file.read_text())["passed"] is True


def test_two_checks_with_one_file_leave_the_answers_of_the_last(tmp_path):
    file = tmp_path / "answers.json"
    with draft_of(file) as one, draft_of(file) as other:
        finish(one, file, {"checks": "long" * 999})
        finish(other, file, {"checks": []})

    assert json.loads(file.read_text()) == {"checks": []}
    assert list(tmp_path.iterdir()) == [file]


@pytest.fixture
def interruptible():
    """Have this process hear an interruption, also where a shell runs it in the background and has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_after_an_interruption_there_is_what_was_found_so_far(connect, tmp_path, capfd):
    main_thread = threading.get_ident()

    def answer(request: Request) -> Reply:
        if "X-Auth-Token" not in request.headers:
            return REFUSAL
        if request.path.endswith("/batch-status"):
            signal.pthread_kill(main_thread, signal.SIGINT)
        return Reply({"total_record": 0, "jobs": []})

    with Service(answer) as service:
        connect(service.url)
        code = main(["--job", JOBS[0], "--json", str(tmp_path / "answers.json"), "--record", str(tmp_path / "records")])

    answers = json.loads((tmp_path / "answers.json").read_text())
    assert code == INTERRUPTED
    assert [(each["check"], each["passed"]) for each in answers["checks"]] == [
        ("service", True),
        ("credential", True),
        ("project", True),
        ("permission showJobList", True),
        ("end", False),
    ]
    names = sorted(file.name for file in (tmp_path / "records").iterdir())
    assert names == ["001-showJobList.json", "002-showJobList.json"]
    # the server of this test shows that it was hung up on
    assert "KeyboardInterrupt" not in "".join(capfd.readouterr())


class Full(io.StringIO):
    """An output on a full disk."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_the_answers_are_in_the_file_where_the_tables_cannot_be_shown(connect, monkeypatch, tmp_path, capsys):
    with Service(lambda request: REFUSAL) as service:
        connect(service.url)
        monkeypatch.setattr("sys.stdout", Full())
        code = main(["--json", str(tmp_path / "answers.json")])

    assert code == WRONG_INPUT
    assert capsys.readouterr().err.endswith("The answers cannot be written: No space left on device\n")
    assert json.loads((tmp_path / "answers.json").read_text())["passed"] is False
