"""The message that the framing fixtures are made of, in its spellings.

It carries no credential, so its answer is short: 401 `Missing Authorization header`.
"""

import json

from ..talk import MISSING, envelope, to_client


def message(msg_id, **members):
    body = {"type": "api_request", "msg_id": msg_id, "method": "GET", "path": "/users", **members}
    return envelope("client", "gateway", body)


def line(msg_id, **members):
    """The message on one line, without the newline."""
    return json.dumps(message(msg_id, **members), separators=(",", ":"))


def pretty(msg_id, **members):
    """The message over several lines, without the last newline."""
    return json.dumps(message(msg_id, **members), indent=2)


def missing(msg_id):
    """Its answer."""
    return to_client(MISSING, msg_id)
