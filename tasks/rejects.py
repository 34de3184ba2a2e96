"""The rows of a file that do not count, as a file of their own to mend and take in again."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from crawler import files
from crawler.items import Rejected
from tasks.writing import whole

OURS = ("line", "reason")


def write(file: Path, rejected: Sequence[Rejected], into: Path) -> None:
    """Writes each rejected row of `file` with its line, the reason and its own fields, as CSV.

    Reads the file again. Raises UnreadableFile and NotWritten.
    """
    read = files.as_written(file, {row.number for row in rejected})
    found: list[dict[str, object]] = [
        {"line": row.line, "reason": row.reason, **_own(read.get(row.number, row.fields))}
        for row in rejected
    ]
    columns = list(dict.fromkeys([*OURS, *(name for row in found for name in row)]))
    with whole(into) as out:
        text = io.TextIOWrapper(out, encoding="utf-8", errors="backslashreplace", newline="")
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(found)
        text.detach()


def _own(fields: Mapping[str, str]) -> dict[str, str]:
    """The same without what an earlier such file said of its rows."""
    return {name: value for name, value in fields.items() if name not in OURS}
