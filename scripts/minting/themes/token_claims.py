"""Section 5.5 to 5.7: the claims, and what is judged first."""

from ..keys import secret
from ..talk import EXPIRED, INVALID_TOKEN, Talk, allowed
from ..tokens import HOUR, NOW, claims, sign, sign_with_text

LATE = NOW - HOUR


def write():
    exp()
    exp_fraction()
    exp_numbers()
    exp_wrong()
    exp_last_moment()
    expired_first()
    expired_is_not_all()
    nbf()
    nbf_wrong()
    not_judged()
    aud()
    sub()
    control_characters()
    control_characters_in_lists()
    claims_json()
    claims_encoding()
    claims_duplicates()
    wrong_types_of_roles()
    wrong_types_of_permissions()
    wrong_elements()
    seen_again()
    explained()


def ready(name, about, **settings):
    talk = Talk(name, about, **settings)
    talk.init(secret())
    return talk


def judge(talk, answer, *payloads):
    for payload in payloads:
        talk.request(answer, sign("secret", payload))


def with_text(members):
    """Claims as JSON text, for numbers whose spelling matters and for JSON that is none."""
    return '{"sub":"ada",' + members + "}"


def exp():
    talk = ready("token-exp", "a token has expired when now is its exp or later; the clock stands at 1767225600")
    for seconds in (3600, 1, 0.5):
        judge(talk, allowed(), {"sub": "ada", "exp": NOW + seconds})
    for seconds in (0, -0.5, -1, -3600):
        judge(talk, EXPIRED, {"sub": "ada", "exp": NOW + seconds})
    judge(talk, EXPIRED, {"sub": "ada", "exp": 0}, {"sub": "ada", "exp": -1})


def exp_fraction():
    talk = ready("token-exp-fraction", "the clock may stand at a fraction of a second, and exp may have one", now=NOW + 0.25)
    judge(talk, allowed(), {"sub": "ada", "exp": NOW + 0.5}, {"sub": "ada", "exp": NOW + 1})
    judge(talk, EXPIRED, {"sub": "ada", "exp": NOW + 0.25}, {"sub": "ada", "exp": NOW})
    judge(talk, INVALID_TOKEN, claims(nbf=NOW + 0.5))
    judge(talk, allowed(), claims(nbf=NOW + 0.25), claims(nbf=NOW))


def exp_numbers():
    talk = ready("token-exp-numbers", "exp is a number however it is spelt, compared as binary64", now=NOW)
    judge(talk, allowed(), *map(with_text, ('"exp":1767225601.0', '"exp":1.7672292e9', '"exp":17672292E+2', '"exp":1e300', '"exp":18446744073709551616', '"exp":1' + "0" * 100)))
    judge(talk, EXPIRED, *map(with_text, ('"exp":1.7672256E9', '"exp":1767225600.00000000001', '"exp":-0', '"exp":0.0', '"exp":-1e300', '"exp":-9223372036854775809')))


def exp_wrong():
    talk = ready("token-exp-wrong", "exp is required, and a number that fits binary64: nothing else is read as one, or as absent")
    judge(talk, INVALID_TOKEN, {"sub": "ada"}, {"sub": "ada", "EXP": NOW + HOUR})
    for value in (None, True, str(NOW + HOUR), "2027-01-01T00:00:00Z", [NOW + HOUR], {}, ""):
        judge(talk, INVALID_TOKEN, {"sub": "ada", "exp": value})
    judge(talk, INVALID_TOKEN, *map(with_text, ('"exp":1e400', '"exp":-1e400', '"exp":1' + "0" * 400, '"exp":01767229200', '"exp":NaN', '"exp":Infinity', '"exp":1767229200.')))


def exp_last_moment():
    talk = ready("token-exp-last-moment", "the same token at the last moment of its hour, and one that had a second less", now="2026-01-01T00:59:59.999Z")
    judge(talk, allowed(), claims())
    judge(talk, EXPIRED, {"sub": "ada", "exp": NOW + HOUR - 1})


def expired_first():
    talk = ready("token-expired-first", "that a token has expired is said before any other claim is judged")
    judge(
        talk, EXPIRED,
        {"exp": LATE}, {"sub": "", "exp": LATE}, {"sub": 5, "exp": LATE}, {"sub": "a\nb", "exp": LATE}, {"sub": "ada", "exp": LATE, "nbf": NOW + HOUR}, {"sub": "ada", "exp": LATE, "nbf": "x"},
        {"sub": "ada", "exp": LATE, "aud": "orders-api"}, {"sub": "ada", "exp": LATE, "role": 5}, {"sub": "ada", "exp": LATE, "permissions": {}}, {"sub": "ada", "exp": LATE, "scope": None},
    )  # fmt: skip


def expired_is_not_all():
    talk = ready("token-expired-and-not-ours", "nothing of this is said of a token whose header or signature is not good, or whose exp cannot be read")
    late = {"sub": "ada", "exp": LATE}
    talk.request(EXPIRED, sign("secret", late))
    talk.request(INVALID_TOKEN, sign("secret-next", late))
    talk.request(INVALID_TOKEN, sign_with_text("", late))
    for header in ({"alg": "none"}, {"alg": "RS256"}, {"alg": "HS256", "crit": ["exp"]}, {"alg": "HS256", "typ": "JOSE"}, {"alg": "HS256", "kid": 5}):
        talk.request(INVALID_TOKEN, sign("secret", late, header=header, method="HS256"))
    judge(talk, INVALID_TOKEN, f'{{"sub":"ada","exp":{LATE},"exp":{LATE}}}', f'{{"sub":"ada","exp":{LATE},}}', f'[{{"sub":"ada","exp":{LATE}}}]', {"sub": "ada", "exp": str(LATE)})


def nbf():
    talk = ready("token-nbf", "a token is not valid before its nbf; at that very moment it is")
    judge(talk, allowed(), claims(nbf=0), claims(nbf=NOW - 1), claims(nbf=NOW), claims(nbf=NOW - 0.5), with_text(f'"exp":{NOW + HOUR},"nbf":1.7672256e9'))
    judge(talk, INVALID_TOKEN, claims(nbf=NOW + 0.5), claims(nbf=NOW + 1), claims(nbf=NOW + HOUR), with_text(f'"exp":{NOW + HOUR},"nbf":1e300'))


def nbf_wrong():
    talk = ready("token-nbf-wrong", "an nbf that is no number makes a token invalid")
    for value in (None, True, False, str(NOW), "", [], [NOW], {}):
        judge(talk, INVALID_TOKEN, claims(nbf=value))
    judge(talk, INVALID_TOKEN, with_text(f'"exp":{NOW + HOUR},"nbf":-1e400'))


def not_judged():
    talk = ready("token-claims-not-judged", "iat is not judged, nor are iss and jti where nothing names them, nor claims that nobody knows")
    judge(
        talk, allowed(),
        claims(iat=NOW + HOUR), claims(iat="yesterday"), claims(iat=None), claims(iss="https://auth.example.com"), claims(jti="jti-1"), claims(email="ada@example.com", admin=True, nested={"exp": 0}),
    )  # fmt: skip


def aud():
    talk = ready("token-aud", "a token that carries aud is invalid where no audience is configured, whatever stands in it")
    for value in ("orders-api", "", [], ["orders-api"], None, 5, {}):
        judge(talk, INVALID_TOKEN, claims(aud=value))
    judge(talk, allowed(), claims(AUD="orders-api"))


def sub():
    talk = ready("token-sub", "sub is required, and a non-empty string")
    judge(talk, INVALID_TOKEN, {"exp": NOW + HOUR}, {"exp": NOW + HOUR, "user_id": "ada"})
    for value in ("", None, 5, True, ["ada"], {"id": "ada"}):
        judge(talk, INVALID_TOKEN, claims(value))
    for value in ("ada", " ", "123", "ada@example.com", "\u00e4da \U0001f600", "null", "x" * 300):
        talk.request(allowed(value), sign("secret", claims(value)))


def control_characters():
    talk = ready("token-control-characters", "no control character (U+0000 to U+001F, U+007F) in sub: a header of the service could be split by it")
    for bad in ("\n", "\0", "\r\n", "\t", "\x1b", "\x1f", "\x7f"):
        judge(talk, INVALID_TOKEN, claims(f"ada{bad}admin"))
    talk.request(allowed("a\u0080\u00a0b"), sign("secret", claims("a\u0080\u00a0b")))
    talk.request(allowed(), sign("secret", claims(note="a\nb")))


def control_characters_in_lists():
    talk = ready("token-control-characters-held", "nor in a role or a permission, also in one that would not be shown")
    for members in (
        {"role": "a\nb"}, {"roles": "a\rb"}, {"roles": ["a", "b\x7f"]}, {"role": "a", "roles": ["b\0"]}, {"permissions": ["read", "wri\tte"]}, {"permissions": "read\nwrite"},
        {"scope": "read\twrite"}, {"scp": ["a\x1fb"]}, {"scp": "\n"},
    ):  # fmt: skip
        judge(talk, INVALID_TOKEN, claims(**members))
    talk.request(allowed("ada", "c\u009f", ["d\u2028"]), sign("secret", claims(role="c\u009f", permissions=["d\u2028"])))


def claims_json():
    talk = ready("token-claims-json", "the claims are one JSON object, read strictly, in members that nobody reads too")
    good = f'{{"sub":"ada","exp":{NOW + HOUR}'
    judge(
        talk, INVALID_TOKEN,
        "null", '"ada"', "5", f"[{good}}}]", good, good + "}}", good + "} x", good + "}{}", good + ",}", good + ',"x":01}', good + ',"x":NaN}', good + ',"x":"\\x"}', good + ',"x":"a\tb"}', good + ',"x":[1,]}',
    )  # fmt: skip
    judge(talk, allowed(), f' {{ "exp" : {NOW + HOUR} ,\r\n\t"sub":"ada" }}\n')


def claims_encoding():
    talk = ready("token-claims-utf8", "the claims are UTF-8 without a byte order mark, and no string that is read holds a lone surrogate")
    good = f'{{"sub":"ada","exp":{NOW + HOUR}'
    judge(
        talk, INVALID_TOKEN,
        "\ufeff" + good + "}", good + "}\0", (good + ',"x":"').encode() + b'\xff"}', (good + ',"x":"').encode() + b'\xc0\xaf"}',
        good + ',"role":"\\ud800"}', '{"sub":"\\udc00","exp":1767229200}',
    )  # fmt: skip
    talk.request(allowed("\u00e4da \U0001f600"), sign("secret", '{"sub":"\u00e4da \\ud83d\\ude00","exp":1767229200}'))


def claims_duplicates():
    talk = ready("token-claims-duplicates", "no claim stands twice at the top, known or not, also where the two are equal or spelt differently")
    good = f'{{"sub":"ada","exp":{NOW + HOUR}'
    judge(
        talk, INVALID_TOKEN,
        good + ',"sub":"root"}', good + ',"sub":"ada"}', good + ',"s\\u0075b":"root"}', good + f',"exp":{NOW + HOUR}}}', good + ',"scope":"read","sco\\u0070e":"write"}',
        good + ',"role":"user","role":"admin"}', good + ',"x":1,"x":1}',
    )  # fmt: skip
    judge(talk, allowed(), good + ',"x":{"sub":"root","sub":"admin"},"X":1,"x ":2}')


def wrong_types_of_roles():
    talk = ready("token-role-types", "a role of the wrong type makes a token invalid, null included: it is never read as absent")
    for name in ("role", "roles"):
        for value in (None, 5, True, {"admin": True}):
            judge(talk, INVALID_TOKEN, claims(**{name: value}))
    judge(talk, INVALID_TOKEN, claims(role=["admin"]), claims(role="admin", roles=5), claims(role=None, roles=["admin"]))


def wrong_types_of_permissions():
    talk = ready("token-permission-types", "permissions of the wrong type make a token invalid, null included: they are never read as absent")
    for name in ("permissions", "scope", "scp"):
        for value in (None, 5, True, {"read": True}):
            judge(talk, INVALID_TOKEN, claims(**{name: value}))
    judge(talk, INVALID_TOKEN, claims(permissions=["read"], scope=5), claims(scope="read", scp=None))


def wrong_elements():
    talk = ready("token-list-types", "a list with anything but strings in it is of the wrong type")
    for name in ("roles", "permissions", "scp"):
        for value in ([5], [None], ["read", 5], [["read"]]):
            judge(talk, INVALID_TOKEN, claims(**{name: value}))


def seen_again():
    talk = ready("token-seen-again", "a token is judged alike every time it comes, whatever it is asked for in between")
    reader, late = sign("secret", claims(permissions=["read"])), sign("secret", {"sub": "ada", "exp": LATE})
    for _ in range(3):
        talk.request(allowed(permissions=["read"]), reader)
        talk.request(EXPIRED, late)
        talk.request(allowed(permissions=["read"], service="orders-service"), reader, path="/orders")
        talk.request(INVALID_TOKEN, reader[:-4] + "AAAA")


def explained():
    talk = ready("token-explain", "with --explain the reason behind `Invalid or expired token` is given; the answers are otherwise the same", explain=True)
    judge(talk, INVALID_TOKEN, claims(aud="orders-api"), claims(nbf=NOW + HOUR), claims(""), {"sub": "ada"}, claims(role=5))
    judge(talk, EXPIRED, {"sub": "ada", "exp": LATE})
    talk.request(INVALID_TOKEN, sign("secret-next"))
    talk.request(INVALID_TOKEN, sign("rsa"))
    talk.request(INVALID_TOKEN, "not-a-token")
    talk.request(allowed("ada", "reader", ["read"]), sign("secret", claims(role="reader", permissions=["read"])))
