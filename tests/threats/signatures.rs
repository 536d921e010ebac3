//! A4 to A8: signatures that are nearly good.

use pkcs8::PrivateKeyInfo;
use portcullis::gateway::key::KeyFault;
use ring::digest;
use rsa::BigUint;
use serde_json::json;

use super::Verdict::{Allowed, Expired, Invalid};
use super::support::{NOW, key_text, signing_key, token};
use super::{GOOD, Table, assert_key_refused, base64url, claims, signature_of, with_signature};

/// SEC 2 §2.4.2, §2.5.1: the order of each curve's group.
const CURVES: [(&str, &str, &str); 2] = [
    (
        "p256",
        r#"{"alg":"ES256"}"#,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    ),
    (
        "p384",
        r#"{"alg":"ES384"}"#,
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
];
const EDDSA: &str = r#"{"alg":"EdDSA"}"#;
const RS256: &str = r#"{"alg":"RS256"}"#;

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).unwrap()
}

/// Big-endian, in this many bytes.
fn fixed(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    assert!(bytes.len() <= length, "the number is too long");
    [vec![0; length - bytes.len()], bytes].concat()
}

/// A key's table, with a good token in it.
fn table(name: &str, header: &str) -> (Table, String) {
    let good = token(&signing_key(&format!("{name}.private.pem")), header, GOOD);
    let mut table = Table::new(&key_text(&format!("{name}.public.pem")));
    table.add("the control", good.as_str(), Allowed);
    (table, good)
}

/// Good tokens of one key, each with other claims, without end.
fn tokens(name: &str, header: &'static str) -> impl Iterator<Item = String> {
    let key = signing_key(&format!("{name}.private.pem"));
    (0..).map(move |number| token(&key, header, claims(&format!(r#""x":{number}"#))))
}

#[test]
fn a04_ecdsa_numbers_are_between_zero_and_the_order() {
    for (name, header, order) in CURVES {
        let (mut table, good) = table(name, header);
        let signature = signature_of(&good);
        let length = signature.len() / 2;
        let (r, s) = signature.split_at(length);
        let order = number(order);
        let outside = [
            fixed(&BigUint::from(0_u8), length),
            fixed(&order, length),
            fixed(&(&order + BigUint::from(1_u8)), length),
            vec![0xff; length],
        ];
        for number in &outside {
            table.add("r", with_signature(&good, &[number, s].concat()), Invalid);
            table.add("s", with_signature(&good, &[r, number].concat()), Invalid);
            for other in &outside {
                table.add(
                    "both",
                    with_signature(&good, &[number.as_slice(), other].concat()),
                    Invalid,
                );
            }
        }
        let one = fixed(&BigUint::from(1_u8), length);
        table.add("one", with_signature(&good, &[one.as_slice(), &one].concat()), Invalid);
        table.add("swapped", with_signature(&good, &[s, r].concat()), Invalid);
        // r + n is the same number modulo n, where it fits at all.
        if let bytes = (BigUint::from_bytes_be(r) + &order).to_bytes_be()
            && bytes.len() == length
        {
            table.add("r + n", with_signature(&good, &[bytes.as_slice(), s].concat()), Invalid);
        }
        table.check();
    }
}

/// A signature as DER writes it.
fn in_der(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let integer = |bytes: &[u8]| {
        let mut bytes = BigUint::from_bytes_be(bytes).to_bytes_be();
        if bytes[0] >= 0x80 {
            bytes.insert(0, 0);
        }
        [vec![2, bytes.len() as u8], bytes].concat()
    };
    let numbers = [integer(r), integer(s)].concat();
    [vec![0x30, numbers.len() as u8], numbers].concat()
}

#[test]
fn a05_ecdsa_signatures_have_their_fixed_length_and_no_der() {
    for (name, header, _) in CURVES {
        let (mut table, good) = table(name, header);
        let signature = signature_of(&good);
        let (r, s) = signature.split_at(signature.len() / 2);
        for (about, changed) in [
            ("DER", in_der(&signature)),
            ("DER and more", [in_der(&signature), vec![0]].concat()),
            ("a byte less", signature[..signature.len() - 1].to_owned()),
            ("its first byte missing", signature[1..].to_owned()),
            ("a byte more", [&signature[..], &[0]].concat()),
            ("a byte before", [&[0], &signature[..]].concat()),
            ("longer numbers", [&[0], r, &[0], s].concat()),
            ("half of it", r.to_owned()),
            ("twice", [&signature[..], &signature].concat()),
            ("a byte", vec![0]),
        ] {
            table.add(about, with_signature(&good, &changed), Invalid);
        }
        table.check();
    }
}

#[test]
fn a05_ecdsa_numbers_keep_their_leading_zeros() {
    for (name, header, _) in CURVES {
        let (mut table, _) = table(name, header);
        let half = |token: &str| signature_of(token).len() / 2;
        let of_r = tokens(name, header).find(|token| signature_of(token)[0] == 0).unwrap();
        let of_s = tokens(name, header).find(|t| signature_of(t)[half(t)] == 0).unwrap();
        table.add("r begins with a zero", of_r.as_str(), Allowed);
        table.add("s begins with a zero", of_s.as_str(), Allowed);
        table.add("without it", with_signature(&of_r, &signature_of(&of_r)[1..]), Invalid);
        let mut signature = signature_of(&of_s);
        signature.remove(half(&of_s));
        table.add("without it", with_signature(&of_s, &signature), Invalid);
        table.check();
    }
}

/// Whoever takes what begins with 0x30 for DER refuses one honest signature in 256.
#[test]
fn a05_a_fixed_length_signature_may_begin_as_der_does() {
    for (name, header, _) in CURVES {
        let (mut table, _) = table(name, header);
        let of_der = tokens(name, header).find(|token| signature_of(token)[0] == 0x30).unwrap();
        table.add("begins with 0x30", of_der, Allowed);
        let of_der = tokens(name, header).find(|token| {
            let signature = signature_of(token);
            signature[0] == 0x30 && usize::from(signature[1]) < signature.len()
        });
        table.add("and goes on with a length", of_der.unwrap(), Allowed);
        table.check();
    }
}

/// (r, n - s) is as good as (r, s), so whatever a token is remembered or revoked by, it must not
/// be its letters: the twin's verdict is the token's own.
#[test]
fn a06_the_twin_of_a_signature_has_the_same_verdict() {
    for (name, header, order) in CURVES {
        let key = signing_key(&format!("{name}.private.pem"));
        let twin_of = |token: &str| {
            let signature = signature_of(token);
            let (r, s) = signature.split_at(signature.len() / 2);
            let twin = number(order) - BigUint::from_bytes_be(s);
            with_signature(token, &[r, &fixed(&twin, s.len())].concat())
        };
        let mut table = Table::new(&key_text(&format!("{name}.public.pem")));
        for (payload, verdict) in [
            (GOOD.to_owned(), Allowed),
            (format!(r#"{{"sub":"ada","exp":{NOW}}}"#), Expired),
            (claims(r#""nbf":1767225601"#), Invalid),
            (claims(r#""aud":"others""#), Invalid),
        ] {
            let token = token(&key, header, payload);
            for token in [&token, &twin_of(&token), &token, &twin_of(&twin_of(&token))] {
                table.add("a twin", token, verdict.clone());
            }
        }
        table.check();
    }
}

/// RFC 8032 §5.1: the order of the group, and the encodings of points whose order divides 8, by
/// their y, little-endian. Those that are not below 2^255 - 19 are not canonical either.
const ED25519_ORDER: &str = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn a07_ed25519_signatures_are_canonical() {
    let (mut table, good) = table("ed25519", EDDSA);
    let signature = signature_of(&good);
    let (r, s) = signature.split_at(32);
    let little_endian = |number: &BigUint| {
        let mut bytes = fixed(number, 32);
        bytes.reverse();
        bytes
    };
    let (order, s_number) = (number(ED25519_ORDER), BigUint::from_bytes_le(s));
    for times in 1_u8..=15 {
        let s = little_endian(&(&s_number + &order * BigUint::from(times)));
        table.add(format!("S + {times} L"), with_signature(&good, &[r, &s].concat()), Invalid);
    }
    for (about, s) in [
        ("S = L", little_endian(&order)),
        ("S = 0", vec![0; 32]),
        ("S of ones", vec![0xff; 32]),
        ("S with its top bit set", {
            let mut s = s.to_owned();
            s[31] |= 0x80;
            s
        }),
    ] {
        table.add(about, with_signature(&good, &[r, &s].concat()), Invalid);
    }
    for point in SMALL_ORDER {
        for s in [s, &[0; 32]] {
            table.add(point, with_signature(&good, &[&bytes(point), s].concat()), Invalid);
        }
    }
    let mut sign = r.to_owned();
    sign[31] ^= 0x80;
    table.add("the sign of R", with_signature(&good, &[&sign, s].concat()), Invalid);
    for changed in [&signature[..63], &[&signature[..], &[0]].concat(), &signature[1..], r] {
        table.add("another length", with_signature(&good, changed), Invalid);
    }
    table.check();
}

/// Under a key of small order anybody can sign: R = A, S = 0 is good for one message in eight.
#[test]
fn a07_an_ed25519_key_of_small_order_or_not_canonical_is_refused() {
    let why = KeyFault::Point("Ed25519").to_string();
    // 2^255 - 16 is y = 3 once more, which is a point of full order.
    let not_canonical = "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
    // y = 2 is on no point at all.
    let off_curve = "0200000000000000000000000000000000000000000000000000000000000000";
    for point in SMALL_ORDER.into_iter().chain([not_canonical, off_curve]) {
        let point = bytes(point);
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(&point)});
        assert_key_refused(&jwk.to_string(), &why);
        let prefix = bytes("302a300506032b6570032100");
        let pem = pem::Pem::new("PUBLIC KEY", [prefix, point].concat());
        assert_key_refused(&pem::encode(&pem), &why);
    }
    for length in [0, 31, 33, 57] {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(vec![7; length])});
        assert_key_refused(&jwk.to_string(), "`x` of the JWK is malformed");
    }
}

/// The numbers of the RSA test key: n, d, and the modulus's length in bytes.
fn rsa_numbers() -> (BigUint, BigUint, usize) {
    let der = pem::parse(key_text("rsa.private.pem")).unwrap().into_contents();
    let info = PrivateKeyInfo::try_from(der.as_slice()).unwrap();
    let key = pkcs1::RsaPrivateKey::try_from(info.private_key).unwrap();
    let of = |number: pkcs1::UintRef<'_>| BigUint::from_bytes_be(number.as_bytes());
    (of(key.modulus), of(key.private_exponent), key.modulus.as_bytes().len())
}

#[test]
fn a08_an_rsa_signature_is_one_number_below_the_modulus() {
    let (mut table, good) = table("rsa", RS256);
    let (n, _, length) = rsa_numbers();
    let signature = signature_of(&good);
    let one = BigUint::from(1_u8);
    for (about, changed) in [
        ("a byte less", signature[..length - 1].to_owned()),
        ("a byte more", [&signature[..], &[0]].concat()),
        ("a zero before", [&[0], &signature[..]].concat()),
        ("zero", vec![0; length]),
        ("one", fixed(&one, length)),
        ("n - 1", fixed(&(&n - &one), length)),
        ("n", fixed(&n, length)),
        ("n + 1", fixed(&(&n + &one), length)),
        ("ones", vec![0xff; length]),
        ("n - s", fixed(&(&n - BigUint::from_bytes_be(&signature)), length)),
    ] {
        table.add(about, with_signature(&good, &changed), Invalid);
    }
    // s + n is the same number modulo n, and often has the same length.
    let (token, sum) = tokens("rsa", RS256)
        .map(|token| {
            let sum = BigUint::from_bytes_be(&signature_of(&token)) + &n;
            (token, sum.to_bytes_be())
        })
        .find(|(_, sum)| sum.len() == length)
        .unwrap();
    table.add("s", token.as_str(), Allowed);
    table.add("s + n", with_signature(&token, &sum), Invalid);
    // One signature in 256 begins with a zero, which belongs to it.
    let zero = tokens("rsa", RS256).find(|token| signature_of(token)[0] == 0).unwrap();
    table.add("begins with a zero", zero.as_str(), Allowed);
    table.add("without it", with_signature(&zero, &signature_of(&zero)[1..]), Invalid);
    table.check();
}

/// RFC 8017 §9.2: one encoding of a digest, and nothing that only resembles it. What is wrong here
/// is signed with the right key.
#[test]
fn a08_rsa_padding_has_one_form() {
    let (mut table, good) = table("rsa", RS256);
    let (n, d, length) = rsa_numbers();
    let signed = good.rsplit_once('.').unwrap().0.as_bytes();
    let digest = digest::digest(&digest::SHA256, signed);
    let digest = digest.as_ref();
    let info = bytes("3031300d060960864801650304020105000420");
    let padded = |kind: u8, byte: u8, rest: &[u8]| {
        [&[0, kind], vec![byte; length - 3 - rest.len()].as_slice(), &[0], rest].concat()
    };
    let forge = |encoded: Vec<u8>| {
        assert_eq!(encoded.len(), length);
        let signature = BigUint::from_bytes_be(&encoded).modpow(&d, &n);
        with_signature(&good, &fixed(&signature, length))
    };
    let right = [&info, digest].concat();
    table.add("the right form", forge(padded(1, 0xff, &right)), Allowed);
    let with_info = |hex: &str| padded(1, 0xff, &[&bytes(hex), digest].concat());
    let trailing = |encoded: &[u8], junk: usize| {
        // Eight bytes of padding, then what is right, then whatever makes it a cube.
        [&[0, 1], &[0xff; 8][..], &[0], encoded, &vec![0x5a; junk]].concat()
    };
    let mut hole = padded(1, 0xff, &right);
    hole[20] = 0;
    let mut dent = padded(1, 0xff, &right);
    dent[20] = 0xfe;
    let mut first = padded(1, 0xff, &right);
    first[0] = 1;
    for (about, encoded) in [
        ("no parameters", with_info("302f300b06096086480165030402010420")),
        ("block type 0", padded(0, 0xff, &right)),
        ("block type 2", padded(2, 0xff, &right)),
        ("padding of zeros", padded(1, 0, &right)),
        ("a zero within the padding", hole),
        ("another byte within the padding", dent),
        ("another first byte", first),
        ("bytes behind the digest", trailing(&right, length - 11 - right.len())),
        ("the digest alone", padded(1, 0xff, digest)),
        ("SHA-1 by name", with_info("3021300906052b0e03021a05000414")),
        ("SHA-384 by name", with_info("3041300d060960864801650304020205000430")),
        ("SHA-512/256 by name", with_info("3031300d060960864801650304020605000420")),
        ("a long length", with_info("308131300d060960864801650304020105000420")),
        ("parameters that are no NULL", with_info("3031300d060960864801650304020104000420")),
        ("bytes in the parameters", with_info("3033300f0609608648016503040201050261620420")),
        ("another tag", with_info("3131300d060960864801650304020105000420")),
    ] {
        // A number above n cannot be signed; all of these are below.
        table.add(about, forge(encoded), Invalid);
    }
    table.check();
}
