"""Docstrings name what they refer to as Sphinx does, and the pages are Markdown."""

import re
from typing import Any

from griffe import Extension, Object


class Roles(Extension):
    """Makes plain code of ``:class:`DrsError```."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        if obj.docstring:
            obj.docstring.value = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", obj.docstring.value)
