"""Every spelling of a key that an init may carry as text (section 3), each shown to verify a token."""

from .. import keys
from ..talk import INVALID_TOKEN, Talk, allowed
from ..tokens import sign, sign_with_text


def write():
    rsa_pem()
    elliptic_pem()
    certificates()
    line_ends()
    escaped_newlines()
    secret_as_it_is()
    secret_short()
    secret_lookalikes()


def works(talk, key_text, signer, **init_members):
    """An init with this text, then a token of this key."""
    talk.init(key_text, **init_members)
    talk.request(allowed(), sign(signer))


def rsa_pem():
    talk = Talk("init-pem-rsa", "an RSA key as SPKI (BEGIN PUBLIC KEY) and as PKCS#1 (BEGIN RSA PUBLIC KEY); a token of another key is refused")
    works(talk, keys.pem("rsa"), "rsa")
    talk.request(INVALID_TOKEN, sign("rsa-next"))
    works(talk, keys.pkcs1_pem("rsa-next"), "rsa-next")
    talk.request(INVALID_TOKEN, sign("rsa"))


def elliptic_pem():
    talk = Talk("init-pem-elliptic", "SPKI of P-256, P-384 and Ed25519")
    for name in ("p256", "p384", "ed25519"):
        works(talk, keys.pem(name), name)


def certificates():
    talk = Talk("init-pem-certificate", "an X.509 certificate gives its key; its dates and its signature are not judged")
    for name in ("rsa", "p256"):
        works(talk, keys.certificate_pem(name), name)
    data = keys.unarmour(keys.certificate_pem("rsa"))
    works(talk, keys.armour("CERTIFICATE", data[:-1] + bytes([data[-1] ^ 1])), "rsa")


def line_ends():
    talk = Talk("init-pem-line-ends", "PEM with LF, with CR LF, and without a newline at the end")
    works(talk, keys.pem("ed25519"), "ed25519")
    works(talk, keys.pem("ed25519").replace("\n", "\r\n"), "ed25519")
    works(talk, keys.pem("p256").rstrip("\n"), "p256")


def escaped_newlines():
    talk = Talk("init-pem-escaped-newlines", "PEM whose newlines are written as two characters, backslash and n, as they come out of an environment file")
    for name in ("ed25519", "rsa"):
        works(talk, keys.pem(name).replace("\n", "\\n"), name)
    works(talk, keys.certificate_pem("p256").rstrip("\n").replace("\n", "\\n"), "p256")


def secret_as_it_is():
    talk = Talk("init-secret", "text that is no key is an HMAC secret, taken as its UTF-8 bytes: blanks, newlines and letters of any script count")
    for text in (
        keys.secret(),
        " a secret with a blank on either side of it ",
        "a secret of two lines, of which the second is empty\n",
        "gro\u00dfes Geheimnis \u4e16\u754c \U0001f600, lang genug",
    ):
        talk.init(text)
        talk.request(allowed(), sign_with_text(text))
        other = text.strip() if text.strip() != text else text + "!"
        talk.request(INVALID_TOKEN, sign_with_text(other))
    talk.request(INVALID_TOKEN, sign("secret"))


def secret_short():
    talk = Talk("init-secret-short", "a secret of less than 256 bits is taken (with a warning on standard error), one of a single letter too")
    works(talk, keys.secret("secret-short"), "secret-short")
    talk.init("x")
    talk.request(allowed(), sign_with_text("x"))
    talk.request(INVALID_TOKEN, sign("secret-short"))


def secret_lookalikes():
    talk = Talk("init-secret-lookalikes", "text that only resembles a key is a secret: base64 of something else, a list, a path, a JWT, words")
    for text in (
        "c2VjcmV0IGJ5dGVzIHRoYXQgYXJlIG5vIHB1YmxpYyBrZXkgYXQgYWxs",
        '["not", "a", "JWK", "Set", "but", "a", "list"]',
        "/etc/ssl/certs/gateway.pem, which nobody opens",
        "BEGIN PUBLIC KEY, without its dashes, is only words",
        "my ssh-rsa key is somewhere else, this is a secret",
        "public_key_here",
    ):
        talk.init(text)
        talk.request(allowed(), sign_with_text(text))
