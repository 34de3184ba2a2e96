"""A model on disk: a folder of `.npy` files and a manifest, written whole or not at all.

The only module of the package that touches files.
"""

import errno
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from recommender.errors import (
    ArtifactDamaged,
    ArtifactError,
    ArtifactKind,
    ArtifactNotWritten,
    ArtifactVersion,
)

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 2**20  # bytes read at once
ASIDE = ".tmp-"  # a dot keeps half-written folders out of listings
FULL = {errno.ENOSPC, errno.EDQUOT}
NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, eq=False)
class Artifact:
    """A folder as read: the manifest with the writer's facts, and the arrays, read-only."""

    manifest: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    digest: str


def write(
    folder: str | Path, arrays: Mapping[str, NDArray[Any]], manifest: Mapping[str, Any]
) -> str:
    """Write `arrays` and `manifest` as `folder`; return the sha256 of the manifest file.

    The manifest must be JSON and gains "format" and "files" (sha256, bytes, shape and dtype of
    each array), so its digest vouches for the whole folder. Everything is written and synced in a
    sibling folder first and then renamed, so that nobody ever sees half of it. An older artifact
    of the same name is replaced; any other non-empty folder is left alone.
    Raises ArtifactNotWritten, having removed what was begun.
    """
    target = Path(folder)
    _refuse_what_cannot_be(arrays, manifest)
    aside = target.parent / f"{ASIDE}{target.name}-{secrets.token_hex(4)}"
    try:
        _refuse_what_is_not_ours(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.mkdir()
        files = {name: _write_array(aside / f"{name}.npy", arrays[name]) for name in arrays}
        text = json.dumps(
            {**manifest, "format": FORMAT, "files": files},
            ensure_ascii=False,
            allow_nan=False,
            indent=1,
            sort_keys=True,
        ).encode()
        _write_bytes(aside / MANIFEST, text)
        _sync_folder(aside)
        _move(aside, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise ArtifactNotWritten(f"{target} was not written: {_why(error, target)}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return hashlib.sha256(text).hexdigest()


def read(
    folder: str | Path,
    digest: str | None = None,
    kind: str | None = None,
    *,
    resident: bool = False,
) -> Artifact:
    """The artifact in `folder`, every file checked against its sha256, arrays read-only.

    With `digest`, the manifest itself must have this sha256; with `kind`, its "kind" must match.
    Arrays are memory-mapped; `resident` ones are mapped from a copy without a name (or held in
    memory, where there is no room for one), where nothing that becomes of the files reaches them.
    Raises ArtifactDamaged, ArtifactVersion or ArtifactKind.
    """
    path = Path(folder)
    try:
        text = (path / MANIFEST).read_bytes()
    except OSError as error:
        raise ArtifactDamaged(f"{path} has no readable {MANIFEST}: {error.strerror}") from error
    found = hashlib.sha256(text).hexdigest()
    if digest is not None and found != digest:
        raise ArtifactDamaged(f"{path / MANIFEST} has sha256 {found}, expected {digest}")
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise ArtifactDamaged(f"{path / MANIFEST} is not JSON: {error}") from error
    if not isinstance(manifest, dict):
        raise ArtifactDamaged(f"{path / MANIFEST} holds no JSON object")
    if manifest.get("format") != FORMAT:
        version = manifest.get("format")
        raise ArtifactVersion(f"{path} has format {version!r}, this version reads {FORMAT}")
    if kind is not None and manifest.get("kind") != kind:
        raise ArtifactKind(f"{path} holds {manifest.get('kind')!r}, expected {kind!r}")
    files = manifest.get("files")
    if not isinstance(files, dict):
        raise ArtifactDamaged(f"{path / MANIFEST} lists no files")
    read_array = _read_resident if resident else _read_mapped
    arrays = {name: _read_array(path, name, files[name], read_array) for name in files}
    return Artifact(manifest, arrays, found)


def sweep(parent: str | Path, before: datetime) -> int:
    """Remove what killed writers began in `parent` before then; return how many folders.

    Somebody else may be writing there now: leave them the time that writing takes.
    Raises ArtifactNotWritten if `parent` cannot be read.
    """
    try:
        left = [path for path in Path(parent).iterdir() if _begun(path, before)]
    except FileNotFoundError:  # nothing was ever written
        return 0
    except OSError as error:
        raise ArtifactNotWritten(f"{parent} cannot be read: {error.strerror}") from error
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


def _begun(path: Path, before: datetime) -> bool:
    if not path.name.startswith(ASIDE):
        return False
    try:
        return path.is_dir() and path.stat().st_mtime < before.timestamp()
    except FileNotFoundError:  # its writer has just put it in its place
        return False


def _refuse_what_cannot_be(arrays: Mapping[str, NDArray[Any]], manifest: Mapping[str, Any]) -> None:
    for name in arrays:
        if NAME.fullmatch(name) is None:
            raise ArtifactError(f"found the array name {name!r}, expected a-z, 0-9 and _")
    if reserved := {"format", "files"} & set(manifest):
        raise ArtifactError(f"found {sorted(reserved)} in the manifest, which are reserved")


def _refuse_what_is_not_ours(target: Path) -> None:
    ours = not target.exists() or (target / MANIFEST).is_file()
    if not ours and (not target.is_dir() or any(target.iterdir())):
        raise ArtifactNotWritten(f"{target} exists and holds no model; it was left alone")


def _why(error: OSError, target: Path) -> str:
    if error.errno in FULL:
        return f"no space is left in {target.parent}"
    return error.strerror or str(error)


@dataclass(frozen=True, slots=True)
class _Plain:
    """A file of which numpy sees no more than this, lest it write beneath Python by itself.

    It would say how many cells it had wanted to write and not what was in the way.
    """

    write: Callable[[bytes], int]


def _write_array(path: Path, array: NDArray[Any]) -> dict[str, Any]:
    with path.open("wb") as file:
        np.save(_Plain(file.write), np.ascontiguousarray(array), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return {
        "sha256": _sha256(path),
        "bytes": path.stat().st_size,
        "shape": list(array.shape),
        "dtype": array.dtype.str,
    }


def _write_bytes(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _move(aside: Path, target: Path) -> None:
    if not (target / MANIFEST).is_file():
        aside.replace(target)
        return
    older = target.parent / f"{aside.name}-older"
    target.replace(older)
    try:
        aside.replace(target)
    except OSError:
        older.replace(target)
        raise
    shutil.rmtree(older, ignore_errors=True)


def _sync_folder(path: Path) -> None:
    # Windows cannot open folders; everywhere else the rename itself must reach the disk.
    with suppress(PermissionError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read_array(
    folder: Path,
    name: str,
    expected: Any,  # noqa: ANN401 - JSON
    read_array: Callable[[Path, Mapping[str, Any]], NDArray[Any]],
) -> NDArray[Any]:
    if NAME.fullmatch(name) is None or not isinstance(expected, dict):
        raise ArtifactDamaged(f"{folder / MANIFEST} lists the file {name!r}, which cannot be")
    path = folder / f"{name}.npy"
    try:
        size = path.stat().st_size
        if size != expected.get("bytes"):
            raise ArtifactDamaged(f"{path} has {size} bytes, expected {expected.get('bytes')}")
        array = read_array(path, expected)
    except (OSError, ValueError) as error:
        raise ArtifactDamaged(f"{path} cannot be read: {error}") from error
    if list(array.shape) != expected.get("shape") or array.dtype.str != expected.get("dtype"):
        raise ArtifactDamaged(f"{path} is {array.dtype.str}{array.shape}, expected {expected}")
    return np.asarray(array)


def _read_mapped(path: Path, expected: Mapping[str, Any]) -> NDArray[Any]:
    _verify(path, _sha256(path), expected)
    # An empty file cannot be mapped.
    empty = 0 in expected.get("shape", ())
    array: NDArray[Any] = np.load(path, mmap_mode=None if empty else "r", allow_pickle=False)
    return array


def _read_resident(path: Path, expected: Mapping[str, Any]) -> NDArray[Any]:
    # A nameless copy is mapped: nobody can cut it short beneath us, which would end the process,
    # and unlike memory of our own its pages are the system's to drop.
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source, tempfile.TemporaryFile() as copy:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                copy.write(chunk)
            copy.seek(0)
            _verify(path, digest.hexdigest(), expected)
            shape, order, dtype = _header(copy)
            # The shape is the whole rest: an array without cells has nothing to map.
            if 0 in shape:
                return np.empty(shape, dtype)
            return np.memmap(copy, dtype, "r", copy.tell(), shape, order)
    except OSError:  # no room for a copy; if the file itself is unreadable, this says so
        content = path.read_bytes()
    _verify(path, hashlib.sha256(content).hexdigest(), expected)
    file = io.BytesIO(content)
    shape, order, dtype = _header(file)
    return np.frombuffer(content, dtype, offset=file.tell()).reshape(shape, order=order)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], Literal["C", "F"], np.dtype[Any]]:
    """Shape, order and type of the array whose cells follow in `file`."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, expected numbers")
    return shape, "F" if by_columns else "C", dtype


def _verify(path: Path, found: str, expected: Mapping[str, Any]) -> None:
    if found != expected.get("sha256"):
        raise ArtifactDamaged(f"{path} has sha256 {found}, expected {expected.get('sha256')}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
