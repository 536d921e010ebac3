//! The order of checks: the table of answers, row by row. It stands here and nowhere else.

use super::decision::{Allowed, Caller, Denial};
use super::facts::Facts;
use super::failure::Failure;
use super::now::Now;
use super::path::NormalPath;
use super::permission::{self, Required, RouteConditions};
use super::request::{BadRequest, Request};
use super::rules::{Destination, Rules};
use super::world::{Halt, Window, World};

/// Decides one request. What is known on the way is left in `facts`.
pub(super) fn check<'a, W: World>(
    rules: &Rules,
    world: &mut W,
    request: &Result<Request<'a>, BadRequest>,
    now: Now,
    facts: &mut Facts<'a>,
) -> Result<Allowed<'a>, Halt<W::Unknown>> {
    // 1: the request is well formed and its path means one thing
    let request = request.as_ref().map_err(|fault| Denial::BadRequest(fault.clone()))?;
    let path = NormalPath::parse(request.target).map_err(BadRequest::Path)?;
    // Looked up already, since a public route asks for no credential; answered in its turn.
    let destination = rules.destination(&path, request.method);
    facts.service = destination.service();
    facts.route = destination.index();
    // 1 to 5: it carries at most one credential, of a known scheme, not expired, and valid
    let caller = match world.caller(request, now, facts) {
        Ok(caller) => Some(caller),
        Err(Halt::Denied(Denial::MissingCredential))
            if destination.is_public() && request.required.is_empty() =>
        {
            facts.failure = Some(Failure::Missing);
            None
        }
        Err(Halt::Denied(denial)) if denial.is_about_the_credential() => {
            facts.failure = Failure::of(&denial);
            // 6 comes first for an address that has failed too often
            world.room(&Window::of_address(rules, request.client_ip), now, facts)?;
            return Err(denial.into());
        }
        Err(halt) => return Err(halt),
    };
    facts.caller.clone_from(&caller);
    // 6: the caller, or the address of one without a name, is within its rate limit
    let window = match &caller {
        Some(caller) => Window::of_caller(caller.verified(), &destination),
        None => Window::of_address(rules, request.client_ip),
    };
    world.room(&window, now, facts)?;
    // 7: a route matches
    let service = facts.service.take().ok_or(Denial::UnknownService)?;
    let mut rest = || {
        if let Some(caller) = &caller {
            // 8: every required permission, of the request and of the route, is held
            // 8a: the caller authenticated as strongly and as freshly as the route asks
            check_access(rules, request, (&path, &destination), caller, now)?;
        }
        // 9: the service can take it
        world.circuit(&service, now, facts)
    };
    match rest() {
        Ok(pass) => Ok(Allowed { service, caller, route: destination.index(), pass }),
        Err(halt) => {
            facts.service = Some(service);
            Err(halt)
        }
    }
}

/// Rows 8 and 8a.
fn check_access(
    rules: &Rules,
    request: &Request<'_>,
    way: (&NormalPath<'_>, &Destination<'_, '_>),
    caller: &Caller,
    now: Now,
) -> Result<(), Denial> {
    required(rules, request, way, |required| permission::check(required, caller.verified()))?;
    match way.1.conditions() {
        Some(conditions) => permission::check_step_up(conditions, caller.verified(), now.wall),
        None => Ok(()),
    }
}

/// What is required of a caller, by the request and by where it leads.
pub(super) fn required<T>(
    rules: &Rules,
    request: &Request<'_>,
    (path, destination): (&NormalPath<'_>, &Destination<'_, '_>),
    judge: impl FnOnce(&Required<'_, '_>) -> T,
) -> T {
    let parameter = |name: &str| destination.parameter(name, path);
    let conditions = destination.conditions();
    judge(&Required {
        own: request.required,
        route: conditions.map(|conditions| RouteConditions { conditions, parameter: &parameter }),
        issuers: conditions.map_or(&[], |conditions| &conditions.issuers),
        own_issuers: &rules.own_issuers,
        is_public: destination.is_public(),
    })
}
