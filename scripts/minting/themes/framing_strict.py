"""What is no JSON by the letter, and complete objects that are malformed all the same (section 1)."""

from ..keys import secret
from ..talk import MALFORMED, Addressed, Talk, allowed, to_client, unsupported
from ..tokens import sign
from .framing_text import line, missing, pretty

HEAD = '{"src":"client","dest":"gateway","body":{"type":"api_request",'
TAIL = '"method":"GET","path":"/users"}}'


def write():
    strict_numbers()
    strict_strings()
    strict_structure()
    odd_but_valid()
    not_utf8()
    not_utf8_gathered()
    twice_in_the_envelope()
    twice_in_the_body()
    twice_where_it_does_not_count()
    lone_surrogates()
    lone_surrogates_unread()
    nesting()


def refuse(talk, *values):
    """Each value in a member that nobody reads, then a message that shows all is well."""
    for value in values:
        talk.text(f'{HEAD}"x":{value},{TAIL}\n', MALFORMED)
    talk.text(line(1) + "\n", missing(1))


def strict_numbers():
    talk = Talk("framing-strict-numbers", "JSON is judged strictly, in members that nobody reads too: numbers and words that are none", clock=False)
    refuse(talk, "01", "+1", "-", ".5", "1.", "1e", "0x10", "NaN", "Infinity", "True", "nul")


def strict_strings():
    talk = Talk("framing-strict-strings", "strings are strict as well: their quotes, their escapes, no raw control characters", clock=False)
    refuse(talk, "'x'", '"\\x41"', '"\\u12"', '"\\u12g4"', '"\\\'"', '"a\tb"', '"a\x01b"', '"a\0b"')


def strict_structure():
    talk = Talk("framing-strict-structure", "and so are lists and objects: no comma too many or too few, no bare names, no comments, matching brackets", clock=False)
    refuse(talk, "[1,]", "[,1]", '{"a":1,}', '{"a" 1}', "{a:1}", "{1:1}", "[1 2]", "/* */ 1", "1 // one", "", "[}", "{]")


def odd_but_valid():
    talk = Talk("framing-odd-but-valid", "values that are unusual and valid, in members that nobody reads", clock=False)
    values = ("1e999", "-0.0e-0", "1E+5", "123456789012345678901234567890", '"\\/\\b\\f"', '"\\u0000"', '"\x7f"', '""', "[ ]", "{ }", '{"":{"":[]}}', "[null,true,false]")
    for msg_id, value in enumerate(values, 1):
        talk.text(f'{HEAD}"msg_id":{msg_id},"x":{value},{TAIL}\n', missing(msg_id))
    talk.text('{"\\u0073rc":"client","d\\u0065st":"gateway","bod\\u0079":{"\\u0074ype":"api\\u005frequest","msg_id":99,' + TAIL + "\n", missing(99))


def not_utf8():
    talk = Talk("framing-not-utf8", "bytes that are not UTF-8 are a syntax error where they stand: stray, overlong, encoded surrogates, beyond U+10FFFF, cut short", clock=False)
    for raw in (b"\xff", b"\x80", b"\xc3", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x9f\x98"):
        talk.text(HEAD.encode() + b'"x":"' + raw + b'",' + TAIL.encode() + b"\n", MALFORMED)
    talk.text(b"\xff\xfe\n", MALFORMED)
    talk.text(line(1).encode() + b" \xff " + line(2).encode() + b"\n", missing(1), MALFORMED)
    talk.text(HEAD + '"msg_id":3,"x":"\u00e9 \u20ac \U0001f600 \U0010ffff \ufffe \ufeff",' + TAIL + "\n", missing(3))


def not_utf8_gathered():
    talk = Talk("framing-not-utf8-gathered", "bytes that are not UTF-8 in a message over several lines: answered once, then skipped", clock=False)
    talk.text(pretty(1).encode().replace(b"/users", b"/us\xffers") + b"\n", MALFORMED)
    talk.text(line(2) + "\n", missing(2))
    talk.text(pretty(3, x="?").encode().replace(b"?", b"\xed\xa0\xbd\xed\xb8\x80") + b"\n", MALFORMED)
    talk.text(pretty(4) + "\n", missing(4))


def twice_in_the_envelope():
    talk = Talk("framing-twice-in-the-envelope", "the same member twice in the envelope is malformed; of src and dest only what stands there once is used", clock=False)
    body = '"body":{"type":"api_request","msg_id":%d,"method":"GET","path":"/users"}'
    talk.text('{"src":"client","src":"client","dest":"gw",' + body % 1 + "}\n", Addressed(MALFORMED, "unknown", "gw", 1))
    talk.text('{"src":"client","dest":"gw","dest":"gw",' + body % 2 + "}\n", Addressed(MALFORMED, "client", "gateway", 2))
    talk.text('{"src":"client","s\\u0072c":"mallory","dest":"gw",' + body % 3 + "}\n", Addressed(MALFORMED, "unknown", "gw", 3))
    talk.text('{"src":"client","dest":"gw","src":null,' + body % 4 + "}\n", Addressed(MALFORMED, "unknown", "gw", 4))
    talk.text(line(5) + "\n", missing(5))


def twice_in_the_body():
    talk = Talk("framing-twice-in-the-body", "the same member twice in the body is malformed, whatever the type of the message, when the protocol names it", clock=False)

    def body(text):
        return '{"src":"client","dest":"gateway","body":{' + text + "}}\n"

    asks = '"type":"api_request","msg_id":%d,"method":"GET","path":"/users"'
    twice = ('"type":"api_request"', '"method":"GET"', '"path":"/users"', '"p\\u0061th":"/admin"')
    for msg_id, again in enumerate(twice, 1):
        talk.text(body(asks % msg_id + "," + again), to_client(MALFORMED, msg_id))
    talk.text(body(asks % 5 + ',"msg_id":5'), to_client(MALFORMED))
    pairs = ('"headers":{},"headers":null', '"client_ip":"::1","client_ip":"::1"', '"required_permission":"a","required_permission":"b"',
             '"required_permissions":[],"required_permissions":[]', '"body":1,"body":1', '"jwt_public_key":"a","jwt_public_key":"a"')  # fmt: skip
    for msg_id, pair in enumerate(pairs, 6):
        talk.text(body(asks % msg_id + "," + pair), to_client(MALFORMED, msg_id))
    talk.text(body('"type":"echo","msg_id":12,"path":"/a","path":"/b"'), to_client(MALFORMED, 12))
    for msg_id, name in enumerate(("jwt_public_key", "node_id", "config"), 13):
        value = "{}" if name == "config" else '"x"'
        talk.text(body(f'"type":"init","msg_id":{msg_id},"jwt_public_key":"x","{name}":{value},"{name}":{value}'), to_client(MALFORMED, msg_id))
    talk.text(line(16) + "\n", missing(16))


def twice_where_it_does_not_count():
    talk = Talk("framing-twice-where-it-does-not-count", "members that the protocol does not name, and members deeper down, may stand twice", clock=False)
    ends = '{"src":"client","x":1,"x":2,"dest":"gateway","body":{"type":"%s","msg_id":%d,"y":1,"y":1%s}}\n'
    talk.text(ends % ("api_request", 1, ',"method":"GET","path":"/users","body":{"path":1,"path":2}'), missing(1))
    talk.text(ends % ("echo", 2, ""), to_client(unsupported("echo"), 2))
    talk.text(ends % ("api_request", 3, ',"method":"GET","path":"/users","headers":{"X-Note":"a","X-Note":"b"}'), missing(3))


def lone_surrogates():
    talk = Talk("framing-lone-surrogates", "a string that the node reads and that holds a lone surrogate makes the message malformed", clock=False)
    body = '{"type":"api_request","msg_id":%d,"method":"GET","path":"/users"}'
    talk.text('{"src":"\\ud800","dest":"gw","body":' + body % 1 + "}\n", Addressed(MALFORMED, "unknown", "gw", 1))
    talk.text('{"src":"client","dest":"a\\udc00","body":' + body % 2 + "}\n", to_client(MALFORMED, 2))
    for msg_id, member in enumerate((
        '"type":"\\ud800"', '"type":"api_request","method":"\\ude00\\ud83d","path":"/users"', '"type":"api_request","method":"GET","path":"/users\\udfff"',
        '"type":"api_request","method":"GET","path":"/users","client_ip":"\\ud800"', '"type":"api_request","method":"GET","path":"/users","required_permission":"\\ud800"',
        '"type":"api_request","method":"GET","path":"/users","required_permissions":["a","\\ud800b"]', '"type":"api_request","method":"GET","path":"/users","headers":{"X-Note":"\\ud800"}',
        '"type":"api_request","method":"GET","path":"/users","headers":{"X-Note":["\\ud83d"]}', '"type":"init","jwt_public_key":"\\ud800"', '"type":"init","jwt_public_key":"x","node_id":"\\ud800"',
    ), 3):  # fmt: skip
        talk.text('{"src":"client","dest":"gateway","body":{"msg_id":' + str(msg_id) + "," + member + "}}\n", to_client(MALFORMED, msg_id))
    talk.text('{"src":"client","dest":"gateway","body":{"msg_id":"\\ud800","type":"api_request","method":"GET","path":"/users"}}\n', to_client(MALFORMED))
    talk.text(line(13) + "\n", missing(13))


def lone_surrogates_unread():
    talk = Talk("framing-lone-surrogates-unread", "a lone surrogate in what nobody reads is harmless, and a pair is one character")
    talk.init(secret())
    good = sign("secret")
    ask = '{"src":"client","dest":"gateway","note":"\\ud800","body":{"type":"api_request","msg_id":%s,"method":"GET","path":"/users",%s"headers":{"Authorization":"Bearer ' + good + '"}}}\n'
    talk.text(ask % (2, '"note":"\\udc00",'), to_client(allowed(), 2))
    talk.text(ask % (3, '"body":{"text":["\\ud83d"]},'), to_client(allowed(), 3))
    talk.text(ask % ('"\\ud83d\\ude00"', ""), to_client(allowed(), "\U0001f600"))


def nesting():
    talk = Talk("framing-nesting", "nesting has no limit of its own: in a request's body, in members that nobody reads, over several lines; brackets must still match")
    talk.init(secret())
    good = sign("secret")
    deep = "[" * 5000 + "]" * 5000
    ask = '{"src":"client","dest":"gateway","body":{"type":"api_request","msg_id":%d,"method":"GET","path":"/users","headers":{"Authorization":"Bearer ' + good + '"},"body":%s}}\n'
    talk.text(ask % (2, deep), to_client(allowed(), 2))
    talk.text(ask % (3, '{"a":' * 500 + "{}" + "}" * 500), to_client(allowed(), 3))
    talk.text(ask % (4, "[\n" * 300 + "]\n" * 300), to_client(allowed(), 4))
    talk.text(ask % (5, "[" * 300 + "}" * 300), MALFORMED)
    talk.text('{"x":' + deep + "," + line(6)[1:] + "\n", missing(6))
    talk.text(line(7) + "\n", missing(7))
