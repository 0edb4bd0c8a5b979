"""Reads YAML, of which JSON is a part, in which an object may have each member once."""

from __future__ import annotations

from typing import Any

import yaml

from airflow_provider_drs.api.model.values import UnreadableError


class _EachOnce(yaml.SafeLoader):
    """Refuses an object that has a member twice: a reader would see the first, and the last would count."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [(key.tag, key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(names)) < len(names):
            where = node.start_mark.line + 1
            raise UnreadableError(f"the object in line {where} has a member twice; which counts is unclear")
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """Return what a text holds.

    :param text: YAML or JSON.
    :raises UnreadableError: when it is neither, or an object has a member twice. The error names the line, and no part
        of the text, which may hold passwords.
    """
    try:
        return yaml.load(text, _EachOnce)  # noqa: S506 - it is a safe loader
    except UnreadableError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", as line {mark.line + 1} shows" if mark else ""
    raise UnreadableError(f"is text that is neither YAML nor JSON{where}")
