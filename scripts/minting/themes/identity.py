"""Section 6: the user and the role of a token."""

from ..keys import secret
from ..talk import Talk, allowed, lacking
from ..tokens import claims, sign


def write():
    role()
    roles()
    role_before_roles()
    empty_roles()
    roles_grant_nothing()
    letters()


def ready(name, about):
    talk = Talk(name, about)
    talk.init(secret())
    return talk


def shown(talk, role, members):
    talk.request(allowed("ada", role), sign("secret", claims(**members)))


def role():
    talk = ready("identity-role", "the user is sub; the role is the role claim, a string, or null")
    shown(talk, "maintainer", {"role": "maintainer"})
    shown(talk, None, {})
    shown(talk, "two words, one role", {"role": "two words, one role"})
    talk.request(allowed("maintainer", "ada"), sign("secret", claims("maintainer", role="ada", name="Ada", user_id="7")))


def roles():
    talk = ready("identity-roles", "without role, it is roles: a string, or the first of a list")
    shown(talk, "editor", {"roles": "editor"})
    shown(talk, "editor,admin", {"roles": "editor,admin"})
    shown(talk, "editor", {"roles": ["editor", "admin"]})
    shown(talk, "editor", {"roles": ["editor"]})
    shown(talk, None, {"roles": []})


def role_before_roles():
    talk = ready("identity-role-before-roles", "role goes before roles, in whatever order they stand")
    shown(talk, "user", {"role": "user", "roles": ["admin", "editor"]})
    shown(talk, "user", {"roles": "admin", "role": "user"})
    shown(talk, "user", {"role": "user", "roles": []})


def empty_roles():
    talk = ready("identity-empty-roles", "an empty role is as if absent, and of a list the first that is not empty counts")
    shown(talk, None, {"role": ""})
    shown(talk, None, {"roles": ""})
    shown(talk, "editor", {"role": "", "roles": "editor"})
    shown(talk, "editor", {"role": "", "roles": ["", "editor"]})
    shown(talk, "admin", {"roles": ["", "", "admin", "editor"]})
    shown(talk, None, {"role": "", "roles": ["", ""]})


def roles_grant_nothing():
    talk = ready("identity-roles-grant-nothing", "without configuration no role grants anything, however it is called")
    for name in ("admin", "root", "*", "read"):
        talk.request(lacking(["read"], []), sign("secret", claims(role=name, roles=[name])), required_permission="read")
    talk.request(allowed("ada", "guest", ["read"]), sign("secret", claims(role="guest", permissions=["read"])), required_permission="read")


def letters():
    talk = ready("identity-letters", "user and role are given as they stand: no trimming, no folding of case or of Unicode forms")
    for sub, name in ((" ada ", " admin"), ("ADA", "Admin"), ("cafe\u0301", "caf\u00e9"), ("ada@example.com", "https://roles.example/admin"), ("null", "undefined")):
        talk.request(allowed(sub, name), sign("secret", claims(sub, role=name)))
