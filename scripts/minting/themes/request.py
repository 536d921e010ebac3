"""Section 4, rows 1 to 3, and the order of the checks."""

from ..keys import secret
from ..talk import (
    BAD_REQUEST, EXPIRED, INVALID_CREDENTIALS, INVALID_TOKEN, MISSING, NOT_RECOGNIZED, OMIT, Talk, allowed, lacking, to_client, unsupported,
)  # fmt: skip
from ..layout import dumps
from ..tokens import HOUR, NOW, claims, sign


def write():
    method_and_path()
    methods()
    header_types()
    permission_types()
    client_ip()
    null_is_absent()
    any_body()
    missing_authorization()
    header_names()
    header_lists()
    two_authorizations()
    header_twice_in_the_text()
    api_keys()
    no_token()
    schemes()
    bearer_spelling()
    token_with_blanks()
    order_of_checks()
    explained()


def ready(name, about, **settings):
    """A conversation whose init is done; tokens are signed with the secret."""
    talk = Talk(name, about, **settings)
    talk.init(secret())
    return talk


def method_and_path():
    talk = ready("request-method-and-path", "method and path are required, non-empty strings; this is judged before any credential")
    good = sign("secret")
    for name in ("method", "path"):
        for value in (OMIT, None, "", 5, True, ["GET"], {}):
            talk.request(BAD_REQUEST, good, **{name: value})
    talk.request(BAD_REQUEST, method=OMIT)
    talk.request(allowed(), good)


def methods():
    talk = ready("request-methods", "without routes any method will do, in any case, known or not")
    good = sign("secret")
    for method in ("GET", "DELETE", "get", "Patch", "BREW", "OPTIONS"):
        talk.request(allowed(), good, method=method)
    talk.request(MISSING, method="OPTIONS")


def header_types():
    talk = ready("request-header-types", "headers is an object of strings and lists of strings, in headers that nobody reads too")
    for headers in (5, "Authorization: Bearer x", True, [], [["Authorization", "Bearer x"]]):
        talk.request(BAD_REQUEST, headers=headers)
    bearer = f"Bearer {sign('secret')}"
    for value in (5, True, {}, {"a": "b"}, [5], ["a", None], [["a"]]):
        talk.request(BAD_REQUEST, headers={"Authorization": bearer, "X-Note": value})
    for value in (5, {"Bearer": "x"}, [5], False):
        talk.request(BAD_REQUEST, headers={"Authorization": value})
    talk.request(allowed(), headers={"Authorization": bearer, "X-Note": ["a", "b"], "Accept": "text/html", "X-None": None})


def permission_types():
    talk = ready("request-permission-types", "a required permission is a non-empty string or a list of them; an empty list asks for nothing")
    good = sign("secret")
    for value in ("", 5, True, {}, [""], ["read", ""], [5], ["read", None], [["read"]]):
        talk.request(BAD_REQUEST, good, required_permission=value)
    for value in ("", {}, [5], ["read", ""]):
        talk.request(BAD_REQUEST, good, required_permissions=value)
    talk.request(allowed(), good, required_permission=[], required_permissions=[])
    talk.request(BAD_REQUEST, good, required_permission="read", required_permissions=5)


def client_ip():
    talk = ready("request-client-ip", "client_ip is a string, of whatever form, or absent")
    good = sign("secret")
    for value in (5, True, [], ["10.0.0.1"], {}):
        talk.request(BAD_REQUEST, good, client_ip=value)
    for value in ("10.0.0.1", "2001:db8::1", "no address", "", None):
        talk.request(allowed(), good, client_ip=value)


def null_is_absent():
    talk = ready("request-null-is-absent", "null is as if the member were absent, a header that is null or [] as if the header were")
    nothing = {"required_permission": None, "required_permissions": None, "client_ip": None, "body": None}
    talk.request(allowed(), sign("secret"), **nothing)
    talk.request(MISSING, headers=None)
    talk.request(MISSING, headers={})
    talk.request(MISSING, headers={"Authorization": None})
    talk.request(MISSING, headers={"Authorization": []})
    talk.request(allowed(), headers={"Authorization": [f"Bearer {sign('secret')}"], "X-Note": [], "X-Other": None})


def any_body():
    talk = ready("request-body", "a request's body may be anything, and is not read")
    good = sign("secret")
    for body in ({"type": "error", "in_reply_to": 1}, {"Authorization": "Bearer x"}, [1, [2]], "text", 5, False, None, {}):
        talk.request(allowed(), good, method="POST", body=body)


def missing_authorization():
    talk = ready("request-missing-authorization", "no credential is 401 Missing Authorization header; a token elsewhere is none")
    good = sign("secret")
    talk.request(MISSING)
    talk.request(MISSING, headers={"Accept": "*/*"})
    talk.request(MISSING, headers={"X-Authorization": f"Bearer {good}", "Proxy-Authorization": f"Bearer {good}"})
    talk.request(MISSING, headers={"Cookie": f"token={good}"})
    talk.request(MISSING, path=f"/api/users/123?access_token={good}")
    talk.request(MISSING, token_elsewhere=good, authorization=f"Bearer {good}")


def header_names():
    talk = ready("request-header-names", "header names compare case-insensitively, and otherwise to the letter")
    bearer = f"Bearer {sign('secret')}"
    for name in ("Authorization", "authorization", "AUTHORIZATION", "aUTHORIZATION"):
        talk.request(allowed(), headers={name: bearer})
    for name in ("Authorization ", " Authorization", "Authorisation", "Authorization:", ""):
        talk.request(MISSING, headers={name: bearer})


def header_lists():
    talk = ready("request-header-lists", "a header may be a list of one; blanks around a value do not count")
    good = sign("secret")
    talk.request(allowed(), headers={"Authorization": [f"Bearer {good}"]})
    for value in (f" Bearer {good} ", f"\tBearer {good}\t", f" \t Bearer {good} \t "):
        talk.request(allowed(), headers={"Authorization": value})
    talk.request(INVALID_CREDENTIALS, headers={"Authorization": [""]})


def two_authorizations():
    talk = ready("request-two-authorizations", "Authorization with two values is a bad request, be they equal, empty, or under names of different case")
    bearer = f"Bearer {sign('secret')}"
    talk.request(BAD_REQUEST, headers={"Authorization": [bearer, bearer]})
    talk.request(BAD_REQUEST, headers={"Authorization": [bearer, "Basic YWRhOnB3"]})
    talk.request(BAD_REQUEST, headers={"Authorization": ["", bearer]})
    talk.request(BAD_REQUEST, headers={"Authorization": bearer, "authorization": bearer})
    talk.request(BAD_REQUEST, headers={"Authorization": [bearer], "AUTHORIZATION": ["Basic YWRhOnB3"]})
    talk.request(BAD_REQUEST, headers={"authorization": "", "Authorization": ""})
    # One header with a comma in it is one value.
    talk.request(INVALID_CREDENTIALS, headers={"Authorization": f"{bearer}, {bearer}"})


def header_twice_in_the_text():
    talk = ready("request-header-twice", "the same header name twice in one object is a list of two: harmless in general, a bad request for Authorization")
    bearer = dumps(f"Bearer {sign('secret')}")

    def ask(headers, answer):
        msg_id = talk.next_id()
        body = f'{{"type":"api_request","msg_id":{msg_id},"method":"GET","path":"/users","headers":{{{headers}}}}}'
        talk.text(f'{{"src":"client","dest":"gateway","body":{body}}}\n', to_client(answer, msg_id))

    ask(f'"Authorization":{bearer},"Authorization":{bearer}', BAD_REQUEST)
    ask(f'"Authorization":{bearer},"Authorizatio\\u006e":{bearer}', BAD_REQUEST)
    ask(f'"Authorization":{bearer},"Accept":"a","Accept":"b","accept":["c"]', allowed())
    ask(f'"Accept":"a","Accept":5,"Authorization":{bearer}', BAD_REQUEST)


def api_keys():
    talk = ready("request-api-key", "where no API keys are configured, X-API-Key means nothing, and ApiKey is a scheme like any other unknown one")
    good = sign("secret")
    talk.request(MISSING, headers={"X-API-Key": "k-123"})
    talk.request(allowed(), headers={"X-API-Key": "k-123", "Authorization": f"Bearer {good}"})
    talk.request(allowed(), headers={"X-API-Key": ["k-123", "k-456"], "Authorization": f"Bearer {good}"})
    talk.request(INVALID_CREDENTIALS, headers={"Authorization": "ApiKey k-123"})
    talk.request(INVALID_CREDENTIALS, headers={"Authorization": "ApiKey k-123", "X-API-Key": "k-123"})
    talk.request(BAD_REQUEST, headers={"X-API-Key": 5, "Authorization": f"Bearer {good}"})


def no_token():
    talk = ready("request-scheme-without-token", "an empty value and a scheme without a token are 401 Invalid authentication credentials, not a missing header")
    for value in ("", " ", " \t ", "Bearer", "Bearer ", "Bearer   ", "bearer\t", "Basic"):
        talk.request(INVALID_CREDENTIALS, headers={"Authorization": value})


def schemes():
    talk = ready("request-schemes", "another scheme, or a token without a scheme and a space before it: 401 Invalid authentication credentials")
    good = sign("secret")
    for value in (
        "Basic YWRhOnB3", f"Basic {good}", f"JWT {good}", f"Token {good}", f"Digest {good}",
        good, f"Bearer{good}", f"Bearer:{good}", f"Bearer={good}", f"Bearer, {good}", f"Bearer\t{good}", f"Bearer\u00a0{good}", f"\u00a0Bearer {good}", f"\"Bearer\" {good}",
    ):  # fmt: skip
        talk.request(INVALID_CREDENTIALS, headers={"Authorization": value})


def bearer_spelling():
    talk = ready("request-bearer", "the scheme is Bearer in any case, with one or more spaces behind it")
    good = sign("secret")
    for scheme in ("Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer  ", "Bearer      "):
        talk.request(allowed(), headers={"Authorization": scheme + good})


def token_with_blanks():
    talk = ready("request-token-with-blanks", "a token with a space, a tab or a comma in it is no token at all: row 3, not row 5")
    good = sign("secret")
    half = len(good) // 2
    for inner in (" ", "\t", ",", ", "):
        talk.request(INVALID_CREDENTIALS, headers={"Authorization": f"Bearer {good[:half]}{inner}{good[half:]}"})
    for behind in (" x", ",", ", Basic x", "\tx"):
        talk.request(INVALID_CREDENTIALS, headers={"Authorization": f"Bearer {good}{behind}"})
    for other in ("\n", "\r", "\u00a0", "\0", ";", "=", "\"", "{"):
        talk.request(INVALID_TOKEN, headers={"Authorization": f"Bearer {good[:half]}{other}{good[half:]}"})


def order_of_checks():
    talk = ready("request-order-of-checks", "the first check that fails decides: 400, missing, credentials, expired, invalid, 404, 403")
    late = sign("secret", {"sub": "ada", "exp": NOW - HOUR})
    good, bad = sign("secret"), sign("secret-next")
    delete = {"required_permission": "delete"}
    for path, headers, answer in (
        ("/../admin", {}, BAD_REQUEST),
        ("/../admin", {"Authorization": "Basic x"}, BAD_REQUEST),
        ("/", {"Authorization": [f"Bearer {late}", ""]}, BAD_REQUEST),
        ("/", {}, MISSING),
        ("/", {"Authorization": "Basic x"}, INVALID_CREDENTIALS),
        ("/", {"Authorization": f"Bearer {late}"}, EXPIRED),
        ("/", {"Authorization": f"Bearer {bad}"}, INVALID_TOKEN),
        ("/", {"Authorization": f"Bearer {good}"}, NOT_RECOGNIZED),
        ("/users", {"Authorization": f"Bearer {good}"}, lacking(["delete"], [])),
    ):
        talk.request(answer, path=path, headers=headers, **delete)
    talk.request(BAD_REQUEST, late, path="/users", required_permission=5)
    talk.request(allowed(permissions=["delete"]), sign("secret", claims(permissions=["delete"])), path="/users", **delete)


def explained():
    talk = ready("request-explain", "with --explain every api_response ends in a member that lists the checks and what each of them saw", explain=True)
    reader = sign("secret", claims(role="reader", permissions=["read"]))
    talk.request(allowed("ada", "reader", ["read"]), reader, required_permission="read")
    talk.request(lacking(["delete"], ["read"]), reader, required_permission="delete")
    talk.request(INVALID_TOKEN, sign("secret", claims(aud="orders-api")))
    talk.request(BAD_REQUEST, reader, path="/a/../b")
    talk.request(MISSING)
    talk.say({"src": "client", "dest": "gateway", "body": {"type": "echo", "msg_id": talk.next_id()}}, unsupported("echo"))
