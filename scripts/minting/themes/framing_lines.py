"""Framing (section 1) where each message stands on one line."""

from ..talk import INIT_OK, MALFORMED, MISSING, Talk, allowed, envelope, to_client
from ..keys import secret
from ..tokens import sign
from .framing_text import line, message, missing, pretty


def write():
    one_a_line()
    several_on_a_line()
    junk_behind_objects()
    no_object()
    blank_lines()
    crlf()
    bom()
    no_last_newline()
    json_whitespace()
    syntax_error_alone()
    line_numbers()
    answers_are_ignored()


def one_a_line():
    talk = Talk("framing-one-a-line", "the usual case: one message a line, one answer a line, in order")
    talk.init(secret())
    talk.request(allowed(), sign("secret"))
    talk.request(MISSING, path="/users")
    talk.request(allowed(service="orders-service"), sign("secret"), path="/orders")


def several_on_a_line():
    talk = Talk("framing-several-on-a-line", "several objects on one line are several messages, with or without blanks between them", clock=False)
    talk.text(line(1) + line(2) + "\n", missing(1), missing(2))
    talk.text(line(3) + " \t " + line(4) + "  " + line(5) + "\n", missing(3), missing(4), missing(5))
    # The last one on the line goes on over the next lines.
    talk.text(line(6) + pretty(7) + "\n", missing(6), missing(7))
    talk.text(line(8) + "\n", missing(8))


def junk_behind_objects():
    talk = Talk("framing-junk-behind-objects", "objects before junk are answered; the rest of the line is one malformed message, objects in it included", clock=False)
    talk.text(line(1) + " oops\n", missing(1), MALFORMED)
    talk.text(line(2) + line(3) + ", " + line(4) + "\n", missing(2), missing(3), MALFORMED)
    talk.text(line(5) + " } " + line(6) + " oops " + line(7) + "\n", missing(5), MALFORMED)
    talk.text(line(8) + ' {"src": oops} ' + line(9) + "\n", missing(8), MALFORMED)
    talk.text(line(10) + "\n", missing(10))


def no_object():
    talk = Talk("framing-no-object", "what does not begin with { is malformed for itself, line by line; a list is not a message, nor are its brackets", clock=False)
    for text in ("hello", "42", "null", '"text"', "[]", "}", "[1, 2] " + line(1), "# " + line(2)):
        talk.text(text + "\n", MALFORMED)
    talk.text("[\n", MALFORMED)
    talk.text(line(3) + ",\n", missing(3), MALFORMED)
    talk.text(line(4) + "\n", missing(4))
    talk.text("]\n", MALFORMED)


def blank_lines():
    talk = Talk("framing-blank-lines", "lines of spaces, tabs and CR alone mean nothing, but they count as lines", clock=False)
    talk.text("\n\n")
    talk.text(line(1) + "\n", missing(1))
    talk.text("   \n\t\n\r\n \t \r\n")
    talk.text("oops\n", MALFORMED)
    talk.text(line(2) + "\n", missing(2))
    # Within a message over several lines they are whitespace.
    talk.text(pretty(3).replace("\n", "\n\n \t\n") + "\n", missing(3))
    talk.text("\n")
    talk.text("oops\n", MALFORMED)


def crlf():
    talk = Talk("framing-crlf", "lines may end in CR LF, those of a message over several lines too", clock=False)
    talk.text(line(1) + "\r\n", missing(1))
    talk.text("\r\n")
    talk.text(pretty(2).replace("\n", "\r\n") + "\r\n", missing(2))
    talk.text("oops\r\n", MALFORMED)
    talk.text(line(3) + "\r\n", missing(3))


def bom():
    talk = Talk("framing-bom", "a byte order mark at the very start is skipped; anywhere else it is junk", clock=False)
    talk.text("\ufeff" + line(1) + "\n", missing(1))
    talk.text("\ufeff" + line(2) + "\n", MALFORMED)
    talk.text(line(3) + "\ufeff\n", missing(3), MALFORMED)
    talk.text(line(4) + "\n", missing(4))


def no_last_newline():
    talk = Talk("framing-no-last-newline", "the last line needs no newline", clock=False)
    talk.text(line(1) + "\n", missing(1))
    talk.text(line(2), missing(2))


def json_whitespace():
    talk = Talk("framing-whitespace", "blanks, tabs and CR may stand around and within a message; other white space may not", clock=False)
    talk.text('  \t{ "src" : "client" ,\t"dest":"gateway","body" :{"type":"api_request","msg_id":1 ,"method":"GET","path":"/users"} } \t \n', missing(1))
    talk.text(line(2) + "\r" + line(3) + "\r\n", missing(2), missing(3))
    for blank in ("\f", "\v", "\u00a0", "\u2028", "\0"):
        talk.text(blank + "\n", MALFORMED)
    talk.text(line(4).replace(",", ",\f", 1) + "\n", MALFORMED)
    talk.text(line(5) + "\u00a0\n", missing(5), MALFORMED)
    talk.text(line(6) + "\n", missing(6))


def syntax_error_alone():
    talk = Talk("framing-syntax-error-alone", "a syntax error in a line that stands alone costs that line only, also where a message over several lines seems to begin", clock=False)
    talk.text('{"src":"client","dest":"gateway","body":{"type":"api_request","msg_id":1,}}\n', MALFORMED)
    talk.text('{"src": oops} ' + line(2) + "\n", MALFORMED)
    talk.text("{'src': 'client'}\n", MALFORMED)
    talk.text(line(3) + "\n", missing(3))
    talk.text('{"src": oops,\n', MALFORMED)
    talk.text('  "dest": "gateway"\n', MALFORMED)
    talk.text("}\n", MALFORMED)
    talk.text(line(4) + "\n", missing(4))
    # A newline within a string is an error of the line that it ends.
    talk.text('{"src":"client","dest":"gate\n', MALFORMED)
    talk.text('way","body":{}}\n', MALFORMED)
    talk.text(line(5) + "\n", missing(5))


def line_numbers():
    talk = Talk("framing-line-numbers", "line N is where the message began, counted from 1: blank lines, gathered lines and several messages on a line considered", clock=False)
    talk.text("oops\n", MALFORMED)
    talk.text("\n\n")
    talk.text(pretty(1) + "\n", missing(1))
    talk.text("oops\n", MALFORMED)
    # The gathered message breaks on its third line, and is malformed on its first.
    talk.text('{\n  "src": "client",\n  oops\n', MALFORMED)
    talk.text(line(2) + ' {"body": 5} ' + "oops\n", missing(2), MALFORMED, MALFORMED)
    talk.text("\n")
    talk.text('{"src": "client",\n\n"dest": "gateway"}\n', to_client(MALFORMED))
    talk.text("oops", MALFORMED)


def answers_are_ignored():
    talk = Talk("framing-answers-are-ignored", "a message that is itself an answer gets none and has no effect, whatever else is wrong with it", clock=False)
    ignored = [
        {"type": "api_request", "msg_id": 1, "method": "GET", "path": "/users", "in_reply_to": 7},
        {"type": "api_request", "in_reply_to": False, "method": "GET", "path": "/users"},
        {"type": "init", "in_reply_to": 0, "jwt_public_key": "ignored, so it appoints nobody"},
        {"in_reply_to": "x"},
        {"type": "error", "code": 12, "text": "Malformed message on line 1: of another node"},
        {"type": "api_response", "status": 200},
        {"type": "init_ok"},
        {"type": "made_up_ok", "msg_id": {}},
        {"type": "_ok"},
        {"type": 5, "in_reply_to": [1]},
    ]
    for body in ignored:
        talk.say(envelope("mallory", "gateway", body))
    talk.text('{"src":"mallory","body":{"type":"api_request","in\\u005freply\\u005fto":3}}\n')
    talk.text('{"src":"mallory","src":5,"body":{"type":"api_request","type":"error"}}\n')
    talk.text('{"src":"mallory","body":{"type":"api_request","in_reply_to":null,"in_reply_to":4}}\n')
    talk.text('{"src":"mallory","dest":[],"body":{"type":"\\ud800_ok"}}\n')
    # null is as if it were absent, and an answer that cannot be read is malformed like anything else.
    talk.say(message(2, in_reply_to=None), missing(2))
    talk.text('{"src":"mallory","body":{"type":"error","in_reply_to":oops}}\n', MALFORMED)
    talk.say(envelope("client", "gateway", {"type": "init", "msg_id": 3, "jwt_public_key": secret()}), INIT_OK)
