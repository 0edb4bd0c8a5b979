"""Reads a scenario, the state of the world a DAG or a test is to be tried against."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from .choices import Choices
from .faults import Fault, Kind, emulated
from .identities import IdentityFacts
from .jobs import CONFIGURATION, CREATING, JobFacts, Role, TaskId
from .state import World

Polls = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
Status = Annotated[str, Field(pattern=r"^[A-Z][A-Z_]+$")]


class ScenarioError(ValueError):
    """A scenario cannot be used; the text names every mistake in it."""


class ScenarioJob(JobFacts):
    """One job of a scenario, with the parameters of `World.add_job`."""

    id: TaskId
    status: Status = CREATING
    becomes: Status | None = None
    ready_after_polls: Polls | None = None
    ready_after_seconds: Seconds | None = None
    role: Role | None = None
    forward: TaskId | None = None


class ScenarioFault(BaseModel):
    """One fault of a scenario, with the parameters of `Fault`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    kind: Kind
    operation: Annotated[str | None, AfterValidator(emulated)] = None
    after: Polls = 0
    times: Annotated[int, Field(ge=1)] = 1
    retry_after: Polls | None = None
    status: Annotated[int, Field(ge=500, le=599)] = 503
    seconds: Seconds = 1.0


class Scenario(BaseModel):
    """A whole scenario, with the parameters of `World`; where it lists jobs, only those exist."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: Annotated[str, Field(min_length=1)] | None = None
    project_id: Annotated[str, Field(pattern=r"^[0-9a-zA-Z_-]{1,64}$")] | None = None
    ready_after_polls: Polls | None = None
    ready_after_seconds: Seconds | None = None
    identity: IdentityFacts | None = None
    choices: Choices | None = None
    jobs: list[ScenarioJob] | None = None
    faults: list[ScenarioFault] = []


def load_world(source: str | Path | Mapping[str, Any], *, clock: Callable[[], float] = time.monotonic) -> World:
    """Make the world that a scenario describes.

    :param source: the path of a YAML or JSON file, or what such a file holds.
    :param clock: the clock of that world, in seconds.
    :raises ScenarioError: the file cannot be read, or the scenario has mistakes.
    """
    document = source if isinstance(source, Mapping) else _read(Path(source))
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        mistakes = [f"{_path(each['loc'])}: {each['msg']}" for each in error.errors(include_input=False)]
    else:
        mistakes = []
    mistakes += _contradictions(document)
    if mistakes:
        raise ScenarioError("The scenario cannot be used:\n  " + "\n  ".join(mistakes))
    world = World(
        any_job=scenario.jobs is None,
        clock=clock,
        identity=scenario.identity,
        choices=scenario.choices,
        **scenario.model_dump(exclude={"jobs", "faults", "identity", "choices"}, exclude_none=True),
    )
    for job in scenario.jobs or []:
        world.add_job(job.id, **job.model_dump(exclude={"id"}, exclude_unset=True))
    for fault in scenario.faults:
        world.faults.order(Fault(**fault.model_dump()))
    return world


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        # Only the place: the parser's own text quotes the lines around it, which may hold the token.
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ScenarioError(f"{path}: not YAML, see line {line}") from None
    except (ValueError, yaml.YAMLError):
        raise ScenarioError(f"{path}: neither YAML nor JSON") from None


def _contradictions(document: Any) -> Iterator[str]:
    jobs = document.get("jobs") if isinstance(document, Mapping) else None
    jobs = [job if isinstance(job, Mapping) else {} for job in jobs] if isinstance(jobs, list) else []
    ids = [job.get("id") for job in jobs]
    for position, job in enumerate(jobs):
        where = f"jobs[{position}]"
        if "id" in job and ids.index(job["id"]) != position:
            yield f"{where}.id: is the same as jobs[{ids.index(job['id'])}].id"
        forward = job.get("forward")
        if (job.get("role") == "backward") != (forward is not None):
            yield f"{where}: role backward and forward go together"
        elif forward is not None and forward not in ids:
            yield f"{where}.forward: no job of the scenario has this id"
        if job.get("becomes") is None and job.get("status", CREATING) not in (CREATING, CONFIGURATION):
            for name in ("ready_after_polls", "ready_after_seconds"):
                if job.get(name) is not None:
                    yield f"{where}.{name}: a job in this status stays there unless becomes is given"


def _path(location: tuple[int | str, ...]) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return path.removeprefix(".") or "scenario"
