"""Which readers are never trained on, so that models can be compared on them."""

import hashlib

HELD_OUT_SHARE = 0.1


def held_out(reader_id: str) -> bool:
    """Whether this reader belongs to the tenth that is left out of every fit.

    Depends on nothing but the id: the same on every machine, on every day, in every process.
    """
    digest = hashlib.blake2b(reader_id.encode(), digest_size=8, person=b"held-out").digest()
    return int.from_bytes(digest, "big") < HELD_OUT_SHARE * 2**64
