"""CONFIG.md section 4: keys by issuer, and the ceilings of further issuers."""

from .. import keys
from ..layout import dumps
from ..policy import API_KEY, Caller, Wire, digest, limited, ready, route, routed
from ..talk import EXPIRED, INVALID_CREDENTIALS, INVALID_INIT, INVALID_TOKEN, OMIT, Talk, allowed, lacking
from ..tokens import HOUR, NOW, claims, sign

AUTH = "https://auth.example"
PARTNER = "https://partner.example"
SUPPLIER = "https://supplier.example"
KEY_OF = {AUTH: "ed25519", PARTNER: "p256", SUPPLIER: "rsa"}


def write():
    keys_pick_their_issuer()
    speaks_for_all_others()
    init_replaces_only_its_own()
    inherits()
    several_keys()
    secrets_by_name()
    ceiling_of_permissions()
    ceiling_of_grants()
    star_in_a_ceiling()
    ceiling_of_roles()
    ceiling_and_rates()
    ceiling_and_headers()
    closed_routes()
    closed_routes_text()
    narrowed_by_init()
    faults()


def signed(iss, key=None, **members):
    if iss is not OMIT:
        members["iss"] = iss
    return sign(key or KEY_OF[iss], claims(**members))


def table(name, **settings):
    """A table of the tree, in TOML: only texts and lists of texts are needed here."""
    return f"[{name}]\n" + "".join(f"{key} = {dumps(value)}\n" for key, value in settings.items()) + "\n"


def key_file(name):
    return [f"file:../../scripts/keys/{name}.public.pem"]


JWT = table("jwt", keys=key_file("ed25519"), issuer=AUTH)
OPEN_ROUTE = '[services.orders-service]\n\n[[routes]]\npath = "/{*rest}"\nservice = "orders-service"\n'
OPEN_TO_PARTNER = f'{OPEN_ROUTE}issuers = ["{PARTNER}"]\n'


def partner(permissions=("*",), roles=(), **settings):
    return table(f'issuers."{PARTNER}"', keys=key_file("p256"), permissions=list(permissions), roles=list(roles), **settings)


def started(name, about, *parts):
    """A conversation without an init: the file names the keys."""
    talk = Talk(name, about)
    talk.config_file(f"{name}.toml", "".join(parts).rstrip("\n") + "\n")
    return talk


def reached(permissions=(), role=None, user="ada"):
    return allowed(user, role, permissions, "orders-service")


def keys_pick_their_issuer():
    talk = started("issuer-keys", "iss picks the keys: a token is good only when the key that verified it belongs to its iss", JWT, partner(), OPEN_TO_PARTNER)
    for iss in (AUTH, PARTNER):
        talk.request(reached(), signed(iss))
        talk.request(reached(), signed(iss))
    talk.request(INVALID_TOKEN, signed(AUTH, "p256"))
    talk.request(INVALID_TOKEN, signed(PARTNER, "ed25519"))
    for iss in (SUPPLIER, f"{PARTNER}/", "", OMIT, None, 5, [AUTH], [PARTNER]):
        talk.request(INVALID_TOKEN, signed(iss, "ed25519"))
        talk.request(INVALID_TOKEN, signed(iss, "p256"))
    for iss, key in ((AUTH, "ed25519"), (PARTNER, "p256")):
        talk.request(EXPIRED, signed(iss, key, exp=NOW - HOUR))
    for iss, key in ((AUTH, "p256"), (PARTNER, "ed25519")):
        talk.request(INVALID_TOKEN, signed(iss, key, exp=NOW - HOUR))


def speaks_for_all_others():
    talk = started(
        "issuer-of-all-others", "without jwt.issuer, [jwt] speaks for every iss, or none, that has no table of its own",
        table("jwt", keys=key_file("ed25519")), partner(), OPEN_TO_PARTNER,
    )  # fmt: skip
    for iss in (OMIT, AUTH, SUPPLIER, f"{PARTNER}/", PARTNER.upper()):
        talk.request(reached(), signed(iss, "ed25519"))
        talk.request(INVALID_TOKEN, signed(iss, "p256"))
    talk.request(reached(), signed(PARTNER))
    talk.request(INVALID_TOKEN, signed(PARTNER, "ed25519"))


def init_replaces_only_its_own():
    talk = started("issuer-init-key", "init.jwt_public_key stands in place of jwt.keys, never of an issuer's own", JWT, partner(), OPEN_TO_PARTNER)
    talk.init(OMIT)
    talk.request(reached(), signed(AUTH))
    talk.init(keys.pem("rsa"))
    talk.request(reached(), signed(AUTH, "rsa"))
    talk.request(INVALID_TOKEN, signed(AUTH))
    talk.request(reached(), signed(PARTNER))
    talk.request(INVALID_TOKEN, signed(PARTNER, "rsa"))
    talk.init(keys.pem("p256"))
    talk.request(reached(), signed(AUTH, "p256"))
    talk.request(reached(), signed(PARTNER))
    talk.init(OMIT)
    talk.request(reached(), signed(AUTH))
    talk.request(INVALID_TOKEN, signed(AUTH, "p256"))


def inherits():
    talk = started(
        "issuer-inherits", "what an issuer's table does not set it takes from [jwt]",
        table("jwt", keys=key_file("ed25519"), issuer=AUTH, audience="orders-api", leeway="30s"),
        partner(leeway="60s"),
        table(f'issuers."{SUPPLIER}"', keys=key_file("rsa"), permissions=["*"], roles=[], audience=["supplies"], algorithms=["RS384"]),
        f'{OPEN_ROUTE}issuers = ["{PARTNER}", "{SUPPLIER}"]\n',
    )  # fmt: skip
    talk.request(reached(), signed(AUTH, aud="orders-api", exp=NOW - 29))
    talk.request(EXPIRED, signed(AUTH, aud="orders-api", exp=NOW - 30))
    talk.request(reached(), signed(PARTNER, aud="orders-api", exp=NOW - 59))
    talk.request(EXPIRED, signed(PARTNER, aud="orders-api", exp=NOW - 60))
    talk.request(INVALID_TOKEN, signed(PARTNER))
    talk.request(INVALID_TOKEN, signed(PARTNER, aud="supplies"))

    def supplier(method="RS384", **members):
        return sign("rsa", claims(iss=SUPPLIER, **members), method=method)

    talk.request(reached(), supplier(aud="supplies"))
    talk.request(reached(), supplier(aud="supplies", exp=NOW - 29))
    talk.request(EXPIRED, supplier(aud="supplies", exp=NOW - 30))
    talk.request(INVALID_TOKEN, supplier(aud="orders-api"))
    talk.request(INVALID_TOKEN, supplier())
    talk.request(INVALID_TOKEN, supplier("RS256", aud="supplies"))


def several_keys():
    talk = started(
        "issuer-several-keys", "all keys of an issuer are one set: each verifies what fits it",
        table("jwt", keys=key_file("ed25519") + key_file("p256") + key_file("rsa")),
    )  # fmt: skip
    for key in ("ed25519", "p256", "rsa"):
        talk.request(allowed(), sign(key))
    for key in ("ed25519-next", "p256-next", "rsa-next", "p384", "secret"):
        talk.request(INVALID_TOKEN, sign(key))


def secrets_by_name():
    talk = Talk("issuer-secrets-by-name", "a secret is named: env:NAME or file:PATH, relative to the file that names it, less one newline at its end", env={"SIGNING_SECRET": keys.secret()})
    talk.config_file("issuer-secrets-by-name.toml", table("jwt", keys=["env:SIGNING_SECRET", "file:secret-next.txt"]).rstrip("\n") + "\n")
    talk.beside_it("secret-next.txt", keys.secret("secret-next") + "\n")
    talk.request(allowed(), sign("secret"))
    talk.request(allowed(), sign("secret-next"))
    talk.request(INVALID_TOKEN, sign("secret-short"))


ROLES = table("roles", partner=["orders:*"], auditor=["reports:daily", "reports:eu:*"], admin=["*"], clerk=["orders:read"])


def ceiling_of_permissions():
    talk = started(
        "issuer-ceiling-permissions", "what a further issuer's token brings is cut to its ceiling; a * that it brings is a letter",
        JWT, partner(["orders:read", "reports:*"]), ROLES, OPEN_TO_PARTNER,
    )  # fmt: skip
    for brought, held in (
        (["orders:read"], ["orders:read"]),
        (["orders:write", "orders:read"], ["orders:read"]),
        (["reports:weekly", "reports:eu:daily", "orders:read"], ["reports:weekly", "reports:eu:daily", "orders:read"]),
        (["orders:read:all", "orders", "reports", "Orders:read", "reportsx:a"], []),
        (["*", "orders:*"], []),
        ([], []),
    ):
        talk.request(reached(held), signed(PARTNER, permissions=brought))
        # Under [jwt] the same token is not cut.
        talk.request(reached(brought), signed(AUTH, permissions=brought))
    talk.request(lacking(["orders:write"], ["orders:read"]), signed(PARTNER, permissions=["orders:write", "orders:read"]), required_permission="orders:write")
    talk.request(lacking(["orders:read"], []), signed(PARTNER, permissions=["*"]), required_permission="orders:read")
    talk.request(reached(["orders:read"]), signed(PARTNER, scope="orders:write orders:read"), required_permission="orders:read")


def ceiling_of_grants():
    talk = started(
        "issuer-ceiling-grants", "after role grants, what is held is cut: a broader grant shrinks to the ceiling's own entries, a narrower one stays",
        JWT, partner(["orders:read", "reports:*"], ["partner", "auditor", "admin", "clerk"]), ROLES, OPEN_TO_PARTNER,
    )  # fmt: skip
    for role, held in (
        ("partner", ["orders:read"]),
        ("auditor", ["reports:daily", "reports:eu:*"]),
        ("admin", ["orders:read", "reports:*"]),
        ("clerk", ["orders:read"]),
    ):
        talk.request(reached(held, role), signed(PARTNER, role=role))
    talk.request(reached(["*"], "admin"), signed(AUTH, role="admin"))
    admin = signed(PARTNER, role="admin", permissions=["reports:weekly", "users:write"])
    have = ["reports:weekly", "orders:read", "reports:*"]
    talk.request(reached(have, "admin"), admin, required_permission=["orders:read", "reports:monthly"])
    for asked in ("orders:write", "users:write", "orders:*", "*"):
        talk.request(lacking([asked], have), admin, required_permission=asked)
    both = signed(PARTNER, roles=["clerk", "auditor", "partner"])
    talk.request(reached(["orders:read", "reports:daily", "reports:eu:*"], "clerk"), both, required_permission="reports:eu:weekly")


def star_in_a_ceiling():
    talk = started("issuer-ceiling-star", "a ceiling of * cuts nothing; one without entries cuts all", JWT, partner(["*"], ["admin", "partner"]), ROLES, OPEN_TO_PARTNER)
    talk.request(reached(["users:write", "orders:*"], "partner"), signed(PARTNER, role="partner", permissions=["users:write"]))
    talk.request(reached(["*"], "admin"), signed(PARTNER, role="admin"), required_permission="users:write")
    talk.init(OMIT, config={"issuers": {PARTNER: {"permissions": []}}})
    talk.request(reached([], "admin"), signed(PARTNER, role="admin", permissions=["users:write"]))
    talk.request(lacking(["orders:read"], []), signed(PARTNER, role="admin"), required_permission="orders:read")


def ceiling_of_roles():
    closed = '\n[[routes]]\npath = "/admin"\nservice = "orders-service"\nroles = ["admin"]\n' + f'issuers = ["{PARTNER}"]\n'
    talk = started(
        "issuer-ceiling-roles", "a role that is not among an issuer's roles does not exist for it: it is not shown, grants nothing, opens nothing",
        JWT, partner(["*"], ["partner", "clerk"]), ROLES, OPEN_TO_PARTNER, closed,
    )  # fmt: skip
    talk.request(reached(["orders:*"], "partner"), signed(PARTNER, role="partner"))
    talk.request(reached(), signed(PARTNER, role="admin"))
    talk.request(reached(["*"], "admin"), signed(AUTH, role="admin"))
    talk.request(reached(["orders:*"], "partner"), signed(PARTNER, roles=["admin", "partner"]))
    talk.request(reached(["orders:read"], "clerk"), signed(PARTNER, role="admin", roles=["clerk", "auditor"]))
    talk.request(reached(), signed(PARTNER, role="Partner", roles=["unheard-of"]))
    talk.request(lacking(["role:admin"], []), signed(PARTNER, role="admin"), path="/admin")
    talk.request(lacking(["role:admin"], ["orders:*"]), signed(PARTNER, roles=["admin", "partner"]), path="/admin")
    talk.request(reached(["*"], "admin"), signed(AUTH, role="admin"), path="/admin")


def ceiling_and_rates():
    rates = '[rate_limit]\ndefault = "1/min"\nroles = { partner = "2/min", admin = "3/min" }\n\n'
    talk = started(
        "issuer-ceiling-rates", "a role that does not exist for an issuer gives no rate; the same user of another issuer is another caller",
        JWT, partner(["*"], ["partner"]), ROLES, rates, OPEN_TO_PARTNER,
    )  # fmt: skip
    for iss, role, shown, count, have in (
        (AUTH, "admin", "admin", 3, ["*"]),
        (PARTNER, "admin", None, 1, []),
        (PARTNER, "partner", "partner", 2, ["orders:*"]),
    ):
        user = f"one-of-{role}"
        for _ in range(count):
            talk.request(reached(have, shown, user), signed(iss, sub=user, role=role))
        talk.request(limited(60), signed(iss, sub=user, role=role))
    both = signed(PARTNER, sub="both", roles=["admin", "partner"])
    for _ in range(2):
        talk.request(reached(["orders:*"], "partner", "both"), both)
    talk.request(limited(60), both)


def ceiling_and_headers():
    headers = '[identity_headers]\nissuer = "X-User-Issuer"\nclaims = { "X-Level" = "level" }\n\n'
    talk = Talk("issuer-forwarded", "what is forwarded shows a further issuer's caller as its ceiling leaves it; claims are sent on for the tokens of [jwt] only", forward=True)
    talk.config_file("issuer-forwarded.toml", JWT + partner(["orders:read", "reports:*"], ["partner"]) + ROLES + headers + OPEN_TO_PARTNER)
    wire = Wire(talk)
    for iss, role, shown, permissions, have in (
        (AUTH, "admin", "admin", ["x"], ["x", "*"]),
        (PARTNER, "admin", None, ["orders:read", "x"], ["orders:read"]),
        (PARTNER, "partner", "partner", ["reports:daily"], ["reports:daily", "orders:read"]),
        (PARTNER, "auditor", None, ["x"], []),
    ):
        bearer = signed(iss, role=role, permissions=permissions, level="high")
        caller = Caller("ada", shown, have, headers={"Authorization": f"Bearer {bearer}"})
        sent = {**caller.identity, "X-User-Issuer": iss, **({"X-Level": "high"} if iss == AUTH else {})}
        wire.answer(wire.ask(caller, "/orders/7", "orders-service", headers={"x_level": "forged", "Accept": "a"}, sent={"Accept": "a", **sent}))


TWO = partner(["*"]) + table(f'issuers."{SUPPLIER}"', keys=key_file("rsa"), permissions=["*"], roles=[])


def closed_routes():
    tree = """[services.orders-service]

[[routes]]
path = "/ours"
service = "orders-service"

[[routes]]
path = "/partner"
service = "orders-service"
issuers = ["https://partner.example"]

[[routes]]
path = "/both"
service = "orders-service"
issuers = ["https://supplier.example", "https://partner.example"]

[[api_keys]]
id = "ci"
sha256 = "DIGEST"
user = "ci-bot"
""".replace("DIGEST", digest(API_KEY))
    talk = started("issuer-closed-routes", "a route is open to the tokens of [jwt] and to API keys, and to further issuers only where it names them", JWT, TWO, tree)
    for path in ("/ours", "/partner", "/both"):
        talk.request(reached(), signed(AUTH), path=path)
        talk.request(reached(user="ci-bot"), headers={"X-API-Key": API_KEY}, path=path)
    for iss in (PARTNER, SUPPLIER):
        talk.request(lacking([f"issuer:{AUTH}"], []), signed(iss), path="/ours")
        talk.request(reached(), signed(iss), path="/both")
    talk.request(reached(), signed(PARTNER), path="/partner")
    talk.request(lacking([f"issuer:{AUTH}|issuer:{PARTNER}"], []), signed(SUPPLIER), path="/partner")
    talk.request(INVALID_TOKEN, signed(SUPPLIER, "p256"), path="/partner")


def closed_routes_text():
    tree = table("jwt", keys=key_file("ed25519"), issuer=[AUTH, "https://auth2.example"]) + TWO + """[services.orders-service]

[[routes]]
path = "/orders/{id}"
service = "orders-service"
permissions = ["orders:read"]
issuers = ["https://partner.example"]
"""
    talk = started("issuer-closed-routes-text", "for an issuer to which a route is closed, those to which it is open are the last thing required; all others do not see them", tree)
    names = f"issuer:{AUTH}|issuer:https://auth2.example|issuer:{PARTNER}"
    reader = {"permissions": ["orders:read"]}
    talk.request(lacking(["orders:read", names], ["orders:read"]), signed(SUPPLIER, **reader), path="/orders/7")
    talk.request(lacking(["x", "orders:read", names], ["orders:read"]), signed(SUPPLIER, **reader), path="/orders/7", required_permission="x")
    talk.request(lacking(["orders:read", names], []), signed(SUPPLIER), path="/orders/7")
    talk.request(lacking(["orders:read"], []), signed(PARTNER), path="/orders/7")
    talk.request(lacking(["orders:read"], []), signed(AUTH), path="/orders/7")
    talk.request(reached(["orders:read"]), signed(PARTNER, **reader), path="/orders/7")


def narrowed_by_init():
    talk = started("issuer-config-of-init", "the tree of an init is laid over the file's: it may narrow a ceiling, and brings no keys", JWT, partner(["orders:*"]), OPEN_TO_PARTNER)
    both = ["orders:read", "orders:write"]
    talk.init(OMIT)
    talk.request(reached(both), signed(PARTNER, permissions=both))
    talk.init(OMIT, config={"issuers": {PARTNER: {"permissions": ["orders:read"]}}})
    talk.request(reached(both[:1]), signed(PARTNER, permissions=both))
    for keys_of_issuer in (["file:keys/partner.pem"], ["env:PARTNER_KEY"], ["https://partner.example/jwks.json"]):
        talk.init(OMIT, INVALID_INIT, config={"issuers": {PARTNER: {"keys": keys_of_issuer}}})
    for name in ("permissions", "roles"):
        talk.init(OMIT, INVALID_INIT, config={"issuers": {PARTNER: {name: None}}})
    talk.request(reached(both[:1]), signed(PARTNER, permissions=both))
    # A later init is laid over the file's tree, not over the earlier init's.
    talk.init(OMIT)
    talk.request(reached(both), signed(PARTNER, permissions=both))


def faults():
    talk = ready("issuer-faults", "an issuer has keys and both ceilings, and a route names only issuers that there are", {})
    for issuer in ({}, {"permissions": ["*"], "roles": []}, {"permissions": ["*"]}, {"roles": []}, 5, {"permissions": ["a|b"], "roles": []}):
        talk.init(keys.secret(), INVALID_INIT, config={"issuers": {PARTNER: issuer}})
    talk.init(keys.secret(), INVALID_INIT, config=routed(route("/a", issuers=[PARTNER])))
    talk.request(allowed(), sign("secret"))
    talk.request(INVALID_CREDENTIALS, headers={"Authorization": "Bearer"})
