"""Section 6 and row 8 of section 4: what a caller holds, and what a request asks for."""

from ..keys import secret
from ..talk import Talk, allowed, lacking
from ..tokens import claims, sign


def write():
    permissions_claim()
    scope()
    scope_as_a_list()
    scp()
    all_three()
    duplicates()
    list_elements()
    empty_ones()
    required()
    required_both()
    required_order()
    to_the_letter()
    star_is_a_letter()
    none_held()


def ready(name, about):
    talk = Talk(name, about)
    talk.init(secret())
    return talk


def token(**members):
    return sign("secret", claims(**members))


def held(talk, have, **members):
    talk.request(allowed(permissions=have), token(**members))


def permissions_claim():
    talk = ready("permission-claim", "permissions is a list of strings, or one string parted by commas or spaces")
    held(talk, ["read", "write"], permissions=["read", "write"])
    held(talk, ["read", "write"], permissions="read,write")
    held(talk, ["read", "write"], permissions="read write")
    held(talk, ["read", "write", "delete"], permissions="read, write  delete")
    held(talk, ["users:read"], permissions="users:read")
    held(talk, [], permissions=[])
    held(talk, [], permissions="")
    held(talk, [], permissions=" , ,")


def scope():
    talk = ready("permission-scope", "scope is a string parted by spaces, and by nothing else")
    held(talk, ["read", "write"], scope="read write")
    held(talk, ["read,write"], scope="read,write")
    held(talk, ["read", "write"], scope="  read   write ")
    held(talk, ["openid"], scope="openid")
    held(talk, [], scope="")
    held(talk, ["a\u00a0b"], scope="a\u00a0b")


def scope_as_a_list():
    talk = ready("permission-scope-list", "scope may be a list, as scp may")
    held(talk, ["read", "write"], scope=["read", "write"])
    held(talk, ["read write"], scope=["read write"])
    held(talk, [], scope=[])


def scp():
    talk = ready("permission-scp", "scp is a string parted by spaces, or a list")
    held(talk, ["read", "write"], scp="read write")
    held(talk, ["read,write"], scp="read,write")
    held(talk, ["read", "write"], scp=["read", "write"])
    held(talk, [], scp=[])
    held(talk, [], scp=" ")


def all_three():
    talk = ready("permission-all-three", "permissions, then scope, then scp, in whatever order the claims stand")
    held(talk, ["a", "b", "c"], permissions=["a"], scope="b", scp="c")
    held(talk, ["a", "b", "c"], scp=["c"], scope="b", permissions="a")
    held(talk, ["b", "c"], scp="c", scope="b")
    held(talk, ["z", "y", "x"], permissions="z", scope="y", scp="x")


def duplicates():
    talk = ready("permission-duplicates", "each permission is held once, where it first stands")
    held(talk, ["read", "write"], permissions=["read", "write", "read"])
    held(talk, ["b", "a", "c"], permissions="b,a b", scope="a c", scp=["c", "b"])
    held(talk, ["read", "Read"], permissions=["read", "Read"])


def list_elements():
    talk = ready("permission-list-elements", "elements of a list are not parted: a blank or a comma in one is a part of it")
    held(talk, ["read write", "a,b"], permissions=["read write", "a,b"])
    held(talk, ["read write"], scp=["read write"])
    talk.request(lacking(["read"], ["read write"]), token(permissions=["read write"]), required_permission="read")
    talk.request(allowed(permissions=["read write"]), token(permissions=["read write"]), required_permission="read write")
    held(talk, [" ", "a "], permissions=[" ", "a "])


def empty_ones():
    talk = ready("permission-empty", "empty permissions are left out, wherever they come from")
    held(talk, ["read"], permissions=["", "read", ""])
    held(talk, ["read"], permissions=",read,,", scope=" ", scp=[""])
    talk.request(lacking(["read"], []), token(permissions=[""]), required_permission="read")


def required():
    talk = ready("permission-required", "a request may ask for one permission or for a list, of which all are required")
    writer = token(permissions=["read", "write"])
    have = ["read", "write"]
    for value in ("read", "write", ["read"], ["write", "read"], []):
        talk.request(allowed(permissions=have), writer, required_permission=value)
    talk.request(lacking(["delete"], have), writer, required_permission="delete")
    talk.request(lacking(["read", "delete"], have), writer, required_permission=["read", "delete"])
    talk.request(lacking(["read, write"], have), writer, required_permission="read, write")


def required_both():
    talk = ready("permission-required-both", "required_permissions is the same under another name; both may stand, and then all of both are required")
    writer = token(permissions=["read", "write"])
    have = ["read", "write"]
    talk.request(allowed(permissions=have), writer, required_permissions=["read", "write"])
    talk.request(allowed(permissions=have), writer, required_permissions="read")
    talk.request(allowed(permissions=have), writer, required_permission="read", required_permissions=["write"])
    talk.request(lacking(["delete"], have), writer, required_permissions="delete")
    talk.request(lacking(["read", "delete"], have), writer, required_permission="read", required_permissions="delete")
    talk.request(lacking(["delete", "read"], have), writer, required_permission="delete", required_permissions=["read"])


def required_order():
    talk = ready("permission-required-order", "required lists all that is asked for, met or not: required_permission first, whatever stands first in the message, each once")
    reader = token(permissions=["read"])
    talk.request(lacking(["a", "b", "read"], ["read"]), reader, required_permissions=["b", "read"], required_permission=["a"])
    talk.request(lacking(["b", "a"], ["read"]), reader, required_permission=["b", "a", "b"], required_permissions=["a", "b"])
    talk.request(lacking(["read", "z"], ["read"]), reader, required_permission="read", required_permissions=["z", "read", "z"])


def to_the_letter():
    talk = ready("permission-to-the-letter", "a permission is held when it is equal to the letter: no prefixes, no folding of case, no trimming")
    have = ["read", "users:write", "caf\u00e9"]
    holder = token(permissions=have)
    for asked in ("Read", "READ", "rea", "reads", " read", "read ", "users", "users:", "users:w", "users:write:all", "cafe\u0301", "write"):
        talk.request(lacking([asked], have), holder, required_permission=asked)
    talk.request(allowed(permissions=have), holder, required_permission=have)


def star_is_a_letter():
    talk = ready("permission-star", "a * that a token brings is only a letter, and so is one that a request asks for")
    have = ["*", "users:*"]
    holder = token(permissions=have)
    for asked in ("read", "users:read", "users:", "**"):
        talk.request(lacking([asked], have), holder, required_permission=asked)
    talk.request(allowed(permissions=have), holder, required_permission=["*", "users:*"])
    talk.request(lacking(["*"], ["read"]), token(permissions=["read"]), required_permission="*")
    talk.request(lacking(["read"], ["*"]), token(scope="*", role="*"), required_permission="read")


def none_held():
    talk = ready("permission-none-held", "who holds nothing may go where nothing is asked for; an empty list is written []")
    nobody = token()
    talk.request(allowed(), nobody)
    talk.request(lacking(["read"], []), nobody, required_permission="read")
    talk.request(lacking(["read", "write"], []), nobody, required_permission=["read", "write"])
