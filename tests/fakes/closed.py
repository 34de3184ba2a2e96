"""Folders that nobody may read, root included: its right to read everything is laid down."""

import ctypes
import os
import sys
from contextlib import contextmanager

import pytest

VERSION = 0x20080522  # of the kernel's interface to capabilities: two words of 32 bits each
RIGHTS = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


@contextmanager
def closed(folder, mode=0):
    """Takes the mode from a folder, and what is above modes from this thread."""
    before = folder.stat().st_mode
    with _like_anybody():
        folder.chmod(mode)
        try:
            yield
        finally:
            folder.chmod(before)


@contextmanager
def _like_anybody():
    if os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("root can read everything, and only Linux lets it renounce that for a while")
    libc = ctypes.CDLL(None, use_errno=True)
    thread = (ctypes.c_uint32 * 2)(VERSION, 0)
    rights = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice
    _done(libc.capget(thread, rights))
    before, rights[0] = rights[0], rights[0] & ~RIGHTS
    _done(libc.capset(thread, rights))
    try:
        yield
    finally:
        rights[0] = before
        _done(libc.capset(thread, rights))


def _done(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
