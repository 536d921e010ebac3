"""Section 7: which paths are refused, how the others are normalised, and which service they name."""

from ..keys import secret
from ..talk import BAD_REQUEST, NOT_RECOGNIZED, Talk, allowed
from ..tokens import sign


def write():
    convention()
    no_service()
    not_the_prefix()
    letters()
    other_letters()
    repeated_slashes()
    unreserved()
    decoded_once()
    dot_segments()
    encoded_dots()
    dots_and_semicolons()
    harmless_dots()
    encoded_dangers()
    bad_percent()
    raw_characters()
    not_absolute()
    query()


def goes(name, about, services, refused=(), unknown=()):
    """A conversation about paths: (path, service) pairs, then the refused ones, then the unknown ones."""
    talk = Talk(name, about)
    talk.init(secret())
    good = sign("secret")
    for path, service in services:
        talk.request(allowed(service=f"{service}-service"), good, path=path)
    for path in refused:
        talk.request(BAD_REQUEST, good, path=path)
    for path in unknown:
        talk.request(NOT_RECOGNIZED, good, path=path)


def convention():
    goes(
        "path-convention",
        "without routes: an optional api, an optional version, then the service's own segment",
        [(p, "users") for p in ("/api/users/123", "/api/v2/users", "/users", "/v1/users", "/api/v10/users/123/orders", "/users/", "/users/api/v1")] + [("/orders/7", "orders")],
    )


def no_service():
    goes(
        "path-no-service", "a path that names no service is row 7, also where an encoded character stands in its segment", [],
        unknown=("/", "//", "/api", "/api/", "/api/v1", "/api/v1/", "/v2", "/v2/", "/api//v1//", "/api/us%20ers", "/us%C3%A9rs", "/users%3Fx"),
    )  # fmt: skip


def not_the_prefix():
    goes(
        "path-prefix-as-service", "api and version count in this order, in small letters, each once at most; otherwise they are a service like any other",
        [("/API/users", "API"), ("/api/V2/users", "V2"), ("/v2/api/users", "api"), ("/api/v1/v2/users", "v2"), ("/api/api/users", "api"), ("/v/users", "v"),
         ("/v1a/users", "v1a"), ("/v1.2/users", "v1.2"), ("/apis/users", "apis"), ("/api-v1/users", "api-v1")],
    )  # fmt: skip


def letters():
    goes(
        "path-service-letters", "the service's segment has letters, digits, - _ . and ~, and keeps its case",
        [("/users_2", "users_2"), ("/Users", "Users"), ("/7", "7"), ("/a.b-c~d", "a.b-c~d"), ("/api/-", "-"), ("/~ada/x", "~ada")],
    )  # fmt: skip


def other_letters():
    goes(
        "path-service-other-letters", "a segment with any other character names no service", [],
        unknown=("/us+ers", "/us:ers", "/us@ers", "/us,ers", "/users;v=1/1", "/us!ers", "/$users", "/(users)", "/us=ers", "/us&ers", "/us'ers", "/*", "/us|ers", "/{users}", "/us\"ers"),
    )  # fmt: skip


def repeated_slashes():
    goes("path-slashes", "repeated slashes are one", [(p, "users") for p in ("//users", "///api////v1//users//123", "//api/users", "/users//")])


def unreserved():
    goes(
        "path-unreserved", "percent-encoded unreserved characters are decoded, in either case of the digits, before anything is looked up",
        [("/%75sers", "users"), ("/%61pi/users", "users"), ("/%61%70%69/%76%32/%75%73%65%72%73", "users"), ("/us%7Eers", "us~ers"), ("/us%7eers", "us~ers"), ("/us%2Ders", "us-ers"), ("/us%2ders", "us-ers"),
         ("/us%5Fers", "us_ers"), ("/us%2Eers", "us.ers"), ("/%41", "A"), ("/users/%C3%A9", "users"), ("/users/%20%22%3C", "users")],
    )  # fmt: skip


def decoded_once():
    goes(
        "path-decoded-once", "nothing is decoded twice: an encoded percent sign stays one",
        [("/users/%252e%252e", "users"), ("/users/%252f..%255c", "users"), ("/users/%2500", "users"), ("/users/%25", "users"), ("/users/%25zz", "users")],
        unknown=("/%2575sers", "/%25", "/api/%252e%252e/users"),
    )  # fmt: skip


def dot_segments():
    goes(
        "path-dot-segments", "a dot segment is a bad request, wherever it stands", [],
        refused=("/.", "/..", "/./users", "/../users", "/users/.", "/users/..", "/users/./1", "/users/../admin", "/api/users/../../admin", "//../users", "/users/..?x=1", "/users//.//1"),
    )  # fmt: skip


def encoded_dots():
    goes(
        "path-encoded-dots", "a dot segment is one however its dots are written", [],
        refused=("/%2e", "/%2E%2E", "/%2e%2e/users", "/users/.%2e/admin", "/users/%2E./admin", "/users/%2e", "/users/%2e%2E/"),
    )  # fmt: skip


def dots_and_semicolons():
    goes(
        "path-dots-and-semicolons", "a dot segment followed by a semicolon, plain or encoded, is one: some services cut a segment there", [],
        refused=("/..;/admin", "/users/..;x=1/admin", "/.;/users", "/users/.;", "/users/..%3b/admin", "/users/..%3Bx/admin", "/users/%2e%2e;/admin", "/users/%2E%2e%3b/admin", "/users/.%3b.."),
    )  # fmt: skip


def harmless_dots():
    goes(
        "path-harmless-dots", "dots within a longer segment are only dots, and so are semicolons behind something else",
        [("/users/...", "users"), ("/users/..a", "users"), ("/users/a..", "users"), ("/users/.well-known", "users"), ("/users/a;x=..", "users"), ("/users/;..", "users"), ("/.hidden", ".hidden"), ("/...", "..."), ("/users/1.2", "users"), ("/users/...;x", "users")],
    )  # fmt: skip


def encoded_dangers():
    goes(
        "path-encoded-dangers", "an encoded slash, backslash or control character is a bad request", [("/users/%20%3B%3F%23%3D", "users"), ("/users/%80%FF", "users")],
        refused=tuple(f"/users/a%{code}b" for code in ("2F", "2f", "5C", "5c", "00", "0A", "0d", "1f", "7F")) + ("/users%2F1", "/%2Fusers", "/..%2fadmin"),
    )  # fmt: skip


def bad_percent():
    goes(
        "path-bad-percent", "a % without two hex digits is a bad request", [],
        refused=("/users/%", "/users/%2", "/users/%/1", "/users/%zz", "/users/%2g", "/users/%g2", "/users/%%20", "/users/% 20", "/users/%u0041", "/%?x=20", "/users/%2?0"),
    )  # fmt: skip


def raw_characters():
    goes(
        "path-raw-characters", "a raw control character, space, backslash, # or anything beyond ASCII is a bad request", [],
        refused=("/users/a b", "/users/a\\b", "\\users", "/users/..\\admin", "/users#top", "/users/\x00", "/users/\t", "/users\n", "/users/\x1f", "/users/\x7f", "/us\u00e9rs", "/users/\uff0e\uff0e/", "/users/\U0001f600", " /users", "/users ", "/users\u00a0"),
    )  # fmt: skip


def not_absolute():
    goes(
        "path-not-absolute", "a path begins with a slash", [],
        refused=("users", "api/users", "*", "?x=1", "?", "http://gateway.example/users", "gateway.example:443", ".", "..", "%2Fusers", ";/users"),
    )  # fmt: skip


def query():
    goes(
        "path-query", "the path is taken without its query, and nothing in the query is judged",
        [(f"/users?{q}", "users") for q in ("", "x=1", "path=/../admin", "a=%zz&b=%", "a=%00%2f%5c", "a b\\c#d", "caf\u00e9", "?", "/api/orders", "\n\x7f")],
        unknown=("/?/users", "/api?/users", "/api/v1?x=/users"),
    )  # fmt: skip
