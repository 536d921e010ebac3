"""Section 2: who an answer goes to, who it comes from, what it replies to, and how it is laid out."""

from ..keys import secret
from ..layout import Raw
from ..talk import (
    INIT_OK, INVALID_INIT, MALFORMED, MISSING, OMIT, Talk, allowed, envelope, lacking, to_client, unsupported,
)  # fmt: skip
from ..tokens import claims, sign


def write():
    swap()
    node_id()
    node_id_malformed()
    msg_id_texts()
    msg_id_not_a_scalar()
    not_strings()
    unknown_members()
    layout_of_names()
    layout_of_identities()
    layout_of_errors()


def swap():
    talk = Talk("envelope-swap", "an answer swaps src and dest; what is absent or null becomes unknown and gateway", clock=False)
    talk.request(MISSING, src="ada", dest="gw-7")
    for src, dest in ((OMIT, "gw-7"), ("ada", OMIT), (OMIT, OMIT), (None, "gw-7"), ("ada", None), (None, None)):
        talk.request(MISSING, src=src, dest=dest)
    talk.request(MISSING, src="", dest="gw-7")
    talk.request(MISSING, src="gateway", dest="client")


def node_id():
    talk = Talk("envelope-node-id", "answers come from the node_id of the last init that gave one, its own init_ok included")
    talk.request(MISSING, dest="gw-7")
    talk.init(secret(), dest="gw-7", node_id="n1", node_ids=["n1", "n2"])
    talk.request(allowed(), sign("secret"), dest="gw-7")
    talk.request(MISSING, src=OMIT, dest=OMIT)
    talk.init(secret(), INIT_OK, dest="gw-7")
    talk.request(MISSING, dest="gw-7")
    talk.init("", INVALID_INIT, dest="gw-7", node_id="n8")
    talk.init(secret(), INIT_OK, node_id=None)
    talk.init(secret(), node_id="n2")
    talk.request(MISSING, dest="gw-7")


def node_id_malformed():
    talk = Talk("envelope-node-id-in-errors", "errors come from the node_id too, those without a sender included", clock=False)
    talk.text("oops\n", MALFORMED)
    talk.init(secret(), node_id="n1")
    talk.text("oops\n", MALFORMED)
    talk.say(envelope("client", "gw-7", {"type": "echo", "msg_id": 2}), unsupported("echo"))
    talk.say({"src": "client", "dest": "gw-7"}, MALFORMED)


def msg_id_texts():
    talk = Talk("envelope-msg-id", "in_reply_to repeats msg_id, a number with the text it was written with; it is left out for none and for null", clock=False)
    for text in ("0", "-0", "1.0", "1E5", "1e+05", "-1.50e-7", "12345678901234567890123", "0.10000000000000000000000001", "1e999", "true", "false"):
        talk.request(MISSING, msg_id=Raw(text))
    for text in ("seven", "", "7", "null"):
        talk.request(MISSING, msg_id=text)
    talk.request(MISSING, msg_id=None)
    talk.request(MISSING, msg_id=OMIT)
    talk.request(MISSING, msg_id="caf\u00e9 \U0001f600 / \" \\ \x7f \n")


def msg_id_not_a_scalar():
    talk = Talk("envelope-msg-id-not-a-scalar", "a msg_id that is an object or a list makes the message malformed, and is not repeated", clock=False)
    for value in ({}, [], [1], {"id": 1}):
        talk.request(MALFORMED, msg_id=value)
    talk.init(secret(), MALFORMED, msg_id=[1])
    talk.say(envelope("client", "gateway", {"type": "echo", "msg_id": {}}), MALFORMED)
    talk.request(MISSING)


def not_strings():
    talk = Talk("envelope-src-and-dest-no-strings", "src or dest of another type than string makes the message malformed; what is well formed is used", clock=False)
    for value in (5, True, ["client"], {"name": "client"}):
        talk.request(MALFORMED, src=value)
        talk.request(MALFORMED, dest=value)
    talk.request(MALFORMED, src=1, dest=2)
    talk.init(secret(), MALFORMED, dest=0)
    talk.request(MISSING)


def unknown_members():
    talk = Talk("envelope-unknown-members", "unknown members are ignored, in the envelope and in the body")
    body = {"type": "init", "msg_id": 1, "jwt_public_key": secret(), "colour": "blue", "status": 200}
    talk.say({"id": 1, "src": "client", "dest": "gateway", "body": body, "SRC": 5}, INIT_OK)
    talk.last_id = 1
    talk.request(allowed(), sign("secret"), Path="/admin", status=500, user_context={"role": "admin"}, service="admin-service")


def layout_of_names():
    talk = Talk("envelope-layout", "text beyond U+0020 to U+007E is written as \\uXXXX in small letters, with short escapes where there are some", clock=False)
    talk.request(MISSING, src="caf\u00e9", dest="\u4e16\u754c")
    talk.request(MISSING, src="\U0001f600", dest="\U0010ffff \ufffd")
    talk.request(MISSING, src="\" \\ / < > & '", dest="\x08\x0c\n\r\t")
    talk.request(MISSING, src="\x00\x01\x1f\x7f\x80\xa0", dest="\u2028\u2029 ~")
    body = '"body":{"type":"api_request","msg_id":"\\/\\u0041\\u00E9\\uD83D\\uDE00","method":"GET","path":"/users"}'
    talk.text('{"src":"\\u0063lient","dest":"gateway",' + body + "}\n", to_client(MISSING, "/A\u00e9\U0001f600"))


def layout_of_identities():
    talk = Talk("envelope-layout-identity", "the user, the role and the permissions of a token are laid out like any other text")
    talk.init(secret())
    for sub, role, permissions in (
        ("Ada Lovelace", "caf\u00e9", ["lire", "\u00e9crire"]),
        ("\U0001f600", "a\"b\\c/d", ["<read>", "wr'ite"]),
        ("\u0080\u2028", "\ue000\uffff", ["\U00010000"]),
    ):
        talk.request(allowed(sub, role, permissions), sign("secret", claims(sub, role=role, permissions=permissions)))
    escaped = '{"sub":"\\u0061d\\u0061","exp":1767229200,"role":"\\uD83D\\uDE00","permissions":["\\/"]}'
    talk.request(allowed("ada", "\U0001f600", ["/"]), sign("secret", escaped))


def layout_of_errors():
    talk = Talk("envelope-layout-errors", "a permission or a type in an error text is laid out like any other text")
    talk.init(secret())
    reader = sign("secret", claims(permissions=["caf\u00e9", "\"q\""]))
    talk.request(lacking(["\U0001f600", "a/b\\c"], ["caf\u00e9", "\"q\""]), reader, required_permission=["\U0001f600", "a/b\\c"])
    talk.request(lacking(["line\nbreak\x7f"], ["caf\u00e9", "\"q\""]), reader, required_permission="line\nbreak\x7f")
    talk.say(envelope("client", "gateway", {"type": "\u00e9cho\t\"x\"", "msg_id": 4}), unsupported("\u00e9cho\t\"x\""))
