"""JWK and JWK Set (RFC 7517) as the key of an init, and what a JWK says about its own use."""

import json

from ..keys import base64url, jwk, jwk_set
from ..layout import dumps
from ..talk import INVALID_INIT, INVALID_TOKEN, Talk, allowed
from ..tokens import sign


def write():
    jwk_object()
    jwk_string()
    set_object()
    set_string()
    secret_jwk()
    narrowed_by_alg()
    narrowed_by_use()
    not_usable()
    unknown_kinds()
    unusable_in_a_set()


def jwk_object():
    talk = Talk("init-jwk-object", "a JWK as an object: RSA, P-256, P-384, Ed25519")
    for name in ("rsa", "p256", "p384", "ed25519"):
        talk.init(jwk(name))
        talk.request(allowed(), sign(name))


def jwk_string():
    talk = Talk("init-jwk-string", "a JWK as a string, laid out on one line or on several, with blanks before it")
    talk.init(json.dumps(jwk("rsa")))
    talk.request(allowed(), sign("rsa"))
    talk.init("\n  " + json.dumps(jwk("p256"), indent=2) + "\n")
    talk.request(allowed(), sign("p256"))
    talk.init(dumps(jwk("ed25519"), compact=True))
    talk.request(allowed(), sign("ed25519"))


def set_object():
    talk = Talk("init-jwks-object", "a JWK Set as an object: every key in it verifies its own tokens")
    talk.init(jwk_set(jwk("rsa", kid="r"), jwk("p256", kid="p"), jwk("p384"), jwk("ed25519")))
    for name in ("rsa", "p256", "p384", "ed25519"):
        talk.request(allowed(), sign(name))
    talk.request(INVALID_TOKEN, sign("rsa-next"))


def set_string():
    talk = Talk("init-jwks-string", "a JWK Set as a string; unknown members of the set and of its keys are ignored")
    keys = jwk_set(jwk("p256", kid="p", x5t="ignored", note={"any": "thing"}), jwk("ed25519", kid="e"))
    talk.init(json.dumps({"issuer": "https://auth.example.com", **keys}))
    talk.request(allowed(), sign("p256"))
    talk.request(allowed(), sign("ed25519"))
    talk.request(INVALID_TOKEN, sign("p256-next"))


def secret_jwk():
    talk = Talk("init-jwk-secret", "an HMAC secret as a JWK (kty oct), and a set of two secrets")
    talk.init(jwk("secret"))
    talk.request(allowed(), sign("secret"))
    talk.request(allowed(), sign("secret", method="HS512"))
    talk.init(json.dumps(jwk_set(jwk("secret"), jwk("secret-next"))))
    talk.request(allowed(), sign("secret"))
    talk.request(allowed(), sign("secret-next"))
    talk.request(INVALID_TOKEN, sign("secret-short"))


def narrowed_by_alg():
    talk = Talk("init-jwk-alg", "a JWK's own alg narrows what the key may be used for; EdDSA and Ed25519 are one and the same")
    talk.init(jwk("rsa", alg="PS256"))
    talk.request(INVALID_TOKEN, sign("rsa", method="RS256"))
    talk.request(allowed(), sign("rsa", method="PS256"))
    talk.request(INVALID_TOKEN, sign("rsa", method="PS384"))
    talk.init(jwk("secret", alg="HS384"))
    talk.request(INVALID_TOKEN, sign("secret", method="HS256"))
    talk.request(allowed(), sign("secret", method="HS384"))
    for alg in ("EdDSA", "Ed25519"):
        talk.init(jwk("ed25519", alg=alg))
        talk.request(allowed(), sign("ed25519", header={"alg": "EdDSA"}))
        talk.request(allowed(), sign("ed25519", header={"alg": "Ed25519"}))


def narrowed_by_use():
    talk = Talk("init-jwk-use", "use sig and key_ops with verify leave a key as it is")
    talk.init(jwk("p256", use="sig"))
    talk.request(allowed(), sign("p256"))
    talk.init(jwk("ed25519", key_ops=["verify"]))
    talk.request(allowed(), sign("ed25519"))
    talk.init(jwk("secret", use="sig", key_ops=["sign", "verify"], alg="HS256"))
    talk.request(allowed(), sign("secret"))


def not_usable():
    talk = Talk("init-jwk-not-usable", "a JWK whose own use, key_ops and alg leave no algorithm is refused; what was in force stays")
    talk.init(jwk("p256"))
    for members in ({"use": "enc"}, {"key_ops": ["encrypt"]}, {"key_ops": []}, {"alg": "ES384"}, {"alg": "HS256"}, {"alg": "ECDH-ES"}, {"alg": "none"}):
        talk.init(jwk("p256-next", **members), INVALID_INIT)
    talk.init(jwk("rsa", alg="RSA-OAEP"), INVALID_INIT)
    talk.init(jwk("secret", key_ops=["sign"]), INVALID_INIT)
    talk.init(jwk_set(jwk("rsa", use="enc"), jwk("ed25519", key_ops=["sign"])), INVALID_INIT)
    talk.request(allowed(), sign("p256"))


def unknown_kinds():
    talk = Talk("init-jwks-unknown-kinds", "keys of a kind the node does not know are left out of a set, in any state; alone they leave no usable key")
    unknown = [
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
        {"kty": "EC", "crv": "P-521", "x": "AAAA", "y": "AAAA"},
        {"kty": "EC", "crv": "secp256k1", "x": base64url(bytes(32)), "y": base64url(bytes(32))},
        {"kty": "OKP", "crv": "X25519", "x": base64url(bytes(32))},
        {"kty": "OKP", "crv": "Ed448", "x": base64url(bytes(57))},
    ]
    talk.init(jwk_set(*unknown, jwk("ed25519")))
    talk.request(allowed(), sign("ed25519"))
    talk.init(jwk_set(*unknown), INVALID_INIT)
    talk.init(unknown[0], INVALID_INIT)
    talk.init(json.dumps(unknown[1]), INVALID_INIT)
    talk.request(allowed(), sign("ed25519"))


def unusable_in_a_set():
    talk = Talk("init-jwks-some-usable", "in a set, a key that is for another use verifies nothing, and the others work")
    talk.init(jwk_set(jwk("rsa", use="enc"), jwk("p256", use="sig"), jwk("ed25519", key_ops=["sign"])))
    talk.request(INVALID_TOKEN, sign("rsa"))
    talk.request(allowed(), sign("p256"))
    talk.request(INVALID_TOKEN, sign("ed25519"))
