//! Who is counted: a caller by credential, or an address.

use core::net::{IpAddr, Ipv6Addr};
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use foldhash::fast::RandomState;

/// A caller, as windows know it. Made once for each verified credential: to look one up hashes
/// nothing and allocates nothing, and all of it is compared.
#[derive(Debug)]
pub struct CallerKey {
    hash: u64,
    name: Name,
    /// Where its window was last found; whoever looks there sees whether it still is.
    found_at: AtomicU32,
}

/// What a caller called with. The same name under two kinds is two callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// A JWT.
    Token,
    /// An opaque token, introspected.
    OpaqueToken,
    /// An API key, whose `id` is the name.
    ApiKey,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    /// Kind, issuer with its length, user.
    Caller(Arc<str>),
    V4([u8; 4]),
    /// The first half of an IPv6 address: the least that a subscriber is given.
    V6Network([u8; 8]),
    /// Every client without an address.
    NoAddress,
}

/// Random, so that nobody can choose names that collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

impl CallerKey {
    /// A caller by kind of credential, issuer, and user or API key id.
    pub fn new(kind: CallerKind, issuer: Option<&str>, user: &str) -> Self {
        let kind = match kind {
            CallerKind::Token => 't',
            CallerKind::OpaqueToken => 'o',
            CallerKind::ApiKey => 'k',
        };
        // With its length, so that no issuer can end where another one's user begins.
        let issuer = issuer.map(|issuer| format!("{}:{issuer}", issuer.len())).unwrap_or_default();
        Self::of(Name::Caller(format!("{kind}{issuer}:{user}").into()))
    }

    /// An address as it is counted: an IPv4-mapped one is its IPv4, IPv6 its /64; none, or a text
    /// that is none, is one and the same client.
    pub fn of_address(client_ip: Option<&str>) -> Self {
        let address = client_ip.and_then(|text| text.parse().ok());
        let v6 = |address: Ipv6Addr| {
            let [a, b, c, d, e, f, g, h, ..] = address.octets();
            Name::V6Network([a, b, c, d, e, f, g, h])
        };
        Self::of(match address.map(|address: IpAddr| address.to_canonical()) {
            Some(IpAddr::V4(address)) => Name::V4(address.octets()),
            Some(IpAddr::V6(address)) => v6(address),
            None => Name::NoAddress,
        })
    }

    fn of(name: Name) -> Self {
        Self { hash: HASHER.hash_one(&name), name, found_at: AtomicU32::new(u32::MAX) }
    }

    /// Where its window was last found.
    pub(super) fn found_at(&self) -> u32 {
        self.found_at.load(Ordering::Relaxed)
    }

    /// Remembers where its window was found.
    pub(super) fn note(&self, place: u32) {
        self.found_at.store(place, Ordering::Relaxed);
    }

    /// True for a copy of the same key, which a comparison of one pointer shows; false of others says
    /// nothing.
    pub(super) fn is_copy_of(&self, other: &Self) -> bool {
        match (&self.name, &other.name) {
            (Name::Caller(one), Name::Caller(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// Bytes that tell this caller from every other one, for a store that is shared.
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.name {
            Name::Caller(text) => text.as_bytes().to_vec(),
            Name::V4(address) => [b"4".as_slice(), address].concat(),
            Name::V6Network(network) => [b"6".as_slice(), network].concat(),
            Name::NoAddress => b"-".to_vec(),
        }
    }

    /// Bytes of memory held besides the key itself, about.
    pub(super) fn weight(&self) -> usize {
        match &self.name {
            Name::Caller(text) => text.len() + 2 * size_of::<usize>() + 8,
            _ => 0,
        }
    }
}

impl Clone for CallerKey {
    fn clone(&self) -> Self {
        let found_at = AtomicU32::new(self.found_at());
        Self { hash: self.hash, name: self.name.clone(), found_at }
    }
}

impl PartialEq for CallerKey {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.name == other.name
    }
}

impl Eq for CallerKey {}

impl Hash for CallerKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Takes the hash that a [`CallerKey`] brings.
pub(super) type Prehashed = BuildHasherDefault<Ready>;

#[derive(Default)]
pub(super) struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_one_only_where_kind_issuer_and_user_are() {
        use CallerKind::*;
        let callers = [
            (Token, None, "a"),
            (Token, None, "1:ba"),
            (Token, Some(""), "a"),
            (Token, Some("b"), "a"),
            (Token, Some("ba"), ""),
            (Token, Some(":"), "a"),
            (Token, None, ":a"),
            (Token, None, "0::a"),
            (OpaqueToken, None, "a"),
            (OpaqueToken, Some("b"), "a"),
            (ApiKey, None, "a"),
            (ApiKey, None, "A"),
        ]
        .map(|(kind, issuer, user)| move || CallerKey::new(kind, issuer, user));
        for (place, one) in callers.iter().enumerate() {
            for (other_place, other) in callers.iter().enumerate() {
                let equal = place == other_place;
                assert_eq!(one() == other(), equal, "{:?} {:?}", one(), other());
                assert_eq!(one().to_bytes() == other().to_bytes(), equal);
            }
        }
    }

    #[test]
    fn an_address_is_its_v4_or_its_network() {
        let key = |text| CallerKey::of_address(Some(text));
        for (one, other, equal) in [
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("192.0.2.1", "::ffff:c000:201", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::192.0.2.1", false),
            ("2001:db8:1:2::1", "2001:DB8:1:2:ffff::", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("::1", "::2", true),
            ("", "localhost", true),
            ("192.0.2.1:80", "192.0.2.01", true),
            ("[::1]", " ::1", true),
            ("::1", "", false),
        ] {
            assert_eq!(key(one) == key(other), equal, "{one} {other}");
            assert_eq!(key(one).to_bytes() == key(other).to_bytes(), equal, "{one} {other}");
        }
        assert_eq!(CallerKey::of_address(None), key("unknown"));
    }
}
