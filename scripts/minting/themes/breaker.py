"""CONFIG.md section 4, "Circuit breaker"."""

from ..keys import secret
from ..policy import USERS, Caller, Wire, circuit_open, limited, ready, route, routed, tick, token
from ..talk import INVALID_INIT, MISSING, NOT_RECOGNIZED, allowed, lacking

ADA = Caller()
ORDERS = "orders-service"


def write():
    opens()
    what_fails()
    what_does_not()
    by_default()
    consecutive()
    retry_after()
    probe_closes()
    probe_fails()
    probe_times_out()
    doubling_ends()
    several_probes()
    answers_from_before()
    each_service()
    after_row_8()
    kept_by_init()
    off()
    faults()


def guarded(name, about, failures=2, open_for="30s", probes=1, **others):
    breaker = {"failures": failures, "open_for": open_for, "probes": probes}
    tree = {"services": {USERS: {"circuit_breaker": breaker}}, **others}
    talk = ready(name, about, tree, forward=True)
    return talk, Wire(talk)


def refused(talk, seconds, service=USERS, path="/users/1"):
    talk.request(circuit_open(service, seconds), headers=ADA.headers, path=path)


def broken(wire, count):
    for _ in range(count):
        wire.error(wire.ask(ADA))


def opens():
    talk, wire = guarded("breaker-opens", "so many failures in a row open the circuit: nothing is forwarded then, the answer is 503", 3)
    broken(wire, 2)
    broken(wire, 1)
    refused(talk, 30)
    refused(talk, 30)
    talk.request(MISSING, path="/users/1")


def what_fails():
    talk, wire = guarded("breaker-failures", "an answer that is none, 502, 503, 504 and a timeout are failures; the client sees what the service said", 1)
    waited = 0
    for fail in (
        lambda p: wire.error(p), lambda p: wire.fail(p, type="api_response", status=600), lambda p: wire.fail(p, type="api_response"), lambda p: wire.fail(p, type="hello"),
        lambda p: wire.answer(p, 502), lambda p: wire.answer(p, 503, "busy"), lambda p: wire.answer(p, 504),
    ):
        fail(wire.ask(ADA))
        refused(talk, 30)
        waited += 30
        tick(talk, waited)
        wire.answer(wire.ask(ADA))
    pending = wire.ask(ADA)
    tick(talk, waited + 10, pending.timed_out)
    refused(talk, 30)


def what_does_not():
    talk, wire = guarded("breaker-no-failures", "no other status is a failure, and each of them ends a row of failures; nor is what is refused here", 2)
    for status in (100, 204, 302, 400, 401, 404, 408, 429, 500, 501, 505, 599):
        broken(wire, 1)
        wire.answer(wire.ask(ADA), status)
    broken(wire, 1)
    for _ in range(3):
        talk.request(MISSING)
        talk.request(NOT_RECOGNIZED, token(), path="/")
        talk.request(lacking(["x"], []), token(), required_permission="x")
        wire.say(USERS, {"type": "error", "in_reply_to": 1, "code": 13, "text": "crash"})
        wire.say(ORDERS, {"type": "error", "in_reply_to": 1, "code": 13, "text": "crash"})
    wire.answer(wire.ask(ADA))


def by_default():
    talk = ready("breaker-default", "without being told, a service has 5 failures, 30 seconds and 1 probe", {}, forward=True)
    wire = Wire(talk)
    broken(wire, 5)
    refused(talk, 30)
    tick(talk, 30)
    probe = wire.ask(ADA)
    refused(talk, 1)
    wire.answer(probe)
    wire.answer(wire.ask(ADA))


def consecutive():
    talk, wire = guarded("breaker-consecutive", "only failures in a row count: one success begins the count anew", 3)
    for _ in range(3):
        broken(wire, 2)
        wire.answer(wire.ask(ADA))
    broken(wire, 3)
    refused(talk, 30)


def retry_after():
    talk, wire = guarded("breaker-retry-after", "retry_after is the time until a probe may go through, rounded up", 1)
    broken(wire, 1)
    for second, left in ((0, 30), (0.5, 30), (1, 29), (10, 20), (29, 1), (29.75, 1)):
        tick(talk, second)
        refused(talk, left)
    tick(talk, 30)
    wire.answer(wire.ask(ADA))


def probe_closes():
    talk, wire = guarded("breaker-closes", "after open_for one probe goes through and the rest are refused with retry_after 1; its success closes the circuit and resets open_for", 2)
    broken(wire, 2)
    tick(talk, 30)
    probe = wire.ask(ADA)
    refused(talk, 1)
    tick(talk, 35)
    refused(talk, 1)
    wire.answer(probe, 404)
    # Closed: everybody goes through again, and the count begins anew.
    first, second = wire.ask(ADA), wire.ask(ADA)
    wire.answer(first)
    wire.error(second)
    wire.answer(wire.ask(ADA))
    broken(wire, 2)
    refused(talk, 30)


def probe_fails():
    talk, wire = guarded("breaker-doubles", "the failure of a probe opens the circuit for twice as long each time; a success resets that", 2)
    broken(wire, 2)
    now = 0
    for span in (30, 60, 120, 240):
        refused(talk, span)
        now += span
        tick(talk, now - 1)
        refused(talk, 1)
        tick(talk, now)
        broken(wire, 1)
    refused(talk, 480)
    tick(talk, now + 480)
    wire.answer(wire.ask(ADA))
    broken(wire, 2)
    refused(talk, 30)


def probe_times_out():
    talk, wire = guarded("breaker-probe-times-out", "a probe that is not answered in time has failed", 1)
    broken(wire, 1)
    tick(talk, 30)
    probe = wire.ask(ADA)
    refused(talk, 1)
    tick(talk, 39)
    refused(talk, 1)
    tick(talk, 40, probe.timed_out)
    refused(talk, 60)
    wire.drop(probe)
    refused(talk, 60)
    tick(talk, 100)
    wire.answer(wire.ask(ADA))


def doubling_ends():
    talk, wire = guarded("breaker-ten-minutes", "open_for doubles up to 10 minutes", 1, "4m")
    broken(wire, 1)
    now = 0
    for span in (240, 480, 600, 600, 600):
        refused(talk, span)
        now += span
        tick(talk, now)
        broken(wire, 1)
    refused(talk, 600)


def several_probes():
    talk, wire = guarded("breaker-probes", "so many probes go through at a time; the first success closes the circuit, a failure opens it", 1, "30s", 3)
    broken(wire, 1)
    tick(talk, 30)
    probes = [wire.ask(ADA) for _ in range(3)]
    refused(talk, 1)
    wire.answer(probes[1])
    after = [wire.ask(ADA) for _ in range(5)]
    for pending in (probes[0], probes[2], *after):
        wire.answer(pending)
    broken(wire, 1)
    tick(talk, 60)
    probes = [wire.ask(ADA) for _ in range(3)]
    wire.error(probes[2])
    refused(talk, 60)
    wire.answer(probes[0])
    refused(talk, 60)
    wire.error(probes[1])
    refused(talk, 60)
    tick(talk, 120)
    wire.answer(wire.ask(ADA))


def answers_from_before():
    talk, wire = guarded("breaker-answers-from-before", "answers to requests from before it opened reach their clients, and neither close it nor keep it open", 2)
    pending = [wire.ask(ADA) for _ in range(6)]
    wire.error(pending[0])
    wire.error(pending[1])
    refused(talk, 30)
    wire.answer(pending[2])
    refused(talk, 30)
    wire.error(pending[3])
    tick(talk, 9)
    refused(talk, 21)
    wire.answer(pending[4], 503)
    refused(talk, 21)
    tick(talk, 10, pending[5].timed_out)
    refused(talk, 20)
    tick(talk, 30)
    wire.answer(wire.ask(ADA))


def each_service():
    talk, wire = guarded("breaker-each-service", "each service has a circuit of its own", 1)
    broken(wire, 1)
    refused(talk, 30)
    wire.answer(wire.ask(ADA, "/orders", ORDERS))
    for _ in range(5):
        wire.error(wire.ask(ADA, "/orders", ORDERS))
    refused(talk, 30, ORDERS, "/orders")
    tick(talk, 30)
    wire.answer(wire.ask(ADA))
    wire.answer(wire.ask(ADA, "/orders", ORDERS))


def after_row_8():
    talk, wire = guarded("breaker-after-row-8", "the circuit is asked last: who is refused before it is told that, and a 503 is charged to the caller's limit", 1, rate_limit={"default": "4/min"})
    broken(wire, 1)
    talk.request(MISSING, path="/users/1")
    talk.request(lacking(["x"], []), headers=ADA.headers, path="/users/1", required_permission="x")
    refused(talk, 30)
    refused(talk, 30)
    talk.request(limited(60), headers=ADA.headers, path="/users/1")


def kept_by_init():
    breaker = {"services": {USERS: {"circuit_breaker": {"failures": 1, "open_for": "30s"}}}}
    talk, wire = guarded("breaker-kept-by-init", "a later init keeps the breakers", 1)
    broken(wire, 1)
    talk.init(secret(), config=breaker)
    refused(talk, 30)
    tick(talk, 30)
    wire.answer(wire.ask(ADA))


def off():
    tree = {**routed(route("/users/{id}")), "services": {USERS: {"circuit_breaker": {"failures": 1}}}}
    talk = ready("breaker-off", "where nothing is forwarded nothing fails: every circuit stays closed", tree)
    for _ in range(3):
        talk.request(allowed(), headers=ADA.headers, path="/users/1")
        talk.say({"src": USERS, "dest": "gateway", "body": {"type": "error", "in_reply_to": 1, "code": 13, "text": "crash"}})


def faults():
    talk = ready("breaker-faults", "failures and probes are numbers from 1, open_for a time", {})
    for breaker in ({"failures": 0}, {"failures": -1}, {"failures": 1.5}, {"probes": 0}, {"probes": "1"}, {"open_for": 30}, {"open_for": "soon"}, {"close_for": "1s"}, 5):
        talk.init(secret(), INVALID_INIT, config={"services": {USERS: {"circuit_breaker": breaker}}})
    talk.request(allowed(), token())
