"""Model folders: whole or absent, and never believed unread."""

import json
import os
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from recommender import artifact
from recommender.errors import (
    ArtifactDamaged,
    ArtifactError,
    ArtifactKind,
    ArtifactNotWritten,
    ArtifactVersion,
)
from tests.fakes.closed import closed

ARRAYS = {"weights": np.arange(6, dtype=np.float32).reshape(2, 3), "cold": np.array([True, False])}
FACTS = {"kind": "test", "ids": ["naver:1", "신의 탑"], "created_at": "2025-01-01T03:00:00+09:00"}


@pytest.fixture
def written(tmp_path):
    folder = tmp_path / "models" / "m1"
    return folder, artifact.write(folder, ARRAYS, FACTS)


def test_what_was_written_is_read_back_mapped_and_read_only(written):
    folder, digest = written

    found = artifact.read(folder, digest, kind="test")

    assert {name: found.manifest[name] for name in FACTS} == FACTS
    assert found.digest == digest
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert isinstance(found.arrays[name].base, np.memmap)
        assert not found.arrays[name].flags.writeable


def test_a_resident_array_survives_what_becomes_of_its_file(written):
    folder, digest = written

    found = artifact.read(folder, digest, resident=True)
    for path in folder.glob("*.npy"):
        path.write_bytes(b"")  # in place: a mapped array would take the process down with it

    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype
        assert not found.arrays[name].flags.writeable
        assert found.arrays[name].flags.aligned


def test_the_same_content_has_the_same_digest_anywhere(written, tmp_path):
    _, digest = written

    assert artifact.write(tmp_path / "other", ARRAYS, dict(reversed(FACTS.items()))) == digest


def test_without_room_for_a_copy_a_resident_array_is_held_in_memory(written, monkeypatch):
    folder, digest = written
    mapped = artifact.read(folder, digest).arrays

    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    held = artifact.read(folder, digest, resident=True).arrays

    assert all(np.array_equal(held[name], mapped[name]) for name in mapped)
    assert not any(isinstance(array, np.memmap) for array in held.values())


@pytest.mark.parametrize("resident", [False, True])
def test_empty_and_fortran_ordered_arrays_survive(tmp_path, resident):
    arrays = {"empty": np.zeros((0, 3)), "columns": np.asfortranarray(ARRAYS["weights"])}

    artifact.write(tmp_path / "m", arrays, {})
    found = artifact.read(tmp_path / "m", resident=resident).arrays

    assert found["empty"].shape == (0, 3)
    np.testing.assert_array_equal(found["columns"], ARRAYS["weights"])
    assert found["columns"].flags.c_contiguous


@pytest.mark.parametrize("resident", [False, True])
@pytest.mark.parametrize("name", ["weights.npy", "cold.npy", "manifest.json"])
def test_any_flipped_bit_is_noticed(written, name, resident):
    folder, digest = written
    content = (folder / name).read_bytes()

    for at in range(0, len(content), 7):
        (folder / name).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(ArtifactDamaged, match="sha256"):
            artifact.read(folder, digest, resident=resident)


@pytest.mark.parametrize("name", ["weights.npy", "cold.npy", "manifest.json"])
def test_a_file_cut_short_is_noticed_even_without_a_digest(written, name):
    folder, _ = written
    content = (folder / name).read_bytes()

    (folder / name).write_bytes(content[:-1])

    with pytest.raises(ArtifactDamaged):
        artifact.read(folder)


@pytest.mark.parametrize("name", ["weights.npy", "manifest.json"])
def test_a_missing_file_is_noticed(written, name):
    folder, _ = written
    (folder / name).unlink()

    with pytest.raises(ArtifactDamaged, match=name):
        artifact.read(folder)


def test_a_folder_that_does_not_exist_is_one_clear_sentence(tmp_path):
    with pytest.raises(ArtifactDamaged, match=r"has no readable manifest\.json: No such file"):
        artifact.read(tmp_path / "none")


def rewrite(folder, **changes):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}))


def test_a_format_of_another_version_is_named(written):
    folder, _ = written
    rewrite(folder, format=2)

    with pytest.raises(ArtifactVersion, match="has format 2, this version reads 1"):
        artifact.read(folder)


def test_another_kind_of_model_is_refused(written):
    with pytest.raises(ArtifactKind, match="holds 'test', expected 'ease'"):
        artifact.read(written[0], kind="ease")


@pytest.mark.parametrize(
    "files", [None, [], {"../m1/weights": {}}, {"weights": None}, {"weights": {"bytes": 152}}]
)
def test_a_manifest_that_lists_nonsense_is_refused(written, files):
    folder, _ = written
    rewrite(folder, files=files)

    with pytest.raises(ArtifactDamaged):
        artifact.read(folder)


@pytest.mark.parametrize("resident", [False, True])
def test_a_pickle_is_never_loaded(written, resident):
    folder, _ = written
    np.save(folder / "weights.npy", np.array([{}], dtype=object), allow_pickle=True)
    content = (folder / "weights.npy").read_bytes()
    facts = {"bytes": len(content), "sha256": artifact.hashlib.sha256(content).hexdigest()}
    rewrite(folder, files={"weights": {**facts, "shape": [1], "dtype": "|O"}})

    with pytest.raises(ArtifactDamaged, match="cannot be read"):
        artifact.read(folder, resident=resident)


def test_objects_cannot_be_written_either(tmp_path):
    with pytest.raises(ValueError, match="Object arrays"):
        artifact.write(tmp_path / "m", {"weights": np.array([{}], dtype=object)}, {})

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("facts", [{"files": {}}, {"format": 1}])
def test_reserved_words_in_the_manifest_are_refused(tmp_path, facts):
    with pytest.raises(ArtifactError, match="reserved"):
        artifact.write(tmp_path / "m", ARRAYS, facts)


def test_a_rename_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(self, target):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(ArtifactNotWritten, match="Input/output error"):
        artifact.write(tmp_path / "m", ARRAYS, FACTS)
    assert list(tmp_path.iterdir()) == []


def test_a_replacement_that_fails_leaves_the_older_model(written, monkeypatch):
    folder, digest = written
    replace = Path.replace

    def fail(self, target):
        if target == folder and not self.name.endswith("-older"):
            raise OSError(5, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(ArtifactNotWritten):
        artifact.write(folder, {"weights": np.zeros(3)}, FACTS)
    assert artifact.read(folder, digest).manifest["ids"] == FACTS["ids"]
    assert [path.name for path in folder.parent.iterdir()] == ["m1"]


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    # A limit on file size makes the write itself fail, as a full disk does; it is set in a process
    # of its own, which nothing else shares.
    code = f"""
import resource, numpy as np
from pathlib import Path
from recommender import artifact
from recommender.errors import ArtifactNotWritten
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, {resource.RLIM_INFINITY}))
try:
    artifact.write(Path({str(tmp_path)!r}) / "m", {{"weights": np.zeros((300, 300))}}, {{}})
except ArtifactNotWritten as error:
    print("not written")
"""

    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert (found.stdout, found.stderr) == ("not written\n", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["weights.npy", "manifest.json"])
def test_a_full_disk_is_said_to_be_full_and_where(tmp_path, monkeypatch, name):
    opened = Path.open

    def open_full(self, *mode):
        return opened(Path("/dev/full") if self.name == name else self, *mode)

    monkeypatch.setattr(Path, "open", open_full)

    with pytest.raises(ArtifactNotWritten) as told:
        artifact.write(tmp_path / "m", {"weights": np.zeros((300, 300))}, FACTS)
    assert str(told.value) == f"{tmp_path}/m was not written: no space is left in {tmp_path}"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_must_not_be_used_is_one_sentence_for_all_who_do(written):
    folder, digest = written

    with closed(folder.parent):
        with pytest.raises(ArtifactDamaged, match=r"no readable manifest\.json: Permission denied"):
            artifact.read(folder, digest)
        with pytest.raises(ArtifactNotWritten, match="was not written: Permission denied"):
            artifact.write(folder, ARRAYS, FACTS)
        with pytest.raises(ArtifactNotWritten, match="cannot be read: Permission denied"):
            artifact.sweep(folder.parent, datetime.fromtimestamp(2_000, UTC))

    assert artifact.read(folder, digest).digest == digest


def test_an_interrupt_in_the_middle_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupt(path, content):
        raise KeyboardInterrupt

    monkeypatch.setattr(artifact, "_write_bytes", interrupt)

    with pytest.raises(KeyboardInterrupt):
        artifact.write(tmp_path / "m", ARRAYS, FACTS)
    assert list(tmp_path.iterdir()) == []


def test_nobody_sees_the_folder_before_it_is_whole(tmp_path, monkeypatch):
    seen = []
    replace = Path.replace

    def look_first(self, target):
        seen.append((target.exists(), sorted(path.name for path in self.iterdir())))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", look_first)
    artifact.write(tmp_path / "m", ARRAYS, FACTS)

    assert seen == [(False, ["cold.npy", "manifest.json", "weights.npy"])]


def test_an_older_model_is_replaced_while_its_arrays_stay_readable(written):
    folder, _ = written
    older = artifact.read(folder)

    digest = artifact.write(folder, {"weights": np.zeros(3)}, {})

    assert artifact.read(folder, digest).arrays["weights"].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(older.arrays["weights"], ARRAYS["weights"])
    assert [path.name for path in folder.parent.iterdir()] == ["m1"]


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "diary.txt").write_text("mine")

    with pytest.raises(ArtifactNotWritten, match="holds no model; it was left alone"):
        artifact.write(tmp_path, ARRAYS, FACTS)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_an_empty_folder_may_be_filled(tmp_path):
    artifact.write(tmp_path, ARRAYS, FACTS)

    assert artifact.read(tmp_path).manifest["kind"] == "test"


def test_what_a_killed_writer_left_can_be_swept(written):
    folder, digest = written
    left, begun = (folder.parent / f".tmp-m2-{digits}" for digits in ("0123abcd", "4567ef01"))
    left.mkdir()
    begun.mkdir()
    os.utime(left, (1_000, 1_000))

    assert artifact.sweep(folder.parent, datetime.fromtimestamp(2_000, UTC)) == 1
    assert artifact.sweep(folder.parent, datetime.fromtimestamp(2_000, UTC)) == 0
    assert begun.is_dir()
    assert artifact.read(folder, digest).digest == digest
