"""Files that are no backup, or no longer the one that was written, are refused."""

import gzip
import io
import tarfile

import pytest

from tasks import restoring
from tasks.errors import UnreadableBackup
from tests.tasks.conftest import sqlite_only


@pytest.mark.parametrize("left", [0, 1, 100, 1_000, -9, -1])
@sqlite_only
def test_a_backup_that_was_cut_short_is_refused(written, left):
    content = written.read_bytes()
    written.write_bytes(content[:left])

    with pytest.raises(UnreadableBackup) as refused:
        restoring.checked(written)

    assert str(refused.value).startswith(f"The file {written} is no backup")
    assert "\n" not in str(refused.value)


@sqlite_only
def test_a_backup_with_a_byte_turned_over_is_refused(written):
    content = bytearray(written.read_bytes())
    content[len(content) // 2] ^= 1
    written.write_bytes(content)

    with pytest.raises(UnreadableBackup):
        restoring.checked(written)


@pytest.mark.parametrize("name", ["tables/webtoon.jsonl", "models/first/weights.npy"])
@sqlite_only
def test_a_backup_that_somebody_edited_is_refused(written, name):
    rewritten(written, {name: lambda content: content.replace(b"1", b"2", 1)})

    with pytest.raises(UnreadableBackup, match=f"is damaged: {name} is not as it was written"):
        restoring.checked(written)


@pytest.mark.parametrize("name", ["../outside", "models/../x.npy", "tables/x.jsonl/../../y"])
@sqlite_only
def test_a_backup_that_would_write_elsewhere_is_refused(written, name):
    rewritten(written, {}, {name: b"x"})

    with pytest.raises(UnreadableBackup, match="is no backup: it holds"):
        restoring.checked(written)


def rewritten(path, edits, extra=()):
    """Packs the archive anew, with edited members and more of them."""
    out = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=out, mode="w:gz") as new:
        members = {member.name: old.extractfile(member).read() for member in old}
        for name, content in (dict(extra) | members).items():
            edited = edits.get(name, bytes)(content)
            header = tarfile.TarInfo(name)
            header.size = len(edited)
            new.addfile(header, io.BytesIO(edited))
    path.write_bytes(out.getvalue())


def test_what_is_no_backup_at_all_is_said_so(tmp_path):
    for name, content in (("a.csv", b"user,rating\n"), ("b.gz", gzip.compress(b"hello"))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableBackup, match=f"{name} is no backup"):
            restoring.checked(tmp_path / name)
    with pytest.raises(UnreadableBackup, match="cannot be read: no such file"):
        restoring.checked(tmp_path / "nothing")
