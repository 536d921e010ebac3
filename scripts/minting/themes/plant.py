"""Whole policies at work: a semiconductor plant, and two projects behind one gateway."""

from ..policy import REVOKE_OK, TICK_OK, Caller, Wire, api_key, circuit_open, limited, operator
from ..talk import BAD_REQUEST, INVALID_TOKEN, MISSING, NOT_RECOGNIZED, OMIT, Talk, lacking
from ..tokens import HOUR, NOW, sign

SCADA_KEY = "test-only-api-key-of-scada"

PLANT = """# A semiconductor plant: six roles, six services, limits by role.

[jwt]
keys = ["file:../../scripts/keys/ed25519.public.pem"]
issuer = "https://auth.plant.example"
audience = "plant"
max_lifetime = "8h"

[roles]
admin = ["*"]
operator = ["process:read", "process:write", "config:read"]
engineer = ["models:train", "diagnostics:*"]
analyst = ["reports:read"]
service = ["m2m"]
user = ["read"]

[services.process-service]

[services.models-service]
timeout = "20s"
circuit_breaker = { failures = 3, open_for = "30s", probes = 1 }

[services.diagnostics-service]
[services.reports-service]
[services.telemetry-service]
[services.wafers-service]

[[routes]]
path = "/api/process/{line}"
methods = ["GET"]
service = "process-service"
permissions = ["process:read"]

# Who runs a line is an operator, whatever else one may do.
[[routes]]
path = "/api/process/{line}"
methods = ["POST"]
service = "process-service"
permissions = ["process:write"]
roles = ["operator"]

[[routes]]
path = "/api/config"
methods = ["GET"]
service = "process-service"
any_permissions = ["config:read", "config:write"]

[[routes]]
path = "/api/models/{id}/train"
methods = ["POST"]
service = "models-service"
permissions = ["models:train"]
rewrite = "/v1/models/{id}/train"

[[routes]]
path = "/api/diagnostics/{*tool}"
service = "diagnostics-service"
permissions = ["diagnostics:run"]

[[routes]]
path = "/api/reports/{id}"
methods = ["GET"]
service = "reports-service"
permissions = ["reports:read"]

[[routes]]
path = "/api/telemetry"
methods = ["POST"]
service = "telemetry-service"
permissions = ["m2m"]

[[routes]]
path = "/api/wafers/{id}"
methods = ["GET"]
service = "wafers-service"
permissions = ["read"]

[rate_limit]
default = "100/min"
roles = { user = "10/min", analyst = "100/min", admin = "500/min", service = "1000/min" }

[[api_keys]]
id = "scada"
sha256 = "SCADA"
user = "scada-bot"
role = "service"
expires = 2027-01-01T00:00:00Z
""".replace("SCADA", api_key(key=SCADA_KEY)["sha256"])


def write():
    semiconductor()
    two_projects()


def worker(user, role, granted):
    payload = {"iss": "https://auth.plant.example", "aud": "plant", "sub": user, "jti": f"shift-{user}", "role": role, "iat": NOW - HOUR, "exp": NOW + HOUR}
    return Caller(user, role, [], granted, headers={"Authorization": f"Bearer {sign('ed25519', payload)}"})


class Role:
    """What is shown of one: a request that is allowed, one that is refused, the limit, how it is revoked."""

    def __init__(self, caller, limit, may, may_not, required, revoked_by):
        self.caller, self.limit, self.may, self.may_not = caller, limit, may, may_not
        self.required, self.revoked_by = required, revoked_by


ROLES = (
    Role(
        worker("alice", "admin", ["*"]), 500,
        ("DELETE", "/api/diagnostics/cache", "diagnostics-service"), ("POST", "/api/process/line-1"), ["process:write", "role:operator"], {"jti": "shift-alice"},
    ),
    Role(
        worker("omar", "operator", ["process:read", "process:write", "config:read"]), 100,
        ("POST", "/api/process/line-1", "process-service"), ("POST", "/api/models/etch-7/train"), ["models:train"], {"user": "omar"},
    ),
    Role(
        worker("erin", "engineer", ["models:train", "diagnostics:*"]), 100,
        ("GET", "/api/diagnostics/chamber/3", "diagnostics-service"), ("GET", "/api/config"), ["config:read|config:write"], {"jti": "shift-erin"},
    ),
    Role(
        worker("anna", "analyst", ["reports:read"]), 100,
        ("GET", "/api/reports/yield-2025", "reports-service"), ("GET", "/api/process/line-1"), ["process:read"], {"user": "anna", "before": "2026-01-01T00:01:00Z"},
    ),
    Role(
        Caller("scada-bot", "service", [], ["m2m"], headers={"X-API-Key": SCADA_KEY}), 1000,
        ("POST", "/api/telemetry", "telemetry-service"), ("GET", "/api/wafers/w-42"), ["read"], {"api_key": "scada"},
    ),
    Role(
        worker("uma", "user", ["read"]), 10,
        ("GET", "/api/wafers/w-42", "wafers-service"), ("GET", "/api/reports/yield-2025"), ["reports:read"], {"jti": "shift-uma"},
    ),
)  # fmt: skip


def semiconductor():
    talk = Talk("plant-semiconductor", "a semiconductor plant: each of six roles is allowed, refused, limited and revoked, and a circuit opens and closes", forward=True)
    talk.config_file("plant.toml", PLANT)
    talk.init(OMIT, src="operations", node_id="gateway")
    wire = Wire(talk)

    def allow(role):
        method, path, service = role.may
        body = {"by": role.caller.user} if method == "POST" else OMIT
        return wire.ask(role.caller, path, service, method=method, client_ip="10.1.0.7", body=body)

    def deny(role, answer):
        method, path = role.may_not
        talk.request(answer, headers=role.caller.headers, method=method, path=path)

    # Allowed and refused. The services answer in their own time.
    pending = []
    for role in ROLES:
        pending.append(allow(role))
        deny(role, lacking(role.required, role.caller.permissions))
    for one in reversed(pending):
        wire.answer(one, 200, {"ok": True})
    talk.request(MISSING, path="/api/wafers/w-42")
    # Limited: both count, and so does every request that leads nowhere.
    for role in ROLES:
        for _ in range(role.limit - 2):
            talk.request(NOT_RECOGNIZED, headers=role.caller.headers, path="/x")
        method, path, _ = role.may
        talk.request(limited(60), headers=role.caller.headers, method=method, path=path)
    clock(talk, "2026-01-01T00:00:59.5Z")
    for role in ROLES:
        deny(role, limited(1))
    clock(talk, "2026-01-01T00:01:00Z")
    for role in ROLES:
        wire.answer(allow(role), 200)
    # Revoked, each in the way that fits.
    for role in ROLES:
        operator(talk, {"type": "revoke", **role.revoked_by}, REVOKE_OK, src="operations")
        method, path, _ = role.may
        talk.request(INVALID_TOKEN, headers=role.caller.headers, method=method, path=path)
        deny(role, INVALID_TOKEN)
    circuit(talk, wire)


def clock(talk, now, *before):
    operator(talk, {"type": "tick", "now": now}, *before, TICK_OK, src="operations")


def circuit(talk, wire):
    """Three failures of three kinds; then the circuit is open, half open, and closed again."""
    nora = worker("nora", "engineer", ["models:train", "diagnostics:*"])
    service, path = "models-service", "/api/models/etch-7/train"

    def train():
        return wire.ask(nora, path, service, method="POST", sent_path="/v1/models/etch-7/train", body={"epochs": 3})

    def refused(seconds):
        talk.request(circuit_open(service, seconds), headers=nora.headers, path=path, method="POST", body={"epochs": 3})

    wire.answer(train(), 202, {"job": 1})
    wire.error(train())
    wire.answer(train(), 503, "out of memory")
    pending = train()
    clock(talk, "2026-01-01T00:01:20Z", pending.timed_out)
    refused(30)
    # Other services have circuits of their own.
    wire.answer(wire.ask(nora, "/api/diagnostics/gpu", "diagnostics-service"), 200, {"gpu": "lost"})
    clock(talk, "2026-01-01T00:01:40Z")
    refused(10)
    clock(talk, "2026-01-01T00:01:50Z")
    probe = train()
    refused(1)
    wire.error(probe)
    refused(60)
    clock(talk, "2026-01-01T00:02:50Z")
    probe = train()
    refused(1)
    wire.answer(probe, 202, {"job": 2})
    first, second = train(), train()
    wire.answer(second, 202, {"job": 4})
    wire.answer(first, 202, {"job": 3})


TWO_PROJECTS = """# Two projects behind one gateway: a token reaches the paths of the projects that it names.

[jwt]
keys = ["file:../../scripts/keys/ed25519.public.pem"]

[services.prefect-service]
[services.mlflow-service]

[[routes]]
path = "/{project}/prefect/{*rest}"
service = "prefect-service"
claims = { project = "{project}" }

[[routes]]
path = "/{project}/mlflow/{*rest}"
service = "mlflow-service"
claims = { project = "{project}" }
rewrite = "/{project}/experiments"
"""


def member(user, project):
    payload = {"sub": user, "exp": NOW + HOUR}
    if project is not OMIT:
        payload["project"] = project
    return Caller(user, headers={"Authorization": f"Bearer {sign('ed25519', payload)}"})


def two_projects():
    talk = Talk("plant-two-projects", "two projects behind one gateway: the tokens of one never reach the paths of the other, however these are spelt", forward=True)
    talk.config_file("two-projects.toml", TWO_PROJECTS)
    wire = Wire(talk)
    for mine, other, user in (("alpha", "beta", "ada"), ("beta", "alpha", "bob")):
        caller = member(user, mine)

        def refused(answer, *paths, caller=caller):
            for path in paths:
                talk.request(answer, headers=caller.headers, path=path)

        for path, sent in ((f"/{mine}/prefect/flows/7", None), (f"//{mine}//prefect/x/?project={other}", f"/{mine}/prefect/x/?project={other}"), (f"/{mine}/prefect/{other}/prefect/x", None)):
            wire.answer(wire.ask(caller, path, "prefect-service", sent_path=sent), 200, mine)
        wire.answer(wire.ask(caller, f"/{mine}/mlflow/runs/1?of={other}", "mlflow-service", sent_path=f"/{mine}/experiments?of={other}"), 200, mine)
        # What would lead the service elsewhere stays behind.
        elsewhere = {"X-Original-URL": f"/{other}/prefect/x", "X-Rewrite-URL": f"/{other}/prefect/x", "X-HTTP-Method-Override": "DELETE", "x_user_id": "root"}
        wire.answer(wire.ask(caller, f"/{mine}/prefect/x", "prefect-service", headers=elsewhere, sent=caller.identity), 200, mine)

        encoded = f"%{ord(other[0]):x}{other[1:]}"
        refused(
            lacking([f"project={other}"], []),
            f"/{other}/prefect/flows/7", f"/{other}/mlflow/runs/1", f"//{other}//prefect//x", f"/{encoded}/prefect/x", f"/{other}/%70refect/x",
            f"/{other}/prefect/x?project={mine}", f"/{other}/prefect/{mine}/prefect/x", f"/{other}/prefect/x/",
        )  # fmt: skip
        for spelt in (other.upper(), other.capitalize(), mine.upper(), f"{mine},{other}", "*", "{project}"):
            refused(lacking([f"project={spelt}"], []), f"/{spelt}/prefect/x")
        refused(lacking([f"project={mine}|{other}"], []), f"/{mine}%7C{other}/prefect/x")
        refused(lacking([f"project=%{encoded[1:]}"], []), f"/%25{encoded[1:]}/prefect/x")
        refused(
            BAD_REQUEST,
            f"/{mine}/../{other}/prefect/x", f"/{mine}/%2e%2E/{other}/prefect/x", f"/{mine}/prefect/../../{other}/prefect/x", f"/{mine}%2Fprefect/x",
            f"/{mine}/..;/{other}/prefect/x", f"/{mine}\\..\\{other}/prefect/x", f"/{mine}/prefect/%5c..%5c{other}", f"/{mine}/./prefect/x", f"/{other}%00/prefect/x",
        )  # fmt: skip
        refused(NOT_RECOGNIZED, f"/{other};{mine}/prefect/x", f"/{mine};/prefect/x", f"/{other}%3B/prefect/x", f"/{other}/prefect", f"/{other}/Prefect/x", f"/api/{other}/prefect/x", f"/{other}")
        talk.request(MISSING, path=f"/{mine}/prefect/x")
    for project in (OMIT, None, "", "alpha beta", "alpha,beta", [], [["alpha"]], {"alpha": True}, True, "*", "{project}"):
        for name in ("alpha", "beta"):
            talk.request(lacking([f"project={name}"], []), headers=member("eve", project).headers, path=f"/{name}/prefect/x")
    both = member("zoe", ["alpha", "beta"])
    for name in ("alpha", "beta"):
        wire.answer(wire.ask(both, f"/{name}/prefect/x", "prefect-service"), 200, name)
    talk.request(lacking(["project=gamma"], []), headers=both.headers, path="/gamma/prefect/x")
