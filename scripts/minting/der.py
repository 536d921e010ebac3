"""The little DER (ITU-T X.690) that minting needs: lengths, integers, sequences."""

INTEGER, BIT_STRING, SEQUENCE = 0x02, 0x03, 0x30


def wrap(tag, content):
    """One element: tag, length, content."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def integer(value):
    """A non-negative INTEGER."""
    return wrap(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def unwrap(data):
    """Splits off the first element: (tag, content, rest)."""
    tag, size, start = data[0], data[1], 2
    if size & 0x80:
        start = 2 + (size & 0x7F)
        size = int.from_bytes(data[2:start], "big")
    return tag, data[start : start + size], data[start + size :]


def elements(content):
    """All elements in `content`, as (tag, content) pairs."""
    found = []
    while content:
        tag, inner, content = unwrap(content)
        found.append((tag, inner))
    return found


def ecdsa_to_fixed(signature, size):
    """An ECDSA signature from DER to r||s, `size` bytes each (RFC 7518 section 3.4)."""
    numbers = elements(unwrap(signature)[1])
    return b"".join(int.from_bytes(n, "big").to_bytes(size, "big") for _, n in numbers)


def ecdsa_from_fixed(signature):
    """The way back, for the signatures that must be refused."""
    half = len(signature) // 2
    parts = (signature[:half], signature[half:])
    return wrap(SEQUENCE, b"".join(integer(int.from_bytes(p, "big")) for p in parts))
