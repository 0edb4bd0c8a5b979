"""The asset event by which a task tells other DAGs that its gate is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_drs._compat import Asset, AssetAlias, OperatorMixin
from airflow_provider_drs._version import AIRFLOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

MAX_SUMMARY = 10_000
"""Characters of a summary that an event has at most; databases limit its size."""
ALIAS = "drs-gate-open:"
"""What the name of an alias begins with; the URI of its asset follows."""
MAX_URI = 1500 - len(ALIAS)
"""Characters of a URI; Airflow's database stores 1500 of the name of an alias."""


class AnnouncesOpenGate(OperatorMixin):
    """An operator that may emit an event of an asset when its gate is open, and emits none when it is shut.

    :param gate_asset: the asset. The extra of the event is ``{"kind", "digest", "checked_at", "summary"}``, as in the
        report, with the summary cut to 10,000 characters. Not for mapped operators, whose outlets Airflow takes from
        ``partial()``; a mapped task group may have it.
    :param kwargs: what the operator takes.
    :raises ValueError: when the DAG is parsed, for anything but an asset, for one whose event Airflow cannot store, for
        one that is among the outlets, too, and for one in ``default_args``.
    """

    def __init__(self, *, gate_asset: Asset | None = None, **kwargs: Any) -> None:
        if "gate_asset" in kwargs.get("default_args", {}):
            # Airflow looks for the names of default_args in the signature of the operator alone
            raise ValueError("gate_asset in default_args is not read: give it to the operator whose gate it tells of")
        if not isinstance(gate_asset, Asset | None):
            raise ValueError("gate_asset must be an Asset (a Dataset on Airflow 2)")
        # Airflow finds that out when it stores the event, and fails the task then
        if gate_asset and not (gate_asset.uri.isascii() and len(gate_asset.uri) <= MAX_URI):
            raise ValueError(f"the URI of gate_asset must be ASCII, with at most {MAX_URI} characters")
        super().__init__(**kwargs)
        # an outlet may be a reference to the asset, which has only one of the two
        if gate_asset and any(
            getattr(outlet, member, None) == getattr(gate_asset, member, outlet)
            for outlet in self.outlets
            for member in ("uri", "name")
            if not isinstance(outlet, AssetAlias)
        ):
            raise ValueError("gate_asset must not be among the outlets, which have an event even if the gate is shut")
        self.gate_asset = gate_asset
        # an asset among the outlets has an event whenever the task ends green, an alias only when one is added
        if gate_asset is not None and AIRFLOW >= (3, 0):
            self._gate_alias = AssetAlias(ALIAS + gate_asset.uri)
            self.outlets = [*self.outlets, self._gate_alias]

    def announce(self, context: Context, report: Mapping[str, Any]) -> None:
        """Have Airflow emit the event once the task has succeeded, if there is an asset.

        :param context: Airflow's.
        :param report: has the members of the extra.
        """
        # a context without it is that of a call by hand, which has no events
        if self.gate_asset is None or "outlet_events" not in context:
            return
        from airflow_provider_drs.api.model.summary import shortened

        extra = {name: report[name] for name in ("kind", "digest", "checked_at")}
        extra["summary"] = shortened(report["summary"], MAX_SUMMARY)
        if AIRFLOW >= (3, 0):
            context["outlet_events"][self._gate_alias].add(self.gate_asset, extra=extra)
        else:
            # there an alias fails a task whose DAG no scheduler knows, as with ``airflow dags test``
            self.outlets = [*self.outlets, self.gate_asset]
            context["outlet_events"][self.gate_asset].extra.update(extra)
        self.log.info("The gate is open; an event of the asset %s tells it.", self.gate_asset.uri)
