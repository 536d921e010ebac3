"""CONFIG.md section 1: where the tree comes from, and what an init may not bring."""

from .. import keys
from ..layout import dumps
from ..policy import API_KEY, api_key, limited, moment, ready, route, routed, token
from ..talk import EXPIRED, INVALID_INIT, INVALID_TOKEN, NOT_RECOGNIZED, OMIT, Talk, allowed, lacking, to_client
from ..tokens import NOW, sign

KEY_FILE = "file:../../scripts/keys/ed25519.public.pem"


def write():
    layers()
    endings()
    environment()
    options()
    init_over_all()
    not_over_an_earlier_init()
    null_removes()
    lists_replace()
    tables_merge()
    revocations_unite()
    not_from_an_init()
    names_are_no_references()
    duplicate_keys()
    unknown_names()
    wrong_types()
    bad_init_keeps_all()
    identity_headers()
    node_tables()


def bearer(sub="ada", **members):
    return sign("ed25519", {"sub": sub, "exp": NOW + 3600, **members})


def layers():
    talk = Talk(
        "config-layers", "the lowest first: file, environment, options of the command line, init.config; each name is what the highest says that names it",
        env={"PORTCULLIS__ROLES__B": '["environment"]', "PORTCULLIS__ROLES__C": '["environment"]', "PORTCULLIS__ROLES__D": '["environment"]', "PORTCULLIS__ROLES__E": '["environment"]'},
        set=['roles.c=["option"]', 'roles.d=["option"]', 'roles.f=["option"]'],
    )  # fmt: skip
    talk.config_file("layers.toml", f'[jwt]\nkeys = ["{KEY_FILE}"]\n\n[roles]\na = ["file"]\nb = ["file"]\nc = ["file"]\nd = ["file"]\n')
    before = {"a": "file", "b": "environment", "c": "option", "d": "option", "e": "environment", "f": "option"}

    def hold(expected):
        for role, source in expected.items():
            talk.request(allowed(role=role, permissions=[source]), bearer(role=role))

    hold(before)
    talk.init(OMIT, config={"roles": {"d": ["init"], "g": ["init"]}})
    hold({**before, "d": "init", "g": "init"})
    talk.init(OMIT)
    hold(before)
    talk.request(allowed(role="g"), bearer(role="g"))


SAME_TREE = {
    "jwt": {"keys": [KEY_FILE], "leeway": "5s"},
    "roles": {"reader": ["orders:read"], "no": ["yes"], "admin": ["*"]},
    "services": {"orders-service": {}},
    "routes": [
        {"path": "/orders/{id}", "methods": ["GET"], "service": "orders-service", "permissions": ["orders:read"]},
        {"path": "/orders/{id}", "methods": ["DELETE"], "service": "orders-service", "any_permissions": ["orders:delete", "yes"]},
        {"path": "/{site}/orders", "service": "orders-service", "claims": {"site": "{site}", "level": [3, True, "on"]}},
    ],
    "rate_limit": {"default": "8/min"},
    "api_keys": [api_key(role="reader", expires="2026-06-01T00:00:00Z")],
    "revocation": {"jtis": ["jti-1"], "users": {"eve": moment(0)}},
}

SAME_TOML = f"""[jwt]
keys = ["{KEY_FILE}"]
leeway = "5s"

[roles]
reader = ["orders:read"]
no = ["yes"]
admin = ["*"]

[services.orders-service]

[[routes]]
path = "/orders/{{id}}"
methods = ["GET"]
service = "orders-service"
permissions = ["orders:read"]

[[routes]]
path = "/orders/{{id}}"
methods = ["DELETE"]
service = "orders-service"
any_permissions = ["orders:delete", "yes"]

[[routes]]
path = "/{{site}}/orders"
service = "orders-service"
claims = {{ site = "{{site}}", level = [3, true, "on"] }}

[rate_limit]
default = "8/min"

[[api_keys]]
id = "ci"
sha256 = "{api_key()["sha256"]}"
user = "ci-bot"
role = "reader"
expires = 2026-06-01T00:00:00Z

[revocation]
jtis = ["jti-1"]
users = {{ eve = 2026-01-01T00:00:00Z }}
"""

# `no`, `yes` and `on` are texts in YAML 1.2.
SAME_YAML = f"""jwt:
  keys: ["{KEY_FILE}"]
  leeway: 5s
roles:
  reader: ["orders:read"]
  no: [yes]
  admin: ["*"]
services:
  orders-service: {{}}
routes:
  - path: /orders/{{id}}
    methods: [GET]
    service: orders-service
    permissions:
      - orders:read
  - path: /orders/{{id}}
    methods: [DELETE]
    service: orders-service
    any_permissions: [orders:delete, yes]
  - path: /{{site}}/orders
    service: orders-service
    claims:
      site: "{{site}}"
      level: [3, true, on]
rate_limit:
  default: 8/min
api_keys:
  - id: ci
    sha256: "{api_key()["sha256"]}"
    user: ci-bot
    role: reader
    expires: 2026-06-01T00:00:00Z
revocation:
  jtis: [jti-1]
  users:
    eve: 2026-01-01T00:00:00Z
"""


def endings():
    for ending, text in (("toml", SAME_TOML), ("yaml", SAME_YAML), ("json", dumps(SAME_TREE) + "\n")):
        talk = Talk(f"config-file-{ending}", f"a file's ending says what it is written in: the same tree as {ending.upper()}")
        talk.config_file(f"same.{ending}", text)
        same_answers(talk)
    talk = Talk("config-file-none", "and the same tree from an init, but for the keys, which it brings itself")
    talk.init(keys.pem("ed25519"), config={**SAME_TREE, "jwt": {"leeway": "5s"}})
    same_answers(talk)


def same_answers(talk):
    service = {"service": "orders-service"}
    reader = bearer(role="reader", site="fab1", level=True)
    one = allowed("ada", "reader", ["orders:read"], **service)
    talk.request(one, reader, path="/orders/7")
    talk.request(one, reader, path="/fab1/orders")
    talk.request(lacking(["orders:delete|yes"], ["orders:read"]), reader, path="/orders/7", method="DELETE")
    talk.request(allowed("ada", "no", ["yes"], **service), bearer(role="no"), path="/orders/7", method="DELETE")
    talk.request(lacking(["level=3|level=true|level=on", "site=fab2"], ["orders:read"]), reader, path="/fab2/orders")
    talk.request(NOT_RECOGNIZED, reader, path="/orders/7", method="PUT")
    talk.request(allowed("ada", "admin", ["*"], **service), bearer(role="admin", exp=NOW - 4), path="/orders/7")
    talk.request(EXPIRED, bearer(role="admin", exp=NOW - 5), path="/orders/7")
    talk.request(INVALID_TOKEN, bearer(role="reader", jti="jti-1"), path="/orders/7")
    talk.request(INVALID_TOKEN, bearer("eve", iat=NOW - 1), path="/orders/7")
    talk.request(allowed("ci-bot", "reader", ["orders:read"], **service), headers={"X-API-Key": API_KEY}, path="/orders/7")
    talk.request(one, reader, path="/orders/8")
    talk.request(limited(60), reader, path="/orders/9")


def environment():
    talk = Talk(
        "config-environment", "two underscores part the names of a variable, which are lower-cased; text for a string, any other type as a TOML value; other variables mean nothing",
        key="../scripts/keys/ed25519.public.pem",
        env={
            "PORTCULLIS__JWT__ISSUER": "https://auth.example",
            "PORTCULLIS__JWT__REQUIRED_CLAIMS": '["sub", "exp", "jti"]',
            "PORTCULLIS__JWT__CLAIM_NAMES__ROLE": '["realm", "role"]',
            "PORTCULLIS__RATE_LIMIT__DEFAULT": "2/min",
            "PORTCULLIS__RATE_LIMIT__ROLES": '{ staff = "3/min" }',
            "PORTCULLIS__ROLES__STAFF": '["read"]',
            "PORTCULLIS_JWT__LEEWAY": "5m",
            "JWT__LEEWAY": "5m",
        },
    )  # fmt: skip
    good = {"iss": "https://auth.example", "jti": "1"}
    for _ in range(2):
        talk.request(allowed(), bearer(**good))
    talk.request(limited(60), bearer(**good))
    for _ in range(3):
        talk.request(allowed("bob", "staff", ["read"]), bearer("bob", realm={"role": "staff"}, **good))
    talk.request(limited(60), bearer("bob", realm={"role": "staff"}, **good))
    talk.request(INVALID_TOKEN, bearer(jti="1"))
    talk.request(INVALID_TOKEN, bearer(iss="https://auth.example"))
    talk.request(EXPIRED, bearer("eve", exp=NOW, **good))


def options():
    talk = Talk(
        "config-options", "an option of the command line goes before the environment",
        key="../scripts/keys/ed25519.public.pem", env={"PORTCULLIS__JWT__LEEWAY": "10s", "PORTCULLIS__JWT__AUDIENCE": "orders-api"}, set=["jwt.leeway=5s", "rate_limit.default=1/min"],
    )  # fmt: skip
    talk.request(allowed(), bearer(aud="orders-api", exp=NOW - 4))
    talk.request(EXPIRED, bearer(aud="orders-api", exp=NOW - 5))
    talk.request(INVALID_TOKEN, bearer())
    talk.request(limited(60), bearer(aud="orders-api"))


def init_over_all():
    talk = Talk(
        "config-init-over-all", "init.config goes before all others, for as long as that init is the last good one",
        env={"PORTCULLIS__JWT__LEEWAY": "10s"}, set=["jwt.leeway=20s"],
    )  # fmt: skip
    talk.config_file("leeway.toml", f'[jwt]\nkeys = ["{KEY_FILE}"]\nleeway = "5s"\n')

    def at_most(seconds):
        talk.request(allowed(), bearer(exp=NOW - seconds + 1))
        talk.request(EXPIRED, bearer(exp=NOW - seconds))

    at_most(20)
    talk.init(OMIT, config={"jwt": {"leeway": "30s"}})
    at_most(30)
    talk.init(OMIT, config={"jwt": {"leeway": "1s"}})
    at_most(1)
    talk.init(OMIT, INVALID_INIT, config={"jwt": {"leeway": "1h"}})
    at_most(1)
    talk.init(OMIT, config={"jwt": {"leeway": None}})
    at_most(0)
    talk.init(OMIT, config={"jwt": {}})
    at_most(20)


def not_over_an_earlier_init():
    talk = ready("config-each-init-anew", "an init's tree is laid over what the command line gave, not over an earlier init's", {"jwt": {"leeway": "30s"}, "roles": {"a": ["one"]}})
    talk.request(allowed(role="a", permissions=["one"]), token(role="a", exp=NOW - 29))
    talk.init(keys.secret(), config={"roles": {"b": ["two"]}})
    talk.request(EXPIRED, token(exp=NOW))
    talk.request(allowed(role="a"), token(role="a"))
    talk.request(allowed(role="b", permissions=["two"]), token(role="b"))
    talk.init(keys.secret(), config=None)
    talk.request(allowed(role="b"), token(role="b"))


def null_removes():
    talk = Talk("config-null-removes", "null removes what a lower layer says: a text, a list, a table")
    talk.config_file(
        "removed.toml",
        f'[jwt]\nkeys = ["{KEY_FILE}"]\nissuer = "https://auth.example"\naudience = ["orders-api"]\n\n[roles]\nreader = ["read"]\nwriter = ["write"]\n\n[services.users]\n\n[[routes]]\npath = "/only"\nservice = "users"\n',
    )
    both = {"iss": "https://auth.example", "aud": "orders-api"}
    talk.request(allowed(service="users"), bearer(**both), path="/only")
    talk.request(NOT_RECOGNIZED, bearer(**both))
    talk.request(INVALID_TOKEN, bearer(aud="orders-api"))
    talk.init(OMIT, config={"jwt": {"issuer": None}})
    talk.request(allowed(service="users"), bearer(aud="orders-api"), path="/only")
    talk.request(INVALID_TOKEN, bearer(iss="https://auth.example"))
    talk.init(OMIT, config={"jwt": {"issuer": None, "audience": None}, "routes": None, "roles": {"reader": None}})
    talk.request(allowed(), bearer())
    talk.request(INVALID_TOKEN, bearer(aud="orders-api"))
    talk.request(allowed(role="reader", permissions=["write"]), bearer(role="reader", roles=["writer"]))
    talk.init(OMIT, config={"jwt": {"issuer": None, "audience": None}, "routes": None, "roles": None})
    talk.request(allowed(role="reader"), bearer(role="reader", roles=["writer"]))


def lists_replace():
    talk = Talk("config-lists-replace", "a list replaces the lower one whole, lists of tables included")
    talk.config_file(
        "lists.toml",
        f'[jwt]\nkeys = ["{KEY_FILE}"]\naudience = ["a", "b"]\n\n[roles]\nreader = ["read", "list"]\n\n[services.one]\n\n[services.two]\n\n[[routes]]\npath = "/one"\nservice = "one"\n\n[[routes]]\npath = "/two"\nservice = "two"\n',
    )
    have = ["read", "list"]
    for path, service in (("/one", "one"), ("/two", "two")):
        talk.request(allowed(role="reader", permissions=have, service=service), bearer(aud="a", role="reader"), path=path)
    talk.init(OMIT, config={"jwt": {"audience": ["c"]}, "roles": {"reader": ["list"]}, "routes": [{"path": "/three", "service": "two"}]})
    for path in ("/one", "/two"):
        talk.request(NOT_RECOGNIZED, bearer(aud="c"), path=path)
    talk.request(allowed(role="reader", permissions=["list"], service="two"), bearer(aud="c", role="reader"), path="/three")
    talk.request(INVALID_TOKEN, bearer(aud="a"), path="/three")
    talk.init(OMIT, config={"routes": []})
    talk.request(NOT_RECOGNIZED, bearer(aud="a"), path="/one")


def tables_merge():
    talk = Talk("config-tables-merge", "tables merge by name, at every depth")
    talk.config_file(
        "merged.toml",
        f'[jwt]\nkeys = ["{KEY_FILE}"]\nclaim_names = {{ user = "login", role = "group" }}\n\n[rate_limit]\ndefault = "2/min"\nroles = {{ staff = "1/min", guest = "1/min" }}\n\n[roles]\nstaff = ["read"]\nguest = []\n',
    )
    talk.init(OMIT, config={"jwt": {"claim_names": {"role": ["realm", "role"]}}, "rate_limit": {"roles": {"staff": "3/min"}}, "roles": {"boss": ["write"]}})
    for user, role, count, have in (("ada", "staff", 3, ["read"]), ("bob", "guest", 1, []), ("eve", "boss", 2, ["write"])):
        caller = bearer("0001", login=user, realm={"role": role}, group="nothing")
        for _ in range(count):
            talk.request(allowed(user, role, have), caller)
        talk.request(limited(60), caller)


def revocations_unite():
    talk = Talk(
        "config-revocations-unite", "revocations alone are united over all layers, and over all inits",
        env={"PORTCULLIS__REVOCATION__JTIS": '["jti-2"]'}, set=['revocation.jtis=["jti-3"]', 'revocation.users={ bob = 2026-01-01T00:00:00Z }'],
    )  # fmt: skip
    talk.config_file("revoked.toml", f'[jwt]\nkeys = ["{KEY_FILE}"]\n\n[revocation]\njtis = ["jti-1"]\nusers = {{ ada = 2026-01-01T00:00:00Z, eve = 2025-12-31T23:00:00Z }}\n')

    def revoked(names, users):
        for jti in (f"jti-{number}" for number in range(1, 7)):
            talk.request(INVALID_TOKEN if jti in names else allowed("joe"), bearer("joe", jti=jti))
        for user in ("ada", "bob", "eve", "zoe"):
            talk.request(INVALID_TOKEN if user in users else allowed(user), bearer(user, iat=NOW - 60))

    lower = ["jti-1", "jti-2", "jti-3"]
    revoked(lower, ["ada", "bob"])
    talk.init(OMIT, config={"revocation": {"jtis": ["jti-4"], "users": {"zoe": moment(0), "ada": moment(-3600)}}})
    revoked([*lower, "jti-4"], ["ada", "bob", "zoe"])
    talk.init(OMIT, config={"revocation": {"jtis": ["jti-5"], "users": {"eve": moment(0)}}})
    revoked([*lower, "jti-4", "jti-5"], ["ada", "bob", "eve", "zoe"])
    talk.init(OMIT)
    revoked([*lower, "jti-4", "jti-5"], ["ada", "bob", "eve", "zoe"])


def refused(talk, *trees):
    for tree in trees:
        talk.init(keys.secret("secret-next"), INVALID_INIT, config=tree)
    talk.request(allowed(), token())
    talk.request(INVALID_TOKEN, sign("secret-next"))


def not_from_an_init():
    talk = ready("config-not-from-an-init", "init.config comes over the wire: no record, no introspection, no store, no file of revocations; no file, variable or URL for keys and targets", {})
    refused(
        talk,
        {"record": {"file": "decisions.jsonl"}}, {"record": {"on_failure": "drop"}}, {"record": {"claims": []}}, {"record": {}},
        {"introspection": {"url": "https://auth.example/introspect", "client_id": "g", "client_secret": "env:SECRET"}}, {"introspection": {"cache": "30s"}}, {"introspection": {}},
        {"rate_limit": {"store": "memory"}}, {"rate_limit": {"store": "redis://127.0.0.1:6379/0"}}, {"rate_limit": {"store": "env:REDIS_URL", "default": "1/s"}},
        {"revocation": {"file": "revoked.jsonl"}}, {"revocation": {"file": "/etc/passwd", "jtis": []}},
        *({"jwt": {"keys": [key]}} for key in ("file:keys/auth.pem", "env:HOME", "file:/etc/passwd", "https://auth.example/jwks.json", "http://127.0.0.1:9/jwks.json")),
        {"jwt": {"keys": [keys.secret()]}}, {"jwt": {"keys": [keys.pem("ed25519")]}}, {"jwt": {"keys": ["file:a", "env:B"]}},
        {"issuers": {"https://partner.example": {"keys": ["env:HOME"], "permissions": ["*"], "roles": []}}},
        *({"services": {"users-service": {"targets": [target]}}} for target in ("http://127.0.0.1:9001", "https://users.example", "env:TARGET", "file:targets")),
    )


def names_are_no_references():
    talk = Talk("config-names-are-no-references", "names of issuers and audiences are no references: they may look like a URL, a file or a variable")
    for name in ("https://auth.example", "env:HOME", "file:/etc/passwd"):
        talk.init(keys.secret(), config={"jwt": {"issuer": name, "audience": [name]}})
        talk.request(allowed(), token(iss=name, aud=name))
        talk.request(INVALID_TOKEN, token())


def duplicate_keys():
    talk = ready("config-duplicate-keys", "a key that stands twice in the tree is a fault, at any depth, however it is spelt", {})
    for tree in (
        '{"jwt":{},"jwt":{}}', '{"jwt":{"leeway":"5s","leeway":"5s"}}', '{"jwt":{"leeway":"5s","lee\\u0077ay":"9s"}}', '{"roles":{"a":["x"],"a":["y"]}}',
        '{"roles":{"a":null,"a":["y"]}}', '{"services":{"s":{}},"routes":[{"path":"/a","path":"/b","service":"s"}]}',
        '{"services":{"s":{}},"routes":[{"path":"/a","service":"s","claims":{"x":"1","x":"2"}}]}', '{"revocation":{"users":{"a":"2026-01-01T00:00:00Z","a":"2026-01-01T00:00:00Z"}}}',
    ):  # fmt: skip
        talk.text(
            f'{{"src":"client","dest":"gateway","body":{{"type":"init","msg_id":{talk.next_id()},"jwt_public_key":"other","config":{tree}}}}}\n',
            to_client(INVALID_INIT, talk.last_id),
        )
    talk.request(allowed(), token())


def unknown_names():
    talk = ready("config-unknown-names", "an unknown name is a fault, at any depth; names are to the letter", {})
    service = {"users-service": {}}
    refused(
        talk,
        {"": {}}, {"JWT": {}}, {"jwts": {}}, {"rate-limit": {}}, {"jwt": {"Issuer": "x"}}, {"jwt": {"jwks": {"refreshed": "1m"}}}, {"jwt": {"claim_names": {"name": "x"}}},
        {"rate_limit": {"per_ip": "1/s"}}, {"services": {"users-service": {"health_check": {"path": "/h", "every": "1s"}}}}, {"services": service, "routes": [route("/a", permission="read")]},
        {"api_keys": [api_key(name="x")]}, {"revocation": {"jti": []}}, {"identity_headers": {"roles": "X"}},
    )


def wrong_types():
    talk = ready("config-wrong-types", "a value of another type is a fault; nothing is converted", {})
    refused(
        talk,
        {"jwt": []}, {"jwt": "x"}, {"jwt": {"leeway": 5}}, {"jwt": {"leeway": "5"}}, {"jwt": {"leeway": "five seconds"}}, {"jwt": {"leeway": "-5s"}}, {"jwt": {"issuer": 5}},
        {"jwt": {"issuer": [5]}}, {"jwt": {"audience": True}}, {"jwt": {"typ": 5}}, {"jwt": {"allow_weak_secrets": "true"}}, {"jwt": {"required_claims": {"sub": True}}},
        {"jwt": {"claim_names": "sub"}}, {"jwt": {"claim_names": {"role": 5}}}, {"jwt": {"claim_names": {"role": []}}}, {"jwt": {"claim_names": {"role": ["a", 5]}}},
        {"roles": []}, {"roles": {"a": {}}}, {"services": []}, {"routes": {}}, {"routes": "none"}, {"rate_limit": []}, {"rate_limit": {"max_callers": "100"}},
        {"rate_limit": {"max_callers": 1.5}}, {"issuers": []}, {"api_keys": {}}, {"revocation": {"jtis": {}}}, {"identity_headers": []}, {"identity_headers": {"user": 5}},
        {"identity_headers": {"claims": []}}, {"identity_headers": {"claims": {"X-A": 5}}},
    )  # fmt: skip


def bad_init_keeps_all():
    tree = routed(route("/only", "one", permissions=["read"]), roles={"reader": ["read"]}, jwt={"leeway": "30s"}, rate_limit={"default": "3/min"})
    talk = ready("config-bad-keeps-all", "a tree with a fault replaces nothing of what is in force: all of an init holds, or nothing of it", tree)
    for fault in ({"routes": []}, {"roles": {}}, {"jwt": {}}, {"rate_limit": {}}, {}):
        talk.init(keys.secret("secret-next"), INVALID_INIT, config={**fault, "colour": "blue"}, node_id="n2")
    one = allowed(role="reader", permissions=["read"], service="one")
    talk.request(one, token(role="reader"), path="/only")
    talk.request(one, token(role="reader", exp=NOW - 29), path="/only")
    talk.request(lacking(["read"], []), token(), path="/only")
    talk.request(limited(60), token(role="reader"), path="/only")
    talk.request(INVALID_TOKEN, sign("secret-next"), path="/only")
    talk.request(NOT_RECOGNIZED, token("bob"))


def identity_headers():
    talk = ready("config-identity-headers", "a name for an identity header is one that HTTP allows, and no two of them fold to one", {})
    refused(
        talk,
        {"identity_headers": {"user": ""}}, {"identity_headers": {"user": "X User"}}, {"identity_headers": {"role": "X-R\u00f6le"}}, {"identity_headers": {"issuer": "X:Y"}},
        {"identity_headers": {"user": "X-Who", "role": "x_who"}}, {"identity_headers": {"issuer": "X-User-ID"}}, {"identity_headers": {"claims": {"X.User.Role": "team"}}},
    )


def node_tables():
    talk = ready(
        "config-tables-of-other-faces", "what only another face needs may stand in the tree: key sets, health checks, balancing",
        {
            "jwt": {"jwks": {"refresh": "10m", "timeout": "5s", "unknown_kid_wait": "1s", "unknown_kid_cooldown": "30s", "max_stale": "1h"}},
            "services": {"users-service": {"load_balancing": "least_requests", "timeout": "10s", "health_check": {"path": "/health", "interval": "10s", "timeout": "2s"}, "circuit_breaker": {"failures": 5, "open_for": "30s", "probes": 1}}},
            "rate_limit": {"on_store_failure": "deny", "max_callers": 1000},
            "identity_headers": {"user": "X-User-ID", "role": "X-User-Role", "permissions": "X-User-Permissions", "issuer": "X-User-Issuer", "claims": {"X-PHI-Access-Level": "phi_access_level"}},
        },
    )  # fmt: skip
    talk.request(allowed(), token())
