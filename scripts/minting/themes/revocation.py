"""CONFIG.md section 4, "Revocation", and the operator's `revoke` of section 7."""

from .. import keys
from ..policy import API_KEY, NOT_PERMITTED, api_key, moment, operator, ready, revoke, tick, token
from ..talk import EXPIRED, INVALID_INIT, INVALID_TOKEN, MALFORMED, OMIT, Talk, allowed, lacking
from ..tokens import HOUR, NOW, claims, sign

NEXT = "test-only-next-api-key-of-ci"
SET = keys.jwk_set(keys.jwk("p256", kid="kid-7"), keys.jwk("ed25519", kid="kid-8"))


def write():
    jtis()
    users()
    users_by_mapped_name()
    users_keys()
    kids()
    api_keys()
    by_message_jti()
    by_message_user()
    by_message_user_before()
    by_message_user_next_second()
    by_message_kid()
    by_message_api_key()
    later_inits()
    what_an_init_revoked()
    never_taken_back()
    strangers()
    broken()
    faults()


def revoking(name, about, tree=None, **revocation):
    return ready(name, about, {"revocation": revocation, **(tree or {})})


def jtis():
    talk = revoking("revocation-jtis", "a token whose jti is listed is row 5; one that is expired as well is told so first; a jti is a string", jtis=["jti-1", "jti-2"])
    for jti in ("jti-1", "jti-2", 5, None, ["jti-3"], {}):
        talk.request(INVALID_TOKEN, token(jti=jti))
    for jti in ("jti-3", "JTI-1", "jti-1 ", "jti-1,jti-2"):
        talk.request(allowed(), token(jti=jti))
    talk.request(allowed(), token())
    talk.request(EXPIRED, token(jti="jti-1", exp=NOW - HOUR))
    talk.request(INVALID_TOKEN, token("bob", jti="jti-1"), path="/", required_permission="delete")


def users():
    talk = revoking(
        "revocation-users", "users: every token whose iat is before the time, absent, or in the future",
        users={"ada": moment(-60), "bob": moment(0), "eve": moment(HOUR), "joe": "2026-01-01T01:00:00+01:00"},
    )  # fmt: skip
    for user, good, bad in (
        ("ada", (NOW - 60, NOW - 59.5, NOW - 1, NOW), (NOW - 61, NOW - 60.5, 0, NOW + 1, NOW + 0.5, NOW + HOUR)),
        ("bob", (NOW,), (NOW - 1, NOW - 0.5, NOW + 1)),
        ("eve", (), (NOW - 1, NOW, NOW + 1, NOW + HOUR, NOW + 2 * HOUR)),
        ("joe", (NOW,), (NOW - 1, NOW + 1)),
    ):
        for iat in good:
            talk.request(allowed(user), token(user, iat=iat))
        for iat in (*bad, None, str(NOW), True):
            talk.request(INVALID_TOKEN, token(user, iat=iat))
        talk.request(INVALID_TOKEN, token(user))
    for user in ("Ada", "ada ", "eva"):
        talk.request(allowed(user), token(user, iat=0))
        talk.request(allowed(user), token(user))
    talk.request(EXPIRED, token("ada", exp=NOW - 1))
    ada = token("ada", iat=NOW + 30)
    talk.request(INVALID_TOKEN, ada)
    tick(talk, 30)
    talk.request(allowed(), ada)


def users_by_mapped_name():
    talk = revoking("revocation-users-mapped", "the user who is revoked is the one that claim_names gives, not sub", {"jwt": {"claim_names": {"user": "login"}}}, users={"ada": moment(0)})
    talk.request(INVALID_TOKEN, token("0001", login="ada"))
    talk.request(allowed("ada.l"), token("ada", login="ada.l"))
    talk.request(allowed("ada"), token("0001", login="ada", iat=NOW))


def users_keys():
    tree = {"api_keys": [api_key(), api_key("other", "other-bot", NEXT)]}
    talk = revoking("revocation-users-api-keys", "the API keys of a user who is revoked are revoked too", tree, users={"ci-bot": moment(-HOUR)})
    talk.request(INVALID_TOKEN, headers={"X-API-Key": API_KEY})
    talk.request(allowed("other-bot"), headers={"X-API-Key": NEXT})
    talk.request(INVALID_TOKEN, token("ci-bot"))
    revoke(talk, user="other-bot")
    talk.request(INVALID_TOKEN, headers={"X-API-Key": NEXT})
    tick(talk, 60)
    talk.request(INVALID_TOKEN, headers={"X-API-Key": NEXT})


def named(key, kid=OMIT, **members):
    alg = {"p256": "ES256", "ed25519": "EdDSA"}[key]
    return sign(key, claims(**members), header={"alg": alg} if kid is OMIT else {"alg": alg, "kid": kid})


def kids():
    talk = Talk("revocation-kids", "kids: every token that a key of that name verified, whether it names the key or not")
    talk.init(SET, config={"revocation": {"kids": ["kid-7"]}})
    talk.request(INVALID_TOKEN, named("p256", "kid-7"))
    talk.request(INVALID_TOKEN, named("p256"))
    talk.request(EXPIRED, named("p256", "kid-7", exp=NOW - HOUR))
    talk.request(allowed(), named("ed25519", "kid-8"))
    talk.request(allowed(), named("ed25519"))
    # The same key under another name is another key.
    talk.init(keys.jwk("p256", kid="kid-9"), config={"revocation": {"kids": ["kid-7"]}})
    talk.request(allowed(), named("p256", "kid-9"))


def api_keys():
    tree = {"api_keys": [api_key(), api_key("ci-2", "ci-bot", NEXT)]}
    talk = revoking("revocation-api-keys", "api_keys: the key of that id, no other of its user, and no token", tree, api_keys=["ci", "ci-bot"])
    talk.request(INVALID_TOKEN, headers={"X-API-Key": API_KEY})
    talk.request(allowed("ci-bot"), headers={"X-API-Key": NEXT})
    talk.request(allowed("ci-bot"), token("ci-bot"))
    talk.request(allowed("ci"), token("ci", jti="ci"))


def by_message_jti():
    talk = ready("revocation-message-jti", "revoke by jti counts at once, for tokens that were seen before too, and for that jti alone", {})
    one, two = token(jti="jti-1", permissions=["read"]), token(jti="jti-2")
    for _ in range(2):
        talk.request(allowed(permissions=["read"]), one)
        talk.request(allowed(), two)
    revoke(talk, jti="jti-1")
    for _ in range(2):
        talk.request(INVALID_TOKEN, one)
        talk.request(allowed(), two)
    talk.request(INVALID_TOKEN, token("bob", jti="jti-1"))
    talk.request(allowed(), token())
    revoke(talk, jti="jti-1")
    revoke(talk, jti="jti-2")
    talk.request(INVALID_TOKEN, two)


def by_message_user():
    talk = ready("revocation-message-user", "revoke by user, without before: every token of that user that was issued until now", {})
    ada, bob = token(iat=NOW - 60), token("bob", iat=NOW - 60)
    talk.request(allowed(), ada)
    talk.request(allowed(), token())
    talk.request(allowed("bob"), bob)
    revoke(talk, user="ada")
    for bad in (ada, token(), token(iat=NOW), token(iat=NOW + 1)):
        talk.request(INVALID_TOKEN, bad)
    talk.request(allowed("bob"), bob)
    talk.request(lacking(["x"], []), token("bob"), required_permission="x")
    tick(talk, 1)
    talk.request(INVALID_TOKEN, token(iat=NOW))
    talk.request(allowed(), token(iat=NOW + 1))
    talk.request(INVALID_TOKEN, token())


def by_message_user_before():
    talk = ready("revocation-message-user-before", "revoke by user with before: every token that was issued before that time", {})
    old, late = token(iat=NOW - 61), token(iat=NOW - 60)
    for bearer in (old, late):
        talk.request(allowed(), bearer)
    revoke(talk, user="ada", before=moment(-60))
    talk.request(INVALID_TOKEN, old)
    talk.request(allowed(), late)
    talk.request(INVALID_TOKEN, token())
    talk.request(INVALID_TOKEN, token(iat=NOW + 1))
    revoke(talk, user="ada", before=moment(30))
    talk.request(INVALID_TOKEN, late)
    talk.request(INVALID_TOKEN, token(iat=NOW))
    tick(talk, 30)
    talk.request(INVALID_TOKEN, token(iat=NOW + 29))
    talk.request(allowed(), token(iat=NOW + 30))


def by_message_user_next_second():
    talk = ready("revocation-message-user-next-second", "without before it is the next whole second: a token of this very second falls, one of the next does not", {})
    tick(talk, 10.25)
    ada = token(iat=NOW + 10)
    talk.request(allowed(), ada)
    revoke(talk, user="ada")
    talk.request(INVALID_TOKEN, ada)
    talk.request(INVALID_TOKEN, token(iat=NOW + 10.25))
    tick(talk, 11)
    talk.request(INVALID_TOKEN, token(iat=NOW + 10.75))
    talk.request(allowed(), token(iat=NOW + 11))


def by_message_kid():
    talk = Talk("revocation-message-kid", "revoke by kid: every token that a key of that name verified, those seen before too")
    talk.init(SET)
    seven, eight = (named("p256", "kid-7"), named("p256")), (named("ed25519", "kid-8"), named("ed25519"))
    for bearer in (*seven, *eight):
        talk.request(allowed(), bearer)
    revoke(talk, kid="kid-7")
    for bearer in seven:
        talk.request(INVALID_TOKEN, bearer)
    for bearer in eight:
        talk.request(allowed(), bearer)
    # A later init that brings the name again brings no trust in it.
    talk.init(SET)
    for bearer in seven:
        talk.request(INVALID_TOKEN, bearer)
    talk.request(allowed(), eight[0])


def by_message_api_key():
    tree = {"api_keys": [api_key(), api_key("ci-2", "ci-bot", NEXT)]}
    talk = ready("revocation-message-api-key", "revoke by api_key: the key of that id, at once", tree)
    for value in (API_KEY, NEXT):
        talk.request(allowed("ci-bot"), headers={"X-API-Key": value})
    revoke(talk, api_key="ci")
    talk.request(INVALID_TOKEN, headers={"X-API-Key": API_KEY})
    talk.request(INVALID_TOKEN, headers={"Authorization": f"ApiKey {API_KEY}"})
    talk.request(allowed("ci-bot"), headers={"X-API-Key": NEXT})
    revoke(talk, api_key="no-such-key")
    talk.request(allowed("ci-bot"), headers={"X-API-Key": NEXT})


def later_inits():
    tree = {"api_keys": [api_key()]}
    talk = ready("revocation-kept-by-init", "a later init, good or bad, keeps what was revoked by message", tree)
    jti, ada, bob = token("joe", jti="jti-1"), token(iat=NOW), token("bob")
    revoke(talk, jti="jti-1")
    revoke(talk, user="ada")
    revoke(talk, api_key="ci")
    for key, answer in ((keys.secret("secret-next"), None), ("", INVALID_INIT), (keys.secret(), None)):
        if answer is None:
            talk.init(key, config=tree)
        else:
            talk.init(key, answer)
    for bearer in (jti, ada):
        talk.request(INVALID_TOKEN, bearer)
    talk.request(INVALID_TOKEN, headers={"X-API-Key": API_KEY})
    talk.request(allowed("bob"), bob)


def what_an_init_revoked():
    talk = Talk("revocation-by-init-kept", "what an init's config revoked stays revoked when a later init says nothing of it, or says other things")
    for jti in ("jti-1", "jti-2"):
        talk.init(keys.secret(), config={"revocation": {"jtis": [jti]}})
    talk.init(keys.secret(), config={"revocation": {"users": {"ada": moment(0)}}})
    talk.init(keys.secret())
    for bearer in (token("bob", jti="jti-1"), token("bob", jti="jti-2"), token(), token(iat=NOW - 1)):
        talk.request(INVALID_TOKEN, bearer)
    talk.request(allowed("bob"), token("bob", jti="jti-3"))
    talk.request(allowed(), token(iat=NOW))
    # A bad init revokes nothing.
    talk.init(keys.secret(), INVALID_INIT, config={"revocation": {"jtis": ["jti-3"]}, "colour": "blue"})
    talk.request(allowed("bob"), token("bob", jti="jti-3"))


def never_taken_back():
    talk = revoking("revocation-never-taken-back", "of several times for one user the latest counts, in whatever order they come", users={"ada": moment(-60)})
    talk.request(allowed(), token(iat=NOW - 60))
    revoke(talk, user="ada", before=moment(-HOUR))
    talk.request(INVALID_TOKEN, token(iat=NOW - 61))
    talk.request(allowed(), token(iat=NOW - 60))
    revoke(talk, user="ada", before=moment(-30))
    revoke(talk, user="ada", before=moment(-45))
    talk.init(keys.secret(), config={"revocation": {"users": {"ada": moment(-60)}}})
    talk.request(INVALID_TOKEN, token(iat=NOW - 31))
    talk.request(allowed(), token(iat=NOW - 30))


def strangers():
    talk = Talk("revocation-strangers", "only the src of the init revokes: anybody else, or anybody before an init, is code 22, and nothing is revoked")
    members = ({"jti": "jti-1"}, {"user": "ada"}, {"user": "ada", "before": moment(HOUR)}, {"kid": "kid-7"}, {"api_key": "ci"}, {}, {"jti": 5})
    for one in members:
        revoke(talk, NOT_PERMITTED, **one)
    talk.init(SET, config={"api_keys": [api_key()]})
    for src in ("mallory", "Client", "", OMIT, None):
        for one in members:
            revoke(talk, NOT_PERMITTED, src=src, **one)
    talk.request(allowed(), named("p256", "kid-7", jti="jti-1"))
    talk.request(allowed("ci-bot"), headers={"X-API-Key": API_KEY})
    revoke(talk, jti="jti-1")
    talk.request(INVALID_TOKEN, named("p256", "kid-7", jti="jti-1"))


def broken():
    talk = ready("revocation-message-malformed", "a revoke names exactly one thing, a non-empty string, and before goes with a user only", {})
    for members in (
        {}, {"token": "x"}, {"jti": "jti-1", "user": "ada"}, {"kid": "k", "api_key": "ci"}, {"jti": "jti-1", "kid": "k", "user": "ada"},
        {"jti": 5}, {"jti": ["jti-1"]}, {"jti": ""}, {"user": ""}, {"user": {}}, {"kid": True}, {"kid": ""}, {"api_key": ""}, {"api_key": 5},
        {"before": moment(0)}, {"jti": "jti-1", "before": moment(0)}, {"kid": "k", "before": moment(0)}, {"api_key": "ci", "before": moment(0)},
        {"user": "ada", "before": "yesterday"}, {"user": "ada", "before": True}, {"user": "ada", "before": {}}, {"user": "ada", "before": ""},
        {"user": "ada", "before": "2026-01-01"},
    ):  # fmt: skip
        revoke(talk, MALFORMED, **members)
    talk.request(allowed(), token(jti="jti-1"))
    operator(talk, {"type": "revoke", "jti": "jti-1", "reason": "lost", "before_long": 5}, {"type": "revoke_ok", "durable": False})
    talk.request(INVALID_TOKEN, token(jti="jti-1"))


def faults():
    talk = ready("revocation-faults", "the lists of the tree are lists of texts, users a table of times; an init may not name the file", {})
    for table in (
        {"jtis": "jti-1"}, {"jtis": [5]}, {"users": ["ada"]}, {"users": {"ada": "yesterday"}}, {"users": {"ada": True}}, {"kids": {}}, {"kids": [None]},
        {"api_keys": 5}, {"file": "revoked.jsonl"}, {"tokens": []},
    ):  # fmt: skip
        talk.init(keys.secret(), INVALID_INIT, config={"revocation": table})
    talk.init(keys.secret(), INVALID_INIT, config={"revocation": ["jti-1"]})
    talk.request(allowed(), token(jti="jti-1"))
