"""CIS · the information base: the only room that reads and writes tables."""

from typing import TYPE_CHECKING, Any

from marketing_models.cis.location import locate

if TYPE_CHECKING:
    from marketing_models.cis.store import Store

__all__ = ["Store", "locate"]


def __getattr__(name: str) -> Any:
    # Whoever only asks where a store lies does not wait for the libraries that read it.
    if name != "Store":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from marketing_models.cis.store import Store

    return Store
