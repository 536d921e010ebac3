"""CONFIG.md section 7: the messages of the operator."""

from .. import keys
from ..layout import FREE, Raw
from ..policy import NOT_PERMITTED, REVOKE_OK, TICK_OK, moment, operator, ready, revoke, tick, token
from ..talk import EXPIRED, INVALID_INIT, INVALID_TOKEN, MALFORMED, MISSING, OMIT, Talk, allowed, envelope, to_client, unsupported
from ..tokens import HOUR, NOW, NOW_TEXT, sign

METRICS_OK = {"type": "metrics_ok", "metrics": FREE}
MESSAGES = ({"type": "tick", "now": moment(1)}, {"type": "health"}, {"type": "metrics"}, {"type": "revoke", "jti": "jti-1"})


def write():
    time_moves()
    spellings_of_now()
    only_forward()
    malformed_ticks()
    no_frozen_clock()
    permitted_to_one()
    keys_without_an_init()
    health()
    metrics()
    envelopes()


def health_ok(keys_in_force, uptime):
    return {"type": "health_ok", "version": FREE, "configuration": FREE, "keys": keys_in_force, "key_sets": [], "uptime": uptime}


def time_moves():
    talk = ready("operator-tick", "tick moves the frozen clock: tokens expire and begin, those that were seen before too", {})
    short, late = token(exp=NOW + 60), token(nbf=NOW + 60)
    talk.request(allowed(), short)
    talk.request(INVALID_TOKEN, late)
    tick(talk, 59)
    talk.request(allowed(), short)
    talk.request(INVALID_TOKEN, late)
    tick(talk, 60)
    talk.request(EXPIRED, short)
    talk.request(allowed(), late)
    tick(talk, HOUR - 0.001)
    talk.request(allowed(), late)
    tick(talk, HOUR)
    talk.request(EXPIRED, late)


def spellings_of_now():
    talk = ready("operator-tick-spellings", "now is RFC 3339 or a number of seconds since 1970, a fraction allowed in both", {})
    bearer = token(exp=NOW + 11.5)
    for now in (NOW, Raw(f"{NOW}.0"), Raw(f"{NOW}.5"), NOW + 1, "2026-01-01T00:00:02Z", "2026-01-01T01:00:03+01:00", "2026-01-01T00:00:04.25Z", Raw(f"{NOW + 11}.25")):
        operator(talk, {"type": "tick", "now": now}, TICK_OK)
        talk.request(allowed(), bearer)
    operator(talk, {"type": "tick", "now": "2026-01-01T00:00:11.5Z"}, TICK_OK)
    talk.request(EXPIRED, bearer)


def only_forward():
    talk = ready("operator-tick-backwards", "time goes only forward: a tick backwards is malformed and moves nothing, one to the same instant is no fault", {})
    operator(talk, {"type": "tick", "now": NOW_TEXT}, TICK_OK)
    operator(talk, {"type": "tick", "now": moment(-1)}, MALFORMED)
    tick(talk, 60)
    tick(talk, 60)
    for now in (NOW, NOW_TEXT, moment(59.999), 0, -1):
        operator(talk, {"type": "tick", "now": now}, MALFORMED)
    talk.request(EXPIRED, token(exp=NOW + 60))
    talk.request(allowed(), token(exp=NOW + 61))


def malformed_ticks():
    talk = ready("operator-tick-malformed", "a tick without a time, or with what is none, is malformed", {})
    for now in (OMIT, None, "", "soon", "2026-01-01", "2026-13-01T00:00:00Z", True, [NOW], {}):
        operator(talk, {"type": "tick", **({} if now is OMIT else {"now": now})}, MALFORMED)
    talk.request(allowed(), token(exp=NOW + 1))


def no_frozen_clock():
    talk = Talk("operator-tick-without-now", "without --now a tick is a type like any that the node does not know, whoever sends it", clock=False)
    for src in ("client", "mallory"):
        operator(talk, {"type": "tick", "now": NOW}, unsupported("tick"), src=src)
    talk.init(keys.secret())
    for src in ("client", "mallory"):
        operator(talk, {"type": "tick", "now": NOW}, unsupported("tick"), src=src)
    operator(talk, {"type": "tick"}, unsupported("tick"))
    revoke(talk, jti="jti-1")
    operator(talk, {"type": "health"}, NOT_PERMITTED, src="mallory")


def permitted_to_one():
    talk = Talk("operator-only-one", "the operator is the src of the init: before there was one nobody is, and afterwards nobody else")
    for message in MESSAGES:
        operator(talk, message, NOT_PERMITTED)
    talk.init("", INVALID_INIT, src="mallory")
    for message in MESSAGES:
        operator(talk, message, NOT_PERMITTED, src="mallory")
    talk.init(keys.secret(), src="boss")
    for src in ("client", "mallory", "Boss", "", OMIT, None):
        for message in MESSAGES:
            operator(talk, message, NOT_PERMITTED, src=src)
    talk.request(allowed(), token(jti="jti-1", exp=NOW + 1))
    operator(talk, {"type": "revoke", "jti": "jti-1"}, REVOKE_OK, src="boss")
    talk.request(INVALID_TOKEN, token(jti="jti-1", exp=NOW + 1))
    operator(talk, {"type": "tick", "now": moment(1)}, TICK_OK, src="boss")
    talk.request(EXPIRED, token(jti="jti-1", exp=NOW + 1))
    operator(talk, {"type": "metrics"}, METRICS_OK, src="boss")


def keys_without_an_init():
    talk = Talk("operator-before-an-init", "a key that the command line names makes nobody the operator", key="../scripts/keys/ed25519.public.pem")
    talk.request(allowed(), sign("ed25519"))
    for message in MESSAGES:
        operator(talk, message, NOT_PERMITTED)
    talk.init(OMIT)
    operator(talk, MESSAGES[1], health_ok(FREE, 0))


def health():
    talk = Talk("operator-health", "health tells version, hash of the configuration, names of the keys in force, age of the key sets, and seconds since the start")
    talk.init(keys.jwk_set(keys.jwk("p256", kid="kid-1"), keys.jwk("ed25519", kid="kid-2")))
    operator(talk, {"type": "health"}, health_ok(["kid-1", "kid-2"], 0))
    tick(talk, 90)
    operator(talk, {"type": "health"}, health_ok(["kid-1", "kid-2"], 90))
    talk.init(keys.jwk("p256-next", kid="kid-3"), config={"rate_limit": {"default": "10/s"}})
    tick(talk, HOUR)
    operator(talk, {"type": "health", "verbose": True}, health_ok(["kid-3"], HOUR))
    # It tells what is in force: a bad init changes nothing.
    talk.init("", INVALID_INIT)
    operator(talk, {"type": "health"}, health_ok(["kid-3"], HOUR))


def metrics():
    talk = ready("operator-metrics", "metrics are Prometheus text, whatever was sent before", {})
    operator(talk, {"type": "metrics"}, METRICS_OK)
    talk.request(allowed('x"\\{}'), token('x"\\{}'), path="/api/users/1")
    talk.request(MISSING, path="/no-such-service-before/1")
    operator(talk, {"type": "metrics"}, METRICS_OK)


def envelopes():
    talk = ready("operator-envelopes", "answers to the operator repeat msg_id and come from the node_id, like any other", {})
    for msg_id, shown in ((Raw("7.50"), Raw("7.50")), ("a", "a"), (True, True), (None, OMIT)):
        body = {"type": "tick", "msg_id": msg_id, "now": NOW}
        talk.say(envelope("client", "gateway", body), to_client(TICK_OK, shown))
    talk.say(envelope("client", "gateway", {"type": "tick", "msg_id": {}, "now": NOW}), MALFORMED)
    talk.say(envelope("client", OMIT, {"type": "revoke", "jti": "jti-1"}), REVOKE_OK)
    talk.init(keys.secret(), node_id="n1")
    tick(talk, 0)
    revoke(talk, jti="jti-2")
    revoke(talk, NOT_PERMITTED, src="mallory", jti="jti-2")
    operator(talk, {"type": "tick"}, MALFORMED)
