"""A backup as a file: a compressed tar of tables and models, with a manifest at its end.

Its members are `tables/NAME.jsonl`, one row a line, each table after those that it points at;
`models/ID/FILE`; and `manifest.json` with the size and SHA-256 of each.
"""

import gzip
import hashlib
import json
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from tasks.errors import UnreadableBackup

FORMAT = 1
MANIFEST = "manifest.json"
MEMBER = re.compile(
    r"tables/(?P<table>[a-z_]+)\.jsonl"
    r"|models/(?P<model>[A-Za-z0-9][A-Za-z0-9._-]*)/(?P<file>manifest\.json|[a-z][a-z0-9_]*\.npy)"
)
CHUNK = 1 << 20
LONGEST_MANIFEST = 1 << 24
LEVEL = 6  # of compression; 9 takes three times as long for nothing


@dataclass(frozen=True, slots=True)
class Member:
    """What a member must be: its size in bytes, its digest, and its lines if it is a table."""

    bytes: int
    sha256: str
    lines: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds, as its manifest says.

    `counters` are the highest ids that tables gave out; `models` the digests of those whose folder
    is there.
    """

    made_at: datetime
    revision: str
    counters: Mapping[str, int]
    models: Mapping[str, str]
    members: Mapping[str, Member]

    @property
    def rows(self) -> int:
        """How many rows there are in all tables."""
        return sum(member.lines for name, member in self.members.items() if table_of(name))


class Packing:
    """An archive that is being written; `finish` makes it one."""

    def __init__(self, file: IO[bytes], scratch: Path) -> None:
        """Writes to `file`; a table must first be written beside it, in the folder `scratch`."""
        self._tar = tarfile.open(  # noqa: SIM115 -- closed by `finish`; `file` is its caller's
            fileobj=file, mode="w:gz", compresslevel=LEVEL
        )
        self._scratch = scratch
        self._members: dict[str, Member] = {}

    def table(self, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Adds a table; how many rows it has."""
        digest, size, lines = hashlib.sha256(), 0, 0
        with tempfile.TemporaryFile(dir=self._scratch) as written:
            for row in rows:
                line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
                digest.update(line)
                size += written.write(line)
                lines += 1
            written.seek(0)
            member = Member(size, digest.hexdigest(), lines)
            self._add(f"tables/{name}.jsonl", written, member)
        return lines

    def model_file(self, model_id: str, name: str, file: IO[bytes]) -> None:
        """Adds a file of a model's folder."""
        digest = hashlib.sha256()
        while chunk := file.read(CHUNK):
            digest.update(chunk)
        member = Member(file.tell(), digest.hexdigest(), 0)
        file.seek(0)
        self._add(f"models/{model_id}/{name}", file, member)

    def finish(
        self,
        made_at: datetime,
        revision: str,
        counters: Mapping[str, int],
        models: Mapping[str, str],
    ) -> Contents:
        """Adds the manifest and ends the archive."""
        contents = Contents(made_at, revision, counters, models, self._members)
        facts = {"format": FORMAT, **asdict(contents), "made_at": made_at.isoformat()}
        with tempfile.TemporaryFile(dir=self._scratch) as written:
            size = written.write(json.dumps(facts, indent=1).encode())
            written.seek(0)
            self._tar.addfile(_header(MANIFEST, size), written)
        self._tar.close()
        return contents

    def _add(self, name: str, file: IO[bytes], member: Member) -> None:
        self._tar.addfile(_header(name, member.bytes), file)
        self._members[name] = member


def verified(path: Path) -> Contents:
    """What the backup at `path` holds, once every byte of it was read and found to be right.

    Raises UnreadableBackup.
    """
    found: dict[str, Member] = {}
    text = b""
    for name, chunks in _members(path):
        if name == MANIFEST:
            text = b"".join(chunks)
            continue
        digest, size, lines = hashlib.sha256(), 0, 0
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n") if table_of(name) else 0
        found[name] = Member(size, digest.hexdigest(), lines)
    if not text:
        raise UnreadableBackup(f"The file {path} is no backup, or ends too early.")
    contents = _contents(path, text)
    wrong = [name for name in contents.members if found.get(name) != contents.members[name]]
    wrong += [name for name in found if name not in contents.members]
    for model_id, digest_ in contents.models.items():
        manifest = f"models/{model_id}/{MANIFEST}"
        if manifest not in found or found[manifest].sha256 != digest_:
            wrong.append(manifest)
    if wrong:
        message = f"The backup {path} is damaged: {wrong[0]} is not as it was written."
        raise UnreadableBackup(message)
    return contents


def unpacked(path: Path, contents: Contents) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The members of a backup that was verified, in order, each in pieces, to be read at once.

    Raises UnreadableBackup if it is not the same file any more.
    """
    for name, chunks in _members(path):
        if name != MANIFEST:
            yield name, _same(path, chunks, contents.members.get(name))


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a member that comes in pieces."""
    rest: list[bytes] = []
    for chunk in chunks:
        *whole, last = chunk.split(b"\n")
        for line in whole:
            yield b"".join([*rest, line])
            rest = []
        rest.append(last)


def table_of(name: str) -> str | None:
    """The table that a member holds."""
    match = MEMBER.fullmatch(name)
    return match["table"] if match else None


def model_file_of(name: str) -> tuple[str, str] | None:
    """The model, and the file in its folder, that a member holds."""
    match = MEMBER.fullmatch(name)
    return (match["model"], match["file"]) if match and match["model"] else None


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    return header


def _contents(path: Path, text: bytes) -> Contents:
    try:
        facts = json.loads(text)
        if facts["format"] == FORMAT:
            return Contents(
                made_at=datetime.fromisoformat(facts["made_at"]).astimezone(UTC),
                revision=str(facts["revision"]),
                counters={name: int(last) for name, last in facts["counters"].items()},
                models={name: str(digest) for name, digest in facts["models"].items()},
                members={name: Member(**member) for name, member in facts["members"].items()},
            )
        found = facts["format"]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UnreadableBackup(f"The file {path} is no backup: its manifest is none.") from None
    raise UnreadableBackup(
        f"The backup {path} has format {found}, this version reads {FORMAT}: update first."
    )


def _members(path: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    # A stream, read to its very end: gzip's own checksum, which is the last of it, counts too.
    with _readable(path), gzip.open(path, "rb") as plain:
        with tarfile.open(fileobj=plain, mode="r|") as tar:
            for header in tar:
                stream = tar.extractfile(header)
                known = header.name == MANIFEST or MEMBER.fullmatch(header.name)
                if stream is None or not known:
                    message = f"The file {path} is no backup: it holds {header.name[:80]!r}."
                    raise UnreadableBackup(message)
                if header.name == MANIFEST and header.size > LONGEST_MANIFEST:
                    raise UnreadableBackup(f"The file {path} is no backup: its manifest is none.")
                yield header.name, _chunks(path, stream)
        while plain.read(CHUNK):
            pass


def _chunks(path: Path, stream: IO[bytes]) -> Iterator[bytes]:
    with _readable(path):
        while chunk := stream.read(CHUNK):
            yield chunk


def _same(path: Path, chunks: Iterable[bytes], expected: Member | None) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if expected is None or digest.hexdigest() != expected.sha256:
        raise UnreadableBackup(f"The backup {path} changed while it was read.")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile) as error:
        message = f"The file {path} is no backup, or is damaged: {str(error).lower()}."
        raise UnreadableBackup(message) from error
    except OSError as error:
        message = f"The file {path} cannot be read: {(error.strerror or str(error)).lower()}."
        raise UnreadableBackup(message) from error
