"""JSON text as the protocol lays it out, with two things that Python's json cannot say.

`Raw` is text that is already JSON (a number with the spelling it must keep). `Open` is a text of
which the protocol fixes only the beginning.
"""

import json


class Raw(str):
    """JSON text, written as it is."""


class Open(str):
    """The beginning of a text whose tail is free."""


class Free:
    """A member whose value is free altogether."""


FREE = Free()


def dumps(value, compact=False):
    """`json.dumps` in its default layout; compact: without blanks, and not confined to ASCII."""
    comma, colon = (",", ":") if compact else (", ", ": ")
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        members = (f"{dumps(str(k), compact)}{colon}{dumps(v, compact)}" for k, v in value.items())
        return "{" + comma.join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + comma.join(dumps(v, compact) for v in value) + "]"
    return json.dumps(value, ensure_ascii=not compact)


def loads(text):
    """Reads JSON, keeping each number as it was spelt; None where it is no JSON object."""
    try:
        value = json.loads(text, parse_int=Raw, parse_float=Raw, parse_constant=Raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
