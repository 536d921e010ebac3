"""CONFIG.md sections 2 to 4, `[jwt]`: what a token must be and where its identity stands."""

from .. import keys
from ..policy import ready, token
from ..talk import EXPIRED, INVALID_INIT, INVALID_TOKEN, Talk, allowed, lacking
from ..tokens import HOUR, NOW, claims, sign, sign_with_text

AUTH = "https://auth.example"
OTHER = "https://other.example"
WRONG_TYPES = (5, True, None, {}, [5])


def write():
    issuer()
    issuers()
    audience()
    audiences()
    algorithms()
    algorithms_eddsa()
    typ()
    typ_of_ones_own()
    leeway()
    leeway_bound()
    max_lifetime()
    max_lifetime_and_leeway()
    required_claims()
    user_name()
    role_name()
    permissions_name()
    text_is_the_whole_name()
    lists_nest()
    wrong_types_on_the_way()
    twice_on_the_way()
    allow_weak_secrets()


def issuer():
    talk = ready("jwt-issuer", "jwt.issuer: iss must be there and equal to the letter", {"jwt": {"issuer": AUTH}})
    talk.request(allowed(), token(iss=AUTH))
    for iss in (OTHER, f"{AUTH}/", AUTH.upper(), f" {AUTH}", "", [AUTH], *WRONG_TYPES):
        talk.request(INVALID_TOKEN, token(iss=iss))
    talk.request(INVALID_TOKEN, token())


def issuers():
    talk = ready("jwt-issuers", "jwt.issuer may be a list, any of which will do; they share the keys", {"jwt": {"issuer": [AUTH, OTHER]}})
    talk.request(allowed(), token(iss=AUTH))
    talk.request(allowed(), token(iss=OTHER))
    talk.request(INVALID_TOKEN, token(iss="https://third.example"))
    talk.request(INVALID_TOKEN, token(iss=[AUTH, OTHER]))
    talk.request(INVALID_TOKEN, token())


def audience():
    talk = ready("jwt-audience", "jwt.audience: aud must be there, and be it or a list that holds it", {"jwt": {"audience": "orders-api"}})
    for aud in ("orders-api", ["orders-api"], ["billing-api", "orders-api"]):
        talk.request(allowed(), token(aud=aud))
    for aud in ("billing-api", "Orders-API", "orders-api ", "", ["billing-api"], [], ["orders-api", 5], ["orders-api", None], *WRONG_TYPES):
        talk.request(INVALID_TOKEN, token(aud=aud))
    talk.request(INVALID_TOKEN, token())


def audiences():
    talk = ready("jwt-audiences", "jwt.audience may be a list, any of which will do", {"jwt": {"audience": ["orders-api", "billing-api"]}})
    for aud in ("orders-api", "billing-api", ["billing-api", "other"], ["orders-api", "billing-api"]):
        talk.request(allowed(), token(aud=aud))
    for aud in ("other", "orders-api,billing-api", ["other"], []):
        talk.request(INVALID_TOKEN, token(aud=aud))
    talk.request(INVALID_TOKEN, token())


def algorithms():
    talk = Talk("jwt-algorithms", "jwt.algorithms narrows what the keys allow, and widens nothing")
    narrow = {"jwt": {"algorithms": ["RS512", "PS256", "ES256", "HS256"]}}
    talk.init(keys.pem("rsa"), config=narrow)
    for method in ("RS512", "PS256"):
        talk.request(allowed(), sign("rsa", method=method))
    for method in ("RS256", "RS384", "PS384", "PS512"):
        talk.request(INVALID_TOKEN, sign("rsa", method=method))
    # A public key is no secret, whatever is listed.
    talk.request(INVALID_TOKEN, sign("secret"))
    talk.init(keys.pem("p256"), config=narrow)
    talk.request(allowed(), sign("p256"))
    # An init without it is under the defaults again.
    talk.init(keys.pem("rsa"))
    talk.request(allowed(), sign("rsa", method="RS256"))
    for names in (["none"], ["RS256", "HS999"], ["rs256"], "all", [5]):
        talk.init(keys.pem("rsa"), INVALID_INIT, config={"jwt": {"algorithms": names}})


def algorithms_eddsa():
    talk = Talk("jwt-algorithms-eddsa", "EdDSA and Ed25519 are one and the same, in jwt.algorithms too")
    for name in ("EdDSA", "Ed25519"):
        talk.init(keys.pem("ed25519"), config={"jwt": {"algorithms": [name]}})
        for alg in ("EdDSA", "Ed25519"):
            talk.request(allowed(), sign("ed25519", header={"alg": alg}))


def typed(name):
    return sign("secret", header={"alg": "HS256"} if name is None else {"alg": "HS256", "typ": name})


def typ():
    talk = Talk("jwt-typ", "jwt.typ lists the types that are good, in any case, with or without application/; a missing typ counts as JWT")
    talk.init(keys.secret(), config={"jwt": {"typ": ["at+jwt"]}})
    for name in ("at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"):
        talk.request(allowed(), typed(name))
    for name in ("JWT", "application/jwt", None, "", "jwt+at"):
        talk.request(INVALID_TOKEN, typed(name))
    talk.init(keys.secret(), config={"jwt": {"typ": ["JWT"]}})
    for name in ("JWT", "jwt", "application/JWT", None):
        talk.request(allowed(), typed(name))
    for name in ("at+jwt", "application/at+jwt"):
        talk.request(INVALID_TOKEN, typed(name))


def typ_of_ones_own():
    talk = ready("jwt-typ-own", "jwt.typ may name a type that nobody else uses", {"jwt": {"typ": ["Fab+JWT", "JWT"]}})
    for name in ("fab+jwt", "application/FAB+JWT", "JWT", None):
        talk.request(allowed(), typed(name))
    talk.request(INVALID_TOKEN, typed("at+jwt"))


def leeway():
    talk = ready("jwt-leeway", "jwt.leeway: expired when now >= exp + leeway, too early when now + leeway < nbf", {"jwt": {"leeway": "30s"}})
    for exp in (NOW, NOW - 29, NOW - 29.5):
        talk.request(allowed(), token(exp=exp))
    for exp in (NOW - 30, NOW - 31, NOW - HOUR):
        talk.request(EXPIRED, token(exp=exp))
    for nbf in (NOW, NOW + 29, NOW + 30):
        talk.request(allowed(), token(nbf=nbf))
    for nbf in (NOW + 30.5, NOW + 31, NOW + HOUR):
        talk.request(INVALID_TOKEN, token(nbf=nbf))


def leeway_bound():
    talk = Talk("jwt-leeway-bound", "jwt.leeway is 0s by default, and at most 5 minutes")
    talk.init(keys.secret(), config={})
    talk.request(EXPIRED, token(exp=NOW))
    talk.init(keys.secret(), config={"jwt": {"leeway": "5m"}})
    talk.request(allowed(), token(exp=NOW - 299))
    talk.request(EXPIRED, token(exp=NOW - 300))
    for text in ("301s", "6m", "1h"):
        talk.init(keys.secret(), INVALID_INIT, config={"jwt": {"leeway": text}})
    talk.request(allowed(), token(exp=NOW - 299))


def max_lifetime():
    talk = ready("jwt-max-lifetime", "jwt.max_lifetime: exp - iat is at most that, iat is not in the future; whoever is expired is told so first", {"jwt": {"max_lifetime": "2h"}})
    for iat in (NOW, NOW - HOUR, NOW - HOUR + 0.5):
        talk.request(allowed(), token(iat=iat))
    for iat in (NOW - HOUR - 1, NOW - HOUR - 0.5, 0, NOW + 1, NOW + HOUR, NOW + HOUR + 1, str(NOW), *WRONG_TYPES[1:]):
        talk.request(INVALID_TOKEN, token(iat=iat))
    talk.request(INVALID_TOKEN, token())
    talk.request(EXPIRED, token(exp=NOW - 1, iat=NOW - 10 * HOUR))
    talk.request(EXPIRED, token(exp=NOW - 1))


def max_lifetime_and_leeway():
    config = {"jwt": {"max_lifetime": "1h", "leeway": "60s"}}
    talk = ready("jwt-max-lifetime-leeway", "leeway forgives an iat a little ahead, never a life that is too long or that ends before it begins", config)
    talk.request(allowed(), token(iat=NOW + 60))
    talk.request(INVALID_TOKEN, token(iat=NOW + 61))
    talk.request(allowed(), token(iat=NOW))
    talk.request(INVALID_TOKEN, token(iat=NOW - 1))
    talk.request(allowed(), token(iat=NOW - 30, exp=NOW - 30))
    talk.request(INVALID_TOKEN, token(iat=NOW - 20, exp=NOW - 30))


def required_claims():
    talk = Talk("jwt-required-claims", "jwt.required_claims: what it lists must be there, and sub and exp whatever it lists")
    talk.init(keys.secret(), config={"jwt": {"required_claims": ["sub", "exp", "jti", "tenant"]}})
    talk.request(allowed(), token(jti="1", tenant="fab1"))
    talk.request(allowed(), token(jti="1", tenant=["fab1"]))
    talk.request(INVALID_TOKEN, token(jti="1"))
    talk.request(INVALID_TOKEN, token(tenant="fab1"))
    talk.request(INVALID_TOKEN, token(jti="1", tenant=None))
    talk.request(INVALID_TOKEN, token(jti="1", Tenant="fab1"))
    talk.request(INVALID_TOKEN, token())
    talk.init(keys.secret(), config={"jwt": {"required_claims": ["iat"]}})
    talk.request(allowed(), token(iat=NOW))
    talk.request(INVALID_TOKEN, token())
    talk.request(INVALID_TOKEN, sign("secret", {"exp": NOW + HOUR, "iat": NOW}))
    talk.request(INVALID_TOKEN, sign("secret", {"sub": "ada", "iat": NOW}))


def named(name, about, **names):
    return ready(name, about, {"jwt": {"claim_names": names}})


def user_name():
    talk = named("jwt-claim-names-user", "claim_names.user gives the user in place of sub, by the same rules; sub stays required", user="login")
    talk.request(allowed("ada.l"), token("0001", login="ada.l"))
    talk.request(allowed("ada.l", "admin", ["read"]), token("0001", login="ada.l", role="admin", permissions=["read"]))
    talk.request(INVALID_TOKEN, token("0001"))
    for login in ("", "a\u0000b", "a\u007fb", ["ada.l"], *WRONG_TYPES):
        talk.request(INVALID_TOKEN, token("0001", login=login))
    talk.request(INVALID_TOKEN, sign("secret", {"exp": NOW + HOUR, "login": "ada.l"}))
    for sub in ("", None, 5):
        talk.request(INVALID_TOKEN, token(sub, login="ada.l"))


def role_name():
    talk = named("jwt-claim-names-role", "claim_names.role, a string or a list, stands in place of role and roles, which mean nothing then", role="group")
    talk.request(allowed(role="staff"), token(group="staff"))
    talk.request(allowed(role="staff"), token(group=["", "staff", "admin"]))
    talk.request(allowed(role="staff"), token(group="staff", role="admin", roles=["root"]))
    for members in ({}, {"group": ""}, {"group": []}, {"role": "admin"}, {"roles": ["admin"]}, {"role": 5}, {"group": "", "role": "admin"}):
        talk.request(allowed(), token(**members))
    for group in (*WRONG_TYPES, ["staff", 5], "a\u0000b"):
        talk.request(INVALID_TOKEN, token(group=group))


def permissions_name():
    talk = named(
        "jwt-claim-names-permissions", "claim_names.permissions, a list or a string parted by commas or spaces, stands in place of permissions, scope and scp",
        permissions="rights",
    )  # fmt: skip
    for rights in (["read", "write"], "read write", "read,write", "read, write", ["read", "", "write", "read"]):
        talk.request(allowed(permissions=["read", "write"]), token(rights=rights))
    talk.request(allowed(permissions=["a b"]), token(rights=["a b"]))
    talk.request(allowed(permissions=["read"]), token(rights="read", permissions=["write"], scope="delete", scp=["all"]))
    talk.request(lacking(["write"], []), token(permissions=["write"], scope="write", scp="write"), required_permission="write")
    talk.request(allowed(permissions=["read"]), token(rights="read", permissions=5, scope=5), required_permission="read")
    for rights in (*WRONG_TYPES, ["read", 5]):
        talk.request(INVALID_TOKEN, token(rights=rights))


def text_is_the_whole_name():
    talk = named(
        "jwt-claim-names-whole", "text is the whole name of a claim: dots, slashes and colons in it part nothing",
        role="https://example.com/claims/role", permissions="realm.rights",
    )  # fmt: skip
    shown = {"https://example.com/claims/role": "staff", "realm.rights": ["read"], "realm": {"rights": ["write"]}}
    talk.request(allowed(role="staff", permissions=["read"]), token(**shown))
    talk.request(allowed(), token(realm={"rights": ["write"]}, role="staff"))


def lists_nest():
    talk = named(
        "jwt-claim-names-nested", "a list of names leads into objects; a member that is absent on the way is an absent claim",
        user=["identity", "login"], role=["realm_access", "roles"], permissions=["resource_access", "orders", "rights"],
    )  # fmt: skip
    ada = {"identity": {"login": "ada.l"}}
    whole = {**ada, "realm_access": {"roles": ["staff", "admin"], "more": 1}, "resource_access": {"orders": {"rights": ["read"]}, "other": {"rights": ["all"]}}}
    talk.request(allowed("ada.l", "staff", ["read"]), token(**whole))
    talk.request(allowed("ada.l"), token(**ada))
    talk.request(allowed("ada.l"), token(**ada, realm_access={}, resource_access={}))
    talk.request(allowed("ada.l"), token(**ada, resource_access={"orders": {}}, realm_access={"role": "admin"}, roles=["admin"]))
    talk.request(allowed("ada.l", "staff", ["a", "b"]), token(**ada, realm_access={"roles": "staff"}, resource_access={"orders": {"rights": "a b"}}))
    for identity in ({}, {"login": ""}, {"login": 5}, {"login": None}):
        talk.request(INVALID_TOKEN, token(identity=identity))
    talk.request(INVALID_TOKEN, token())


def wrong_types_on_the_way():
    talk = named("jwt-claim-names-wrong-types", "what stands on the way and is no object makes the token invalid: it is never read as absent", role=["realm_access", "fab", "role"])
    talk.request(allowed(role="staff"), token(realm_access={"fab": {"role": "staff"}}))
    for value in ("staff", [], ["staff"], *WRONG_TYPES[:3]):
        talk.request(INVALID_TOKEN, token(realm_access=value))
        talk.request(INVALID_TOKEN, token(realm_access={"fab": value}))
    for value in (5, None, {}, [5]):
        talk.request(INVALID_TOKEN, token(realm_access={"fab": {"role": value}}))


def twice_on_the_way():
    talk = named("jwt-claim-names-twice", "what stands on the way to a mapped claim may not stand twice at any level; what nobody reads may", role=["realm_access", "fab", "role"])

    def ask(answer, members):
        talk.request(answer, sign("secret", f'{{"sub":"ada","exp":{NOW + HOUR},{members}}}'))

    ask(allowed(role="staff"), '"realm_access":{"fab":{"role":"staff"}}')
    ask(INVALID_TOKEN, '"realm_access":{"fab":{"role":"staff"}},"realm_access":{"fab":{"role":"staff"}}')
    ask(INVALID_TOKEN, '"realm_access":{"fab":{"role":"staff"},"fab":{"role":"staff"}}')
    ask(INVALID_TOKEN, '"realm_access":{"fab":{"role":"user"},"f\\u0061b":{"role":"admin"}}')
    ask(INVALID_TOKEN, '"realm_access":{"fab":{"role":"staff","role":"staff"}}')
    ask(INVALID_TOKEN, '"realm_access":{"fab":{"role":"user","role":"admin"}}')
    ask(INVALID_TOKEN, '"realm_access":{"fab":{"role":null,"role":"admin"}}')
    ask(INVALID_TOKEN, '"realm_access":{"fab":{},"fab":{"role":"admin"}}')
    ask(allowed(role="staff"), '"realm_access":{"fab":{"role":"staff"}},"other":{"fab":1,"fab":2,"role":"a","role":"b"}')


def allow_weak_secrets():
    talk = Talk("jwt-allow-weak-secrets", "jwt.allow_weak_secrets = false refuses a secret under 256 bits; by default it is taken")
    strong, weak = "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcde"
    for config in ({}, {"jwt": {"allow_weak_secrets": True}}):
        talk.init(weak, config=config)
        talk.request(allowed(), token_of(weak))
    strict = {"jwt": {"allow_weak_secrets": False}}
    talk.init(strong, config=strict)
    talk.request(allowed(), token_of(strong))
    for key in (weak, keys.secret("secret-short"), "x", keys.jwk("secret-short"), keys.jwk_set(keys.jwk("secret-short"))):
        talk.init(key, INVALID_INIT, config=strict)
    talk.request(allowed(), token_of(strong))
    talk.init(keys.jwk("secret"), config=strict)
    talk.request(allowed(), sign("secret"))
    talk.init(keys.pem("ed25519"), config=strict)
    talk.request(allowed(), sign("ed25519"))


def token_of(text):
    return sign_with_text(text, claims())
