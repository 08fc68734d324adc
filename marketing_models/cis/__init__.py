"""CIS · the information base: the only room that reads and writes tables."""

from marketing_models.cis.store import Store, locate

__all__ = ["Store", "locate"]
