"""The smallest conversations: start here."""

import json

from ..talk import EXPIRED, INIT_OK, INVALID_TOKEN, Talk, allowed, envelope, lacking, to_client
from ..tokens import HOUR, NOW, claims, sign
from ..keys import pem


def write():
    init_ok()
    no_init()
    three_answers()


def init_ok():
    talk = Talk(
        "sample-init-ok",
        "an init is answered with init_ok, whatever text stands for the key; a request may follow at once",
        clock=False,
        compare="prefix",
    )
    talk.text(
        '{"src":"client","dest":"gateway","body":{"type":"init","msg_id":1,"jwt_public_key":"public_key_here"}}\n',
        to_client(INIT_OK, 1),
    )
    talk.text(
        '{"src":"client","dest":"gateway","body":{"type":"api_request","msg_id":2,"method":"GET",'
        '"path":"/api/users/123","headers":{"Authorization":"Bearer valid_jwt_here"}}}\n'
    )


def no_init():
    talk = Talk("sample-no-init", "a request before any init is decided with no key in force: no token is valid", clock=False)
    headers = {"Authorization": "Bearer invalid_jwt"}
    body = {"type": "api_request", "msg_id": 1, "method": "GET", "path": "/api/users/123", "headers": headers}
    talk.text(json.dumps(envelope("client", "gateway", body), indent=2) + "\n", to_client(INVALID_TOKEN, 1))


def three_answers():
    talk = Talk("sample-three-answers", "an RSA key; then a request that is allowed, one that comes too late, one that lacks a permission")
    talk.init(pem("rsa"))
    admin = sign("rsa", {"sub": "user123", "role": "admin", "permissions": ["read", "write"], "exp": NOW + HOUR})
    late = sign("rsa", {"sub": "user123", "role": "admin", "permissions": ["read", "write"], "exp": NOW - HOUR})
    reader = sign("rsa", claims("reader", permissions=["read"]))
    talk.request(allowed("user123", "admin", ["read", "write"]), admin)
    talk.request(EXPIRED, late)
    talk.request(lacking(["delete"], ["read"]), reader, method="DELETE", required_permission="delete")
