"""Which encoding a text file is in, and what Windows has in CP949 that Python has not."""

import codecs
import io
from pathlib import Path
from typing import BinaryIO

from crawler.errors import UnreadableFile

UNKNOWN = "\ufffd"  # stands for what is not in CP949, which cannot spell this itself

_CHUNK = 1 << 20
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # as Excel's "Unicode text" begins
# EUC-KR spells rare syllables in eight bytes, of which CP949 would make four letters.
_ENCODINGS = ("utf-8-sig", "euc_kr", "cp949")
_MOST_UNKNOWN = 0.1  # of what is not ASCII; beyond that it is another encoding
_GO_ON = "webtoonbot.cp949"
_LEAD, _TRAIL = range(0x81, 0xFF), range(0xA1, 0xFF)  # of a character of two bytes
_LATE = {(0xA2, 0xE8): "㉾"}  # the postal sign, which KS X 1001 took in last
_OWN = {0xC9: 0xE000, 0xFE: 0xE05E}  # rows for a user's own characters, where Windows has them


def encoding(path: Path) -> tuple[str, str]:
    """The encoding of a file, and how to go on where it does not fit, both as `open` takes them.

    Raises UnreadableFile for a file that is binary or in no known encoding, and OSError.
    """
    with path.open("rb") as file:
        return _encoding(file, f"The file {path}")


def decoded(content: bytes) -> str:
    """The text of a file's content, whichever known encoding it is in, without a mark.

    Raises UnreadableFile if it is binary or in none.
    """
    spelled, errors = _encoding(io.BytesIO(content), "The content")
    return content.decode(spelled, errors)


def _encoding(file: BinaryIO, name: str) -> tuple[str, str]:
    marked = file.read(2) in _UTF16_MARKS
    for spelled in ("utf-16",) if marked else _ENCODINGS:
        errors = _GO_ON if spelled == "cp949" else "strict"
        try:
            if _unknown(file, name, spelled, errors) <= _MOST_UNKNOWN:
                return spelled, errors
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(f"{name} is neither UTF-8 nor CP949 text.")


def _unknown(file: BinaryIO, name: str, spelled: str, errors: str) -> float:
    """The share of what is not ASCII that has no character. Raises UnicodeDecodeError."""
    decoder = codecs.getincrementaldecoder(spelled)(errors)
    strange = unknown = 0
    more = True
    file.seek(0)
    while more:
        chunk = file.read(_CHUNK)
        more = bool(chunk)
        text = decoder.decode(chunk, final=not more)
        if "\0" in text:
            raise UnreadableFile(f"{name} is binary, expected CSV or JSON text in UTF-8.")
        if errors == _GO_ON:
            strange += len(text) - len(text.encode("ascii", "ignore"))
            unknown += text.count(UNKNOWN)
    return unknown / max(strange, 1)


def _extended(error: UnicodeError) -> tuple[str, int]:
    """What stands where Python's CP949 has nothing, and where to go on; UNKNOWN if nothing does."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = tuple(error.object[error.start : error.start + 2])
    if len(pair) < 2 or pair[0] not in _LEAD or pair[1] not in _TRAIL:
        return UNKNOWN, error.start + 1
    lead, trail = pair
    if lead in _OWN:
        return chr(_OWN[lead] + trail - _TRAIL.start), error.start + 2
    return _LATE.get((lead, trail), UNKNOWN), error.start + 2


codecs.register_error(_GO_ON, _extended)
