"""The test keys in scripts/keys, and every form in which an init can carry them.

The PEM files are committed; a missing one is made anew (which changes every fixture that uses it).
"""

import base64
import pathlib

from . import der, openssl

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "keys"

RSA, EC, ED = "RSA", "EC", "OKP"

KINDS = {
    "rsa": (RSA, ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
    "rsa-next": (RSA, ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
    "rsa-1024": (RSA, ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]),
    "p256": (EC, ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    "p256-next": (EC, ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    "p384": (EC, ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    "ed25519": (ED, ["-algorithm", "ED25519"]),
    "ed25519-next": (ED, ["-algorithm", "ED25519"]),
}
CERTIFICATES = ("rsa", "p256")
SECRETS = {
    "secret": "test-only: a secret of at least sixty-four bytes, so it fits HS512 too",
    "secret-next": "test-only: another secret of sixty-four bytes and more, to rotate to it",
    "secret-short": "test-only",
}
CURVES = {"p256": ("P-256", 32), "p256-next": ("P-256", 32), "p384": ("P-384", 48)}


def private_file(name):
    return FOLDER / f"{name}.private.pem"


def public_file(name):
    return FOLDER / f"{name}.public.pem"


def certificate_file(name):
    return FOLDER / f"{name}.certificate.pem"


def make_missing():
    """Makes the key files that are not there, and returns their names."""
    made = []
    FOLDER.mkdir(exist_ok=True)
    for name, (_, options) in KINDS.items():
        if not private_file(name).exists():
            openssl.run("genpkey", *options, "-out", str(private_file(name)))
            made.append(private_file(name).name)
        if not public_file(name).exists():
            openssl.run("pkey", "-in", str(private_file(name)), "-pubout", "-out", str(public_file(name)))
            made.append(public_file(name).name)
    for name in CERTIFICATES:
        if not certificate_file(name).exists():
            # One day of validity: the dates are not judged, and a fixture shows it.
            openssl.run(
                "req", "-x509", "-new", "-key", str(private_file(name)), "-days", "1",
                "-subj", "/CN=portcullis test only", "-out", str(certificate_file(name)),
            )  # fmt: skip
            made.append(certificate_file(name).name)
    for name, text in SECRETS.items():
        path = FOLDER / f"{name}.txt"
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            made.append(path.name)
    return made


# Text forms


def secret(name="secret"):
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def pem(name):
    """SPKI: `-----BEGIN PUBLIC KEY-----`."""
    return public_file(name).read_text(encoding="ascii")


def private_pem(name):
    return private_file(name).read_text(encoding="ascii")


def certificate_pem(name):
    return certificate_file(name).read_text(encoding="ascii")


def pkcs1_pem(name):
    """`-----BEGIN RSA PUBLIC KEY-----`."""
    return armour("RSA PUBLIC KEY", pkcs1_der(name))


def armour(label, data):
    """PEM around DER (RFC 7468): base64 in lines of 64 characters."""
    text = base64.b64encode(data).decode("ascii")
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def unarmour(text):
    """The DER inside PEM."""
    return base64.b64decode("".join(line for line in text.split("\n") if not line.startswith("-----")))


# DER forms


def spki_der(name):
    return unarmour(pem(name))


def pkcs1_der(name):
    """What stands in the BIT STRING of an SPKI, without its count of unused bits."""
    return der.elements(der.unwrap(spki_der(name))[1])[1][1][1:]


def rsa_numbers(name):
    """(modulus, exponent)"""
    (_, modulus), (_, exponent) = der.elements(der.unwrap(pkcs1_der(name))[1])
    return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")


def rsa_spki_der(modulus, exponent):
    """An SPKI of our own making, for the exponents that no tool would produce."""
    algorithm = der.elements(der.unwrap(spki_der("rsa"))[1])[0][1]
    numbers = der.wrap(der.SEQUENCE, der.integer(modulus) + der.integer(exponent))
    bits = der.wrap(der.BIT_STRING, b"\0" + numbers)
    return der.wrap(der.SEQUENCE, der.wrap(der.SEQUENCE, algorithm) + bits)


def base64_of(data):
    return base64.b64encode(data).decode("ascii")


def ssh_line(name):
    """The form of an OpenSSH public key (RFC 4253 section 6.6, RFC 8709)."""

    def field(data):
        return len(data).to_bytes(4, "big") + data

    kind = KINDS[name][0]
    if kind == ED:
        label, blob = "ssh-ed25519", field(spki_der(name)[-32:])
    else:
        label = "ssh-rsa"
        modulus, exponent = rsa_numbers(name)
        blob = b"".join(field(der.unwrap(der.integer(n))[1]) for n in (exponent, modulus))
    return f"{label} {base64_of(field(label.encode()) + blob)} test-only"


# JWK


def base64url(data):
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def number(value):
    """Base64urlUInt (RFC 7518 section 2)."""
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def jwk(name, **members):
    """A public JWK; `members` (kid, alg, use, ...) come behind its own."""
    if name in SECRETS:
        return {"kty": "oct", "k": base64url(secret(name).encode()), **members}
    kind = KINDS[name][0]
    if kind == RSA:
        modulus, exponent = rsa_numbers(name)
        return {"kty": "RSA", "n": number(modulus), "e": number(exponent), **members}
    if kind == ED:
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(spki_der(name)[-32:]), **members}
    curve, size = CURVES[name]
    point = spki_der(name)[-2 * size :]
    return {"kty": "EC", "crv": curve, "x": base64url(point[:size]), "y": base64url(point[size:]), **members}


def jwk_set(*keys):
    return {"keys": list(keys)}
