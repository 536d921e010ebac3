"""CONFIG.md section 4, "Step-up": row 8a."""

from .. import keys
from ..policy import API_KEY, STRONGER, api_key, ready, route, routed, tick, token
from ..talk import INVALID_INIT, MISSING, NOT_RECOGNIZED, allowed, lacking
from ..tokens import NOW


def write():
    acr()
    amr()
    max_age()
    max_age_and_time()
    all_three()
    after_all_of_row_8()
    api_keys()
    faults()


def on(name, about, *routes, **others):
    return ready(name, about, routed(*routes, **others))


def acr():
    talk = on("stepup-acr", "acr: any of those listed, to the letter; what is ill-typed is not met, and no invalid token", route("/a", acr=["mfa", "hardware"]), route("/b"))
    for value in ("mfa", "hardware"):
        talk.request(allowed(), token(acr=value), path="/a")
    for value in ("pwd", "MFA", "mfa hardware", "", 5, None, True, {}, ["mfa"]):
        talk.request(STRONGER, token(acr=value), path="/a")
        talk.request(allowed(), token(acr=value), path="/b")
    talk.request(STRONGER, token(), path="/a")


def amr():
    talk = on("stepup-amr", "amr: a list that holds any of those listed", route("/a", amr=["otp", "hwk"]))
    for value in (["otp"], ["hwk"], ["pwd", "otp"], ["otp", "hwk"]):
        talk.request(allowed(), token(amr=value), path="/a")
    for value in (["pwd"], [], "otp", "pwd otp", 5, None, {"otp": 1}, True, ["OTP"], [["otp"]]):
        talk.request(STRONGER, token(amr=value), path="/a")
    talk.request(STRONGER, token(), path="/a")


def max_age():
    talk = on("stepup-max-age", "max_age: now - auth_time is at most that", route("/a", max_age="5m"))
    for value in (NOW, NOW - 1, NOW - 299, NOW - 300):
        talk.request(allowed(), token(auth_time=value), path="/a")
    for value in (NOW - 301, NOW - 300.5, 0, str(NOW), None, True, [NOW], {}):
        talk.request(STRONGER, token(auth_time=value), path="/a")
    talk.request(STRONGER, token(), path="/a")


def max_age_and_time():
    talk = on("stepup-max-age-passes", "an authentication grows too old while its token is still good", route("/a", max_age="5m"))
    ada = token(auth_time=NOW - 240)
    talk.request(allowed(), ada, path="/a")
    tick(talk, 60)
    talk.request(allowed(), ada, path="/a")
    tick(talk, 61)
    talk.request(STRONGER, ada, path="/a")
    talk.request(allowed(), token(auth_time=NOW + 61), path="/a")


def all_three():
    talk = on("stepup-all-three", "acr, amr and max_age on one route must all be met", route("/a", acr=["mfa"], amr=["otp"], max_age="1h"))
    good = {"acr": "mfa", "amr": ["otp"], "auth_time": NOW}
    talk.request(allowed(), token(**good), path="/a")
    for name in good:
        talk.request(STRONGER, token(**{n: v for n, v in good.items() if n != name}), path="/a")


def after_all_of_row_8():
    talk = on("stepup-after-row-8", "step-up is asked for after all of row 8: who lacks a permission is told that alone", route("/{project}/a", permissions=["read"], claims={"project": "{project}"}, acr=["mfa"]))
    good = {"permissions": ["read"], "project": "x"}
    asked = ["read", "project=x"]
    talk.request(MISSING, path="/x/a")
    talk.request(NOT_RECOGNIZED, token(**good), path="/x/b")
    talk.request(lacking(asked, []), token(project="x"), path="/x/a")
    talk.request(lacking(asked, ["read"]), token(permissions=["read"], project="y"), path="/x/a")
    talk.request(lacking(["z", *asked], ["read"]), token(**good), path="/x/a", required_permission="z")
    talk.request(lacking(asked, []), token(project="x", acr="mfa"), path="/x/a")
    talk.request(STRONGER, token(**good), path="/x/a")
    talk.request(allowed(permissions=["read"]), token(**good, acr="mfa"), path="/x/a")


def api_keys():
    talk = on(
        "stepup-api-key", "an API key that meets a step-up is told with 403 what it can never have",
        route("/acr", acr=["mfa"]), route("/acrs", acr=["mfa", "hardware"]), route("/amr", amr=["otp", "hwk"]), route("/age", max_age="5m"),
        route("/all", acr=["mfa"], amr=["otp", "hwk"], max_age="90s"), route("/none"),
        api_keys=[api_key(permissions=["deploy"])],
    )  # fmt: skip
    for path, asked in (
        ("/acr", ["acr:mfa"]), ("/acrs", ["acr:mfa|acr:hardware"]), ("/amr", ["amr:otp|amr:hwk"]), ("/age", ["max_age:300"]),
        ("/all", ["acr:mfa", "amr:otp|amr:hwk", "max_age:90"]),
    ):  # fmt: skip
        talk.request(lacking(asked, ["deploy"]), headers={"X-API-Key": API_KEY}, path=path)
        talk.request(STRONGER, token(), path=path)
    talk.request(allowed("ci-bot", permissions=["deploy"]), headers={"X-API-Key": API_KEY}, path="/none")


def faults():
    talk = ready("stepup-faults", "acr and amr are lists of texts, max_age a time", {})
    for condition in ({"acr": 5}, {"acr": [5]}, {"amr": 5}, {"amr": [None]}, {"max_age": 300}, {"max_age": "soon"}, {"max_age": "-5m"}):
        talk.init(keys.secret(), INVALID_INIT, config=routed(route("/a", **condition)))
    talk.request(allowed(), token())
