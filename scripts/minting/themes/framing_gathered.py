"""Framing (section 1) of messages over several lines: gathering, starting anew, getting back in step."""

import json

from ..keys import secret
from ..talk import INIT_OK, MALFORMED, Malformed, Talk, allowed, envelope, to_client
from ..tokens import sign
from .framing_text import line, missing, pretty


def write():
    pretty_printed()
    starts_anew()
    starts_anew_with_more()
    does_not_start_anew()
    syntax_error()
    error_line_begins_with_a_brace()
    behind_a_gathered_message()
    incomplete_at_the_end()
    incomplete_line_at_the_end()


def pretty_printed():
    talk = Talk("framing-pretty-printed", "messages may span lines: an init and a request as a person would lay them out")
    init = envelope("client", "gateway", {"type": "init", "msg_id": 1, "jwt_public_key": secret()})
    talk.text(json.dumps(init, indent=2) + "\n", to_client(INIT_OK, 1))
    headers = {"Authorization": f"Bearer {sign('secret')}"}
    body = {"type": "api_request", "msg_id": 2, "method": "GET", "path": "/users", "headers": headers}
    talk.text(json.dumps(envelope("client", "gateway", body), indent=4) + "\n", to_client(allowed(), 2))
    talk.text(line(3).replace("{", "{\n").replace("}", "\n}") + "\n", missing(3))
    talk.text(pretty(4) + pretty(5) + "\n", missing(4), missing(5))


def starts_anew():
    talk = Talk("framing-starts-anew", "a gathered message never swallows a complete one: it is answered as malformed, and the complete line for itself", clock=False)
    talk.text('{\n  "src": "client",\n', MALFORMED)
    talk.text(line(1) + "\n", missing(1))
    talk.text('{"src":"client","dest":"gateway","body":{"type":"api_request",\n', MALFORMED)
    talk.text(line(2) + "\n", missing(2))
    # Also where the gathered message would have had room for it, and with a src or a dest alone.
    talk.text(pretty(3, body=[]).split("]")[0] + "\n", MALFORMED)
    talk.text('{"dest":"gateway","body":{"type":"api_request","msg_id":4,"method":"GET","path":"/users"}}\n', missing_to_nobody(4))
    talk.text("}\n", MALFORMED)
    talk.text("{\n", MALFORMED)
    talk.text("   " + line(5) + "  \r\n", missing(5))
    # An answer starts anew as well, and is ignored.
    talk.text('{"src":\n', MALFORMED)
    talk.text('{"src":"other","body":{"type":"init_ok","in_reply_to":1}}\n')
    talk.text(line(6) + "\n", missing(6))


def missing_to_nobody(msg_id):
    answer = missing(msg_id)
    answer.to = "unknown"
    return answer


def starts_anew_with_more():
    talk = Talk("framing-starts-anew-with-more", "a line that begins with a complete message starts anew, whatever stands behind it", clock=False)
    talk.text('{\n  "list": [\n', MALFORMED)
    talk.text(line(1) + ",\n", missing(1), MALFORMED)
    talk.text(line(2) + "\n", missing(2))
    talk.text('{"src":"client",\n', MALFORMED)
    talk.text(line(3) + " " + line(4) + " oops\n", missing(3), missing(4), MALFORMED)
    talk.text('{"src":"client",\n', MALFORMED)
    talk.text(line(5) + pretty(6) + "\n", missing(5), missing(6))


def does_not_start_anew():
    talk = Talk("framing-does-not-start-anew", "a line within a message that looks like one, but has no src and no dest, or a body that is no object, is part of it", clock=False)
    for msg_id, inner in ((1, '{"body":{"type":"api_request"}}'), (2, '{"src":"client","body":[]}'), (3, '{"src":"client","dest":"gateway"}'), (4, '{}')):
        talk.text(pretty(msg_id, body=[]).replace("[]", f"[\n{inner}\n]") + "\n", missing(msg_id))


def syntax_error():
    talk = Talk("framing-syntax-error-gathered", "a syntax error in a gathered message is answered once; what follows is skipped up to the next line that begins with {", clock=False)
    broken = pretty(1).replace('"msg_id": 1', "oops")
    talk.text(broken + "\n", MALFORMED)
    talk.text("skipped\n\n[]\n")
    talk.text(line(2) + "\n", missing(2))
    talk.text(broken + "\n", MALFORMED)
    talk.text("  " + pretty(3) + "\n", missing(3))
    # The next { may be one inside the broken message: it is read for what it is.
    talk.text('{\n  "src": "client",\n  oops\n  "list": [\n', MALFORMED)
    talk.text('    {"name": 1}\n', MALFORMED)
    talk.text("  ]\n", MALFORMED)
    talk.text("}\n", MALFORMED)
    talk.text(line(4) + "\n", missing(4))


def error_line_begins_with_a_brace():
    talk = Talk("framing-error-line-begins-with-a-brace", "the line with the error is where reading goes on, if it begins with { and is not the broken message's first", clock=False)
    torn = "\n".join(pretty(1).split("\n")[:2])
    talk.text(torn + "\n", MALFORMED)
    talk.text(pretty(2) + "\n", missing(2))
    talk.text(torn + "\n", MALFORMED)
    talk.text('  {"oops"\n', MALFORMED)
    # The line above began a message, which this line breaks; what follows is skipped.
    talk.text("  oops\n  skipped\n")
    talk.text(torn + "\n", MALFORMED)
    talk.text("{ oops\n", MALFORMED)
    talk.text(line(3) + "\n", missing(3))


def behind_a_gathered_message():
    talk = Talk("framing-behind-a-gathered-message", "what stands behind a gathered message on its last line is read as a line of its own", clock=False)
    talk.text(pretty(1) + " " + line(2) + line(3) + "\n", missing(1), missing(2), missing(3))
    at_its_end = Malformed(later=pretty(4).count("\n"))
    talk.text(pretty(4) + " oops " + line(5) + "\n", missing(4), at_its_end)
    talk.text(line(6) + "\n", missing(6))
    talk.text(pretty(7) + ' {"src": oops\n', missing(7), at_its_end)
    talk.text("this line is not skipped, but malformed for itself\n", MALFORMED)
    talk.text(pretty(8) + pretty(9) + pretty(10) + "\n", missing(8), missing(9), missing(10))


def incomplete_at_the_end():
    talk = Talk("framing-incomplete-at-the-end", "what is still incomplete at end of input is malformed on the line where it began, and nothing is read out of it", clock=False)
    talk.text(line(1) + "\n", missing(1))
    talk.text(pretty(2)[:-2] + "\n\n", MALFORMED)


def incomplete_line_at_the_end():
    talk = Talk("framing-cut-at-the-end", "an input that breaks off within its last line: the message is malformed", clock=False)
    talk.text(line(1) + "\n", missing(1))
    talk.text(line(2) + line(3)[:-1], missing(2), MALFORMED)
