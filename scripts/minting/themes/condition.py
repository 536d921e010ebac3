"""CONFIG.md section 4, "What is required": permissions, roles and claims of a route."""

from .. import keys
from ..policy import API_KEY, api_key, ready, route, routed, token
from ..talk import INVALID_INIT, INVALID_TOKEN, allowed, lacking
from ..tokens import HOUR, NOW, sign

ROLES = {"admin": ["users:delete"], "operator": ["process:*"], "analyst": []}


def write():
    permissions()
    any_permissions()
    roles()
    whole_list()
    each_once()
    claim_texts()
    claim_lists()
    claim_numbers_and_booleans()
    claim_absent_or_of_another_type()
    parameter()
    parameter_decoded_once()
    own_records()
    several_claims()
    claims_twice()
    api_keys_have_no_claims()
    grants_count()
    faults()


def on(name, about, *routes, **others):
    return ready(name, about, routed(*routes, roles=ROLES, **others))


def permissions():
    talk = on("condition-permissions", "permissions: all of them, beside the request's own", route("/a", permissions=["read", "write"]))
    both = ["read", "write"]
    talk.request(allowed(permissions=both), token(permissions=both), path="/a")
    for have in ([], ["read"], ["write"], ["Read", "write"], ["delete"]):
        talk.request(lacking(both, have), token(permissions=have), path="/a")
    talk.request(lacking(["delete", *both], both), token(permissions=both), path="/a", required_permission="delete")
    talk.request(lacking(["x", "y", *both], both), token(permissions=both), path="/a", required_permissions=["y"], required_permission="x")
    talk.request(lacking(["read", "write"], ["read"]), token(permissions=["read"]), path="/a", required_permission="read")
    talk.request(allowed(permissions=["delete", *both]), token(permissions=["delete", *both]), path="/a", required_permission="delete")


def any_permissions():
    talk = on("condition-any-permissions", "any_permissions: any of them, shown as a|b", route("/a", any_permissions=["reports:read", "config:read"]), route("/b", any_permissions=["x"]))
    asked = "reports:read|config:read"
    for have in (["reports:read"], ["config:read"], ["config:read", "reports:read"], ["z", "config:read"]):
        talk.request(allowed(permissions=have), token(permissions=have), path="/a")
    for have in ([], ["reports"], ["reports:read|config:read"], ["z"]):
        talk.request(lacking([asked], have), token(permissions=have), path="/a")
    talk.request(lacking(["z", asked], ["config:read"]), token(permissions=["config:read"]), path="/a", required_permission="z")
    talk.request(lacking(["x"], []), token(), path="/b")
    talk.request(allowed(permissions=["x"]), token(permissions=["x"]), path="/b")


def roles():
    talk = on("condition-roles", "roles: any of them, whichever of the caller's roles it is", route("/a", roles=["admin", "operator"]), route("/b", roles=["analyst"]))
    asked = ["role:admin|role:operator"]
    for role, have in (("admin", ["users:delete"]), ("operator", ["process:*"])):
        talk.request(allowed(role=role, permissions=have), token(role=role), path="/a")
        talk.request(allowed(role=role, permissions=have), token(roles=[role]), path="/a")
    talk.request(allowed(role="analyst", permissions=["process:*"]), token(role="analyst", roles=["operator"]), path="/a")
    talk.request(allowed(role="analyst", permissions=["process:*"]), token(roles=["analyst", "operator"]), path="/a")
    for members in ({}, {"role": "analyst"}, {"role": "Admin"}, {"roles": ["other"]}, {"role": "admin|operator"}, {"role": "role:admin"}):
        talk.request(lacking(asked, []), token(**members), path="/a")
    talk.request(lacking(asked, ["admin", "role:admin"]), token(permissions=["admin", "role:admin"]), path="/a")
    talk.request(lacking(["role:analyst"], ["process:*"]), token(role="operator"), path="/b")
    talk.request(allowed(role="analyst"), token(role="analyst"), path="/b")


def whole_list():
    talk = on(
        "condition-all-of-it", "all of it is required, and the 403 lists all of it in this order, met or not",
        route(
            "/{project}/x", permissions=["diagnostics:read"], any_permissions=["reports:read", "config:read"], roles=["admin", "operator"],
            claims={"project": "{project}", "department": ["fab1", "fab2"]},
        ),
    )  # fmt: skip
    asked = ["x", "diagnostics:read", "reports:read|config:read", "role:admin|role:operator", "department=fab1|department=fab2", "project=captionacc"]
    good = {"permissions": ["x", "diagnostics:read", "config:read"], "role": "operator", "project": "captionacc", "department": "fab2"}
    have = [*good["permissions"], "process:*"]
    path = "/captionacc/x"
    talk.request(allowed(role="operator", permissions=have), token(**good), path=path, required_permission="x")
    talk.request(allowed(role="operator", permissions=have), token(**good), path=path)
    for without in ("x", "diagnostics:read", "config:read"):
        rest = [name for name in good["permissions"] if name != without]
        talk.request(lacking(asked, [*rest, "process:*"]), token(**{**good, "permissions": rest}), path=path, required_permission="x")
    talk.request(lacking(asked, good["permissions"]), token(**{**good, "role": "analyst"}), path=path, required_permission="x")
    talk.request(lacking(asked, have), token(**{**good, "department": "fab3"}), path=path, required_permission="x")
    talk.request(lacking(asked, have), token(**{**good, "project": "other"}), path=path, required_permission="x")
    talk.request(lacking(asked, []), token(), path=path, required_permission="x")
    talk.request(lacking([*asked[1:5], "project=other"], have), token(**good), path="/other/x")


def each_once():
    talk = on("condition-each-once", "each thing that is required is listed once, where it stands first", route("/a", permissions=["read", "write"], any_permissions=["write"]))
    talk.request(lacking(["read", "write"], []), token(), path="/a")
    talk.request(lacking(["write", "z", "read"], []), token(), path="/a", required_permission=["write", "z"], required_permissions="write")
    talk.request(allowed(permissions=["read", "write"]), token(permissions=["read", "write"]), path="/a", required_permission="write")


def claim_texts():
    talk = on("condition-claim-text", "a claim condition is met by an equal string, to the letter; of a list of values any will do", route("/a", claims={"department": "fab1"}), route("/b", claims={"department": ["fab1", "fab2"]}))
    one, two = ["department=fab1"], ["department=fab1|department=fab2"]
    talk.request(allowed(), token(department="fab1"), path="/a")
    for value in ("fab2", "Fab1", "fab1 ", "", "fab1,fab2", "department=fab1"):
        talk.request(lacking(one, []), token(department=value), path="/a")
    for value in ("fab1", "fab2"):
        talk.request(allowed(), token(department=value), path="/b")
    for value in ("fab3", "fab1|fab2", "fab"):
        talk.request(lacking(two, []), token(department=value), path="/b")
    talk.request(lacking(one, ["department=fab1"]), token(permissions=["department=fab1"]), path="/a")


def claim_lists():
    talk = on("condition-claim-list", "of a list claim any string will do", route("/a", claims={"department": ["fab1", "fab2"]}))
    asked = ["department=fab1|department=fab2"]
    for value in (["fab1"], ["fab2"], ["fab3", "fab2"], ["fab1", "fab2"], ["fab1", 5], [None, "fab2"]):
        talk.request(allowed(), token(department=value), path="/a")
    for value in ([], ["fab3"], ["fab1,fab2"], [["fab1"]], [{"fab1": "fab1"}], [5]):
        talk.request(lacking(asked, []), token(department=value), path="/a")


def claim_numbers_and_booleans():
    talk = on("condition-claim-number", "numbers and booleans compare as themselves, never as texts", route("/a", claims={"level": 3}), route("/b", claims={"staff": True}), route("/c", claims={"level": [3, "high", False]}))
    talk.request(allowed(), token(level=3), path="/a")
    for value in (4, -3, 0, "3", True, None, {"3": 3}, [4]):
        talk.request(lacking(["level=3"], []), token(level=value), path="/a")
    talk.request(allowed(), token(staff=True), path="/b")
    for value in (False, "true", 1, None, ["true"], "True"):
        talk.request(lacking(["staff=true"], []), token(staff=value), path="/b")
    for value in (3, "high", False, ["high"]):
        talk.request(allowed(), token(level=value), path="/c")
    for value in ("3", "false", True, 0, "low"):
        talk.request(lacking(["level=3|level=high|level=false"], []), token(level=value), path="/c")


def claim_absent_or_of_another_type():
    talk = on("condition-claim-absent", "an absent claim, another type or another value is 403, never an invalid token", route("/a", claims={"department": "fab1"}))
    talk.request(lacking(["department=fab1"], []), token(), path="/a")
    for value in (None, 5, True, {}, {"department": "fab1"}, {"fab1": 1}, []):
        talk.request(lacking(["department=fab1"], []), token(department=value), path="/a")
    talk.request(lacking(["department=fab1"], []), token(Department="fab1"), path="/a")
    talk.request(INVALID_TOKEN, sign("secret-next"), path="/a")


def parameter():
    talk = on("condition-parameter", "{p} stands for the path's parameter: a caller reaches only the paths of its own", route("/{project}/prefect/{*rest}", "prefect-service", claims={"project": "{project}"}))

    def at(project):
        return f"/{project}/prefect/flows/7"

    mine = allowed(service="prefect-service")
    talk.request(mine, token(project="captionacc"), path=at("captionacc"))
    talk.request(mine, token(project=["other", "captionacc"]), path=at("captionacc"))
    talk.request(mine, token(project="captionacc"), path="//captionacc//prefect/x/?project=other")
    talk.request(mine, token(project="captionacc"), path="/c%61ptionacc/prefect/x")
    talk.request(mine, token(project="7"), path=at("7"))
    talk.request(mine, token(project="{project}"), path="/{project}/prefect/x")
    for claim, project in (
        ("captionacc", "other"), ("captionacc", "Captionacc"), ("captionacc", "captionacc2"), ("captionacc", "{project}"),
        ("{project}", "captionacc"), ("*", "captionacc"), (["other"], "captionacc"), (7, "7"), (True, "true"), ("", "captionacc"),
    ):  # fmt: skip
        talk.request(lacking([f"project={project}"], []), token(project=claim), path=at(project))
    talk.request(lacking(["project=captionacc"], []), token(), path=at("captionacc"))


def parameter_decoded_once():
    talk = on("condition-parameter-decoded-once", "the parameter is percent-decoded once, and shown like that", route("/p/{project}", claims={"project": "{project}"}))
    for claim, segment in (("caption acc", "caption%20acc"), ("caf\u00e9", "caf%C3%A9"), ("caf\u00e9", "caf%c3%a9"), ("a%61", "a%2561"), ("a+b", "a+b"), ("a,b", "a%2Cb"), ("a,b", "a,b"), ("%2F", "%252F")):
        talk.request(allowed(), token(project=claim), path=f"/p/{segment}")
        talk.request(lacking([f"project={claim}"], []), token(project="other"), path=f"/p/{segment}")
    for claim, shown, segment in (("caption%20acc", "caption acc", "caption%20acc"), ("aa", "a%61", "a%2561"), ("a b", "a+b", "a+b"), ("/", "%2F", "%252F")):
        talk.request(lacking([f"project={shown}"], []), token(project=claim), path=f"/p/{segment}")


def own_records():
    talk = on("condition-parameter-sub", "a condition may be on sub: everybody reaches their own records", route("/users/{id}", claims={"sub": "{id}"}), route("/users/{id}/orders/{order}", claims={"sub": "{id}", "order": ["{order}", "all"]}))
    talk.request(allowed("ada"), token("ada"), path="/users/ada")
    talk.request(lacking(["sub=bob"], []), token("ada"), path="/users/bob")
    talk.request(allowed("bob"), token("bob"), path="/users/bob")
    asked = ["order=7|order=all", "sub=ada"]
    for order in ("7", "all", ["8", "7"]):
        talk.request(allowed(), token(order=order), path="/users/ada/orders/7")
    for sub, order in (("ada", "8"), ("bob", "7")):
        talk.request(lacking(asked, []), token(sub, order=order), path="/users/ada/orders/7")


def several_claims():
    talk = on("condition-claims-by-name", "several claims must all be met; they are listed by name", route("/a", claims={"zone": "z1", "area": ["a1", "a2"], "Zone": "Z"}))
    good = {"zone": "z1", "area": "a2", "Zone": "Z"}
    talk.request(allowed(), token(**good), path="/a")
    for name in good:
        talk.request(lacking(["Zone=Z", "area=a1|area=a2", "zone=z1"], []), token(**{**good, name: "other"}), path="/a")


def claims_twice():
    talk = on("condition-claim-twice", "a claim that a condition reads may not stand twice", route("/a", claims={"project": "a"}))
    for members in ('"project":"a","project":"a"', '"project":"b","project":"a"', '"project":"a","pr\\u006fject":"b"'):
        talk.request(INVALID_TOKEN, sign("secret", f'{{"sub":"ada","exp":{NOW + HOUR},{members}}}'), path="/a")
    talk.request(allowed(), sign("secret", f'{{"sub":"ada","exp":{NOW + HOUR},"project":"a"}}'), path="/a")


def api_keys_have_no_claims():
    talk = on(
        "condition-api-key", "an API key meets permissions and roles like a token, but it has no claims",
        route("/p/{project}", claims={"project": "{project}"}), route("/sub/{id}", claims={"sub": "{id}"}),
        route("/r", permissions=["deploy"], roles=["operator"], any_permissions=["process:read", "z"]), route("/s", roles=["admin"]),
        api_keys=[api_key(role="operator", permissions=["deploy"])],
    )  # fmt: skip
    key = {"X-API-Key": API_KEY}
    have = ["deploy", "process:*"]
    talk.request(lacking(["project=a"], have), headers=key, path="/p/a")
    talk.request(lacking(["sub=ci-bot"], have), headers=key, path="/sub/ci-bot")
    talk.request(allowed("ci-bot", "operator", have), headers=key, path="/r")
    talk.request(lacking(["role:admin"], have), headers=key, path="/s")


def grants_count():
    talk = on("condition-grants", "what a role grants, patterns included, meets a route's permissions", route("/a", permissions=["process:read", "process:write"]), route("/b", any_permissions=["x", "process:config"]))
    for path in ("/a", "/b"):
        talk.request(allowed(role="operator", permissions=["process:*"]), token(role="operator"), path=path)
    talk.request(lacking(["process:read", "process:write"], ["process:*"]), token(permissions=["process:*"]), path="/a")
    talk.request(lacking(["x|process:config"], ["users:delete"]), token(role="admin"), path="/b")


def faults():
    talk = ready("condition-faults", "a claim condition is a string, a number, a boolean or a list of them; a parameter is one of the path's", {})
    for config in (
        routed(route("/a", claims={"project": {}})),
        routed(route("/a", claims={"project": [{}]})),
        routed(route("/a", claims={"project": [["a"]]})),
        routed(route("/a", claims={"project": "{project}"})),
        routed(route("/{project}", claims={"project": "{other}"})),
        routed(route("/a", roles=[5])),
    ):
        talk.init(keys.secret(), INVALID_INIT, config=config)
    talk.request(allowed(), token())
