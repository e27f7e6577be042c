"""The stores' twin in memory: same promises, no I/O, fit for a virtual-time loop. For tests and simulation."""

from contactcenter.storage.memory.database import MemoryDatabase
from contactcenter.storage.memory.stores import memory_stores

__all__ = ["MemoryDatabase", "memory_stores"]
