//! Words that are no keys, since whoever tries a few finds them.

use std::collections::HashSet;
use std::sync::LazyLock;

use ring::digest::{SHA256, digest};

/// What comes to mind first: the passwords of every list, the names of things, examples.
const WORDS: &str = "
    000000 00000000 0123456789 111111 11111111 112233 121212 123 123123 123321 1234 12345 123456
    1234567 12345678 123456789 1234567890 123qwe 1q2w3e 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 2000 654321
    666666 696969 7777777 888888 987654321 aa123456 abc abc123 abcd1234 abcdef access admin admin1
    admin123 administrator alice api api-key api_key apikey app asdf asdfgh asdfghjkl auth azerty
    backup baseball batman bearer bob changeit changeme ci ci-bot client config correcthorse
    dallas default demo deploy dev development dragon dummy empty example fab foo foobar football
    freedom gateway guest hello hello123 helloworld hunter hunter2 iloveyou internal jordan key
    letmein local localhost login love lovely maggie master michael monday monkey mustang mykey
    mysecret none null nothing ok opensesame operator orders p@ssw0rd p@ssword pass pass123
    passw0rd password password! password1 password12 password123 passwort placeholder portcullis
    princess prod production public qazwsx qwe123 qwer1234 qwerty qwerty123 qwertyuiop readonly
    replaceme root s3cr3t sample sandbox secret secret123 secretkey secrets server service shadow
    solo staging starwars summer sunshine superman superuser supersecret support swordfish sysadmin
    system tbd temp temp123 test test1 test123 testing tester testkey todo token tomcat toor trustno1
    unknown user username users welcome welcome1 winter wizard x xxx xxxx xxxxxx your-api-key
    your_api_key yourapikey zxcvbn zxcvbnm
";

static DIGESTS: LazyLock<HashSet<[u8; 32]>> = LazyLock::new(|| {
    let words = WORDS.split_whitespace().chain([""]);
    let spellings = words.flat_map(|word| {
        let mut letters = word.chars();
        let capital = letters.next().map(|first| first.to_uppercase().chain(letters).collect());
        // `echo word | sha256sum` digests the line's end too.
        let spelt = [word.to_owned(), word.to_uppercase(), capital.unwrap_or_default()];
        spelt.into_iter().flat_map(|word| [format!("{word}\n"), word])
    });
    spellings.filter_map(|word| digest(&SHA256, word.as_bytes()).as_ref().try_into().ok()).collect()
});

/// True for the SHA-256 of such a word.
pub(super) fn is_digest_of_word(digest: &[u8; 32]) -> bool {
    DIGESTS.contains(digest)
}
