"""How much memory a fit may take, so that too large a catalogue is refused before any work."""

import ctypes
import os
from pathlib import Path

from recommender.errors import CatalogueTooLarge

# What lies beside the matrices: blocks of rows, and trial fits to choose a penalty.
BESIDE_BYTES = 256 << 20


def refuse_too_much(items: int, cells: int, itemsize: int, limit: int | None = None) -> None:
    """Raise CatalogueTooLarge if `cells` numbers of `itemsize` bytes exceed `limit`.

    `items` is for the sentence. Without a limit it is what `usable` says, less 256 MiB.
    """
    needed = cells * itemsize
    available = max(0, usable() - BESIDE_BYTES) if limit is None else limit
    if needed > available:
        raise CatalogueTooLarge(
            f"found {items:,} items, whose matrix takes {needed / 2**30:,.1f} GiB to fit; "
            f"expected at most {available / 2**30:,.1f} GiB"
        )


def give_back() -> None:
    """Return to the system what the C library keeps of memory that was freed, where it can.

    It keeps tens of megabytes of what a Gram matrix was made with, while the inverse needs room.
    """
    if os.name == "posix" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def usable(root: Path = Path("/")) -> int:
    """Bytes that this process may use: the machine's memory, or less if its container says so.

    Reads the limits of control groups, version 1 and 2, below `root`, where there are any.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return machine
    return min([machine, *(limit for group in groups for limit in _limits(root, group))])


def _limits(root: Path, group: str) -> list[int]:
    """The limits of a line "id:controllers:path" of /proc/self/cgroup, the parents' too."""
    _, controllers, path = group.split(":", 2)
    if not controllers:
        top, name = root / "sys/fs/cgroup", "memory.max"
    elif "memory" in controllers.split(","):
        top, name = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes"
    else:
        return []
    found = []
    # Inside a container the path may be the host's: its own limit then lies at the top.
    folder = top / path.lstrip("/")
    for place in (folder, *folder.parents):
        if place.is_relative_to(top):
            try:
                found.append(int((place / name).read_text()))
            except (OSError, ValueError):  # not there, or "max"
                continue
    return found
