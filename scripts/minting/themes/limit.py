"""CONFIG.md section 4, "Rate limit": row 6."""

from .. import keys
from ..policy import API_KEY, admitted, api_key, limited, ready, revoke, route, routed, tick, token
from ..talk import (
    BAD_REQUEST, EXPIRED, INVALID_CREDENTIALS, INVALID_INIT, INVALID_TOKEN, MISSING, NOT_RECOGNIZED, OMIT, allowed, lacking,
)  # fmt: skip
from ..tokens import HOUR, NOW, sign

AUTH, OTHER = "https://auth.example", "https://other.example"


def write():
    edges()
    slides()
    spellings()
    refused_costs_nothing()
    rows_before_and_after()
    callers()
    callers_by_issuer()
    api_key_callers()
    roles()
    highest_rate()
    no_limit()
    route_has_its_own()
    route_windows()
    rotation()
    initialised_again()
    overflow()
    per_address()
    per_address_slides()
    per_address_forms()
    per_address_unknown()
    per_address_never_holds_up()
    per_address_public()
    per_address_rows()
    faults()


def on(name, about, default=OMIT, tree=None, **limits):
    rate = {**({} if default is OMIT else {"default": default}), **limits}
    return ready(name, about, {"rate_limit": rate, **(tree or {})})


def times(talk, count, answer, bearer, **members):
    for _ in range(count):
        talk.request(answer, bearer, **members)


def edges():
    talk = on("limit-window", "no window (now - W, now] holds more than N: what was admitted W ago counts no more, what was admitted a moment later does", "2/min")
    ada = token()
    times(talk, 2, allowed(), ada)
    times(talk, 2, limited(60), ada)
    tick(talk, 0.5)
    talk.request(limited(60), ada)
    tick(talk, 1)
    talk.request(limited(59), ada)
    tick(talk, 59)
    talk.request(limited(1), ada)
    tick(talk, 59.999)
    talk.request(limited(1), ada)
    tick(talk, 60)
    times(talk, 2, allowed(), ada)
    talk.request(limited(60), ada)


def slides():
    talk = on("limit-sliding", "the window slides: each request is forgotten W after it was admitted, and retry_after tells when the next one fits, rounded up", "3/min")
    ada = token()
    talk.request(allowed(), ada)
    tick(talk, 10)
    talk.request(allowed(), ada)
    tick(talk, 20.25)
    talk.request(allowed(), ada)
    talk.request(limited(40), ada)
    tick(talk, 59.75)
    talk.request(limited(1), ada)
    tick(talk, 60)
    talk.request(allowed(), ada)
    talk.request(limited(10), ada)
    tick(talk, 69.5)
    talk.request(limited(1), ada)
    tick(talk, 80)
    # At 10 it was forgotten at 70, at 20.25 it is not before 80.25.
    talk.request(allowed(), ada)
    talk.request(limited(1), ada)
    tick(talk, 80.25)
    talk.request(allowed(), ada)
    talk.request(limited(40), ada)
    tick(talk, 120)
    talk.request(allowed(), ada)
    talk.request(limited(20), ada)


def spellings():
    talk = on("limit-spellings", "a limit is N/s, N/min, N/h or N/37s", "1/s")
    ada = token(exp=NOW + 3 * HOUR)
    start = 0
    for text, seconds in (("1/s", 1), ("1/min", 60), ("1/37s", 37), ("1/h", 3600)):
        # A user for each, so that no window is another's.
        caller = token(text, exp=NOW + 3 * HOUR)
        talk.init(keys.secret(), config={"rate_limit": {"default": text}})
        talk.request(allowed(text), caller)
        talk.request(limited(seconds), caller)
        start += seconds
        tick(talk, start - 0.5)
        talk.request(limited(1), caller)
        tick(talk, start)
        talk.request(allowed(text), caller)
    talk.request(allowed(), ada)


def refused_costs_nothing():
    talk = on("limit-429-costs-nothing", "a 429 costs nothing: who keeps asking does not wait longer", "1/min")
    ada = token()
    talk.request(allowed(), ada)
    for second in (10, 30, 50, 59):
        tick(talk, second)
        times(talk, 2, limited(60 - second), ada)
    tick(talk, 60)
    talk.request(allowed(), ada)


def rows_before_and_after():
    tree = routed(route("/users/{id}", permissions=["read"], methods=["GET"]))
    talk = on("limit-what-is-charged", "a request is charged when it passes row 6, and keeps the charge whatever comes after; rows 1 to 5 charge no caller", "3/min", tree)
    ada = token()
    for _ in range(3):
        talk.request(BAD_REQUEST, ada, path="/users/../x")
        talk.request(MISSING, path="/users/7")
        talk.request(INVALID_CREDENTIALS, path="/users/7", headers={"Authorization": "Basic x"})
        talk.request(EXPIRED, token(exp=NOW - HOUR), path="/users/7")
        talk.request(INVALID_TOKEN, sign("secret-next"), path="/users/7")
    talk.request(lacking(["read"], []), ada, path="/users/7")
    talk.request(NOT_RECOGNIZED, ada, path="/nowhere")
    talk.request(NOT_RECOGNIZED, ada, path="/users/7", method="PUT")
    talk.request(limited(60), ada, path="/users/7")
    talk.request(limited(60), ada, path="/nowhere")
    talk.request(BAD_REQUEST, ada, path="/users/../x")
    talk.request(EXPIRED, token(exp=NOW - HOUR), path="/users/7")
    talk.request(lacking(["read"], []), token("bob"), path="/users/7")


def callers():
    talk = on("limit-callers", "each user has a window, whatever token, src or path the requests come with", "2/min")
    talk.request(allowed(), token())
    talk.request(allowed(permissions=["read"], service="orders-service"), token(permissions=["read"], jti="2"), path="/orders/1", src="other")
    talk.request(limited(60), token(jti="3"))
    talk.request(limited(60), token(), src="third")
    talk.request(limited(60), token(), path="/nowhere/else")
    for user in ("bob", "Ada", "ada "):
        times(talk, 2, allowed(user), token(user))
        talk.request(limited(60), token(user))


def callers_by_issuer():
    talk = on("limit-callers-by-issuer", "the same user of two issuers is two callers", "1/min", {"jwt": {"issuer": [AUTH, OTHER]}})
    for iss in (AUTH, OTHER):
        talk.request(allowed(), token(iss=iss))
        talk.request(limited(60), token(iss=iss, jti="2"))


def api_key_callers():
    second = "test-only-second-key-of-ci"
    tree = {"api_keys": [api_key("ci"), api_key("ci-2", key=second), api_key("ci-3", user="ci", key="test-only-third-key-of-ci")]}
    talk = on("limit-callers-api-keys", "each API key is a caller by its id, also beside another key of its user, and beside a token of a user that is called like it", "1/min", tree)
    for value, user in ((API_KEY, "ci-bot"), (second, "ci-bot"), ("test-only-third-key-of-ci", "ci")):
        talk.request(allowed(user), headers={"X-API-Key": value})
        talk.request(limited(60), headers={"X-API-Key": value})
        talk.request(limited(60), headers={"Authorization": f"ApiKey {value}"})
    for user in ("ci", "ci-bot"):
        talk.request(allowed(user), token(user))
        talk.request(limited(60), token(user))


RATES = {"user": "1/min", "analyst": "2/min", "admin": "4/min"}
ROLES = {"user": [], "analyst": [], "admin": [], "guest": []}


def roles():
    talk = on("limit-roles", "a caller whose role has a limit is under that one, any other under the default", "3/min", {"roles": ROLES}, roles=RATES)
    for role, count in (("user", 1), ("analyst", 2), ("admin", 4), ("guest", 3), (None, 3), ("Admin", 3)):
        user = f"one-of-{role}"
        bearer = token(user, **({} if role is None else {"role": role}))
        times(talk, count, allowed(user, role), bearer)
        talk.request(limited(60), bearer)


def highest_rate():
    talk = on(
        "limit-highest-of-roles", "of several roles the one with the highest N per second counts, wherever it is named", "1/h", {"roles": {**ROLES, "burst": []}},
        roles={**RATES, "burst": "1/2s"},
    )  # fmt: skip
    for user, members, role in (("a", {"role": "user", "roles": ["admin", "analyst"]}, "user"), ("b", {"roles": ["guest", "analyst", "admin", "user"]}, "guest")):
        bearer = token(user, **members)
        times(talk, 4, allowed(user, role), bearer)
        talk.request(limited(60), bearer)
    # 1/2s is 30 a minute: more than 4, though 4 is the larger number.
    bearer = token("c", roles=["admin", "burst"])
    talk.request(allowed("c", "admin"), bearer)
    talk.request(limited(2), bearer)
    for second in (2, 4, 6, 8, 10):
        tick(talk, second)
        talk.request(allowed("c", "admin"), bearer)
        talk.request(limited(2), bearer)


def no_limit():
    talk = on("limit-none", "without a default, who has no role with a limit has none", OMIT, {"roles": ROLES}, roles={"user": "1/min"})
    times(talk, 6, allowed(), token())
    times(talk, 6, allowed("bob", "guest"), token("bob", role="guest"))
    talk.request(allowed("eve", "user"), token("eve", role="user"))
    talk.request(limited(60), token("eve", role="user"))


def route_has_its_own():
    tree = routed(route("/api/users/{id}"), route("/export", rate_limit="1/37s"), route("/feed", rate_limit="5/min"), roles=ROLES)
    talk = on("limit-of-a-route", "a route's own limit goes before those of roles and the default, be it lower or higher", "2/min", tree, roles={"admin": "3/min"})
    for user, role, count in (("ada", None, 2), ("bob", "admin", 3)):
        bearer = token(user, **({} if role is None else {"role": role}))
        answer = allowed(user, role)
        talk.request(answer, bearer, path="/export")
        talk.request(limited(37), bearer, path="/export")
        times(talk, 5, answer, bearer, path="/feed")
        talk.request(limited(60), bearer, path="/feed")
        times(talk, count, answer, bearer)
        talk.request(limited(60), bearer)


def route_windows():
    tree = routed(route("/users/{id}", rate_limit="2/min"), route("/orders/{id}", rate_limit="2/min"), route("/other"))
    talk = on("limit-of-a-route-window", "a route's limit has a window of its own, one a caller: nothing else counts in it, and it counts nowhere else", "1/min", tree)
    for user in ("ada", "bob"):
        bearer = token(user)
        talk.request(allowed(user), bearer, path="/users/1")
        talk.request(allowed(user), bearer, path="/orders/1")
        talk.request(allowed(user), bearer, path="/other")
        talk.request(limited(60), bearer, path="/other")
        talk.request(limited(60), bearer, path="/nowhere")
        # Other paths of the same route share it.
        talk.request(allowed(user), bearer, path="/users/2?x=1")
        talk.request(limited(60), bearer, path="/users/3")
        talk.request(allowed(user), bearer, path="/orders/2")
        talk.request(limited(60), bearer, path="/orders/1")


def rotation():
    config = {"rate_limit": {"default": "2/min"}}
    talk = ready("limit-rotation", "a later init keeps the counters: nobody starts anew because the keys do", config)
    times(talk, 2, allowed(), token())
    talk.init(keys.secret("secret-next"), config=config)
    talk.request(limited(60), sign("secret-next"))
    talk.request(INVALID_TOKEN, token())
    tick(talk, 30)
    talk.init(keys.secret(), config=config)
    talk.request(limited(30), token())
    talk.init("", INVALID_INIT, config=config)
    talk.request(limited(30), token())
    tick(talk, 60)
    talk.request(allowed(), token())


def initialised_again():
    talk = ready("limit-lifted", "an init without a limit lifts it", {"rate_limit": {"default": "1/min"}})
    talk.request(allowed(), token())
    talk.request(limited(60), token())
    talk.init(keys.secret())
    times(talk, 3, allowed(), token())


def overflow():
    talk = on("limit-overflow", "max_callers bounds who is counted for themselves: while all of them are live, newcomers share one window", "2/min", max_callers=2)

    def ask(answer, user):
        talk.request(allowed(user) if answer is allowed else answer, token(user))

    ask(allowed, "a")
    ask(allowed, "b")
    for user in ("c", "d"):
        ask(allowed, user)
    for user in ("c", "d", "e"):
        ask(limited(60), user)
    # Those who were there before are held to nothing but their own count.
    for user in ("a", "b"):
        ask(allowed, user)
        ask(limited(60), user)
    tick(talk, 60)
    # Idle windows go first: now c and d have their own.
    for user in ("c", "d"):
        ask(allowed, user)
        ask(allowed, user)
        ask(limited(60), user)
    ask(allowed, "a")
    ask(allowed, "b")
    ask(limited(60), "a")


def knock(talk, answer, address=OMIT, bearer=None, **members):
    talk.request(answer, bearer, client_ip=address, **members)


def per_address():
    talk = on("limit-address", "per_address: what rows 2 to 5 refuse is charged to the client_ip; once its window is full it gets row 6 instead of its 401", per_address="4/min")
    here, there = "203.0.113.1", "203.0.113.2"
    for address in (here, there):
        knock(talk, MISSING, address)
        knock(talk, INVALID_CREDENTIALS, address, headers={"Authorization": "Basic x"})
        knock(talk, EXPIRED, address, token(exp=NOW - HOUR))
        knock(talk, INVALID_TOKEN, address, sign("secret-next"))
        knock(talk, limited(60), address)
        knock(talk, limited(60), address, headers={"Authorization": "Basic x"})
        knock(talk, limited(60), address, token(exp=NOW - HOUR))
        knock(talk, limited(60), address, sign("secret-next"))
        knock(talk, limited(60), address, "not-a-token")
    # The src of a message is no address.
    knock(talk, limited(60), here, src="other")


def per_address_slides():
    talk = on("limit-address-window", "the window of an address slides like any other, and a 429 costs nothing there too", per_address="2/min")
    here = "203.0.113.1"
    knock(talk, MISSING, here)
    tick(talk, 20)
    knock(talk, INVALID_TOKEN, here, "x")
    knock(talk, limited(40), here, "x")
    tick(talk, 59.5)
    knock(talk, limited(1), here)
    tick(talk, 60)
    knock(talk, MISSING, here)
    knock(talk, limited(20), here)
    tick(talk, 80)
    knock(talk, INVALID_TOKEN, here, "x")
    knock(talk, limited(40), here)


def per_address_forms():
    talk = on("limit-address-forms", "an IPv4-mapped address is its IPv4, an IPv6 address its /64, however it is spelt", per_address="1/min")
    for group in (
        ("198.51.100.7", "::ffff:198.51.100.7", "::FFFF:c633:6407", "0:0:0:0:0:ffff:c633:6407"),
        ("198.51.100.8", "::ffff:198.51.100.8"),
        ("2001:db8::1", "2001:db8::2", "2001:DB8:0:0:ffff:ffff:ffff:ffff", "2001:0db8:0000:0000:0000:0000:0000:0001"),
        ("2001:db8:0:1::1", "2001:db8:0:1::"),
        ("2001:db8:1::1", "2001:db8:1::ffff"),
        ("::1", "::2"),
    ):
        knock(talk, MISSING, group[0])
        for address in group:
            knock(talk, limited(60), address)


def per_address_unknown():
    talk = on("limit-address-unknown", "without a client_ip, or with one that is no address, all share one window", per_address="4/min")
    knock(talk, MISSING)
    knock(talk, MISSING, None)
    knock(talk, MISSING, "")
    knock(talk, MISSING, "no address")
    for address in (OMIT, None, "", "localhost", "300.1.1.1", "1.2.3", "2001:db8::1::2", "203.0.113.1,203.0.113.2", "unknown"):
        knock(talk, limited(60), address)
    knock(talk, MISSING, "203.0.113.1")


def per_address_never_holds_up():
    talk = on("limit-address-good-credential", "a good credential is never held up by the window of its address, nor charged to it", per_address="1/min", tree={"api_keys": [api_key()]})
    here = "203.0.113.1"
    for _ in range(3):
        knock(talk, allowed(), here, token())
        knock(talk, allowed("ci-bot"), here, headers={"X-API-Key": API_KEY})
    knock(talk, lacking(["read"], []), here, token(), required_permission="read")
    knock(talk, NOT_RECOGNIZED, here, token(), path="/")
    knock(talk, INVALID_TOKEN, here, headers={"X-API-Key": "unknown"})
    knock(talk, limited(60), here, headers={"X-API-Key": "unknown"})
    for _ in range(2):
        knock(talk, allowed(), here, token())
        knock(talk, allowed("ci-bot"), here, headers={"X-API-Key": API_KEY})
        knock(talk, NOT_RECOGNIZED, here, token(), path="/")


def per_address_public():
    tree = routed(route("/status", "status-service", public=True), route("/users/{id}"))
    talk = on("limit-address-public", "a request to a public route without a credential is charged to its address, and refused there", "2/min", tree, per_address="2/min")
    here, there = "203.0.113.1", "203.0.113.2"
    good = {"service": "status-service"}
    knock(talk, admitted("status-service"), here, path="/status")
    knock(talk, MISSING, here, path="/users/7")
    knock(talk, limited(60), here, path="/status")
    knock(talk, limited(60), here, path="/users/7")
    # A good credential is charged to its caller alone.
    knock(talk, allowed(**good), here, token(), path="/status")
    knock(talk, allowed(), here, token(), path="/users/7")
    knock(talk, limited(60), here, token(), path="/status")
    # One that is asked for in spite of the public route is missing.
    knock(talk, MISSING, there, path="/status", required_permission="read")
    knock(talk, admitted("status-service"), there, path="/status")
    knock(talk, limited(60), there, path="/status", required_permission="read")
    knock(talk, limited(60), there, path="/status")


def per_address_rows():
    talk = on("limit-address-rows", "row 1 goes before the window of an address and is not charged to it; callers and addresses are counted apart", "1/min", per_address="1/min")
    here = "203.0.113.1"
    for _ in range(3):
        knock(talk, BAD_REQUEST, here, path="/../x")
    knock(talk, MISSING, here)
    knock(talk, limited(60), here)
    knock(talk, BAD_REQUEST, here, path="/../x")
    # A user who is called like an address.
    talk.request(allowed(here), token(here))
    talk.request(limited(60), token(here))
    # A caller over its own limit charges nothing to its address.
    other = "203.0.113.2"
    for _ in range(3):
        knock(talk, limited(60), other, token(here))
    knock(talk, MISSING, other)
    # A token that is revoked is refused by row 5, and charged like that.
    revoke(talk, user="eve")
    third = "203.0.113.3"
    knock(talk, INVALID_TOKEN, third, token("eve"))
    knock(talk, limited(60), third, token("eve"))


def faults():
    talk = ready("limit-faults", "a limit is a text of that form, and max_callers a number", {})
    for rate in ("10", "10/", "/min", "ten/min", "10/day", "10/fortnight", "10 per minute", "-1/s", "1.5/s", "10/0s", "10/-5s", "10/s/s", 10, ["10/s"], {"n": 10}):
        talk.init(keys.secret(), INVALID_INIT, config={"rate_limit": {"default": rate}})
    for table in (
        {"roles": {"user": "many"}}, {"roles": ["user"]}, {"per_address": 60}, {"max_callers": "many"}, {"max_callers": -1},
        {"on_store_failure": "panic"}, {"store": "memory"}, {"store": "redis://127.0.0.1:6379/0"}, {"burst": 5},
    ):  # fmt: skip
        talk.init(keys.secret(), INVALID_INIT, config={"rate_limit": table})
    talk.init(keys.secret(), INVALID_INIT, config={"rate_limit": "10/s"})
    times(talk, 3, allowed(), token())
