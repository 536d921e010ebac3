"""Keys that an init must refuse (section 3). What was in force before is shown to stay in force."""

import json

from .. import der, keys
from ..keys import base64url, jwk, jwk_set, number, pem
from ..layout import Raw
from ..talk import INVALID_INIT, INVALID_TOKEN, Talk, allowed
from ..tokens import decode, sign, sign_with_text


def write():
    broken_pem()
    several_blocks()
    private_pem()
    weak_rsa()
    base64_of_der()
    ssh_lines()
    begins_with_a_brace()
    empty_secret()
    private_jwk()
    jwk_members()
    jwk_member_types()
    jwk_encodings()
    jwk_points()
    jwk_duplicates()
    sets()
    weak_or_broken_in_a_set()


class Refusals:
    """An init that holds, many that are refused, and a request which shows that the first still holds."""

    def __init__(self, name, about):
        self.talk = Talk(name, about)
        self.talk.init(keys.secret())

    def __enter__(self):
        return lambda key: self.talk.init(key, INVALID_INIT)

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.talk.request(allowed(), sign("secret"))


def broken_pem():
    text = pem("ed25519")
    with Refusals("init-refused-pem-broken", "what holds -----BEGIN or -----END says that it is a key: it is refused where it cannot be read, never taken for a secret") as refused:
        refused("-----BEGIN PUBLIC KEY-----")
        refused("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n")
        refused("-----BEGIN PUBLIC KEY-----\nnot base64 at all!\n-----END PUBLIC KEY-----\n")
        refused(text.replace("-----END PUBLIC KEY-----\n", ""))
        refused(text.split("\n", 1)[1])
        refused(text.replace("PUBLIC KEY", "MAGIC KEY"))
        refused(text.replace("MCow", "MCkw"))
        refused(keys.armour("PUBLIC KEY", keys.spki_der("rsa")[:-8]))
        refused(keys.armour("CERTIFICATE", keys.unarmour(keys.certificate_pem("p256"))[:100]))
        refused("a long and winding secret that holds -----BEGIN somewhere")
        refused("and one that holds -----END, for what it is worth")


def several_blocks():
    with Refusals("init-refused-pem-several", "PEM of several blocks is refused, whatever they are") as refused:
        refused(pem("ed25519") + pem("p256"))
        refused(pem("p256") + pem("p256"))
        refused(keys.certificate_pem("p256") + pem("p256"))
        refused((pem("ed25519") + pem("ed25519-next")).replace("\n", "\\n"))


def private_pem():
    with Refusals("init-refused-pem-private", "a private key in PEM is refused") as refused:
        for name in ("rsa", "p256", "ed25519"):
            refused(keys.private_pem(name))
        pkcs8 = der.elements(der.unwrap(keys.unarmour(keys.private_pem("rsa")))[1])
        refused(keys.armour("RSA PRIVATE KEY", pkcs8[2][1]))


def weak_rsa():
    modulus, _ = keys.rsa_numbers("rsa")
    with Refusals("init-refused-rsa-weak", "an RSA key under 2048 bits, or with an exponent that is even or under 3, is refused in every form") as refused:
        refused(pem("rsa-1024"))
        refused(keys.pkcs1_pem("rsa-1024"))
        refused(jwk("rsa-1024"))
        for exponent in (1, 2, 65536):
            refused(keys.armour("PUBLIC KEY", keys.rsa_spki_der(modulus, exponent)))
            refused({"kty": "RSA", "n": number(modulus), "e": number(exponent)})


def base64_of_der():
    with Refusals("init-refused-base64-der", "base64 of a DER public key (SPKI, PKCS#1, a certificate) is a key without its armour: refused, never taken for a secret") as refused:
        for data in (keys.spki_der("rsa"), keys.pkcs1_der("rsa"), keys.unarmour(keys.certificate_pem("rsa"))):
            refused(keys.base64_of(data))
        for name in ("p256", "p384", "ed25519"):
            refused(keys.base64_of(keys.spki_der(name)))
        refused(keys.base64_of(keys.unarmour(keys.certificate_pem("p256"))))


def ssh_lines():
    with Refusals("init-refused-ssh", "what begins with ssh- is an SSH key, broken or not: refused, never taken for a secret") as refused:
        refused(keys.ssh_line("rsa"))
        refused(keys.ssh_line("ed25519"))
        refused("ssh-ed25519")
        refused("ssh-anything: a secret that had better begin with another word")


def begins_with_a_brace():
    with Refusals("init-refused-brace", "text whose first non-blank character is { is a JWK or a set, and refused where it is neither") as refused:
        for text in ("{", "{}", "{not JSON, but long enough for a secret}", " \t\n{\"kty\": \"RSA\"}", '{"keys": 5}', '{"keys": []}', json.dumps(jwk("p256"))[:-1], json.dumps(jwk("p256")) + " and more"):
            refused(text)
        refused({})


def empty_secret():
    talk = Talk("init-refused-empty-secret", "an empty secret is refused, as text and as a JWK: a token signed with nothing is worth nothing")
    for key in ("", {"kty": "oct", "k": ""}, '{"kty": "oct", "k": ""}', {"kty": "oct"}, {"keys": [{"kty": "oct", "k": ""}]}):
        talk.init(key, INVALID_INIT)
    talk.request(INVALID_TOKEN, sign_with_text(""))


def private_jwk():
    with Refusals("init-refused-jwk-private", "a JWK with d or another private member is refused, in a set too") as refused:
        numbers = [n for _, n in der.elements(der.unwrap(der.elements(der.unwrap(keys.unarmour(keys.private_pem("rsa")))[1])[2][1])[1])]
        refused(jwk("rsa", d=base64url(numbers[3])))
        for at, name in enumerate(("p", "q", "dp", "dq", "qi"), 4):
            refused(jwk("rsa", **{name: base64url(numbers[at].lstrip(b"\0"))}))
        refused(jwk("p256", d=base64url(bytes(31) + b"\1")))
        refused(jwk("ed25519", d=base64url(keys.unarmour(keys.private_pem("ed25519"))[-32:])))
        refused(jwk_set(jwk("p256", kid="good"), jwk("ed25519", d=base64url(bytes(32)))))


def jwk_members():
    with Refusals("init-refused-jwk-members", "a JWK is read strictly: every member that makes the key is there, and a string") as refused:
        for name in ("kty", "n", "e"):
            refused({k: v for k, v in jwk("rsa").items() if k != name})
            refused({**jwk("rsa"), name: 5})
        for name in ("crv", "x", "y"):
            refused({k: v for k, v in jwk("p256").items() if k != name})
            refused({**jwk("p256"), name: ["P-256"]})


def jwk_member_types():
    with Refusals("init-refused-jwk-types", "the other members of a JWK and of a set have their types too") as refused:
        for members in ({"alg": 5}, {"use": ["sig"]}, {"key_ops": "verify"}, {"key_ops": [5]}, {"kid": 5}):
            refused(jwk("ed25519", **members))
        refused({"kty": "oct", "k": 5})
        refused({"kty": "rsa", "n": jwk("rsa")["n"], "e": "AQAB"})
        for members in ({"keys": {}}, {"keys": jwk("p256")}, {"keys": [jwk("p256"), 5]}):
            refused(members)


def jwk_encodings():
    ed, ec, rsa = jwk("ed25519"), jwk("p256"), jwk("rsa")
    with Refusals("init-refused-jwk-base64", "numbers in a JWK are canonical, unpadded base64url, without blanks") as refused:
        refused({**ed, "x": ed["x"] + "="})
        refused({**rsa, "n": rsa["n"] + "=="})
        refused({**rsa, "e": "AQAB\n"})
        refused({**ed, "x": "+/" + ed["x"][2:]})
        refused({**ec, "x": ec["x"][:20] + " " + ec["x"][20:]})
        refused({**rsa, "e": "A"})
        refused({"kty": "oct", "k": "c2VjcmV0IGJ5dGVzIHRoYXQgYXJlIGxvbmcgZW5vdWdo="})
        refused({"kty": "oct", "k": "a secret as it is"})


def jwk_points():
    ed, ec = jwk("ed25519"), jwk("p256")
    with Refusals("init-refused-jwk-points", "coordinates have the full length of their curve, and a point lies on it") as refused:
        for name in ("x", "y"):
            refused({**ec, name: base64url(decode(ec[name])[1:])})
            refused({**ec, name: base64url(b"\0" + decode(ec[name]))})
        refused({**ec, "y": ec["x"]})
        refused({**ec, "crv": "P-384"})
        refused({**ed, "x": base64url(decode(ed["x"])[:31])})
        refused({**ed, "x": base64url(decode(ed["x"]) + b"\0")})
        refused({**ed, "x": ""})


def jwk_duplicates():
    ed = jwk("ed25519")
    texts = [
        f'{{"kty": "OKP", "kty": "OKP", "crv": "Ed25519", "x": "{ed["x"]}"}}',
        f'{{"kty": "OKP", "crv": "Ed25519", "x": "{ed["x"]}", "\\u0078": "{jwk("ed25519-next")["x"]}"}}',
        f'{{"keys": [], "keys": [{json.dumps(ed)}]}}',
        f'{{"keys": [{{"kty": "OKP", "crv": "Ed25519", "crv": "Ed25519", "x": "{ed["x"]}"}}]}}',
    ]
    with Refusals("init-refused-jwk-duplicates", "a JWK or a set in which a member stands twice is refused, as a string and as an object") as refused:
        for text in texts:
            refused(text)
            refused(Raw(text))


def sets():
    with Refusals("init-refused-jwks", "a set with two keys of one kid, or with secret and public keys side by side, or with no key, is refused") as refused:
        refused(jwk_set(jwk("rsa", kid="k"), jwk("p256", kid="k")))
        refused(json.dumps(jwk_set(jwk("p256", kid="k"), jwk("ed25519"), jwk("p256", kid="k"))))
        refused(jwk_set(jwk("secret", kid="s"), jwk("p256", kid="p")))
        refused(jwk_set(jwk("ed25519"), jwk("secret")))
        refused(jwk_set())


def weak_or_broken_in_a_set():
    ec = jwk("p256", kid="broken")
    with Refusals("init-refused-jwks-broken-key", "one key of a known kind that is broken or weak refuses the whole set") as refused:
        refused(jwk_set(jwk("ed25519", kid="good"), jwk("rsa-1024", kid="weak")))
        refused(jwk_set(jwk("ed25519", kid="good"), {**ec, "y": ec["x"]}))
        refused(jwk_set(jwk("ed25519", kid="good"), {**ec, "x": ec["x"] + "="}))
        refused(jwk_set(jwk("ed25519", kid="good"), {"kty": "RSA", "n": jwk("rsa")["n"]}))
        refused(jwk_set(jwk("secret", kid="good"), {"kty": "oct", "k": "", "kid": "empty"}))
