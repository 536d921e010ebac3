"""Section 5.1 and 5.2: the form of a token and of its header."""

from .. import keys
from ..keys import base64url
from ..talk import INVALID_TOKEN, Talk, allowed
from ..tokens import claims, encode, loosened, mac, sign

GOOD_HEADER = '{"alg":"HS256","typ":"JWT"}'


def write():
    segments()
    base64url_spelling()
    length()
    header_json()
    header_encoding()
    header_duplicates()
    crit_and_b64()
    typ()
    typ_refused()
    parameter_types()
    other_parameters()


def ready(name, about):
    talk = Talk(name, about)
    talk.init(keys.secret())
    return talk


def with_header(header, payload=None):
    return sign("secret", payload, header=header, method="HS256")


def segments():
    talk = ready("token-segments", "a token is three non-empty segments")
    good = sign("secret")
    header, payload, signature = good.split(".")
    for token in (
        "x", "valid_jwt_here", ".", "..", "...", header, f"{header}.{payload}", f"{header}.{payload}.", f".{payload}.{signature}", f"{header}..{signature}",
        f"{good}.", f".{good}", f"{good}.{signature}", f"{good}.{payload}.{signature}", f"{header}.{payload}..{signature}", "." * 50,
    ):  # fmt: skip
        talk.request(INVALID_TOKEN, token)
    talk.request(allowed(), good)


def base64url_spelling():
    talk = ready("token-base64url", "segments are canonical, unpadded base64url: no padding, no + and /, no spare bits, no single letter left over")
    good = sign("secret", {"sub": "ada", "exp": 1767229200, "note": "??>>~~"})
    talk.request(allowed(), good)
    header, payload, signature = good.split(".")
    talk.request(INVALID_TOKEN, good + "=")
    if good == other_alphabet(good):
        raise ValueError("this token must hold a - or a _")
    talk.request(INVALID_TOKEN, other_alphabet(good))
    talk.request(INVALID_TOKEN, loosened(good))
    talk.request(INVALID_TOKEN, good + "A")
    # In header and payload the signature covers the other spelling, and it helps nothing.
    for at, data in enumerate((encode(GOOD_HEADER + "  "), encode(claims(note="?")))):
        for spelt in (padded(data), loosened(base64url(data)), base64url(data) + "AA", base64url(data)[:-1]):
            first, second = (spelt, base64url(encode(claims()))) if at == 0 else (base64url(encode(GOOD_HEADER)), spelt)
            talk.request(INVALID_TOKEN, signed_as_spelt(f"{first}.{second}"))
    talk.request(allowed(), signed_as_spelt(f"{header}.{payload}"))


def other_alphabet(token):
    return token.replace("_", "/").replace("-", "+")


def padded(data):
    text = base64url(data)
    return text + "=" * (-len(text) % 4 or 4)


def signed_as_spelt(signing_input):
    return f"{signing_input}.{base64url(mac('HS256', keys.secret(), signing_input))}"


def length():
    talk = ready("token-length", "a token may have 16 KiB, and no byte more")
    for size, answer in ((16384, allowed()), (16385, INVALID_TOKEN)):
        # The payload's share of the token, without header, signature and dots, in base64url.
        room = size - len(base64url(encode(GOOD_HEADER))) - 43 - 2
        bare = len(encode(claims(pad="")))
        token = with_header(GOOD_HEADER, claims(pad="x" * (room * 3 // 4 - bare)))
        if len(token) != size:
            raise ValueError(f"a token of {len(token)} bytes instead of {size}")
        talk.request(answer, token)


def header_json():
    talk = ready("token-header-json", "the header is one JSON object, read strictly, in members that nobody reads too")
    for header in (
        "null", "5", '"HS256"', '["HS256"]', '[{"alg":"HS256"}]', '{"alg":"HS256"', '{"alg":"HS256"}}', '{"alg":"HS256"} x', '{"alg":"HS256"}{}', "{'alg':'HS256'}",
        '{"alg":"HS256",}', '{"alg":"HS256","x":01}',
    ):  # fmt: skip
        talk.request(INVALID_TOKEN, with_header(header))
    talk.request(allowed(), with_header(' {\n "typ" : "JWT",\r\n\t"alg" : "HS256" } '))


def header_encoding():
    talk = ready("token-header-utf8", "the header is UTF-8 without a byte order mark, and its strings are spelt as JSON demands")
    for header in (
        '{"alg":"HS256","x":NaN}', '{"alg":"HS256","x":"\\x"}', '{"alg":"HS256","x":"a\tb"}', '\ufeff{"alg":"HS256"}', '{"alg":"HS256"}\0',
        b'{"alg":"HS256","x":"\xff"}', b'{"alg":"HS256","x":"\xed\xa0\x80"}',
    ):  # fmt: skip
        talk.request(INVALID_TOKEN, with_header(header))
    talk.request(allowed(), with_header('{"alg":"HS256","x":"\u00e9 \U0001f600 \\u00e9"}'))


def header_duplicates():
    talk = ready("token-header-duplicates", "no member of a header stands twice at its top, known or not, also where the two are equal or spelt differently")
    for header in (
        '{"alg":"HS256","alg":"HS256"}', '{"alg":"none","alg":"HS256"}', '{"alg":"HS256","al\\u0067":"none"}', '{"alg":"HS256","typ":"JWT","typ":"JWT"}',
        '{"alg":"HS256","kid":"a","kid":"b"}', '{"alg":"HS256","x":1,"x":1}',
    ):  # fmt: skip
        talk.request(INVALID_TOKEN, with_header(header))
    talk.request(allowed(), with_header('{"alg":"HS256","x":{"y":1,"y":2},"X":1}'))


def crit_and_b64():
    talk = ready("token-crit", "crit is refused, whatever it lists, and so is b64")
    for members in (
        {"crit": []}, {"crit": ["exp"]}, {"crit": ["exp"], "exp": 1767229200}, {"crit": ["alg"]}, {"crit": ["urn:x"], "urn:x": True}, {"crit": "exp"}, {"crit": None}, {"crit": {}},
        {"b64": True}, {"b64": False}, {"b64": None}, {"b64": False, "crit": ["b64"]},
    ):  # fmt: skip
        talk.request(INVALID_TOKEN, with_header({"alg": "HS256", **members}))
    talk.request(allowed(), with_header({"alg": "HS256", "CRIT": ["exp"], "B64": False}))


def typ():
    talk = ready("token-typ", "typ is JWT or at+jwt, in any case, with or without application/, or is not there")
    for text in ("JWT", "jwt", "Jwt", "at+jwt", "AT+JWT", "application/jwt", "application/at+jwt", "APPLICATION/AT+JWT"):
        talk.request(allowed(), with_header({"alg": "HS256", "typ": text}))
    talk.request(allowed(), with_header({"alg": "HS256"}))


def typ_refused():
    talk = ready("token-typ-refused", "a typ that is anything else makes a token invalid: it was made for another purpose")
    for value in ("", "JOSE", "JWE", "logout+jwt", "dpop+jwt", "at-jwt", " JWT", "application/", "application/application/jwt", "text/jwt", "jwt; a=b", None, 5, ["JWT"]):
        talk.request(INVALID_TOKEN, with_header({"alg": "HS256", "typ": value}))


def parameter_types():
    talk = ready("token-header-types", "a parameter of the wrong type makes a token invalid, also one that is never followed")
    for members in (
        {"kid": 5}, {"kid": None}, {"kid": ["k"]}, {"jku": 5}, {"jku": None}, {"x5u": ["https://a.example"]}, {"jwk": "a"}, {"jwk": []}, {"jwk": None}, {"x5c": "a"}, {"x5c": {}}, {"x5c": None},
    ):  # fmt: skip
        talk.request(INVALID_TOKEN, with_header({"alg": "HS256", **members}))


def other_parameters():
    talk = ready("token-header-other", "parameters that the protocol does not name are ignored, whatever their type")
    for members in ({"iss": "x", "sub": 5, "aud": ["y"]}, {"x": None, "nonce": 1}, {"x5t": "abc"}):
        talk.request(allowed(), with_header({"alg": "HS256", **members}))
