"""A conversation: what is piped in, and what the protocol says must come out.

Nothing here decides anything. Every expected answer is stated beside its message; this module only
swaps `src` and `dest`, repeats `msg_id`, counts lines, and numbers the messages.
"""

from . import tokens
from .layout import FREE, Open, Raw, dumps

OMIT = object()

INIT_OK = {"type": "init_ok"}


def error(code, text):
    return {"type": "error", "code": code, "text": text}


INVALID_INIT = error(12, Open("Invalid init: "))
ALREADY_INITIALISED = error(22, Open("Already initialised"))


def unsupported(name):
    return error(10, f"Unsupported message type: {name}")


class Malformed:
    """Code 12 on the line where the message begins; `later` counts on from there."""

    def __init__(self, later=0):
        self.later = later

    def body(self, line):
        return error(12, Open(f"Malformed message on line {line + self.later}: "))


MALFORMED = Malformed()


def denied(status, text):
    return {"type": "api_response", "status": status, "error": text}


BAD_REQUEST = denied(400, Open("Bad request: "))
MISSING = denied(401, "Missing Authorization header")
INVALID_CREDENTIALS = denied(401, "Invalid authentication credentials")
EXPIRED = denied(401, "Token expired")
INVALID_TOKEN = denied(401, "Invalid or expired token")
NOT_RECOGNIZED = denied(404, "Service not recognized")


def lacking(required, have):
    """403: both lists as the answer must show them."""
    return denied(403, f"Insufficient permissions: required [{', '.join(required)}], have [{', '.join(have)}]")


def allowed(user="ada", role=None, permissions=(), service="users-service"):
    context = {"user_id": user, "role": role, "permissions": list(permissions)}
    return {"type": "api_response", "status": 200, "service": service, "user_context": context}


class Addressed:
    """An answer with its envelope spelt out, for messages that are no plain object."""

    def __init__(self, body, to="unknown", sender=None, msg_id=OMIT):
        self.body, self.to, self.sender, self.msg_id = body, to, sender, msg_id


def to_client(body, msg_id=OMIT):
    return Addressed(body, "client", None, msg_id)


class Talk:
    """One fixture under construction."""

    all = []

    def __init__(self, name, about, clock=True, **settings):
        self.name, self.about, self.settings = name, about, settings
        if clock:
            self.settings.setdefault("now", tokens.NOW_TEXT)
        self.input, self.expected = b"", []
        self.config_files = {}
        self.node_id, self.last_id = None, 0
        if any(other.name == name for other in Talk.all):
            raise ValueError(f"two fixtures are named {name}")
        Talk.all.append(self)

    # How the node is started

    def config_file(self, name, text):
        """The node runs with `--config`, and this is the file."""
        self.settings["config"] = f"config/{name}"
        self.beside_it(name, text)

    def beside_it(self, name, text):
        """A file that the configuration names."""
        self.config_files[name] = text

    # Messages

    def init(self, key=OMIT, answer=INIT_OK, src="client", dest="gateway", **members):
        body = {"type": "init", "msg_id": self.next_id(), "jwt_public_key": key, **members}
        if answer is INIT_OK and isinstance(members.get("node_id"), str):
            self.node_id = members["node_id"]
        self.say(envelope(src, dest, body), answer)

    def request(self, answer, token=None, path="/api/users/123", src="client", dest="gateway", **members):
        self.say(self.api_request(token, path, src, dest, **members), answer)

    def api_request(self, token=None, path="/api/users/123", src="client", dest="gateway", **members):
        """The message alone, for conversations that lay it out themselves."""
        headers = OMIT if token is None else {"Authorization": f"Bearer {token}"}
        body = {"type": "api_request", "msg_id": self.next_id(), "method": "GET", "path": path, "headers": headers}
        return envelope(src, dest, {**body, **members})

    def say(self, message, *answers, end="\n"):
        """One message on a line of its own, and the answers to it."""
        addressed = []
        for answer in answers:
            if not isinstance(answer, Addressed):
                answer = swapped(answer, message)
            addressed.append(answer)
        self.text(dumps(message, compact=True) + end, *addressed)

    def text(self, raw, *answers):
        """Bytes as they stand; an answer without an envelope goes to `unknown`."""
        for answer in answers:
            self.expect(answer if isinstance(answer, Addressed) else Addressed(answer))
        self.input += raw if isinstance(raw, bytes) else raw.encode("utf-8")

    def expect(self, answer):
        body = answer.body
        if isinstance(body, Malformed):
            body = body.body(1 + self.input.count(b"\n"))
        full = {"type": body["type"]}
        if answer.msg_id is not OMIT:
            full["in_reply_to"] = answer.msg_id
        full.update((name, value) for name, value in body.items() if name != "type")
        if self.settings.get("explain") and body["type"] == "api_response":
            full["explain"] = FREE
        sender = self.node_id or answer.sender or "gateway"
        self.expected.append({"src": sender, "dest": answer.to, "body": full})

    def next_id(self):
        self.last_id += 1
        return self.last_id


def envelope(src, dest, body):
    message = {"src": src, "dest": dest, "body": {k: v for k, v in body.items() if v is not OMIT}}
    return {name: value for name, value in message.items() if value is not OMIT}


def swapped(answer, message):
    """The envelope of an answer to `message` (section 2): what is not well formed is not used."""
    src, dest, body = message.get("src"), message.get("dest"), message.get("body")
    msg_id = body.get("msg_id", OMIT) if isinstance(body, dict) else OMIT
    if msg_id is None or isinstance(msg_id, (dict, list)):
        msg_id = OMIT
    to = src if isinstance(src, str) and not isinstance(src, Raw) else "unknown"
    sender = dest if isinstance(dest, str) and not isinstance(dest, Raw) else None
    return Addressed(answer, to, sender, msg_id)
