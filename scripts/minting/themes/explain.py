"""PROTOCOL.md section 9 under a policy: what `--explain` tells of routes, callers, limits and circuits."""

from ..policy import (
    API_KEY, STRONGER, USERS, Caller, Wire, admitted, api_key, circuit_open, limited, ready, revoke, route, routed, tick, token,
)  # fmt: skip
from ..talk import EXPIRED, INVALID_TOKEN, MISSING, NOT_RECOGNIZED, allowed, lacking
from ..tokens import HOUR, NOW

ORDERS = "orders-service"


def write():
    routes()
    limits()
    credentials()
    step_up()
    circuit()


def on(name, about, *paths, **others):
    return ready(name, about, routed(*paths, **others), explain=True)


def routes():
    talk = on(
        "explain-route", "an explanation names the route's pattern, the methods that there are, and each thing that is missing",
        route("/users/{id}", methods=["GET", "HEAD"], permissions=["users:read"], roles=["operator", "admin"]),
        route("/{project}/orders", ORDERS, any_permissions=["orders:read", "orders:list"], claims={"project": "{project}"}),
        route("/status", public=True),
        roles={"operator": ["users:*"]},
    )  # fmt: skip
    talk.request(allowed("ada", "operator", ["users:*"]), token(role="operator"), path="/users/7")
    asked = ["users:read", "role:operator|role:admin"]
    talk.request(lacking(asked, ["read"]), token(permissions=["read"]), path="/users/7")
    talk.request(lacking(["x", *asked], ["users:*"]), token(role="operator"), path="/users/7", required_permission="x")
    talk.request(NOT_RECOGNIZED, token(), path="/users/7", method="DELETE")
    talk.request(NOT_RECOGNIZED, token(), path="/users")
    asked = ["orders:read|orders:list", "project=a b"]
    talk.request(lacking(asked, []), token(project="b"), path="/a%20b/orders")
    talk.request(lacking(asked, ["orders:read"]), token(permissions=["orders:read"]), path="/a%20b/orders")
    talk.request(lacking(asked, ["orders:read"]), token(permissions=["orders:read"], project=["c", "d"]), path="/a%20b/orders")
    talk.request(admitted(), path="/status")
    talk.request(MISSING, path="/status", required_permission="x")


def limits():
    rate = {"default": "2/min", "per_address": "1/h"}
    talk = on("explain-limit", "an explanation names the limit that was asked, and whether it is the route's own", route("/own", rate_limit="1/s"), route("/any"), rate_limit=rate)
    ada = token()
    for path in ("/own", "/any"):
        talk.request(allowed(), ada, path=path)
    talk.request(limited(1), ada, path="/own")
    talk.request(allowed(), ada, path="/any")
    talk.request(limited(60), ada, path="/any")
    talk.request(MISSING, path="/any", client_ip="192.0.2.1")
    talk.request(limited(3600), path="/any", client_ip="192.0.2.1")


def credentials():
    talk = on("explain-credential", "an explanation names the API key by its id, the instant that a credential was good until or will be from, and what revoked it", route("/a"), api_keys=[api_key()])
    key = {"X-API-Key": API_KEY}
    talk.request(allowed("ci-bot"), path="/a", headers=key)
    talk.request(INVALID_TOKEN, path="/a", headers={"X-API-Key": "another"})
    talk.request(EXPIRED, token(exp=NOW - HOUR), path="/a")
    talk.request(INVALID_TOKEN, token(nbf=NOW + 300), path="/a")
    revoke(talk, api_key="ci")
    talk.request(INVALID_TOKEN, path="/a", headers=key)


def step_up():
    talk = on("explain-step-up", "an explanation says what of a stronger authentication is missing", route("/a", acr=["mfa", "hardware"], amr=["otp"], max_age="5m"), api_keys=[api_key()])
    talk.request(STRONGER, token(), path="/a")
    talk.request(STRONGER, token(acr="pwd", amr=["pwd"], auth_time=NOW - 301), path="/a")
    talk.request(STRONGER, token(acr="mfa", amr=["otp"], auth_time=NOW - 301), path="/a")
    talk.request(allowed(), token(acr="mfa", amr=["otp"], auth_time=NOW - 300), path="/a")
    asked = ["acr:mfa|acr:hardware", "amr:otp", "max_age:300"]
    talk.request(lacking(asked, []), path="/a", headers={"X-API-Key": API_KEY})


def circuit():
    breaker = {"failures": 1, "open_for": "30s"}
    talk = ready("explain-circuit", "what is explained of a forwarded request comes with its answer; an open circuit is named", {"services": {USERS: {"circuit_breaker": breaker}}}, forward=True, explain=True)
    wire = Wire(talk)
    ada = Caller()
    wire.error(wire.ask(ada))
    talk.request(circuit_open(USERS, 30), headers=ada.headers, path="/users/1")
    tick(talk, 30)
    wire.error(wire.ask(ada))
