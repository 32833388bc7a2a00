"""What a request's answer must be: all of it follows from the request's id."""

import hashlib
import random

KIB = 1024
# What uvoy can send again, by the route's `retry.buffer`.
REPLAYABLE = 48 * KIB
LARGEST = 1024 * KIB


def body(ident, size):
    """Bytes that no other id has, at no other place."""
    return hashlib.shake_128(ident.encode()).digest(size)


def receipt(data):
    """How an endpoint answers who sent it this."""
    return f"{len(data)} {hashlib.sha256(data).hexdigest()}\n".encode()


def size_of_answer(rng: random.Random):
    """Mostly small, sometimes nothing, sometimes a MiB."""
    most = rng.choices((0, 4 * KIB, 64 * KIB, LARGEST), (10, 60, 25, 5))[0]
    return rng.randint(0, most)


def chunked(data, rng: random.Random):
    """The same bytes in chunks of random sizes, with the last one."""
    pieces = []
    while data:
        size = rng.randint(1, max(1, len(data)))
        pieces.append(b"%x\r\n%s\r\n" % (size, data[:size]))
        data = data[size:]
    return b"".join(pieces) + b"0\r\n\r\n"
