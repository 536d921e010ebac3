"""CONFIG.md section 4, "Routes": which one is for a path and a method."""

from .. import keys
from ..policy import ready, route, routed, token
from ..talk import BAD_REQUEST, INVALID_INIT, INVALID_TOKEN, MISSING, NOT_RECOGNIZED, allowed, lacking
from ..tokens import sign


def write():
    literal_before_parameter_before_rest()
    segment_by_segment()
    all_patterns_that_match()
    a_rest_is_one_or_more()
    only_routes()
    no_routes()
    null_routes()
    methods()
    methods_of_twins()
    no_other_pattern_for_a_method()
    head_and_options()
    trailing_slash()
    semicolon()
    normal_form()
    queries_and_hosts()
    service_as_written()
    order_of_rows()
    own_permissions()
    ties()
    no_ties()
    patterns_that_are_none()
    faults()
    replaced()


def routes(name, about, *pairs, **others):
    """Each pair: a pattern and the service behind it, so that an answer says which route was taken."""
    return ready(name, about, routed(*(route(path, service) for path, service in pairs), **others))


def taken(talk, service, *paths, **members):
    for path in paths:
        talk.request(NOT_RECOGNIZED if service is None else allowed(service=service), token(), path=path, **members)


def literal_before_parameter_before_rest():
    talk = routes(
        "route-priority", "of all patterns that match, a literal goes before {name} and {name} before {*rest}, in whatever order they are listed",
        ("/{*rest}", "rest"), ("/{a}", "one"), ("/users", "users"), ("/users/{*rest}", "users-rest"), ("/users/{id}", "user"), ("/users/me", "me"),
    )  # fmt: skip
    taken(talk, "users", "/users")
    taken(talk, "one", "/other", "/Users", "/users2")
    taken(talk, "me", "/users/me")
    taken(talk, "user", "/users/7", "/users/Me", "/users/me2")
    taken(talk, "users-rest", "/users/me/orders", "/users/7/orders/1")
    taken(talk, "rest", "/other/me", "/Users/me")


def segment_by_segment():
    talk = routes(
        "route-segment-by-segment", "patterns compare segment by segment from the left: the first that differs decides, not how many literals there are",
        ("/{a}/b/c/d", "late"), ("/a/{b}/{c}/{d}", "early"), ("/a/{*rest}", "early-rest"), ("/{a}/b/c/e", "late-e"), ("/x/{b}/c", "x-c"), ("/x/b/{c}", "x-b"),
    )  # fmt: skip
    taken(talk, "early", "/a/b/c/d", "/a/b/c/e")
    taken(talk, "early-rest", "/a/b/c", "/a/b/c/d/e", "/a/b")
    taken(talk, "late", "/z/b/c/d")
    taken(talk, "late-e", "/z/b/c/e")
    taken(talk, "x-b", "/x/b/c", "/x/b/d")
    taken(talk, "x-c", "/x/y/c")
    taken(talk, None, "/x/y/d", "/z/b/c", "/z")


def all_patterns_that_match():
    talk = routes(
        "route-backtracking", "only patterns that match the whole path compete: a literal that leads nowhere gives way",
        ("/a/b/c", "abc"), ("/a/{x}/d", "a-d"), ("/{x}/b/e", "b-e"), ("/{x}/{y}/f", "f"), ("/a/b/c/{*rest}", "abc-rest"), ("/{*rest}", "rest"),
    )  # fmt: skip
    taken(talk, "abc", "/a/b/c")
    taken(talk, "a-d", "/a/b/d", "/a/z/d")
    taken(talk, "b-e", "/a/b/e", "/z/b/e")
    taken(talk, "f", "/a/b/f", "/a/z/f", "/z/z/f")
    taken(talk, "abc-rest", "/a/b/c/d", "/a/b/c/d/e")
    taken(talk, "rest", "/a/b", "/a", "/a/b/z", "/a/b/d/z", "/z/z/z")


def a_rest_is_one_or_more():
    talk = routes("route-rest", "{*rest} is one segment or more, {name} exactly one", ("/files/{*rest}", "files"), ("/one/{id}", "one"), ("/", "root"))
    taken(talk, "files", "/files/a", "/files/a/b", "/files/a/b/c/", "/files/%20", "/files/a%20b/c")
    taken(talk, "one", "/one/a", "/one/a/", "/one/%20")
    taken(talk, "root", "/", "//")
    taken(talk, None, "/files", "/files/", "/files//", "/one", "/one/", "/one/a/b", "/other")


def only_routes():
    talk = routes("route-no-convention", "with routes, only those: no service is found by convention, no api or version is left out", ("/users/{id}", "users-service"))
    taken(talk, "users-service", "/users/123")
    taken(talk, None, "/api/users/123", "/v1/users/123", "/api/v1/users/123", "/orders/1", "/users", "/")


def no_routes():
    talk = ready("route-none", "routes = [] counts as configured: every path is row 7", {"routes": [], "services": {"users-service": {}}})
    taken(talk, None, "/users/123", "/api/users/123", "/")
    talk.request(MISSING)
    talk.request(INVALID_TOKEN, sign("secret-next"))
    talk.init(keys.secret())
    talk.request(allowed(), token())


def null_routes():
    talk = ready("route-null", "null takes the routes away: without any the convention holds; services by themselves change nothing", {"routes": None, "services": {"other-service": {}}})
    taken(talk, "users-service", "/users/123", "/api/v1/users/123")
    taken(talk, "other-service", "/other")
    taken(talk, None, "/")


def methods():
    talk = ready("route-methods", "methods lists those that a route is for, to the letter; any other is row 7", routed(route("/users/{id}", methods=["GET", "DELETE"]), route("/any")))
    for method in ("GET", "DELETE"):
        taken(talk, "users-service", "/users/7", method=method)
    for method in ("POST", "PUT", "HEAD", "OPTIONS", "get", "Get", "BREW"):
        taken(talk, None, "/users/7", method=method)
        taken(talk, "users-service", "/any", method=method)


def methods_of_twins():
    talk = ready(
        "route-methods-of-twins", "routes of one pattern share its methods: one that lists none is for every method that its twins do not list; names of parameters make no difference",
        routed(
            route("/users/{id}", "reads", methods=["GET", "HEAD"]), route("/users/{name}", "deletes", methods=["DELETE"]), route("/users/{user}", "others"),
            route("/files/{*rest}", "file-writes", methods=["PUT"]), route("/files/{*path}", "file-reads", methods=["GET"]),
        ),
    )  # fmt: skip
    for service, names in (("reads", ("GET", "HEAD")), ("deletes", ("DELETE",)), ("others", ("POST", "OPTIONS", "get"))):
        for method in names:
            taken(talk, service, "/users/7", method=method)
    taken(talk, "file-writes", "/files/a/b", method="PUT")
    taken(talk, "file-reads", "/files/a/b", method="GET")
    taken(talk, None, "/files/a/b", method="POST")


def no_other_pattern_for_a_method():
    talk = ready(
        "route-method-never-falls-through", "the path alone chooses the pattern: a method that none of its routes lists never falls through to another pattern",
        routed(route("/users/me", "me", methods=["GET"]), route("/users/{id}", "user", methods=["GET", "DELETE"]), route("/{*rest}", "rest")),
    )  # fmt: skip
    taken(talk, "me", "/users/me")
    taken(talk, None, "/users/me", "/users/me/", method="DELETE")
    taken(talk, "user", "/users/7", method="DELETE")
    taken(talk, None, "/users/7", method="POST")
    taken(talk, "rest", "/users", "/users/7/orders", method="POST")


def head_and_options():
    talk = ready("route-head-and-options", "GET does not imply HEAD, and OPTIONS is a method like any other", routed(route("/a", methods=["GET"]), route("/b", methods=["OPTIONS"]), route("/c", methods=["HEAD"])))
    for path, method in (("/a", "GET"), ("/b", "OPTIONS"), ("/c", "HEAD")):
        for asked in ("GET", "HEAD", "OPTIONS"):
            taken(talk, "users-service" if asked == method else None, path, method=asked)
    talk.request(MISSING, path="/b", method="OPTIONS")


def trailing_slash():
    talk = routes("route-trailing-slash", "one trailing slash is ignored in matching; repeated slashes are one before that", ("/users", "users"), ("/users/{id}", "user"), ("/files/{*rest}", "files"))
    taken(talk, "users", "/users", "/users/", "/users//", "//users///")
    taken(talk, "user", "/users/7", "/users/7/", "/users//7//")
    taken(talk, "files", "/files/a", "/files/a/", "/files/a/b/")
    taken(talk, None, "/users/7/8", "/users/7/8/", "/files/")


def semicolon():
    talk = routes("route-semicolon", "a parameter never matches a segment with a ;, plain or encoded, nor does a rest that holds one", ("/users/{id}", "user"), ("/files/{*rest}", "files"), ("/users/{id}/orders", "orders"))
    for segment in ("7;x", ";", "7;", ";7", "7;x=1,2", "7%3Bx", "7%3bx", "%3B"):
        taken(talk, None, f"/users/{segment}", f"/users/{segment}/orders", f"/files/{segment}", f"/files/a/{segment}", f"/files/{segment}/a", f"/files/a/{segment}/b")
    taken(talk, "user", "/users/7?a;b", "/users/7%2C8", "/users/7:8")


def normal_form():
    talk = routes("route-normal-form", "paths are matched in their normal form, to the letter otherwise", ("/users/{id}", "user"), ("/a%20b", "blank"), ("/~ada/x.y-z_1", "tilde"))
    taken(talk, "user", "/users/7", "//users//7", "/%75sers/7", "/us%65r%73/7", "/users/a%20b", "/users/%C3%A9")
    taken(talk, "blank", "/a%20b", "/%61%20b")
    taken(talk, "tilde", "/~ada/x.y-z_1", "/%7Eada/x%2Ey%2Dz%5F1", "/%7eada/x%2ey%2dz%5f1")
    # Nothing is decoded twice.
    taken(talk, None, "/USERS/7", "/users%20/7", "/%2575sers/7", "/a+b", "/a%2520b")
    for path in ("/users/../users/7", "/users/%2e%2E/7", "/users/a%2Fb", "/users/a%5cb", "/users/%00", "users/7", "/users/%7"):
        talk.request(BAD_REQUEST, token(), path=path)


def queries_and_hosts():
    talk = routes("route-query-and-host", "neither the query nor the host takes part", ("/users/{id}", "user"), ("/users", "users"))
    taken(talk, "user", "/users/7?x=1", "/users/7?/../..", "/users/7?", "/users/7/?x;y", "/users/a?b?c")
    taken(talk, "users", "/users?id=7", "/users/?id=7")
    taken(talk, None, "/orders?path=/users/7")
    bearer = {"Authorization": f"Bearer {token()}"}
    for host in ("orders.example", "", "users.example:8080"):
        talk.request(allowed(service="user"), path="/users/7", headers={**bearer, "Host": host})


def service_as_written():
    talk = routes("route-service-as-written", "the service of a route is named as it is written there", ("/a", "billing"), ("/b", "users-service"), ("/c", "Orders.V2"))
    for path, service in (("/a", "billing"), ("/b", "users-service"), ("/c", "Orders.V2")):
        taken(talk, service, path)


def order_of_rows():
    talk = ready("route-order-of-rows", "the route is looked up before row 2 without answering: who has no good credential does not learn which paths there are", routed(route("/users/{id}", methods=["GET"], permissions=["read"])))
    for path, method in (("/users/7", "GET"), ("/users/7", "POST"), ("/nowhere", "GET")):
        talk.request(MISSING, path=path, method=method)
        talk.request(INVALID_TOKEN, sign("secret-next"), path=path, method=method)
    talk.request(lacking(["read"], []), token(), path="/users/7")
    talk.request(NOT_RECOGNIZED, token(), path="/users/7", method="POST")
    talk.request(NOT_RECOGNIZED, token(), path="/nowhere", required_permission="delete")
    talk.request(BAD_REQUEST, token(), path="/nowhere", required_permission=5)


def own_permissions():
    talk = ready("route-permissions-of-its-own", "the conditions of the route that was taken count, of no other that would match", routed(route("/users/{id}", permissions=["read"]), route("/users/me"), route("/{*rest}", permissions=["all"])))
    talk.request(allowed(), token(), path="/users/me")
    talk.request(lacking(["read"], ["all"]), token(permissions=["all"]), path="/users/7")
    talk.request(lacking(["all"], ["read"]), token(permissions=["read"]), path="/users")
    talk.request(allowed(permissions=["read"]), token(permissions=["read"]), path="/users/7")


def ties():
    talk = ready("route-ties", "the same pattern, names aside, with a common method is a fault", {})
    for first, second in (
        (route("/a"), route("/a")),
        (route("/a"), route("/a", "other")),
        (route("/a/{id}"), route("/a/{name}")),
        (route("/a/{*rest}"), route("/a/{*path}")),
        (route("/a/{id}", methods=["GET"]), route("/a/{name}", methods=["GET"])),
        (route("/a", methods=["GET", "PUT"]), route("/a", methods=["DELETE", "PUT"])),
        (route("/{a}/b/{*c}", methods=["GET"]), route("/{x}/b/{*y}", methods=["HEAD", "GET"])),
    ):
        talk.init(keys.secret("secret-next"), INVALID_INIT, config=routed(first, route("/z"), second))
    talk.request(allowed(), token())


def no_ties():
    talk = ready(
        "route-no-ties", "patterns that only overlap, and twins without a common method, are no tie",
        routed(
            route("/a/{id}", "one"), route("/a/b", "two"), route("/a/{*rest}", "three"), route("/{x}/b", "four"),
            route("/c", "five", methods=["GET"]), route("/c", "six", methods=["PUT"]), route("/c", "seven"),
        ),
    )  # fmt: skip
    for service, path, method in (
        ("one", "/a/z", "GET"), ("two", "/a/b", "GET"), ("three", "/a/b/c", "GET"), ("four", "/z/b", "GET"),
        ("five", "/c", "GET"), ("six", "/c", "PUT"), ("seven", "/c", "POST"),
    ):  # fmt: skip
        taken(talk, service, path, method=method)


def patterns_that_are_none():
    talk = ready("route-bad-patterns", "a pattern is written in the normal form of paths, with parameters that are whole segments, and a rest only at its end", {})
    for path in (
        "users", "", "/a//b", "/%61", "/a/../b", "/./a", "/a%2Fb", "/a%5Cb", "/a%", "/a%2", "/a b", "/a\\b", "/a#b", "/a?b", "/caf\u00e9", "/a\tb",
        "/{*rest}/a", "/{*a}/{*b}", "/a/{x", "/a/{}", "/a/{*}", "/{a}/{a}", "/{a}/{*a}", 5, None,
    ):  # fmt: skip
        talk.init(keys.secret("secret-next"), INVALID_INIT, config=routed(route(path)))
    talk.request(allowed(), token())


def faults():
    talk = ready("route-faults", "a route names a path and a service that is configured; nothing in it is of another type, or unknown", {})
    for config in (
        {"routes": [route("/a")]},
        {"routes": [route("/a")], "services": {"other": {}}},
        {"routes": [route("/a", "users")], "services": {"users-service": {}}},
        {"routes": [{"path": "/a"}], "services": {"users-service": {}}},
        {"routes": [{"service": "users-service"}], "services": {"users-service": {}}},
        routed(route("/a", method="GET")),
        routed(route("/a", methods=5)),
        routed(route("/a", methods=[5])),
        routed(route("/a", permissions=5)),
        routed(route("/a", public="yes")),
        routed(route("/a", rate_limit=5)),
        routed(route("/a", claims=["project"])),
        routed(route("/a", rewrite=5)),
        routed(route("/a/{id}", rewrite="/b/{other}")),
        {"routes": {"path": "/a", "service": "users-service"}, "services": {"users-service": {}}},
        {"routes": ["/a"], "services": {"users-service": {}}},
        {"services": {"users-service": 5}},
        {"services": {"users-service": {"colour": "blue"}}},
        {"services": {"users-service": {"timeout": 5}}},
        {"services": {"users-service": {"load_balancing": "whoever"}}},
        {"services": {"users-service": {"circuit_breaker": {"failures": "many"}}}},
    ):
        talk.init(keys.secret("secret-next"), INVALID_INIT, config=config)
    talk.request(allowed(), token())
    talk.request(INVALID_TOKEN, sign("secret-next"))


def replaced():
    talk = ready("route-replaced", "an init brings its routes whole; one without any is back at the convention", routed(route("/a", "first"), route("/b", "first")))
    taken(talk, "first", "/a", "/b")
    talk.init(keys.secret(), config=routed(route("/b", "second")))
    taken(talk, None, "/a", "/users")
    taken(talk, "second", "/b")
    talk.init(keys.secret())
    taken(talk, "users-service", "/users")
    taken(talk, "a-service", "/a")
    talk.request(MISSING, path="/b")
