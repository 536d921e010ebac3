"""What the conversations about policy have in common: trees, the operator's messages, further answers.

As elsewhere, every expected answer is stated beside its message; `Wire` only counts what is forwarded and
swaps the names.
"""

import datetime
import hashlib

from . import keys
from .layout import Open
from .talk import OMIT, Addressed, Talk, denied, envelope, error
from .tokens import NOW, claims, sign

NOT_PERMITTED = error(22, Open("Not permitted: "))
STRONGER = denied(401, "Stronger authentication required")
TICK_OK = {"type": "tick_ok"}
REVOKE_OK = {"type": "revoke_ok", "durable": False}
USERS = "users-service"
API_KEY = "test-only-api-key-of-ci"


def limited(seconds):
    return {**denied(429, "Rate limit exceeded"), "retry_after": seconds}


def circuit_open(service, seconds):
    return {**denied(503, f"Service unavailable: circuit open for {service}"), "retry_after": seconds}


def bad_gateway(service):
    return denied(502, f"Bad gateway: {service}")


def gateway_timeout(service):
    return denied(504, f"Gateway timeout: {service}")


def admitted(service=USERS):
    """200 for somebody who showed no credential."""
    return {"type": "api_response", "status": 200, "service": service, "user_context": None}


# Trees


def route(path, service=USERS, **others):
    return {"path": path, "service": service, **others}


def routed(*routes, **others):
    """A tree with these routes and every service that they name."""
    return {"services": {r["service"]: {} for r in routes}, "routes": list(routes), **others}


def ready(name, about, config, **settings):
    """A conversation whose init is done; tokens are signed with the secret."""
    talk = Talk(name, about, **settings)
    talk.init(keys.secret(), config=config)
    return talk


def token(sub="ada", **members):
    return sign("secret", claims(sub, **members))


def digest(api_key):
    """What the tree holds of an API key."""
    return hashlib.sha256(api_key.encode("utf-8")).hexdigest()


def api_key(id="ci", user="ci-bot", key=API_KEY, **others):
    return {"id": id, "sha256": digest(key), "user": user, **others}


# Messages of the operator


def moment(seconds):
    """RFC 3339 for so many seconds after the clock's start."""
    whole = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    text = whole.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{whole.microsecond:06}".rstrip("0") if whole.microsecond else ""
    return f"{text}{fraction}Z"


def tick(talk, seconds, *before):
    """The clock moves to so many seconds after its start; `before` are answers to others that this brings about."""
    operator(talk, {"type": "tick", "now": moment(seconds)}, *before, TICK_OK)


def revoke(talk, answer=REVOKE_OK, src="client", **members):
    operator(talk, {"type": "revoke", **members}, answer, src=src)


def operator(talk, members, *answers, src="client"):
    body = {"type": members["type"], "msg_id": talk.next_id(), **members}
    talk.say(envelope(src, "gateway", body), *answers)


# Forwarding


class Caller:
    """Somebody with a credential, and what the gateway tells of them."""

    def __init__(self, user="ada", role=None, permissions=(), granted=(), headers=None, **members):
        """`headers` are those of the credential; without them it is a token with these claims and `members`.
        What roles grant stands in no token."""
        self.user, self.role, self.permissions = user, role, [*permissions, *granted]
        if headers is None:
            shown = {"role": role, "permissions": list(permissions)}
            members = {**{name: value for name, value in shown.items() if value}, **members}
            headers = {"Authorization": f"Bearer {token(user, **members)}"}
        self.headers = headers

    @property
    def context(self):
        return {"user_id": self.user, "role": self.role, "permissions": self.permissions}

    @property
    def identity(self):
        """The identity headers; only for names that need no encoding."""
        found = {"X-User-ID": self.user, "X-User-Role": self.role, "X-User-Permissions": ",".join(self.permissions)}
        return {name: value for name, value in found.items() if value}


class Nobody:
    """Who comes to a public route without a credential."""

    headers, identity, context = {}, {}, None


class Pending:
    """A request under way."""

    def __init__(self, number, service, caller, src, dest, msg_id):
        self.number, self.service, self.caller = number, service, caller
        self.src = src if isinstance(src, str) else "unknown"
        self.dest = dest if isinstance(dest, str) else None
        self.msg_id = msg_id

    def answered(self, body):
        """An answer to it, at whatever point of the conversation."""
        return Addressed(body, self.src, self.dest, self.msg_id)

    @property
    def timed_out(self):
        return self.answered(gateway_timeout(self.service))


class Wire:
    """The services' side of a conversation under `--forward`."""

    def __init__(self, talk):
        self.talk, self.count = talk, 0

    def ask(self, caller, path="/users/1", service=USERS, method="GET", headers=None, sent_path=None, sent=None, client_ip=OMIT, body=OMIT, src="client", dest="gateway", **members):
        """A request that is forwarded. `sent` are the headers that the service gets, where they are not those of
        the request followed by the caller's identity."""
        self.count += 1
        headers = {} if headers is None else headers
        message = self.talk.api_request(None, path, src, dest, method=method, headers={**headers, **caller.headers}, client_ip=client_ip, body=body, **members)
        forwarded = {
            "type": "api_request", "msg_id": self.count, "method": method, "path": sent_path or path,
            "headers": {**headers, **caller.identity} if sent is None else sent, "client_ip": client_ip, "body": body,
        }  # fmt: skip
        forwarded = {name: value for name, value in forwarded.items() if value is not OMIT}
        pending = Pending(self.count, service, caller, src, dest, self.talk.last_id)
        self.talk.say(message, Addressed(forwarded, service, pending.dest))
        return pending

    def answer(self, pending, status=200, body=OMIT):
        """The service answers, and so does the gateway."""
        relayed = {"type": "api_response", "status": status, "service": pending.service, "user_context": pending.caller.context}
        answer = {"type": "api_response", "in_reply_to": pending.number, "status": status}
        if body is not OMIT:
            relayed["body"] = answer["body"] = body
        self.say(pending.service, answer, pending.answered(relayed))

    def fail(self, pending, **answer):
        """The service answers with something that is no response: 502."""
        self.say(pending.service, {"in_reply_to": pending.number, **answer}, pending.answered(bad_gateway(pending.service)))

    def error(self, pending):
        self.fail(pending, type="error", code=13, text="crash")

    def drop(self, pending, src=None, **members):
        """An answer that has no effect."""
        answer = {"type": "api_response", "in_reply_to": pending.number, "status": 200, **members}
        self.say(pending.service if src is None else src, answer)

    def say(self, service, body, *answers):
        self.talk.say(envelope(service, "gateway", {k: v for k, v in body.items() if v is not OMIT}), *answers)
