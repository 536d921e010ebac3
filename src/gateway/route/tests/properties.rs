//! The table against a naive reading of the rules, on generated patterns and paths.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::super::pattern::{Segment, last_semicolon};
use super::*;

/// The rules read as they are written, pattern by pattern.
mod naive {
    use super::*;

    fn parts(text: &str) -> impl Iterator<Item = &str> {
        text.split('/').filter(|part| !part.is_empty())
    }

    /// How exact each of its segments is, and the values, where a pattern matches.
    pub(super) fn matches<'p>(pattern: &str, path: &'p str) -> Option<(Vec<u8>, Vec<&'p str>)> {
        let mut left: Vec<&str> = parts(path).collect();
        let refuses = |segment: &str| segment.to_lowercase().replace("%3b", ";").contains(';');
        let (mut ranks, mut values) = (Vec::new(), Vec::new());
        for part in parts(pattern) {
            if part.starts_with("{*") {
                if left.is_empty() || left.iter().any(|segment| refuses(segment)) {
                    return None;
                }
                ranks.push(2);
                let start = left[0].as_ptr() as usize - path.as_ptr() as usize;
                values.push(path[start..].trim_end_matches('/'));
                return Some((ranks, values));
            }
            if left.is_empty() {
                return None;
            }
            let segment = left.remove(0);
            if part.starts_with('{') {
                if refuses(segment) {
                    return None;
                }
                values.push(segment);
                ranks.push(1);
            } else if part == segment {
                ranks.push(0);
            } else {
                return None;
            }
        }
        left.is_empty().then_some((ranks, values))
    }

    /// A pattern without the names and the slash at its end.
    pub(super) fn nameless(pattern: &RoutePattern) -> Vec<&str> {
        let segments = pattern.segments().iter();
        segments
            .map(|segment| match segment {
                Segment::Literal(text) => text,
                Segment::One(_) => "{}",
                Segment::Rest(_) => "{*}",
            })
            .collect()
    }

    pub(super) fn tie(one: &Route, other: &Route) -> bool {
        nameless(&one.pattern) == nameless(&other.pattern)
            && match (&one.methods, &other.methods) {
                (None, None) => true,
                (Some(one), Some(other)) => one.iter().any(|method| other.contains(method)),
                _ => false,
            }
    }

    pub(super) fn find(
        routes: &[Route],
        path: &str,
        method: &str,
    ) -> Result<(usize, Vec<String>), String> {
        let matching = || {
            let each = routes.iter().enumerate();
            each.filter_map(|(index, route)| {
                matches(route.pattern.as_str(), path).map(|(ranks, values)| (ranks, index, values))
            })
        };
        let best = matching().map(|(ranks, ..)| ranks).min().ok_or("no pattern")?;
        let twins: Vec<_> = matching().filter(|(ranks, ..)| *ranks == best).collect();
        let lists = |index: usize| routes[index].methods.iter().flatten();
        let chosen = twins.iter().find(|(_, index, _)| lists(*index).any(|name| name == method));
        let others = || twins.iter().find(|(_, index, _)| routes[*index].methods.is_none());
        match chosen.or_else(others) {
            Some((_, index, values)) => {
                Ok((*index, values.iter().map(|value| (*value).to_owned()).collect()))
            }
            None => {
                let allowed: Vec<_> =
                    twins.iter().flat_map(|(_, index, _)| lists(*index).cloned()).collect();
                Err(format!("allowed: {}", allowed.join(", ")))
            }
        }
    }
}

const LITERALS: [&str; 6] = ["a", "b", "ab", "a;b", "b%3bc", "%3B"];
const METHODS: [&str; 3] = ["GET", "POST", "get"];

prop_compose! {
    fn any_route()(
        kinds in vec(prop_oneof![3 => select(&LITERALS[..]), 2 => Just("{}")], 0..5),
        rest in any::<bool>(),
        slash in any::<bool>(),
        prefix in select(&["n", "m"][..]),
        methods in prop_oneof![
            1 => Just(None),
            1 => subsequence(&METHODS[..], 1..=2).prop_map(Some),
        ],
    ) -> Route {
        let mut text = String::new();
        for (index, kind) in kinds.iter().enumerate() {
            let part = if *kind == "{}" { format!("{{{prefix}{index}}}") } else { (*kind).into() };
            text.extend(["/", &part]);
        }
        if rest {
            text.push_str("/{*rest}");
        }
        if slash || text.is_empty() {
            text.push('/');
        }
        route(&text, methods.as_deref())
    }
}

prop_compose! {
    fn any_path()(
        segments in vec(
            prop_oneof![
                4 => select(&["a", "b", "ab"][..]),
                1 => select(&LITERALS[..]),
                1 => select(&["c", "x;", "q%3B1", "%25", "%253b"][..]),
            ],
            0..6,
        ),
        slash in any::<bool>(),
    ) -> String {
        let mut path: String = segments.iter().flat_map(|segment| ["/", segment]).collect();
        if slash || path.is_empty() {
            path.push('/');
        }
        path
    }
}

fn without_ties(routes: Vec<Route>) -> (Vec<Route>, usize) {
    let (mut kept, all) = (Vec::<Route>::new(), routes.len());
    for route in routes {
        if !kept.iter().any(|other| naive::tie(other, &route)) {
            kept.push(route);
        }
    }
    let tied = all - kept.len();
    (kept, tied)
}

/// Every path of up to four segments, made of the literals of some routes and a word that is none.
fn every_path(routes: &[&Route]) -> Vec<String> {
    let segments = routes.iter().flat_map(|route| naive::nameless(&route.pattern));
    let mut words: Vec<_> = segments.filter(|text| !text.starts_with('{')).collect();
    words.sort_unstable();
    words.dedup();
    words.push("word");
    let mut paths = vec![String::new()];
    let mut longer = 0;
    for _ in 0..4 {
        let shorter = longer..paths.len();
        longer = paths.len();
        for index in shorter {
            paths.extend(
                words.iter().map(|word| format!("{}/{word}", paths[index])).collect::<Vec<_>>(),
            );
        }
    }
    paths[0] = "/".to_owned();
    paths
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_table_finds_what_the_rules_say(
        routes in vec(any_route(), 0..24),
        paths in vec((any_path(), select(&["GET", "POST", "get", "PUT"][..])), 1..24),
    ) {
        let tied = RouteTable::new(&routes).is_err();
        let (routes, ties) = without_ties(routes);
        prop_assert_eq!(tied, ties > 0);
        let table = RouteTable::new(&routes).unwrap();
        for (path, method) in &paths {
            prop_assert_eq!(
                found(&table, path, method),
                naive::find(&routes, path, method),
                "{} {}", method, path
            );
        }
    }

    #[test]
    fn coverage_is_what_paths_show(one in any_route(), other in any_route()) {
        let (a, b) = (&one.pattern, &other.pattern);
        let (mut both, mut beyond) = (false, false);
        for path in every_path(&[&one, &other]) {
            let [a, b] = [a, b].map(|p| naive::matches(p.as_str(), &path).is_some());
            both |= a && b;
            beyond |= b && !a;
        }
        if a.segments().len().max(b.segments().len()) < 4 {
            prop_assert_eq!(overlap(a, b), both);
            prop_assert_eq!(covers(a, b), !beyond);
        }
    }

    #[test]
    fn a_pattern_is_unreachable_where_no_path_finds_it(routes in vec(any_route(), 0..24)) {
        let mut routes = without_ties(routes).0;
        routes.retain(|route| route.pattern.segments().len() < 4);
        let table = RouteTable::new(&routes).unwrap();
        let mut reached = vec![false; routes.len()];
        for path in every_path(&routes.iter().collect::<Vec<_>>()) {
            let path = NormalPath::parse(&path).unwrap();
            for method in ["GET", "POST", "get", "PUT"] {
                if let Found::Route { index, .. } = table.find(&path, method) {
                    reached[index] = true;
                }
            }
        }
        let expected: Vec<_> = (0..routes.len()).filter(|index| !reached[*index]).collect();
        prop_assert_eq!(table.unreachable(&routes), expected);
    }

    #[test]
    fn no_text_from_a_stranger_stops_the_table(
        patterns in vec("/[ab{}*;%3/x]{0,12}", 0..12),
        targets in vec("/[ab;%3bB/.?{}*x\u{e9}]{0,16}", 1..12),
    ) {
        let patterns = patterns.iter().filter_map(|text| RoutePattern::parse(text).ok());
        let routes = patterns.map(|pattern| Route { pattern, ..route("/", None) }).collect();
        let table = RouteTable::new(&without_ties(routes).0).unwrap();
        for target in &targets {
            if let Ok(path) = NormalPath::parse(target)
                && let Found::Route { values, .. } = table.find(&path, "GET")
            {
                prop_assert!(values.iter(&path).all(|value| last_semicolon(value).is_none()));
            }
        }
    }
}
