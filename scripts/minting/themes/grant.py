"""CONFIG.md section 4, "Grants", and PROTOCOL.md section 6: what roles grant."""

from .. import keys
from ..policy import ready, route, routed, token
from ..talk import INVALID_INIT, allowed, lacking

ROLES = {
    "admin": ["*"],
    "editor": ["users:*", "read"],
    "reader": ["read"],
    "auditor": ["reports:eu:*", "read", "reports:world"],
    "idle": [],
}


def write():
    granted()
    star()
    prefix()
    several_roles()
    order_and_once()
    letters_of_tokens()
    letters_of_requests()
    patterns_elsewhere()
    faults()
    replaced()


def granted():
    talk = ready("grant-roles", "a role that is configured grants what stands there, any other nothing; names are to the letter", {"roles": ROLES})
    for role, have in ROLES.items():
        talk.request(allowed(role=role, permissions=have), token(role=role))
        talk.request(allowed(role=role, permissions=have), token(roles=[role]))
    for role in ("Admin", "admin ", "readers", "*", "root"):
        talk.request(allowed(role=role), token(role=role))
        talk.request(lacking(["read"], []), token(role=role), required_permission="read")
    talk.request(allowed(role="reader", permissions=["read"]), token(role="reader"), required_permission="read")
    talk.request(lacking(["write"], ["read"]), token(role="reader"), required_permission="write")
    talk.request(lacking(["read"], []), token(role="idle"), required_permission="read")


def star():
    talk = ready("grant-star", "* in a role grants everything, and is shown as it is written", {"roles": ROLES})
    admin = token(role="admin")
    for asked in ("read", "users:write", "no:such:thing", "*", "users:*", "a b", "a|b"):
        talk.request(allowed(role="admin", permissions=["*"]), admin, required_permission=asked)
    talk.request(allowed(role="admin", permissions=["*"]), admin, required_permission=["read", "write", "delete"])


def prefix():
    talk = ready("grant-prefix", "a grant that ends in :* covers what begins like it, at any depth, and nothing else", {"roles": ROLES})
    have = ROLES["editor"]
    editor = token(role="editor")
    for asked in ("users:read", "users:write", "users:write:all", "users:*"):
        talk.request(allowed(role="editor", permissions=have), editor, required_permission=asked)
    for asked in ("users", "usersx:read", "Users:read", "my:users:read", "user:read", "*", ":read", "reader"):
        talk.request(lacking([asked], have), editor, required_permission=asked)
    have = ROLES["auditor"]
    auditor = token(role="auditor")
    talk.request(allowed(role="auditor", permissions=have), auditor, required_permission=["reports:eu:daily", "reports:world"])
    for asked in ("reports:us:daily", "reports:eu", "reports:*", "reports:world:daily"):
        talk.request(lacking([asked], have), auditor, required_permission=asked)


def several_roles():
    talk = ready("grant-several-roles", "every role that role or roles names grants, whichever of them is shown", {"roles": ROLES})
    have = ["users:*", "read", "reports:eu:*", "reports:world"]
    for members in ({"role": "editor", "roles": ["auditor"]}, {"roles": ["editor", "auditor"]}, {"role": "editor", "roles": "auditor"}, {"role": "editor", "roles": ["unknown", "auditor", "editor"]}):
        talk.request(allowed(role="editor", permissions=have), token(**members), required_permission=["users:write", "reports:eu:daily"])
    talk.request(allowed(role="unknown", permissions=["read"]), token(role="unknown", roles=["reader"]), required_permission="read")
    talk.request(allowed(role="reader", permissions=["read", "*"]), token(role="reader", roles=["admin"]), required_permission="delete")


def order_and_once():
    talk = ready("grant-order", "permissions, then scope, then scp, then what the roles grant; each once, where it first stands", {"roles": ROLES})
    talk.request(
        allowed(role="auditor", permissions=["reports:world", "a", "b", "c", "reports:eu:*", "read", "users:*"]),
        token(role="auditor", roles=["editor"], permissions=["reports:world", "a"], scope="b a", scp=["c"]),
    )
    talk.request(lacking(["x"], ["read"]), token(role="reader", permissions=["read"]), required_permission="x")


def letters_of_tokens():
    talk = ready("grant-star-of-a-token", "a * that a token brings is a letter, whatever its roles grant", {"roles": ROLES})
    talk.request(lacking(["delete"], ["*", "read"]), token(role="reader", permissions=["*"]), required_permission="delete")
    talk.request(lacking(["users:read"], ["users:*", "read"]), token(role="reader", permissions=["users:*"]), required_permission="users:read")
    talk.request(lacking(["users:read"], ["users:*", "*"]), token(scope="users:*", scp="*"), required_permission="users:read")
    # The role grants what the token only spells.
    talk.request(allowed(role="editor", permissions=["users:*", "read"]), token(role="editor", permissions=["users:*"]), required_permission="users:read")
    talk.request(allowed(role="admin", permissions=["*"]), token(role="admin", permissions=["*"]), required_permission="delete")


def letters_of_requests():
    talk = ready("grant-star-of-a-request", "what a request asks for is no pattern: it is held where it is equal to what is held, or covered by a grant", {"roles": ROLES})
    talk.request(lacking(["*"], ["read"]), token(role="reader"), required_permission="*")
    talk.request(lacking(["re:*"], ["re:ad"]), token(permissions=["re:ad"]), required_permission="re:*")
    talk.request(lacking(["read|write"], ["read"]), token(role="reader"), required_permission="read|write")
    talk.request(allowed(permissions=["read|write"]), token(permissions=["read|write"]), required_permission="read|write")


def patterns_elsewhere():
    talk = ready("grant-patterns-elsewhere", "* and what ends in :* are patterns in roles and ceilings only; elsewhere in the tree they are faults", {"roles": ROLES})
    key = {"id": "ci", "sha256": "ab" * 32, "user": "ci-bot"}
    for pattern in ("*", "users:*"):
        for name in ("permissions", "any_permissions"):
            talk.init(keys.secret(), INVALID_INIT, config=routed(route("/a", **{name: ["read", pattern]})))
        talk.init(keys.secret(), INVALID_INIT, config={"api_keys": [{**key, "permissions": [pattern]}]})
    talk.request(allowed(role="admin", permissions=["*"]), token(role="admin"))


def faults():
    talk = ready("grant-faults", "a | in a permission is a fault wherever the tree names one; a role is a list of texts", {"roles": ROLES})
    key = {"id": "ci", "sha256": "ab" * 32, "user": "ci-bot"}
    for config in (
        {"roles": {"reader": ["read|write"]}},
        {"roles": {"reader": ["read|write:*"]}},
        {"api_keys": [{**key, "permissions": ["a|b"]}]},
        routed(route("/a", permissions=["a|b"])),
        routed(route("/a", any_permissions=["a|b"])),
        {"roles": {"reader": 5}},
        {"roles": {"reader": [5]}},
        {"roles": {"reader": {"read": True}}},
        {"roles": ["reader"]},
    ):
        talk.init(keys.secret(), INVALID_INIT, config=config)
    talk.request(allowed(role="reader", permissions=["read"]), token(role="reader"))


def replaced():
    talk = ready("grant-replaced", "an init brings its roles: tokens that were seen before hold at once what they are granted now", {"roles": ROLES})
    reader = token(role="reader")
    talk.request(allowed(role="reader", permissions=["read"]), reader)
    talk.init(keys.secret(), config={"roles": {"reader": ["read", "write"]}})
    talk.request(allowed(role="reader", permissions=["read", "write"]), reader, required_permission="write")
    talk.init(keys.secret())
    talk.request(lacking(["read"], []), reader, required_permission="read")
