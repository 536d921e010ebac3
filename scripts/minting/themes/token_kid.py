"""Section 5.3: which keys of a set are tried."""

from ..keys import jwk, jwk_set, pem, secret
from ..talk import INVALID_TOKEN, Talk, allowed
from ..tokens import sign


def signed(key, kid):
    alg = {"p256": "ES256", "p256-next": "ES256", "rsa": "RS256", "ed25519": "EdDSA", "secret": "HS256"}[key]
    return sign(key, header={"alg": alg, "kid": kid})


def write():
    chooses()
    absent()
    compared()
    nameless_sets()
    named_and_nameless()
    unusable_names()
    single_keys()


def chooses():
    talk = Talk("token-kid", "a kid chooses the one key of that name: an unknown name, or that of another key, is invalid")
    talk.init(jwk_set(jwk("p256", kid="old"), jwk("p256-next", kid="new"), jwk("rsa", kid="rsa")))
    talk.request(allowed(), signed("p256", "old"))
    talk.request(allowed(), signed("p256-next", "new"))
    talk.request(allowed(), signed("rsa", "rsa"))
    talk.request(INVALID_TOKEN, signed("p256", "new"))
    talk.request(INVALID_TOKEN, signed("p256-next", "old"))
    talk.request(INVALID_TOKEN, signed("p256", "rsa"))
    talk.request(INVALID_TOKEN, signed("p256", "unknown"))


def absent():
    talk = Talk("token-kid-absent", "without a kid, every key that fits alg is tried")
    talk.init(jwk_set(jwk("p256", kid="old"), jwk("p256-next", kid="new"), jwk("ed25519", kid="ed"), jwk("rsa")))
    for key in ("p256", "p256-next", "ed25519", "rsa"):
        talk.request(allowed(), sign(key))
    talk.request(INVALID_TOKEN, sign("rsa-next"))


def compared():
    talk = Talk("token-kid-compared", "names of keys compare to the letter, and are never looked up anywhere else")
    talk.init(jwk_set(jwk("p256", kid="caf\u00e9"), jwk("p256-next", kid="Key-1")))
    talk.request(allowed(), signed("p256", "caf\u00e9"))
    talk.request(allowed(), signed("p256-next", "Key-1"))
    for kid in ("cafe\u0301", "CAF\u00c9", " caf\u00e9"):
        talk.request(INVALID_TOKEN, signed("p256", kid))
    for kid in ("key-1", "Key-1 ", "Key-1\0", "../keys/Key-1", "https://auth.example.com/Key-1", "' OR '1'='1", "K" * 2000):
        talk.request(INVALID_TOKEN, signed("p256-next", kid))


def nameless_sets():
    talk = Talk("token-kid-nameless-set", "where no key of the set has a name, a token's kid chooses nothing: every key that fits is tried")
    talk.init(jwk_set(jwk("p256"), jwk("p256-next"), jwk("rsa")))
    talk.request(allowed(), signed("p256", "any"))
    talk.request(allowed(), signed("p256-next", "name"))
    talk.request(allowed(), signed("rsa", "will do"))
    talk.request(INVALID_TOKEN, signed("ed25519", "any"))


def named_and_nameless():
    talk = Talk("token-kid-some-named", "one name in the set is enough: a kid that names no key of it is invalid, also for the token of a key without a name")
    talk.init(jwk_set(jwk("p256", kid="named"), jwk("p256-next")))
    talk.request(allowed(), signed("p256", "named"))
    talk.request(INVALID_TOKEN, signed("p256-next", "named"))
    talk.request(INVALID_TOKEN, signed("p256-next", "unknown"))
    talk.request(allowed(), sign("p256-next"))


def unusable_names():
    talk = Talk("token-kid-unusable", "the name of a key that is not usable does not count")
    talk.init(jwk_set(jwk("rsa", kid="for-encryption", use="enc"), jwk("p256")))
    talk.request(allowed(), signed("p256", "any"))
    talk.request(allowed(), signed("p256", "for-encryption"))
    talk.request(INVALID_TOKEN, signed("rsa", "for-encryption"))
    talk.init(jwk_set(jwk("rsa", kid="for-encryption", use="enc"), jwk("p256", kid="p")))
    talk.request(INVALID_TOKEN, signed("rsa", "for-encryption"))
    talk.request(INVALID_TOKEN, signed("p256", "for-encryption"))


def single_keys():
    talk = Talk("token-kid-single-key", "a key from PEM and a secret have no name, so a kid says nothing about them; a single JWK is a set of one")
    talk.init(pem("p256"))
    talk.request(allowed(), signed("p256", "any"))
    talk.init(secret())
    talk.request(allowed(), signed("secret", "any"))
    talk.init(jwk("p256"))
    talk.request(allowed(), signed("p256", "any"))
    talk.init(jwk("p256", kid="p"))
    talk.request(allowed(), signed("p256", "p"))
    talk.request(allowed(), sign("p256"))
    talk.request(INVALID_TOKEN, signed("p256", "any"))
