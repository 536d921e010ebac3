//! What an init may not say: it comes over the wire, and reaches for nothing outside the tree.

use super::fault::{Fault, Problem};
use super::node::{Node, Table};
use super::path::At;

/// Every name in an init's tree that it has no say in, be there null under it.
pub(super) fn faults(node: &Node) -> Vec<Fault> {
    let root = At::root(node);
    let mut faults = Vec::new();
    let mut refuse = |at: &At<'_>, what| {
        if at.is_there() {
            faults.push(Fault::of_name(Problem::NotByInit { what }, at));
        }
    };
    refuse(&root.name("record"), "`record`");
    refuse(&root.name("introspection"), "`introspection`");
    refuse(&root.name("rate_limit").name("store"), "`rate_limit.store`");
    refuse(&root.name("revocation").name("file"), "`revocation.file`");
    let mut each = |owner: &At<'_>, list: &'static str, what| {
        let list = owner.name(list);
        for index in 0..list.length() {
            refuse(&list.item(index), what);
        }
    };
    const KEYS: &str = "files, variables or URLs in `keys`";
    each(&root.name("jwt"), "keys", KEYS);
    let issuers = root.name("issuers");
    for name in names(node, "issuers") {
        each(&issuers.name(name), "keys", KEYS);
    }
    let services = root.name("services");
    for name in names(node, "services") {
        each(&services.name(name), "targets", "URLs in `targets`");
    }
    faults
}

fn names<'a>(node: &'a Node, table: &str) -> impl Iterator<Item = &'a str> {
    let table = node.get(table).and_then(Node::table).into_iter().flat_map(Table::keys);
    table.map(String::as_str)
}
