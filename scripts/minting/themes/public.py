"""CONFIG.md section 4, "Public routes"."""

from .. import keys
from ..policy import API_KEY, admitted, api_key, ready, route, routed, token
from ..talk import BAD_REQUEST, EXPIRED, INVALID_CREDENTIALS, INVALID_INIT, INVALID_TOKEN, MISSING, NOT_RECOGNIZED, allowed, lacking
from ..tokens import HOUR, NOW, sign


def write():
    no_credential()
    credential_that_is_good()
    credential_that_fails()
    required_of_the_request()
    methods()
    api_keys()
    beside_conditions()


def on(name, about, *routes, **others):
    return ready(name, about, routed(*routes, **others))


STATUS = route("/status", "status-service", public=True)


def no_credential():
    talk = on("public-no-credential", "a public route asks for no credential; without one the user_context is null", STATUS, route("/users/{id}"), route("/docs/{*rest}", "docs", public=True))
    for path in ("/status", "/status/", "/status?verbose"):
        talk.request(admitted("status-service"), path=path)
    for headers in ({}, None, {"Accept": "*/*"}, {"Authorization": None}, {"Authorization": []}, {"X-Authorization": "Bearer x"}):
        talk.request(admitted("status-service"), path="/status", headers=headers)
    talk.request(admitted("docs"), path="/docs/a/b", method="POST")
    talk.request(MISSING, path="/users/7")
    talk.request(MISSING, path="/docs")
    talk.request(BAD_REQUEST, path="/status/../users/7")
    talk.request(BAD_REQUEST, path="/status", client_ip=5)


def credential_that_is_good():
    talk = on("public-good-credential", "a good credential on a public route is shown like anywhere", STATUS)
    talk.request(allowed("ada", "admin", ["read"], "status-service"), token(role="admin", permissions=["read"]), path="/status")
    talk.request(allowed("bob", service="status-service"), token("bob"), path="/status")
    talk.request(admitted("status-service"), path="/status")


def credential_that_fails():
    talk = on("public-bad-credential", "a credential that is sent and fails gets rows 1 and 3 to 5 on a public route too", STATUS)
    good = token()
    talk.request(BAD_REQUEST, path="/status", headers={"Authorization": [f"Bearer {good}", f"Bearer {good}"]})
    for value in ("", "Bearer", "Basic YWRhOnB3", "Bearer a b"):
        talk.request(INVALID_CREDENTIALS, path="/status", headers={"Authorization": value})
    talk.request(EXPIRED, token(exp=NOW - HOUR), path="/status")
    for bad in (sign("secret-next"), "not-a-token", token(aud="x"), token("")):
        talk.request(INVALID_TOKEN, bad, path="/status")


def required_of_the_request():
    talk = on("public-required-permission", "a request's own required permission makes a public route ask for a credential", STATUS)
    for members in ({"required_permission": "read"}, {"required_permissions": ["read"]}):
        talk.request(MISSING, path="/status", **members)
        talk.request(lacking(["read"], []), token(), path="/status", **members)
        talk.request(allowed(permissions=["read"], service="status-service"), token(permissions=["read"]), path="/status", **members)
    for members in ({"required_permission": []}, {"required_permissions": None}):
        talk.request(admitted("status-service"), path="/status", **members)


def methods():
    talk = on("public-methods", "a public route may be public for some methods only, its twin for the others", route("/notes", "notes", methods=["GET"], public=True), route("/notes", "notes", methods=["POST"], permissions=["write"]))
    talk.request(admitted("notes"), path="/notes")
    talk.request(MISSING, path="/notes", method="POST")
    talk.request(MISSING, path="/notes", method="PUT")
    talk.request(NOT_RECOGNIZED, token(), path="/notes", method="PUT")
    talk.request(lacking(["write"], []), token(), path="/notes", method="POST")
    talk.request(allowed(service="notes"), token(), path="/notes")


def api_keys():
    talk = on("public-api-key", "an API key on a public route is shown, or fails, like anywhere", STATUS, api_keys=[api_key(), api_key("old", "old-bot", "test-only-expired-key", expires="2025-12-31T00:00:00Z")])
    talk.request(allowed("ci-bot", service="status-service"), path="/status", headers={"X-API-Key": API_KEY})
    talk.request(INVALID_TOKEN, path="/status", headers={"X-API-Key": "unknown"})
    talk.request(EXPIRED, path="/status", headers={"X-API-Key": "test-only-expired-key"})
    talk.request(INVALID_CREDENTIALS, path="/status", headers={"X-API-Key": ""})
    talk.request(BAD_REQUEST, path="/status", headers={"X-API-Key": API_KEY, "Authorization": f"Bearer {token()}"})
    talk.request(admitted("status-service"), path="/status")


def beside_conditions():
    talk = on("public-beside-conditions", "public beside any condition is a fault; public = false is as if it were absent", route("/status", "status-service", public=False))
    talk.request(MISSING, path="/status")
    talk.request(allowed(service="status-service"), token(), path="/status")
    for condition in (
        {"permissions": ["read"]}, {"any_permissions": ["read"]}, {"roles": ["admin"]}, {"claims": {"a": "b"}},
        {"acr": ["mfa"]}, {"amr": ["otp"]}, {"max_age": "5m"},
    ):  # fmt: skip
        talk.init(keys.secret(), INVALID_INIT, config=routed(route("/status", public=True, **condition), roles={"admin": ["*"]}))
    talk.init(keys.secret(), config=routed(route("/status", "status-service", public=False, permissions=["read"])))
    talk.request(lacking(["read"], []), token(), path="/status")
