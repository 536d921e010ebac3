"""The fixtures themselves, a module for each theme.

Every module has a function `write` that opens its conversations one after the other; the order of
messages in the code is the order on the wire, each with the answer that it must get.
"""

import importlib

# The first word of a fixture's name -> the heading in the README.
TITLES = {
    "sample": "Samples",
    "framing": "Framing: where a message begins and ends",
    "envelope": "Envelope and layout",
    "error": "Errors of the protocol",
    "init": "Init: keys and who may appoint them",
    "request": "Requests: form, headers, credentials, order of the checks",
    "token": "Tokens",
    "identity": "Who is it",
    "permission": "Permissions",
    "path": "Paths and services",
    "jwt": "Policy: what is asked of a token",
    "issuer": "Policy: further issuers and their ceilings",
    "grant": "Policy: what roles grant",
    "route": "Policy: routes",
    "condition": "Policy: conditions of a route",
    "stepup": "Policy: stronger authentication",
    "public": "Policy: public routes",
    "limit": "Policy: rate limits",
    "apikey": "Policy: API keys",
    "revocation": "Policy: revocation",
    "forward": "Forwarding between nodes",
    "breaker": "Circuit breakers",
    "explain": "Explanations under a policy",
    "operator": "Messages of the operator",
    "config": "Configuration: layers and faults",
    "plant": "Whole policies at work",
}

MODULES = (
    "sample", "framing_lines", "framing_gathered", "framing_strict", "framing_limits", "envelope", "error",
    "init_keys", "init_jwk", "init_refused", "init_rules", "request", "token_algorithms", "token_form",
    "token_kid", "token_claims", "identity", "permission", "path", "jwt", "issuer", "grant", "route", "condition", "stepup", "public", "limit", "apikey", "revocation", "operator",
    "forward", "breaker", "explain", "config", "plant",
)  # fmt: skip


def write_all():
    for name in MODULES:
        importlib.import_module(f"{__name__}.{name}").write()
