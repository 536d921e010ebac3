"""Runs the `openssl` command line: the only outside help that minting needs.

It is called for new keys and for signatures that are not yet in the token cache, so a check of
fixtures that are complete needs no openssl at all.
"""

import os
import shutil
import subprocess
import tempfile


class OpensslError(Exception):
    """openssl is missing, or refused what it was asked."""


def run(*arguments, stdin=b""):
    """Runs openssl and returns its standard output."""
    if shutil.which("openssl") is None:
        raise OpensslError(
            "the `openssl` command is needed to make a new key or signature, and was not found in "
            "PATH: install OpenSSL 3 and try again"
        )
    done = subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        complaint = done.stderr.decode("utf-8", "replace").strip()
        raise OpensslError(f"`openssl {' '.join(arguments)}` failed:\n{complaint}")
    return done.stdout


def sign(key_file, method, message):
    """The signature over `message`, as openssl gives it: ECDSA comes as DER."""
    if method == "EdDSA":
        # pkeyutl needs the message in a file: Ed25519 reads it twice.
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "message")
            with open(path, "wb") as file:
                file.write(message)
            return run("pkeyutl", "-sign", "-rawin", "-inkey", key_file, "-in", path)
    options = []
    if method.startswith("PS"):
        salt = "0" if method.endswith("/no-salt") else "digest"
        options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", f"rsa_pss_saltlen:{salt}"]
    return run("dgst", f"-sha{method[2:5]}", "-sign", key_file, *options, stdin=message)
