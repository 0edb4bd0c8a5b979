"""What is emulated: a file for each call, by the name that its file has in ``api/operations``."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from .operation import Operation

OPERATIONS: dict[str, Operation] = {
    module.name: value
    for module in iter_modules(__path__)
    for value in vars(import_module(f"{__name__}.{module.name}")).values()
    if isinstance(value, Operation)
}
"""By the name of the file that each has to itself."""
