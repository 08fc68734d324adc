"""The synthetic province: a pure generator of every source table, with known truth.

Places, people and numbers are invented. A county generated alone equals that county in the
province, because every table and unit has its own keyed stream of random numbers.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marketing_models.synthetic.provinces import county_tables, province
    from marketing_models.synthetic.scale import Scale

__all__ = ["Scale", "county_tables", "province"]


def __getattr__(name: str) -> Any:
    # Whoever wants the size of a province does not pay for all its rooms.
    from importlib import import_module

    home = {"Scale": "scale", "county_tables": "provinces", "province": "provinces"}.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
