"""What operators and sensors do so that Airflow stores no secret in their rendered fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_drs._compat import OperatorMixin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.sdk import Context

_LITERAL_SECRETS = (
    "A secret stands in this DAG as text. Airflow keeps the code of DAGs and their serialized form in its metadata "
    "database in clear, and shows the code in its UI; no masking reaches there. Keep the secret in an Airflow "
    "Connection and name that in db_conn_id, or use a template such as {{ conn.<id>.password }}."
)


class MasksRenderedFields(OperatorMixin):
    """An operator that registers every secret in its rendered fields with Airflow's masker."""

    _masked_field: ClassVar[str]
    """The templated field that holds endpoints or job ids; all others hold one text, or reports."""
    _settings_field: ClassVar[str | None] = None
    """The templated field that holds the settings of jobs."""
    _texts_are_secret: ClassVar[bool] = False
    """Whether text in the place of one of them is secret as a whole."""

    def _do_render_template_fields(
        self, parent: Any, template_fields: Iterable[str], context: Context, jinja_env: Any, seen_oids: set[int]
    ) -> None:
        # Airflow stores rendered fields right after this, and comes through here for mapped tasks, too, which
        # never see render_template_fields; it masks some members by their names, but not all, nor long payloads
        from airflow_provider_drs._masking import hide_rendered, literals_in

        if not isinstance(parent, MasksRenderedFields):  # an object with templates of its own among the endpoints
            super()._do_render_template_fields(parent, template_fields, context, jinja_env, seen_oids)
            return
        field, texts_are_secret = parent._masked_field, parent._texts_are_secret
        written = getattr(parent, field)
        # what another task returned is in seen_oids; all the rest stands in the DAG
        literals = [] if id(written) in seen_oids else literals_in(written, texts_are_secret=texts_are_secret)
        super()._do_render_template_fields(parent, template_fields, context, jinja_env, seen_oids)
        hide_rendered(parent, field, texts_are_secret=texts_are_secret, settings=parent._settings_field)
        if literals:
            self.log.warning(_LITERAL_SECRETS)
