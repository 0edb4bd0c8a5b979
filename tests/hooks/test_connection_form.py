"""The connection form: Airflow accepts its metadata, and metadata and hook methods agree."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import airflow
import jsonschema
import pytest

from airflow_provider_drs.get_provider_info import get_provider_info
from airflow_provider_drs.hooks.connection import ConnectionExtra
from airflow_provider_drs.hooks.connection_form import EXTRA_FIELDS
from airflow_provider_drs.hooks.drs import DrsHook


@pytest.fixture
def connection_type():
    (described,) = get_provider_info()["connection-types"]
    return described


def test_the_installed_airflow_accepts_the_metadata():
    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


def test_the_package_name_is_the_name_of_the_distribution():
    assert get_provider_info()["package-name"] == "airflow-provider-drs"


def test_metadata_and_hook_agree_on_the_usual_fields(connection_type):
    behaviour = dict(connection_type["ui-field-behaviour"])
    behaviour["hidden_fields"] = behaviour.pop("hidden-fields")
    assert behaviour == DrsHook.get_ui_field_behaviour()
    assert connection_type["hook-name"] == DrsHook.hook_name
    assert connection_type["connection-type"] == DrsHook.conn_type


def test_every_known_extra_has_a_field_and_every_field_is_a_known_extra():
    assert list(EXTRA_FIELDS) == list(ConnectionExtra.model_fields)


def test_every_field_may_be_left_empty_and_a_default_is_one_of_the_choices(connection_type):
    for name, field in connection_type["conn-fields"].items():
        schema = field["schema"]
        assert "null" in schema["type"], name
        default = schema.get("default")
        assert default == (ConnectionExtra.model_fields[name].default if "enum" in schema else None), name
        assert default in schema.get("enum", [None]), name


@pytest.fixture
def forms(monkeypatch):
    """The form library of this Airflow, or a stub such as Airflow 3.1 uses where none is installed."""
    try:
        import flask_appbuilder.fieldwidgets  # noqa: F401
        import wtforms  # noqa: F401
    except ImportError:
        for name in ("flask_appbuilder", "flask_appbuilder.fieldwidgets", "flask_babel", "wtforms.validators"):
            monkeypatch.setitem(sys.modules, name, Stub(name))
        monkeypatch.setitem(sys.modules, "wtforms", Stub("wtforms"))


class Stub(ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "lazy_gettext":
            return str
        return type(
            name, (), {"__init__": lambda self, *args, **kwargs: self.__dict__.update(args=args, kwargs=kwargs)}
        )


def test_metadata_and_hook_agree_on_the_added_fields(connection_type, forms):
    widgets = DrsHook.get_connection_form_widgets()
    assert list(widgets) == list(connection_type["conn-fields"])
    for name, field in connection_type["conn-fields"].items():
        widget = widgets[name]
        schema = field["schema"]
        kind = getattr(widget, "field_class", type(widget)).__name__
        expected = "PasswordField" if schema.get("format") == "password" else f"{schema['type'][0].title()}Field"
        assert kind == expected, name
        assert str(widget.args[0]) == field["label"]
        assert widget.kwargs["description"] == field["description"]
        assert widget.kwargs["default"] == schema.get("default")
