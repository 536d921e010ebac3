"""Section 5.2 and 5.4: which algorithm fits which key, and what is no signature."""

from .. import der, keys
from ..keys import base64url, pem
from ..talk import INVALID_TOKEN, Talk, allowed
from ..tokens import claims, encode, join, loosened, parts, sign, sign_with_text, with_payload, with_signature

ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def write():
    hmac()
    rsa()
    elliptic()
    ed25519()
    none()
    names()
    rsa_key_as_secret()
    key_kinds()
    other_algorithm()
    embedded_keys()
    tampered()
    ecdsa_form()
    ecdsa_looks_like_der()
    rsa_form()
    ed25519_form()


def hmac():
    talk = Talk("token-hmac", "an HMAC secret verifies HS256, HS384 and HS512")
    talk.init(keys.secret())
    for method in ("HS256", "HS384", "HS512"):
        talk.request(allowed(), sign("secret", method=method))
    for method in ("HS256", "HS384", "HS512"):
        talk.request(INVALID_TOKEN, sign("secret-next", method=method))


def rsa():
    talk = Talk("token-rsa", "an RSA key verifies RS256, RS384, RS512, PS256, PS384 and PS512")
    talk.init(pem("rsa"))
    for method in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
        talk.request(allowed(), sign("rsa", method=method))
    for method in ("RS256", "PS256"):
        talk.request(INVALID_TOKEN, sign("rsa-next", method=method))


def elliptic():
    talk = Talk("token-ecdsa", "a P-256 key verifies ES256, a P-384 key ES384")
    talk.init(pem("p256"))
    talk.request(allowed(), sign("p256"))
    talk.request(INVALID_TOKEN, sign("p256-next"))
    talk.request(INVALID_TOKEN, sign("p384"))
    talk.init(pem("p384"))
    talk.request(allowed(), sign("p384"))
    talk.request(INVALID_TOKEN, sign("p256"))


def ed25519():
    talk = Talk("token-ed25519", "an Ed25519 key verifies EdDSA and Ed25519, one and the same under two names (RFC 8037, RFC 9864)")
    talk.init(pem("ed25519"))
    talk.request(allowed(), sign("ed25519", header={"alg": "EdDSA"}))
    talk.request(allowed(), sign("ed25519", header={"alg": "Ed25519"}))
    talk.request(INVALID_TOKEN, sign("ed25519-next"))
    for alg in ("Ed448", "ed25519", "EDDSA"):
        talk.request(INVALID_TOKEN, sign("ed25519", header={"alg": alg}))


def none():
    talk = Talk("token-alg-none", "none fits no key, in whatever case, with a signature or without")
    talk.init(keys.secret())
    for alg in ("none", "None", "NONE", "nOnE", ""):
        header = {"alg": alg, "typ": "JWT"}
        unsigned = f"{base64url(encode(header))}.{base64url(encode(claims()))}"
        talk.request(INVALID_TOKEN, unsigned + ".")
        talk.request(INVALID_TOKEN, sign("secret", header=header, method="HS256"))
    talk.request(INVALID_TOKEN, unsigned)


def names():
    talk = Talk("token-alg-names", "alg is a string, there, and equal to a known name to the letter")
    talk.init(keys.secret())
    for header in (
        {"typ": "JWT"}, {"alg": None}, {"alg": 256}, {"alg": ["HS256"]}, {"alg": {"name": "HS256"}}, {"alg": "hs256"}, {"alg": "HS256 "}, {"alg": " HS256"},
        {"alg": "HS-256"}, {"alg": "HS1"}, {"alg": "HMAC"}, {"ALG": "HS256"},
    ):  # fmt: skip
        talk.request(INVALID_TOKEN, sign("secret", header=header, method="HS256"))
    talk.request(allowed(), sign("secret", header='{"al\\u0067":"HS\\u003256"}', method="HS256"))


def rsa_key_as_secret():
    talk = Talk("token-public-key-as-secret", "a public key is never an HMAC secret: not its PEM, not its DER, not with its newlines changed")
    for name in ("rsa", "p256", "ed25519"):
        talk.init(pem(name))
        text = pem(name)
        for secret in (text, text.strip(), keys.base64_of(keys.spki_der(name)), ""):
            talk.request(INVALID_TOKEN, sign_with_text(secret))
        talk.request(allowed(), sign(name))


def key_kinds():
    talk = Talk("token-alg-of-another-kind", "alg must fit the key that is in force, never the other way round")
    for in_force, text in (("secret", keys.secret()), ("rsa", pem("rsa")), ("ed25519", pem("ed25519"))):
        talk.init(text)
        for signer in ("secret", "rsa", "p256", "p384", "ed25519"):
            talk.request(allowed() if signer == in_force else INVALID_TOKEN, sign(signer))


def other_algorithm():
    talk = Talk("token-alg-and-signature-differ", "a signature by the right key that was made by another algorithm than the header says")
    talk.init(pem("rsa"))
    for said, done in (("RS256", "RS384"), ("RS512", "RS256"), ("RS256", "PS256"), ("PS256", "RS256"), ("ES256", "RS256"), ("HS256", "RS256"), ("EdDSA", "RS256")):
        talk.request(INVALID_TOKEN, sign("rsa", header={"alg": said}, method=done))
    talk.init(keys.secret())
    talk.request(INVALID_TOKEN, sign("secret", header={"alg": "HS256"}, method="HS512"))
    talk.request(INVALID_TOKEN, sign("secret", header={"alg": "HS512"}, method="HS256"))
    talk.init(pem("p256"))
    talk.request(INVALID_TOKEN, sign("p256", header={"alg": "ES384"}, method="ES256"))
    talk.request(INVALID_TOKEN, sign("p256", header={"alg": "ES512"}, method="ES256"))


def embedded_keys():
    talk = Talk("token-embedded-keys", "jwk, jku, x5u and x5c are never followed: they neither help a token of another key nor harm a good one")
    talk.init(pem("p256"))
    certificate = keys.base64_of(keys.unarmour(keys.certificate_pem("p256")))
    for members in (
        {"jwk": keys.jwk("p256-next")},
        {"jku": "https://mallory.example/keys.json"},
        {"x5u": "https://mallory.example/cert.pem"},
        {"x5c": [certificate]},
    ):
        header = {"alg": "ES256", "typ": "JWT", **members}
        talk.request(INVALID_TOKEN, sign("p256-next", header=header))
        talk.request(allowed(), sign("p256", header=header))


def tampered():
    talk = Talk("token-tampered", "a signature that does not cover the token as it stands")
    talk.init(pem("ed25519"))
    good = sign("ed25519")
    header, payload, signature = parts(good)
    talk.request(allowed(), good)
    talk.request(INVALID_TOKEN, with_payload(good, claims("root")))
    talk.request(INVALID_TOKEN, with_payload(good, payload + b" "))
    talk.request(INVALID_TOKEN, join(header + b" ", payload, signature))
    talk.request(INVALID_TOKEN, with_signature(good, signature[:-1] + bytes([signature[-1] ^ 1])))
    talk.request(INVALID_TOKEN, with_signature(good, bytes([signature[0] ^ 0x80]) + signature[1:]))
    talk.request(INVALID_TOKEN, with_signature(good, parts(sign("ed25519", claims("bob")))[2]))
    talk.request(INVALID_TOKEN, loosened(good))
    talk.request(allowed(), good)


def ecdsa_form():
    talk = Talk("token-ecdsa-form", "an ECDSA signature is r and s at their full length: no DER, no byte more or less, no zeros")
    talk.init(pem("p256"))
    good = sign("p256")
    signature = parts(good)[2]
    talk.request(allowed(), good)
    for other in (
        der.ecdsa_from_fixed(signature), signature[:-1], signature + b"\0", b"\0" + signature, signature[:32], signature + signature,
        bytes(64), bytes(31) + b"\1" + bytes(32), signature[32:] + signature[:32], b"\xff" * 64,
    ):  # fmt: skip
        talk.request(INVALID_TOKEN, with_signature(good, other))


def ecdsa_looks_like_der():
    talk = Talk("token-ecdsa-first-byte-0x30", "a fixed-length ECDSA signature whose first byte is 0x30, as of DER, is as good as any")
    talk.init(pem("p256"))
    talk.request(allowed(), sign("p256", header={"alg": "ES256"}, method="ES256/0x30"))


def rsa_form():
    talk = Talk("token-rsa-form", "an RSA signature has the length of the modulus, and PSS a salt as long as the digest")
    talk.init(pem("rsa"))
    good = sign("rsa")
    signature = parts(good)[2]
    modulus, _ = keys.rsa_numbers("rsa")
    talk.request(allowed(), good)
    for other in (signature[:-1], b"\0" + signature, signature + b"\0", bytes(256), bytes(255) + b"\1", modulus.to_bytes(256, "big")):
        talk.request(INVALID_TOKEN, with_signature(good, other))
    once_around = int.from_bytes(signature, "big") + modulus
    talk.request(INVALID_TOKEN, with_signature(good, once_around.to_bytes(257, "big")))
    talk.request(INVALID_TOKEN, sign("rsa", header={"alg": "PS256"}, method="PS256/no-salt"))


def ed25519_form():
    talk = Talk("token-ed25519-form", "an Ed25519 signature is 64 bytes, and its second half is below the order of the group")
    talk.init(pem("ed25519"))
    good = sign("ed25519")
    signature = parts(good)[2]
    twin = int.from_bytes(signature[32:], "little") + ED25519_ORDER
    talk.request(allowed(), good)
    for other in (signature[:32] + twin.to_bytes(32, "little"), signature[:-1], signature + b"\0", bytes(64)):
        talk.request(INVALID_TOKEN, with_signature(good, other))
