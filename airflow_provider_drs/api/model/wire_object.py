"""The base of every object in a request: its members, the rules between them, and its secret members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, SecretStr, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from airflow_provider_drs.api.model import rules
from airflow_provider_drs.api.model.hidden import HiddenDict, Withheld
from airflow_provider_drs.api.model.inputs import MISSING, as_object, is_given, read_list

_MAX_DIGITS = 20
_CLEARER_TEXTS = {
    "missing": MISSING,
    "extra_forbidden": "is not a member that DRS knows",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_type": "must be text",
    "string_too_short": "is empty",
    "too_short": "is empty",
}


class WireObject(BaseModel):
    """An object of the request: one error has all broken rules, and only members with a value are sent.

    ``None``, its text and blank text count as missing. A template renders numbers and truth values as text, so the
    texts ``"3306"`` and ``"true"`` are read as a number and a truth value where the member expects one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)
    not_on_the_wire: ClassVar[frozenset[str]] = frozenset()
    may_be_empty: ClassVar[frozenset[str]] = frozenset()
    nested: ClassVar[Mapping[str, type[WireObject]]] = {}
    nested_lists: ClassVar[Mapping[str, type[WireObject]]] = {}

    @classmethod
    @cache
    def secret_members(cls) -> frozenset[str]:
        """Return the members whose values are secret."""
        return frozenset(name for name, member in cls.model_fields.items() if SecretStr in _types(member.annotation))

    @classmethod
    @cache
    def list_members(cls) -> frozenset[str]:
        """Return the members that are lists of texts."""
        return frozenset(name for name, member in cls.model_fields.items() if list[str] in _types(member.annotation))

    @classmethod
    def normalized(cls, members: Mapping[Any, Any]) -> HiddenDict:
        """Return the members that have a value, with texts read as the numbers, truth values and objects they mean.

        :param members: the object as a DAG author writes it, after rendering.
        """
        return HiddenDict(
            {
                name: cls._plain(name, value)
                for name, value in members.items()
                if is_given(value) or (name in cls.may_be_empty and isinstance(value, str) and value == "")
            }
        )

    @classmethod
    def broken_rules(cls, values: Mapping[str, Any]) -> Iterator[rules.Broken]:
        """Yield ``(member, why)`` for every broken rule between members.

        :param values: the result of :meth:`normalized`.
        """
        return iter(())

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        if not isinstance(data, Mapping):
            return handler(data)
        values = cls.normalized(data)
        lines: list[InitErrorDetails] = []
        model = None
        try:
            model = handler(values)
        except ValidationError as error:
            lines += [_line(item["loc"], item["type"], item["msg"]) for item in error.errors()]
        unsound = {line["loc"][0] for line in lines if line["loc"]}
        lines += [_line((member,), "rule", why) for member, why in cls.broken_rules(values) if member not in unsound]
        if lines:
            raise ValidationError.from_exception_data(cls.__name__, lines, hide_input=True)
        return model

    @classmethod
    def _plain(cls, name: Any, value: object) -> object:
        if isinstance(value, Withheld):
            return ...  # no member accepts this type, so the placeholder is a violation
        if name in cls.nested:
            members = as_object(value)
            return value if members is None else cls.nested[name].normalized(members)
        if name in cls.nested_lists:
            items = [as_object(item) for item in read_list(value)]
            objects = [cls.nested_lists[name].normalized(item) for item in items if item is not None]
            return objects if len(objects) == len(items) else value
        if not isinstance(value, str) or name not in cls.model_fields:
            return value
        wanted = _types(cls.model_fields[name].annotation)
        text = value.strip().lower()
        if bool in wanted and text in ("true", "false"):
            return text == "true"
        if int in wanted and text.isdecimal() and len(text) < _MAX_DIGITS:
            return int(text)
        return value

    def wire(self) -> dict[str, Any]:
        """Return the JSON object to send, with secrets in clear; use it for a request body only."""
        sent = (name for name in type(self).model_fields if name in self.model_fields_set)
        return HiddenDict({name: _in_clear(getattr(self, name)) for name in sent if name not in self.not_on_the_wire})

    def public(self) -> dict[str, Any]:
        """Return the JSON object to send without its secrets, at any depth."""
        members = {name: getattr(self, name) for name in self.wire() if name not in self.secret_members()}
        return {name: value.public() if isinstance(value, WireObject) else value for name, value in members.items()}

    def __getstate__(self) -> dict[Any, Any]:
        # pydantic would pickle secrets in clear. Copies within the process do not use this method.
        raise TypeError(f"{type(self).__name__} holds secrets, which are not pickled")


def violations_of(error: ValidationError, patterns: Mapping[str, str]) -> list[tuple[tuple[int | str, ...], str]]:
    """Return the path and a line for each broken rule; a line repeats no value.

    :param error: the error that an object raised.
    :param patterns: for each member with a pattern, what its text must be.
    """
    violations = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        loc = item["loc"]
        broken_pattern = item["type"] == "string_pattern_mismatch"
        why = patterns[str(loc[-1])] if broken_pattern else _CLEARER_TEXTS.get(item["type"], item["msg"])
        violations.append((loc, f"{''.join(map(_step, loc))}: {why}"))
    return violations


def _step(name: int | str) -> str:
    if isinstance(name, int):
        return f"[{name}]"
    # A name that is no identifier may be a value in the wrong place, so it is not repeated.
    return f".{name if name.isidentifier() else '?'}"


def _types(annotation: Any) -> set[Any]:
    """Return the types that an annotation such as ``int | None`` is made of."""
    return {annotation}.union(*map(_types, get_args(annotation)))


def _line(loc: tuple[int | str, ...], kind: str, text: str) -> InitErrorDetails:
    # The text is a parameter: pydantic would read braces in a template as placeholders.
    return {"type": PydanticCustomError(kind, "{text}", {"text": text}), "loc": loc, "input": None}


def _in_clear(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, list):
        return [_in_clear(item) for item in value]
    return value.wire() if isinstance(value, WireObject) else value
