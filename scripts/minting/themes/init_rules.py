"""Who may send an init, what its members must be, and what holds afterwards (section 3)."""

from .. import keys
from ..talk import (
    ALREADY_INITIALISED, BAD_REQUEST, EXPIRED, INVALID_CREDENTIALS, INVALID_INIT, INVALID_TOKEN, MALFORMED, MISSING, OMIT,
    Talk, allowed, envelope, to_client,
)  # fmt: skip
from ..tokens import HOUR, NOW, sign


def write():
    before_any_init()
    rotation()
    rotation_of_sets()
    from_another_src()
    bad_init_keeps()
    bad_init_appoints_nobody()
    without_src()
    no_key()
    member_types()
    unknown_members()
    config()
    config_nesting()
    key_option()


def before_any_init():
    talk = Talk("init-request-before", "before any init a request is decided with no key in force: an expired token is as invalid as any other, and the other checks are as ever")
    talk.request(INVALID_TOKEN, sign("secret"))
    talk.request(INVALID_TOKEN, sign("secret", {"sub": "ada", "exp": NOW - HOUR}))
    talk.request(INVALID_TOKEN, "not-even-a-token")
    talk.request(MISSING)
    talk.request(INVALID_CREDENTIALS, headers={"Authorization": "Basic YWRhOnB3"})
    talk.request(BAD_REQUEST, sign("secret"), path="users")
    talk.init(keys.secret())
    talk.request(allowed(), sign("secret"))
    talk.request(EXPIRED, sign("secret", {"sub": "ada", "exp": NOW - HOUR}))


def rotation():
    talk = Talk("init-rotation", "a later init from the same src replaces the key, and every verdict on tokens of the old one with it")
    for name in ("rsa", "rsa-next", "rsa"):
        talk.init(keys.pem(name))
        for other in ("rsa", "rsa-next"):
            answer = allowed() if other == name else INVALID_TOKEN
            talk.request(answer, sign(other))
            talk.request(answer, sign(other))


def rotation_of_sets():
    talk = Talk("init-rotation-of-sets", "the usual way to rotate without a 401: a set of the old key and the new one, then the new one alone")
    old, new = sign("p256", header={"alg": "ES256", "kid": "old"}), sign("p256-next", header={"alg": "ES256", "kid": "new"})
    talk.init(keys.jwk_set(keys.jwk("p256", kid="old")))
    talk.request(allowed(), old)
    talk.request(INVALID_TOKEN, new)
    talk.init(keys.jwk_set(keys.jwk("p256", kid="old"), keys.jwk("p256-next", kid="new")))
    talk.request(allowed(), old)
    talk.request(allowed(), new)
    talk.init(keys.jwk_set(keys.jwk("p256-next", kid="new")))
    talk.request(INVALID_TOKEN, old)
    talk.request(allowed(), new)


def from_another_src():
    talk = Talk("init-from-another-src", "an init from another src is code 22, also where it is bad in itself: whoever can send requests cannot appoint the key")
    talk.init(keys.pem("ed25519"))
    talk.init(keys.pem("ed25519-next"), ALREADY_INITIALISED, src="mallory", node_id="m1")
    talk.init("", ALREADY_INITIALISED, src="mallory")
    talk.init(OMIT, ALREADY_INITIALISED, src="mallory", node_id=5)
    talk.init(keys.pem("ed25519-next"), ALREADY_INITIALISED, src="Client")
    talk.request(allowed(), sign("ed25519"), src="mallory")
    talk.request(INVALID_TOKEN, sign("ed25519-next"), src="mallory")
    # The src of the init may still rotate.
    talk.init(keys.pem("ed25519-next"))
    talk.request(allowed(), sign("ed25519-next"))


def bad_init_keeps():
    talk = Talk("init-bad-keeps-what-was", "a bad init changes nothing: key and node_id stay")
    talk.init(keys.secret(), node_id="n1")
    talk.init("", INVALID_INIT, node_id="n2")
    talk.init(keys.secret("secret-next"), INVALID_INIT, node_id=2)
    talk.init(keys.secret("secret-next"), INVALID_INIT, config=[])
    talk.request(allowed(), sign("secret"))
    talk.request(INVALID_TOKEN, sign("secret-next"))


def bad_init_appoints_nobody():
    talk = Talk("init-bad-appoints-nobody", "a bad init appoints nobody: the first good one may come from someone else")
    talk.init("", INVALID_INIT, src="mallory", node_id="m1")
    talk.init("ssh-rsa AAAA", INVALID_INIT, src="mallory")
    talk.init(keys.secret())
    talk.init(keys.secret(), ALREADY_INITIALISED, src="mallory")
    talk.request(allowed(), sign("secret"))


def without_src():
    talk = Talk("init-without-src", "an init without src is bad; after a good one it is an init from another src")
    talk.init(keys.secret(), INVALID_INIT, src=OMIT)
    talk.init(keys.secret(), INVALID_INIT, src=None, dest=None)
    talk.request(INVALID_TOKEN, sign("secret"))
    talk.init(keys.secret(), dest=OMIT)
    talk.init(keys.secret("secret-next"), ALREADY_INITIALISED, src=OMIT)
    talk.request(allowed(), sign("secret"))


def no_key():
    talk = Talk("init-without-key", "an init without a key is bad where nothing else names one; null is as if it were absent")
    talk.init(OMIT, INVALID_INIT)
    talk.init(None, INVALID_INIT)
    talk.init(OMIT, INVALID_INIT, public_key=keys.pem("ed25519"))
    talk.init(keys.secret())
    talk.init(OMIT, INVALID_INIT)
    talk.request(allowed(), sign("secret"))


def member_types():
    talk = Talk("init-member-types", "a member of the wrong type makes an init bad; null is as if it were absent")
    for key in (5, True, False, [], [keys.secret()]):
        talk.init(key, INVALID_INIT)
    for members in ({"node_id": 5}, {"node_id": ["n1"]}, {"node_ids": "n1"}, {"node_ids": [5]}, {"node_ids": {}}, {"config": 5}, {"config": "{}"}, {"config": []}):
        talk.init(keys.secret(), INVALID_INIT, **members)
    talk.request(INVALID_TOKEN, sign("secret"))
    talk.init(keys.secret(), node_id=None, node_ids=None, config=None)
    talk.init(keys.secret(), node_ids=[])
    talk.request(allowed(), sign("secret"))


def unknown_members():
    talk = Talk("init-unknown-members", "members that an init does not know are ignored, a key under another name too", clock=False)
    talk.init(keys.secret(), method=5, path=[], jwt_private_key="no", algorithms=["none"])
    talk.say(envelope("client", "gateway", {"type": "init", "msg_id": {}, "jwt_public_key": keys.secret()}), MALFORMED)


def config():
    talk = Talk("init-config", "a config may be empty; a name in it that the configuration does not know is a fault, and nothing of that init holds")
    talk.init(keys.secret(), config={})
    talk.init(keys.secret("secret-next"), INVALID_INIT, config={"colour": "blue"})
    talk.init(keys.secret("secret-next"), INVALID_INIT, config={"jwt": {"leway": "5s"}})
    talk.request(allowed(), sign("secret"))
    talk.request(INVALID_TOKEN, sign("secret-next"))


def config_nesting():
    talk = Talk("init-config-nesting", "a config nested deeper than 100 is a bad init, and costs no stack")
    talk.init(keys.secret())
    for depth in (101, 5000):
        nested = '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)
        talk.text(
            f'{{"src":"client","dest":"gateway","body":{{"type":"init","msg_id":{talk.next_id()},"jwt_public_key":"other","config":{nested}}}}}\n',
            to_client(INVALID_INIT, talk.last_id),
        )
    talk.request(allowed(), sign("secret"))


def key_option():
    talk = Talk(
        "init-key-option",
        "a key named by --key is in force without an init; an init may leave its key out, or bring another for as long as no later one leaves it out",
        key="../scripts/keys/ed25519.public.pem",
    )
    old, new = sign("ed25519"), sign("ed25519-next")
    talk.request(allowed(), old)
    talk.init(OMIT)
    talk.request(allowed(), old)
    talk.init(keys.pem("ed25519-next"))
    talk.request(INVALID_TOKEN, old)
    talk.request(allowed(), new)
    talk.init("", INVALID_INIT)
    talk.request(allowed(), new)
    talk.init(None)
    talk.request(allowed(), old)
    talk.request(INVALID_TOKEN, new)
    talk.init(OMIT, ALREADY_INITIALISED, src="mallory")
