"""Signed tokens, and the cache that gives the same bytes at every minting.

ECDSA and PSS signatures are random, so each asymmetric token is signed once and kept in
scripts/tokens.json under the key's name, the way it was signed, its header and its payload.
Header and payload may be given as a dict, as JSON text, or as bytes that are no JSON at all.
"""

import base64
import hashlib
import hmac
import json
import pathlib

from . import der, keys, openssl

CACHE_FILE = pathlib.Path(__file__).resolve().parent.parent / "tokens.json"

# 2026-01-01T00:00:00Z, the moment at which the fixtures' clock stands.
NOW = 1767225600
NOW_TEXT = "2026-01-01T00:00:00Z"
HOUR = 3600

METHOD_OF = {
    "secret": "HS256", "secret-next": "HS256", "secret-short": "HS256",
    "rsa": "RS256", "rsa-next": "RS256", "rsa-1024": "RS256",
    "p256": "ES256", "p256-next": "ES256", "p384": "ES384",
    "ed25519": "EdDSA", "ed25519-next": "EdDSA",
}  # fmt: skip
ECDSA_SIZE = {"ES256": 32, "ES384": 48}

_known = {}
_used = {}


def load_cache():
    if CACHE_FILE.exists():
        for entry in json.loads(CACHE_FILE.read_text(encoding="utf-8")):
            slot = (entry["key"], entry["method"], entry["header"], entry["payload"])
            _known[slot] = entry["token"]


def cache_text():
    """The cache as it must stand on disk: what was used, sorted, nothing else."""
    entries = [
        {"key": slot[0], "method": slot[1], "header": slot[2], "payload": slot[3], "token": token}
        for slot, token in sorted(_used.items())
    ]
    return json.dumps(entries, indent=1) + "\n"


def claims(sub="ada", **others):
    """The claims of a good token: an hour to go."""
    return {"sub": sub, "exp": NOW + HOUR, **others}


def encode(part):
    """The bytes of a header or a payload."""
    if isinstance(part, bytes):
        return part
    if isinstance(part, str):
        return part.encode("utf-8")
    return json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def sign(key, payload=None, header=None, method=None):
    """A token signed with `key`. `method` is what is truly done, whatever the header claims."""
    method = method or METHOD_OF[key]
    if header is None:
        header = {"alg": method.split("/")[0], "typ": "JWT"}
    if payload is None:
        payload = claims()
    header, payload = encode(header), encode(payload)
    signing_input = f"{keys.base64url(header)}.{keys.base64url(payload)}"
    if method.startswith("HS"):
        return f"{signing_input}.{keys.base64url(mac(method, keys.secret(key), signing_input))}"
    slot = (key, method, readable(header), readable(payload))
    token = _known.get(slot)
    if token is None or not token.startswith(signing_input + "."):
        token = f"{signing_input}.{keys.base64url(signature(key, method, signing_input))}"
    _known[slot] = _used[slot] = token
    return token


def sign_with_text(text, payload=None, header=None, method="HS256"):
    """An HMAC token whose secret is `text`: a plain secret, or a public key taken for one."""
    header = encode(header or {"alg": method, "typ": "JWT"})
    payload = encode(claims() if payload is None else payload)
    signing_input = f"{keys.base64url(header)}.{keys.base64url(payload)}"
    return f"{signing_input}.{keys.base64url(mac(method, text, signing_input))}"


def mac(method, secret, signing_input):
    digest = getattr(hashlib, f"sha{method[2:5]}")
    return hmac.new(secret.encode("utf-8"), signing_input.encode("ascii"), digest).digest()


def signature(key, method, signing_input):
    path, message = str(keys.private_file(key)), signing_input.encode("ascii")
    if not method.startswith("ES"):
        return openssl.sign(path, method, message)
    while True:
        raw = der.ecdsa_to_fixed(openssl.sign(path, method, message), ECDSA_SIZE[method[:5]])
        # "ES256/0x30": a signature that a reader who sniffs for DER would take for DER.
        if not method.endswith("/0x30") or raw[0] == 0x30:
            return raw


def readable(data):
    return data.decode("utf-8", "backslashreplace")


# What attackers do to a token


def parts(token):
    """Header, payload and signature as bytes."""
    return tuple(decode(segment) for segment in token.split("."))


def decode(segment):
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def join(header, payload, signature_bytes):
    return ".".join(keys.base64url(encode(part)) for part in (header, payload, signature_bytes))


def with_signature(token, signature_bytes):
    header, payload, _ = token.split(".")
    return f"{header}.{payload}.{keys.base64url(signature_bytes)}"


def with_payload(token, payload):
    header, _, old = token.split(".")
    return f"{header}.{keys.base64url(encode(payload))}.{old}"


def loosened(segment):
    """The same bytes in a spelling that is not canonical: a bit set that decodes to nothing.

    Of a whole token, it is the signature that is respelt.
    """
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if len(segment.split(".")[-1]) % 4 == 0:
        raise ValueError("the last segment has no spare bits")
    return segment[:-1] + alphabet[alphabet.index(segment[-1]) + 1]
