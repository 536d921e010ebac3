"""CONFIG.md section 6: forwarding between nodes."""

from ..layout import dumps
from ..policy import API_KEY, USERS, Caller, Nobody, Pending, Wire, api_key, limited, ready, route, routed, tick, token
from ..talk import (
    BAD_REQUEST, INVALID_TOKEN, MALFORMED, MISSING, NOT_RECOGNIZED, OMIT, Addressed, allowed, envelope, lacking, to_client, unsupported,
)  # fmt: skip
from ..keys import secret

READER = Caller("ada", "reader", ["read", "write"])


def write():
    there_and_back()
    what_is_forwarded()
    numbering()
    node_ids()
    order()
    credentials_stay_behind()
    overriding_headers()
    headers_like_ours()
    headers_as_received()
    identity()
    identity_encoded()
    identity_of_roles()
    identity_of_api_keys()
    identity_renamed()
    identity_claims()
    paths()
    rewrite()
    bodies()
    statuses()
    no_response()
    answers_of_others()
    answers_twice()
    public()
    clients()
    deadlines()
    deadlines_in_order()
    late_answers()
    end_of_input()
    not_forwarded()


def opened(name, about, tree=None, **settings):
    talk = ready(name, about, tree or {}, forward=True, **settings)
    return talk, Wire(talk)


def there_and_back():
    talk, wire = opened("forward-there-and-back", "an allowed request goes to the node that is named like its service, and the service's answer to the client")
    first = wire.ask(READER, "/api/users/123")
    wire.answer(first, 200, {"id": 123, "name": "Ada"})
    second = wire.ask(READER, "/orders", "orders-service", method="POST", body={"item": "w-7"})
    wire.answer(second, 201)
    talk.request(MISSING)
    talk.request(lacking(["delete"], ["read", "write"]), headers=READER.headers, required_permission="delete")


def what_is_forwarded():
    talk, wire = opened("forward-members", "method, path with its query, headers, client_ip and body are forwarded; required_permission and unknown members stay behind")
    accept = {"Accept": "text/html"}
    wire.answer(wire.ask(READER, "/users/1?x=1&y=%20;z", method="PATCH", headers=accept, client_ip="203.0.113.1", body=[1, "a"], required_permission="read", required_permissions=["write"], user="x"))
    wire.answer(wire.ask(READER, client_ip="no address"))
    nothing = {"client_ip": None, "body": None, "required_permission": None}
    message = talk.api_request(path="/users/1", headers=READER.headers, **nothing)
    wire.count += 1
    body = {"type": "api_request", "msg_id": wire.count, "method": "GET", "path": "/users/1", "headers": READER.identity}
    talk.say(message, Addressed(body, USERS, "gateway"))
    wire.answer(Pending(wire.count, USERS, READER, "client", "gateway", talk.last_id))


def numbering():
    talk, wire = opened("forward-numbering", "msg_id counts what is forwarded, from 1, over all services and inits; what is decided here does not count")
    talk.request(MISSING)
    first = wire.ask(READER)
    talk.request(INVALID_TOKEN, "x")
    second = wire.ask(READER, "/orders", "orders-service")
    talk.init(secret())
    third = wire.ask(READER)
    for pending in (third, first, second):
        wire.answer(pending)
    wire.answer(wire.ask(READER))


def node_ids():
    talk, wire = opened("forward-node-id", "what is forwarded comes from the node_id, else from whom the request was sent to, else from gateway")
    for dest in ("gateway", "portal", None, OMIT):
        wire.answer(wire.ask(READER, dest=dest))
    talk.init(secret(), node_id="n1")
    for dest in ("gateway", OMIT):
        wire.answer(wire.ask(READER, dest=dest))


def order():
    talk, wire = opened("forward-order", "only forwarding suspends the order of arrival: what is decided here is answered at once, the rest when its service answers")
    first, second = wire.ask(READER), wire.ask(READER, "/orders", "orders-service")
    talk.request(MISSING)
    talk.request(BAD_REQUEST, path="/../x")
    third = wire.ask(READER)
    wire.answer(third, 200, "third")
    talk.request(NOT_RECOGNIZED, token(), path="/")
    wire.answer(second, 404)
    talk.say({"src": "client", "dest": "gateway", "body": {"type": "echo", "msg_id": talk.next_id()}}, unsupported("echo"))
    talk.text("junk\n", MALFORMED)
    wire.answer(first, 200, {"first": True})


def credentials_stay_behind():
    talk, wire = opened("forward-credentials-stay", "Authorization and X-API-Key stay behind, in whatever case, used or not")
    bearer = READER.headers["Authorization"]
    for name in ("Authorization", "authorization", "AUTHORIZATION"):
        wire.answer(wire.ask(Caller("ada", "reader", ["read", "write"], headers={name: bearer})))
    for name in ("X-API-Key", "x-api-key", "X-Api-KEY"):
        wire.answer(wire.ask(READER, headers={name: "k-123", "Accept": "*/*"}, sent={"Accept": "*/*", **READER.identity}))
    wire.answer(wire.ask(READER, headers={"X-API-Key": ["k-1", "k-2"], "Proxy-Authorization": "Basic x"}, sent={"Proxy-Authorization": "Basic x", **READER.identity}))


def overriding_headers():
    talk, wire = opened("forward-overriding-headers", "headers that would give the service another method or path than the one judged are taken away, in whatever case")
    for name in ("X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"):
        for spelling in (name, name.lower(), name.upper()):
            wire.answer(wire.ask(READER, headers={"A": "1", spelling: "DELETE", "B": "2"}, sent={"A": "1", "B": "2", **READER.identity}))
    alike = {"X-HTTP-Methods": "a", "Original-URL": "b", "X-Rewrite": "c"}
    wire.answer(wire.ask(READER, headers=alike))


def headers_like_ours():
    talk, wire = opened("forward-headers-like-ours", "whatever folds to one of our headers is taken away: case, _, - and . alike; nobody else says who calls")
    for name in ("X-User-ID", "x-user-id", "X_User_ID", "x.user.id", "X-USER_ID", "X_USER.id", "X-User-Role", "x_user_role", "X.User-Role", "X-User-Permissions", "x_user-permissions"):
        wire.answer(wire.ask(READER, headers={"Accept": "a", name: "root"}, sent={"Accept": "a", **READER.identity}))
    many = {"X-User-ID": ["root", "admin"], "x_user_id": "root", "X-User": "kept", "X-User-IDs": "kept", "X-User-Issuer": "kept", "XUserID": "kept", "X--User-ID": "kept"}
    kept = {name: value for name, value in many.items() if value == "kept"}
    wire.answer(wire.ask(READER, headers=many, sent={**kept, **READER.identity}))
    # Who has no role does not get one either.
    plain = Caller("ada")
    wire.answer(wire.ask(plain, headers={"X-User-Role": "admin", "X-User-Permissions": "*"}, sent=plain.identity))


def headers_as_received():
    talk, wire = opened("forward-headers-as-received", "headers are as received: names in their case, in their order; several of the very same name are a list, one alone is none, null and [] are absent")
    wire.answer(wire.ask(READER, headers={"B": "1", "a": "2", "A": "3", "\u00c9": "\u00e9\n", "": "x"}))
    wire.answer(wire.ask(READER, headers={"A": ["1", "2"], "B": ["1"], "C": [], "D": None, "E": ""}, sent={"A": ["1", "2"], "B": "1", "E": "", **READER.identity}))
    wire.count += 1
    msg_id = talk.next_id()
    bearer = dumps(READER.headers["Authorization"])
    headers = f'"A":"1","Authorization":{bearer},"B":"2","A":["3","4"],"a":"5","\\u0041":"6"'
    forwarded = {"type": "api_request", "msg_id": wire.count, "method": "GET", "path": "/users/1", "headers": {"A": ["1", "3", "4", "6"], "B": "2", "a": "5", **READER.identity}}
    talk.text(
        f'{{"src":"client","dest":"gateway","body":{{"type":"api_request","msg_id":{msg_id},"method":"GET","path":"/users/1","headers":{{{headers}}}}}}}\n',
        Addressed(forwarded, USERS, "gateway"),
    )
    wire.answer(Pending(wire.count, USERS, READER, "client", "gateway", msg_id))


def identity():
    talk, wire = opened("forward-identity", "the caller's identity goes last: user, role, permissions joined by commas; what is absent leaves its header out")
    for caller in (Caller("ada", "reader", ["read"]), READER, Caller("ada", "reader"), Caller("ada", None, ["a", "b:c", "d.e/f"]), Caller("ada"), Caller("ada@example.com", "r|s", ["!\"#$&'()+-./:;<=>?@[\\]^_`{|}~"])):
        wire.answer(wire.ask(caller, headers={"Accept": "a"}))


def identity_encoded():
    talk, wire = opened("forward-identity-encoded", "in identity headers %, commas, a * of a token and all outside U+0021 to U+007E are percent-encoded as UTF-8")
    for user, role, permissions, sent in (
        ("Ada Lovelace", "two words", ["a b"], ("Ada%20Lovelace", "two%20words", "a%20b")),
        ("caf\u00e9", "\u65e5\u672c", ["\U0001f512", "z"], ("caf%C3%A9", "%E6%97%A5%E6%9C%AC", "%F0%9F%94%92,z")),
        ("100%", "a,b", ["x,y", "z%20", "a"], ("100%25", "a%2Cb", "x%2Cy,z%2520,a")),
        ("*", "a*", ["*", "users:*", "read"], ("%2A", "a%2A", "%2A,users:%2A,read")),
        ("a\u0080b\u00a0", "\u2028", ["\ufffd"], ("a%C2%80b%C2%A0", "%E2%80%A8", "%EF%BF%BD")),
    ):
        caller = Caller(user, role, permissions)
        sent = dict(zip(("X-User-ID", "X-User-Role", "X-User-Permissions"), sent))
        wire.answer(wire.ask(caller, sent=sent))


def identity_of_roles():
    tree = {"roles": {"admin": ["*"], "editor": ["users:*", "read"], "odd": ["a b", "c,d", "50%"]}}
    talk, wire = opened("forward-identity-grants", "what a role grants is sent as it is written, its * too; the * of a token beside it is encoded", tree)
    for caller, permissions in (
        (Caller("ada", "admin", [], ["*"]), "*"),
        (Caller("ada", "editor", ["x"], ["users:*", "read"]), "x,users:*,read"),
        (Caller("ada", "editor", ["*"], ["users:*", "read"]), "%2A,users:*,read"),
        (Caller("ada", "odd", [], ["a b", "c,d", "50%"]), "a%20b,c%2Cd,50%25"),
    ):
        wire.answer(wire.ask(caller, sent={"X-User-ID": "ada", "X-User-Role": caller.role, "X-User-Permissions": permissions}))


def identity_of_api_keys():
    tree = {"api_keys": [api_key(role="service", permissions=["deploy"])], "roles": {"service": ["m2m"]}, "identity_headers": {"issuer": "X-User-Issuer", "claims": {"X-Team": "team"}}}
    talk, wire = opened("forward-identity-api-key", "the owner of an API key is named like anybody; an API key has no issuer and no claims", tree)
    for headers in ({"X-API-Key": API_KEY}, {"Authorization": f"ApiKey {API_KEY}"}):
        caller = Caller("ci-bot", "service", ["deploy"], ["m2m"], headers=headers)
        wire.answer(wire.ask(caller, headers={"X-Team": "mine", "x_user_issuer": "me", "Accept": "a"}, sent={"Accept": "a", **caller.identity}))


def identity_renamed():
    tree = {"identity_headers": {"user": "X-Remote-User", "permissions": "Rights", "issuer": "X-Remote-Issuer"}}
    talk, wire = opened("forward-identity-renamed", "identity_headers names the headers: those are ours then, and only those", tree)
    caller = Caller("ada", "reader", ["read"], iss="https://auth.example/a b")
    ours = {"X-Remote-User": "ada", "X-User-Role": "reader", "Rights": "read", "X-Remote-Issuer": "https://auth.example/a%20b"}
    received = {"X-User-ID": "kept", "x_remote_user": "root", "RIGHTS": "*", "X.Remote.Issuer": "me", "X-User-Permissions": "kept", "x-user-role": "admin"}
    wire.answer(wire.ask(caller, headers=received, sent={"X-User-ID": "kept", "X-User-Permissions": "kept", **ours}))
    plain = Caller("bob", "reader", ["read"])
    wire.answer(wire.ask(plain, sent={"X-Remote-User": "bob", "X-User-Role": "reader", "Rights": "read"}))


def identity_claims():
    tree = {"identity_headers": {"claims": {"X-PHI-Access-Level": "phi_access_level", "X-Department": "department"}}}
    talk, wire = opened("forward-identity-claims", "claims of a token may be sent on too, by header name; a claim that is absent leaves its header out, a forged one is taken away", tree)
    forged = {"x_phi_access_level": "full", "X.Department": "all"}
    for members, sent in (
        ({"phi_access_level": "limited", "department": "fab 1"}, {"X-Department": "fab%201", "X-PHI-Access-Level": "limited"}),
        ({"department": "fab1,*"}, {"X-Department": "fab1%2C%2A"}),
        ({}, {}),
    ):
        wire.answer(wire.ask(Caller("ada", "reader", ["read"], **members), headers=forged, sent={"X-User-ID": "ada", "X-User-Role": "reader", "X-User-Permissions": "read", **sent}))


def paths():
    tree = routed(route("/users/{id}"), route("/files/{*rest}", "files"), route("/"))
    talk, wire = opened("forward-path", "the path that was judged is what is forwarded: in normal form, with its trailing slash and its query as they came", tree)
    for path, sent in (
        ("/users/7", "/users/7"), ("/users/7/", "/users/7/"), ("//users//7", "/users/7"), ("/us%65rs/%37", "/users/7"), ("/users/a%20b%2Cc", "/users/a%20b%2Cc"),
        ("/users/7?a=%61//..;", "/users/7?a=%61//..;"), ("/users/7/?x", "/users/7/?x"), ("/", "/"), ("/users/7?a?b", "/users/7?a?b"),
    ):  # fmt: skip
        wire.answer(wire.ask(READER, path, sent_path=sent))
    for path in ("/files/a/b", "/files/a/", "/files/a/b/?q"):
        wire.answer(wire.ask(READER, path, "files"))


def rewrite():
    tree = routed(
        route("/api/users/{id}", rewrite="/v1/users/{id}"), route("/files/{bucket}/{*rest}", "files", rewrite="/{rest}/of/{bucket}"),
        route("/old", "new", rewrite="/new"), route("/x/{a}/{b}", "x", rewrite="/{b}"),
    )  # fmt: skip
    talk, wire = opened("forward-rewrite", "rewrite puts parameters in as they stand in the normalised path, and keeps the query", tree)
    for path, service, sent in (
        ("/api/users/7", USERS, "/v1/users/7"), ("/api/users/a%20b%2C%41?x=1&x=2", USERS, "/v1/users/a%20b%2CA?x=1&x=2"), ("/api//users//7?%41", USERS, "/v1/users/7?%41"),
        ("/api/users/%257B?{id}", USERS, "/v1/users/%257B?{id}"),
        ("/files/b1/c/d%20e", "files", "/c/d%20e/of/b1"), ("/old", "new", "/new"), ("/old?q=/old", "new", "/new?q=/old"), ("/x/1/2", "x", "/2"), ("/x/{b}/2", "x", "/2"),
    ):  # fmt: skip
        wire.answer(wire.ask(READER, path, service, sent_path=sent))


def bodies():
    talk, wire = opened("forward-bodies", "a body is passed on as it is, there and back; where there is none there is none")
    for body in ({"b": 1, "a": [1, {"x": None}], "": ""}, [], {}, "text \u00e9\n\u2028", "", 0, False, True, 5, [None], {"type": "error", "in_reply_to": 1, "Authorization": "x"}):
        wire.answer(wire.ask(READER, method="POST", body=body), 200, body)
    wire.answer(wire.ask(READER, method="POST"), 204)


def statuses():
    talk, wire = opened("forward-statuses", "an integer status from 100 to 599 goes to the client with whatever it means")
    for status in (100, 200, 204, 302, 400, 401, 403, 404, 429, 451, 500, 501, 599):
        wire.answer(wire.ask(READER), status, {"status": status})


def no_response():
    talk, wire = opened("forward-bad-answers", "an error, or anything else than a response with a legal status, is 502", {"services": {USERS: {"circuit_breaker": {"failures": 1000}}}})
    for status in (OMIT, None, 99, 600, 0, -200, 1000, "200", True, [200], {}, 200.5):
        wire.fail(wire.ask(READER), type="api_response", status=status, body="x")
    wire.error(wire.ask(READER))
    for answer in ({"type": "error", "status": 200}, {"type": "echo_ok", "status": 200}, {"type": "api_request", "status": 200}, {"type": 5, "status": 200}, {"status": 200}, {"type": None}, {}):
        wire.fail(wire.ask(READER), **answer)
    wire.answer(wire.ask(READER))


def answers_of_others():
    talk, wire = opened("forward-answers-of-others", "an answer has effect only from the node that was asked, and only to a msg_id under way: any other is dropped")
    first, second = wire.ask(READER), wire.ask(READER, "/orders", "orders-service")
    for src in ("orders-service", "client", "gateway", "Users-Service", "users", "", "mallory"):
        wire.drop(first, src)
    wire.drop(second, USERS)
    for number in (0, 3, -1, "1", True, [1], {"1": 1}):
        wire.say(USERS, {"type": "api_response", "in_reply_to": number, "status": 200})
    wire.say(USERS, {"type": "api_response", "status": 200})
    talk.say({"src": None, "dest": "gateway", "body": {"type": "api_response", "in_reply_to": 1, "status": 200}})
    talk.say({"dest": "gateway", "body": {"type": "api_response", "in_reply_to": 1, "status": 200}})
    wire.say("orders-service", {"type": "error", "in_reply_to": 1, "code": 13, "text": "crash"})
    wire.answer(first, 200, "first")
    wire.answer(second, 200, "second")


def answers_twice():
    talk, wire = opened("forward-answers-twice", "the first answer counts; a second one, be it another, is dropped")
    first, second = wire.ask(READER), wire.ask(READER)
    wire.answer(first, 200, 1)
    wire.drop(first)
    wire.drop(first, type="error")
    wire.answer(second, 404)
    wire.drop(second, status=200)
    wire.drop(first)
    third = wire.ask(READER)
    wire.error(third)
    wire.drop(third)


def public():
    tree = routed(route("/status", "status-service", public=True), route("/users/{id}"))
    talk, wire = opened("forward-public", "a request to a public route is forwarded without an identity, and nobody else gives it one", tree)
    wire.answer(wire.ask(Nobody, "/status", "status-service"), 200, "ok")
    forged = {"X-User-ID": "root", "x_user_role": "admin", "X.User.Permissions": "*", "Accept": "a"}
    wire.answer(wire.ask(Nobody, "/status", "status-service", headers=forged, sent={"Accept": "a"}), 503)
    wire.answer(wire.ask(READER, "/status", "status-service"), 200)
    talk.request(INVALID_TOKEN, "x", path="/status")


def clients():
    talk, wire = opened("forward-clients", "each answer goes to the client who asked, with the msg_id of its request, where there was one")
    first, second = wire.ask(READER, src="c1"), wire.ask(READER, src="c2")
    third = wire.ask(READER, src=None)
    wire.answer(second, 200, "second")
    wire.answer(third, 200, "third")
    wire.answer(first, 200, "first")
    for msg_id, shown in (("a", "a"), (None, OMIT), (OMIT, OMIT)):
        message = talk.api_request(path="/users/1", headers=READER.headers, msg_id=msg_id)
        wire.count += 1
        body = {"type": "api_request", "msg_id": wire.count, "method": "GET", "path": "/users/1", "headers": READER.identity}
        talk.say(message, Addressed(body, USERS, "gateway"))
        relayed = {"type": "api_response", "status": 200, "service": USERS, "user_context": READER.context}
        wire.say(USERS, {"type": "api_response", "in_reply_to": wire.count, "status": 200}, to_client(relayed, shown))


def deadlines():
    tree = {"services": {"orders-service": {"timeout": "2s"}, "slow-service": {"timeout": "1m"}}}
    talk, wire = opened("forward-deadline", "a service has its timeout to answer, 10s by default: at that instant the client gets 504", tree)
    users, orders, slow = wire.ask(READER), wire.ask(READER, "/orders", "orders-service"), wire.ask(READER, "/slow", "slow-service")
    tick(talk, 1.999)
    tick(talk, 2, orders.timed_out)
    tick(talk, 9.999)
    later = wire.ask(READER)
    tick(talk, 10, users.timed_out)
    wire.answer(later)
    tick(talk, 59)
    wire.answer(slow, 200, "at last")
    tick(talk, 3600)


def deadlines_in_order():
    tree = {"services": {"b-service": {"timeout": "5s"}, "c-service": {"timeout": "20s"}, "d-service": {"timeout": "10s"}}}
    talk, wire = opened("forward-deadlines-in-order", "deadlines fire in order of time, then of arrival, all before the tick is answered", tree)

    def ask(name, **members):
        return wire.ask(READER, f"/{name}", f"{name}-service", **members)

    c, a, b, d = ask("c"), ask("a"), ask("b"), ask("d")
    tick(talk, 5, b.timed_out)
    b2, a2 = ask("b", src="other"), ask("a")
    # a, d at 10, then b2 at 10 which came later, a2 at 15, c at 20.
    tick(talk, 60, a.timed_out, d.timed_out, b2.timed_out, a2.timed_out, c.timed_out)
    tick(talk, 61)


def late_answers():
    talk, wire = opened("forward-late-answers", "an answer after the deadline is dropped")
    first = wire.ask(READER)
    tick(talk, 10, first.timed_out)
    wire.drop(first)
    second = wire.ask(READER)
    wire.drop(first)
    wire.answer(second)


def end_of_input():
    tree = {"services": {"b-service": {"timeout": "5s"}, "c-service": {"timeout": "7s"}}}
    talk, wire = opened("forward-end-of-input", "at the end of the input what is still under way is answered with 504, in order of deadline, then of arrival", tree)

    def ask(name, **members):
        return wire.ask(READER, f"/{name}", f"{name}-service", **members)

    a, c, b = ask("a"), ask("c"), ask("b", src="other")
    tick(talk, 2)
    b2, a2 = ask("b"), ask("a")
    for pending in (b, c, b2, a, a2):
        talk.expect(pending.timed_out)


def not_forwarded():
    tree = routed(route("/users/{id}", rewrite="/v1/{id}"), rate_limit={"default": "2/min"})
    talk = ready("forward-off", "without --forward nothing is forwarded: an allowed request is answered with 200, and answers of services mean nothing", tree)
    talk.request(allowed(role="reader", permissions=["read", "write"]), headers=READER.headers, path="/users/1")
    talk.say(envelope(USERS, "gateway", {"type": "api_response", "in_reply_to": 1, "status": 500}))
    talk.request(allowed(role="reader", permissions=["read", "write"]), headers=READER.headers, path="/users/1")
    talk.request(limited(60), headers=READER.headers, path="/users/1")
    tick(talk, 3600)
