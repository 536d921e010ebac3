"""Section 8: the errors of the protocol itself."""

from ..talk import MALFORMED, MISSING, OMIT, Addressed, Talk, envelope, to_client, unsupported


def write():
    unknown_type()
    no_body()
    no_type()
    what_is_used()


def unknown_type():
    talk = Talk("error-unknown-type", "a type the node does not know is code 10; types are compared to the letter", clock=False)
    for name in ("echo", "topology", "INIT", "Api_Request", "api_request ", "ok", "errors", ""):
        talk.say(envelope("client", "gateway", {"type": name, "msg_id": talk.next_id()}), unsupported(name))
    talk.say(envelope("client", "gateway", {"type": "echo"}), unsupported("echo"))
    talk.say({"body": {"type": "echo", "msg_id": 10, "echo": "hello"}}, unsupported("echo"))


def no_body():
    talk = Talk("error-no-body", "without a body, or with one that is no object, a message is malformed", clock=False)
    talk.say({}, MALFORMED)
    talk.say({"src": "client"}, MALFORMED)
    talk.say({"src": "client", "dest": "gw-7", "type": "api_request", "msg_id": 1}, MALFORMED)
    for body in (None, "api_request", 5, True, [], [{"type": "echo"}]):
        talk.say({"src": "client", "dest": "gateway", "body": body}, MALFORMED)
    talk.request(MISSING)


def no_type():
    talk = Talk("error-no-type", "without a type, or with one that is no string, a message is malformed; its msg_id is repeated", clock=False)
    for kind in (OMIT, None, 5, True, ["init"], {"name": "init"}):
        talk.say(envelope("client", "gateway", {"type": kind, "msg_id": talk.next_id()}), MALFORMED)
    talk.say(envelope("client", "gateway", {}), MALFORMED)
    talk.request(MISSING)


def what_is_used():
    talk = Talk("error-what-is-read", "nothing is read out of a message with a syntax error; of a complete one, src, dest and msg_id where they are well formed", clock=False)
    talk.text('{"src":"client","dest":"gw-7","body":{"type":"echo","msg_id":1}\n\n', MALFORMED)
    talk.text('oops"}\n')
    talk.text('{"src":"client","dest":"gw-7","body":{"type":"echo","msg_id":2},}\n', MALFORMED)
    talk.text('{"src":"client","dest":"gw-7","body":{"type":5,"msg_id":3}}\n', to_client_from("gw-7", 3))
    talk.text('{"src":7,"dest":"gw-7","body":{"type":5,"msg_id":4}}\n', Addressed(MALFORMED, "unknown", "gw-7", 4))
    talk.text('{"src":"client","dest":7,"body":{"type":5,"msg_id":[5]}}\n', to_client(MALFORMED))


def to_client_from(sender, msg_id):
    return Addressed(MALFORMED, "client", sender, msg_id)
