"""CONFIG.md section 4, "API keys", and PROTOCOL.md section 5: the credential."""

from .. import keys
from ..policy import API_KEY, api_key, digest, ready, tick, token
from ..talk import BAD_REQUEST, EXPIRED, INVALID_CREDENTIALS, INVALID_INIT, INVALID_TOKEN, MISSING, NOT_RECOGNIZED, OMIT, allowed, lacking
from ..tokens import sign

NEXT = "test-only-next-api-key-of-ci"
ROLES = {"service": ["m2m", "telemetry:*"]}
CI = allowed("ci-bot", "service", ["deploy", "m2m", "telemetry:*"])


def write():
    both_forms()
    blanks()
    identity()
    unknown()
    expired()
    revoked()
    two_credentials()
    nothing_behind_it()
    tokens_beside_keys()
    where_none_are_configured()
    order_of_rows()
    required_permission()
    faults()


def keyed(name, about, *entries, **others):
    entries = entries or (api_key(role="service", permissions=["deploy"]),)
    return ready(name, about, {"roles": ROLES, "api_keys": list(entries), **others})


def show(talk, answer, value, **members):
    talk.request(answer, headers={"X-API-Key": value}, **members)


def both_forms():
    talk = keyed("apikey-forms", "an API key comes as X-API-Key or as Authorization: ApiKey, names and scheme in any case")
    for headers in (
        {"X-API-Key": API_KEY}, {"x-api-key": API_KEY}, {"X-API-KEY": [API_KEY]},
        {"Authorization": f"ApiKey {API_KEY}"}, {"authorization": [f"apikey {API_KEY}"]}, {"Authorization": f"APIKEY   {API_KEY}"},
    ):  # fmt: skip
        talk.request(CI, headers=headers)
    for headers in ({"X_API_Key": API_KEY}, {"Api-Key": API_KEY}, {"Cookie": f"X-API-Key={API_KEY}"}):
        talk.request(MISSING, headers=headers)
    for value in (API_KEY, f"Key {API_KEY}", f"X-API-Key {API_KEY}", f"Api-Key {API_KEY}", f"Basic {API_KEY}"):
        talk.request(INVALID_CREDENTIALS, headers={"Authorization": value})
    talk.request(INVALID_TOKEN, headers={"Authorization": f"Bearer {API_KEY}"})
    talk.request(MISSING, path=f"/users?api_key={API_KEY}")


def blanks():
    talk = keyed("apikey-blanks", "spaces and tabs around the value do not count, anything else does")
    for value in (f" {API_KEY}", f"{API_KEY}\t", f" \t{API_KEY} \t "):
        show(talk, CI, value)
    talk.request(CI, headers={"Authorization": f" ApiKey {API_KEY} "})
    for value in (f"\u00a0{API_KEY}", f"{API_KEY}\n", API_KEY.upper(), API_KEY[:-1], f"{API_KEY}x", digest(API_KEY)):
        show(talk, INVALID_TOKEN, value)


def identity():
    talk = keyed(
        "apikey-identity", "the tree says who calls with a key: user, role, permissions, and what the role grants",
        api_key(role="service", permissions=["deploy"]), api_key("plain", "plain-bot", "test-only-plain-key"),
        api_key("both", "both-bot", "test-only-both-key", role="service", permissions=["m2m", "read", "read"]),
        api_key("reader", "ci-bot", NEXT, permissions=["read"]),
    )  # fmt: skip
    show(talk, CI, API_KEY)
    show(talk, allowed("plain-bot"), "test-only-plain-key")
    show(talk, allowed("both-bot", "service", ["m2m", "read", "telemetry:*"]), "test-only-both-key")
    show(talk, allowed("ci-bot", permissions=["read"]), NEXT)


def unknown():
    talk = keyed("apikey-unknown", "an unknown key is row 5, of whatever form it is")
    for value in (NEXT, "x", "a.b.c", token(), "ci", "caf\u00e9", "*", "a" * 20000):
        show(talk, INVALID_TOKEN, value)
        talk.request(INVALID_TOKEN, headers={"Authorization": f"ApiKey {value}"})
    show(talk, CI, API_KEY)


def expired():
    talk = keyed(
        "apikey-expired", "an expired key is row 4: from the instant of expires on",
        api_key(role="service", permissions=["deploy"], expires="2026-01-01T00:01:00Z"),
        api_key("old", "old-bot", "test-only-old-key", expires="2025-12-31T23:59:59Z"),
        api_key("now", "now-bot", "test-only-now-key", expires="2026-01-01T00:00:00Z"),
        api_key("zone", "zone-bot", NEXT, expires="2026-01-01T01:00:30+01:00"),
    )  # fmt: skip
    show(talk, CI, API_KEY)
    show(talk, allowed("zone-bot"), NEXT)
    show(talk, EXPIRED, "test-only-old-key")
    show(talk, EXPIRED, "test-only-now-key")
    tick(talk, 29.999)
    show(talk, allowed("zone-bot"), NEXT)
    tick(talk, 30)
    show(talk, EXPIRED, NEXT)
    tick(talk, 59)
    show(talk, CI, API_KEY)
    tick(talk, 60)
    show(talk, EXPIRED, API_KEY)
    talk.request(EXPIRED, headers={"Authorization": f"ApiKey {API_KEY}"})
    show(talk, INVALID_TOKEN, "x")


def revoked():
    talk = keyed("apikey-revoked", "a revoked key is row 5, by its id; another key of its user is another key", api_key(role="service", permissions=["deploy"]), api_key("ci-2", "ci-bot", NEXT), revocation={"api_keys": ["ci"]})
    show(talk, INVALID_TOKEN, API_KEY)
    talk.request(INVALID_TOKEN, headers={"Authorization": f"ApiKey {API_KEY}"})
    show(talk, allowed("ci-bot"), NEXT)


def two_credentials():
    talk = keyed("apikey-two-credentials", "two credentials are row 1, of whatever kinds, good or bad, equal or not")
    bearer = f"Bearer {token()}"
    for headers in (
        {"X-API-Key": API_KEY, "Authorization": bearer},
        {"X-API-Key": "unknown", "Authorization": bearer},
        {"X-API-Key": API_KEY, "Authorization": f"ApiKey {API_KEY}"},
        {"X-API-Key": API_KEY, "Authorization": "Bearer x"},
        {"X-API-Key": [API_KEY, API_KEY]},
        {"X-API-Key": API_KEY, "x-api-key": NEXT},
        {"Authorization": [f"ApiKey {API_KEY}", bearer]},
    ):
        talk.request(BAD_REQUEST, headers=headers)
    talk.request(CI, headers={"X-API-Key": API_KEY, "Authorization": None})
    talk.request(allowed(), headers={"X-API-Key": [], "Authorization": bearer})


def nothing_behind_it():
    talk = keyed("apikey-empty", "an empty value and a scheme without a key are row 3")
    for value in ("", " ", "\t"):
        show(talk, INVALID_CREDENTIALS, value)
    for value in ("ApiKey", "ApiKey ", "apikey\t", f"ApiKey {API_KEY} x", f"ApiKey {API_KEY},x", f"ApiKey{API_KEY}"):
        talk.request(INVALID_CREDENTIALS, headers={"Authorization": value})


def tokens_beside_keys():
    talk = keyed("apikey-beside-tokens", "tokens are judged as ever where API keys are configured")
    talk.request(allowed(), token())
    talk.request(allowed("ada", "service", ["m2m", "telemetry:*"]), token(role="service"))
    talk.request(INVALID_TOKEN, sign("secret-next"))
    talk.request(INVALID_CREDENTIALS, headers={"Authorization": "Basic x"})
    talk.request(MISSING)


def where_none_are_configured():
    talk = ready("apikey-none-configured", "where no API keys are configured, X-API-Key means nothing; an empty list configures none", {"api_keys": []})
    bearer = {"Authorization": f"Bearer {token()}"}
    for config in (OMIT, {}, {"api_keys": None}):
        show(talk, MISSING, API_KEY)
        talk.request(allowed(), headers={"X-API-Key": API_KEY, **bearer})
        talk.request(allowed(), headers={"X-API-Key": [API_KEY, ""], **bearer})
        talk.request(INVALID_CREDENTIALS, headers={"Authorization": f"ApiKey {API_KEY}"})
        talk.init(keys.secret(), config=config)
    talk.init(keys.secret(), config={"api_keys": [api_key()]})
    show(talk, allowed("ci-bot"), API_KEY)
    talk.request(BAD_REQUEST, headers={"X-API-Key": API_KEY, **bearer})
    talk.init(keys.secret())
    show(talk, MISSING, API_KEY)


def order_of_rows():
    talk = keyed("apikey-order-of-rows", "a request with an API key is judged in the order of all rows", api_key(), api_key("old", "old-bot", NEXT, expires="2025-01-01T00:00:00Z"))
    delete = {"required_permission": "delete"}
    for path, value, answer in (
        ("/../x", API_KEY, BAD_REQUEST), ("/", "", INVALID_CREDENTIALS), ("/", NEXT, EXPIRED), ("/", "x", INVALID_TOKEN),
        ("/", API_KEY, NOT_RECOGNIZED), ("/users", API_KEY, lacking(["delete"], [])),
    ):  # fmt: skip
        show(talk, answer, value, path=path, **delete)
    show(talk, allowed("ci-bot"), API_KEY, path="/users")


def required_permission():
    talk = keyed("apikey-permissions", "a key holds what its entry lists, to the letter, and what its role grants")
    have = ["deploy", "m2m", "telemetry:*"]
    for asked in ("deploy", "m2m", "telemetry:write", ["deploy", "telemetry:read"]):
        show(talk, CI, API_KEY, required_permission=asked)
    for asked in ("Deploy", "deploy:all", "telemetry", "*"):
        show(talk, lacking([asked], have), API_KEY, required_permission=asked)


def faults():
    talk = keyed("apikey-faults", "id and sha256 are unique; the digest of a common word is a fault; so is what is missing, unknown or of another type")
    good = api_key()
    for entries in (
        [good, api_key(key=NEXT)],
        [good, api_key("ci-2")],
        [api_key(key="password")],
        [api_key(key="secret")],
        [{**good, "sha256": "xyz"}],
        [{**good, "sha256": digest(API_KEY)[:-1]}],
        [{**good, "sha256": digest(API_KEY)[:-1] + "g"}],
        [{**good, "sha256": 5}],
        [{**good, "key": API_KEY}],
        [{**good, "expires": "tomorrow"}],
        [{**good, "expires": True}],
        [{**good, "permissions": 5}],
        [{**good, "role": ["service"]}],
        *([{name: value for name, value in good.items() if name != missing}] for missing in ("id", "sha256", "user")),
        good,
        [API_KEY],
        "x",
    ):
        talk.init(keys.secret(), INVALID_INIT, config={"roles": ROLES, "api_keys": entries})
    show(talk, CI, API_KEY)
