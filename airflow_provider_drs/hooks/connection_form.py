"""The form fields of a ``drs`` connection, in one table.

Airflow 3.2 and newer build the form from the provider's metadata, older versions from the hook. Both use this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wtforms import Field

HIDDEN = ["schema", "extra"]
RELABELING = {
    "host": "Endpoint",
    "login": "IAM user or access key",
    "password": "Token, password or secret key",
    "port": "Port",
}
PLACEHOLDERS = {
    "host": "https://drs.cn-north-4.myhuaweicloud.com, or empty: from the region",
    # The Test button of Airflow 3.3.2 sends 0 for an empty port, and the server takes that for a changed endpoint.
    "port": "443, or the port in Endpoint; Airflow 3.3 tests no connection without it",
    "login": "empty for a token, an agency and a pod",
}


@dataclass(frozen=True)
class ExtraField:
    """A field that the connection stores in its extra; every field may stay empty.

    :param label: the field's name in the form.
    :param description: the help text below the field.
    :param kind: type of the JSON value, ``string`` or ``integer``.
    :param choices: all allowed values; the first is the default.
    :param secret: whether the form hides the input.
    """

    label: str
    description: str
    kind: str = "string"
    choices: tuple[str, ...] = ()
    secret: bool = False

    @property
    def default(self) -> str | None:
        """The value with which the form starts."""
        return self.choices[0] if self.choices else None

    @property
    def metadata(self) -> dict[str, Any]:
        """The field as an entry of ``conn-fields``."""
        schema: dict[str, Any] = {"type": [self.kind, "null"]}
        if self.choices:
            schema |= {"enum": list(self.choices), "default": self.default}
        if self.secret:
            schema["format"] = "password"
        if self.kind == "integer":
            schema["minimum"] = 1
        return {"label": self.label, "description": self.description, "schema": schema}

    @property
    def widget(self) -> Field:
        """The field for Airflow 2.11 to 3.1, which bring ``wtforms`` or a replacement for it."""
        from flask_appbuilder.fieldwidgets import BS3PasswordFieldWidget, BS3TextFieldWidget
        from flask_babel import lazy_gettext
        from wtforms import IntegerField, PasswordField, StringField
        from wtforms.validators import Optional, any_of

        kind = PasswordField if self.secret else IntegerField if self.kind == "integer" else StringField
        return kind(
            lazy_gettext(self.label),
            validators=[Optional(), *([any_of(list(self.choices))] if self.choices else [])],
            description=self.description,
            default=self.default,
            widget=BS3PasswordFieldWidget() if self.secret else BS3TextFieldWidget(),
        )


EXTRA_FIELDS = {
    "auth_type": ExtraField(
        "Credential",
        "token: an IAM token, good for 24 hours. password: an IAM user. aksk: an access key. agency: the agency of the"
        " server that runs the task. pod: the identity of its pod. The last two need neither login nor password.",
        choices=("token", "password", "aksk", "agency", "pod"),
    ),
    "project_id": ExtraField(
        "Project ID", "Project of the region where the DRS jobs live. Empty: looked up by the region."
    ),
    "region": ExtraField("Region", "Such as cn-north-4. Names the endpoints, where these are not given."),
    "domain_name": ExtraField(
        "Account name", "With an IAM user: the account it belongs to. Empty: the account of the same name."
    ),
    "iam_endpoint": ExtraField("IAM endpoint", "Logs users in, looks up projects. Empty: from the region."),
    "security_token": ExtraField("Security token", "With a temporary access key only.", secret=True),
    "language": ExtraField("Language", "Of the texts of DRS.", choices=("en-us", "zh-cn")),
    "verify": ExtraField("CA bundle", "Path of a CA bundle on every worker. Empty: the usual authorities."),
    "connect_timeout": ExtraField("Connect timeout", "Seconds until a connection must stand. Empty: 10.", "integer"),
    "read_timeout": ExtraField("Read timeout", "Seconds until a whole answer must be there. Empty: 120.", "integer"),
    "max_attempts": ExtraField("Attempts", "How many times one call is sent at most. Empty: 5.", "integer"),
    "max_retry_seconds": ExtraField(
        "Retry time", "Seconds after its first sending in which a call may be repeated. Empty: 600.", "integer"
    ),
    "console_url": ExtraField("Console", "Page of the DRS console, for a cloud that has one of its own."),
    "metadata_endpoint": ExtraField(
        "Metadata endpoint", "For tests of agency: an address on loopback. Empty on a server in the cloud."
    ),
}


def ui_field_behaviour(spelling: str) -> dict[str, Any]:
    """Return how the form changes the fields that every connection has.

    :param spelling: key for the hidden fields: ``hidden-fields`` in metadata, ``hidden_fields`` from a hook.
    """
    return {spelling: list(HIDDEN), "relabeling": dict(RELABELING), "placeholders": dict(PLACEHOLDERS)}
