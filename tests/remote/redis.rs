//! Rate limits that several gateways share.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use portcullis::gateway::limit::RateLimit;
use portcullis::remote::{
    Charge, Charged, REDIS_CALL, REDIS_REST, RedisUrl, SharedWindowCounts, SharedWindows,
};
use redis::Commands;

use crate::logged::logged;
use crate::redis_server::RedisServer;

/// As long as it may take on a machine that has other things to do.
fn patient(url: RedisUrl) -> SharedWindows {
    SharedWindows::with_patience(url, Duration::from_secs(30))
}

fn limit(text: &str) -> RateLimit {
    text.parse().unwrap()
}

fn charge<'a>(window: &'a [&'a str], per: &str) -> Charge<'a> {
    Charge { window, limit: limit(per), history: limit(per) }
}

/// How many of so many requests are admitted.
fn admitted(windows: &mut SharedWindows, charge: &Charge<'_>, requests: usize) -> usize {
    let outcomes = (0..requests).map(|_| windows.charge(charge, Instant::now()));
    outcomes.filter(|outcome| *outcome == Charged::Admitted).count()
}

/// Asserts that a full window says so, and how long it stays full.
fn assert_refused(outcome: Charged, seconds: std::ops::RangeInclusive<u64>) {
    let Charged::Refused { retry_after } = outcome else { panic!("{outcome:?}") };
    assert!(seconds.contains(&retry_after), "{retry_after}");
}

#[test]
fn a_window_admits_as_many_as_its_limit_and_says_when_the_next_one_will_be() {
    let Some(server) = RedisServer::start(None) else { return };
    let mut windows = patient(server.url());
    let alice = charge(&["token", "alice"], "5/h");
    assert_eq!(admitted(&mut windows, &alice, 20), 5);
    assert_refused(windows.charge(&alice, Instant::now()), 3000..=3600);
    assert_eq!(admitted(&mut windows, &charge(&["token", "bob"], "5/h"), 20), 5);
    let counts = SharedWindowCounts { calls: 41, failures: 0, withheld: 0 };
    assert_eq!(windows.counts(), counts);
}

#[test]
fn several_gateways_share_one_limit_exactly() {
    let Some(server) = RedisServer::start(None) else { return };
    let gateway = || {
        let mut windows = patient(server.url());
        let admitted = admitted(&mut windows, &charge(&["shared"], "100/h"), 200);
        assert_eq!(windows.counts().failures, 0);
        admitted
    };
    let counts: Vec<_> = thread::scope(|scope| {
        let gateways: Vec<_> = (0..8).map(|_| scope.spawn(gateway)).collect();
        gateways.into_iter().map(|gateway| gateway.join().unwrap()).collect()
    });
    assert_eq!(counts.iter().sum::<usize>(), 100, "{counts:?}");
}

#[test]
fn no_name_stands_in_redis_and_every_window_expires() {
    let Some(server) = RedisServer::start(None) else { return };
    let mut windows = patient(server.url());
    windows.charge(&charge(&["token", "https://issuer.example", "alice"], "5/min"), Instant::now());
    let mut redis = server.client().get_connection().unwrap();
    let keys: Vec<String> = redis.keys("*").unwrap();
    assert_eq!(keys.len(), 1);
    let digest = keys[0].strip_prefix("portcullis:").unwrap();
    assert!(digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{digest}");
    let left: i64 = redis.pttl(&keys[0]).unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
}

/// The one window there is.
fn only_key(redis: &mut redis::Connection) -> String {
    let keys: Vec<String> = redis.keys("*").unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys[0].clone()
}

/// Moves all admissions by so many microseconds, as if the clock had gone the other way.
fn shift(redis: &mut redis::Connection, key: &str, by: i64) {
    let admissions: Vec<i64> = redis.lrange(key, 0, -1).unwrap();
    let () = redis.del(key).unwrap();
    let moved: Vec<_> = admissions.iter().map(|at| at + by).collect();
    let () = redis.rpush(key, moved).unwrap();
}

#[test]
fn a_request_is_admitted_again_when_the_window_has_moved_past_the_first() {
    let Some(server) = RedisServer::start(None) else { return };
    let mut windows = patient(server.url());
    let mut redis = server.client().get_connection().unwrap();
    let hourly = charge(&["a"], "3/h");
    assert_eq!(admitted(&mut windows, &hourly, 3), 3);
    let key = only_key(&mut redis);
    // A minute short of an hour ago: full, and free in about a minute.
    shift(&mut redis, &key, -3540 * 1_000_000);
    assert_refused(windows.charge(&hourly, Instant::now()), 1..=60);
    // An hour ago and more: all of it is free.
    shift(&mut redis, &key, -60 * 1_000_000);
    assert_eq!(admitted(&mut windows, &hourly, 10), 3);
    assert_eq!(redis.llen::<_, usize>(&key).unwrap(), 3);
}

#[test]
fn a_refused_request_costs_nothing() {
    let Some(server) = RedisServer::start(None) else { return };
    let mut windows = patient(server.url());
    let mut redis = server.client().get_connection().unwrap();
    let hourly = charge(&["a"], "2/h");
    assert_eq!(admitted(&mut windows, &hourly, 2), 2);
    let key = only_key(&mut redis);
    let before: Vec<i64> = redis.lrange(&key, 0, -1).unwrap();
    assert_eq!(admitted(&mut windows, &hourly, 50), 0);
    assert_eq!(redis.lrange::<_, Vec<i64>>(&key, 0, -1).unwrap(), before);
}

#[test]
fn limits_of_different_size_look_at_one_window() {
    let Some(server) = RedisServer::start(None) else { return };
    let mut windows = patient(server.url());
    let history = limit("10/h");
    let large = Charge { window: &["a"], limit: limit("10/h"), history };
    let small = Charge { window: &["a"], limit: limit("3/min"), history };
    assert_eq!(admitted(&mut windows, &small, 5), 3);
    assert_eq!(admitted(&mut windows, &large, 20), 7);
    assert_refused(windows.charge(&small, Instant::now()), 1..=60);
    let mut redis = server.client().get_connection().unwrap();
    let key = only_key(&mut redis);
    let left: i64 = redis.pttl(&key).unwrap();
    assert!(left > 3_000_000, "kept as long as the longest of them looks back: {left}");
    shift(&mut redis, &key, -61 * 1_000_000);
    // The small one is free again, but takes from the large one.
    assert_refused(windows.charge(&large, Instant::now()), 3000..=3600);
    assert_eq!(admitted(&mut windows, &small, 5), 3);
    assert_eq!(admitted(&mut windows, &large, 5), 0);
}

#[test]
fn a_clock_that_goes_back_neither_admits_too_many_nor_locks_anybody_out() {
    let Some(server) = RedisServer::start(None) else { return };
    let mut windows = patient(server.url());
    let mut redis = server.client().get_connection().unwrap();
    let minutely = charge(&["a"], "3/min");
    assert_eq!(admitted(&mut windows, &minutely, 2), 2);
    let key = only_key(&mut redis);
    shift(&mut redis, &key, 86_400 * 1_000_000);
    assert_eq!(admitted(&mut windows, &minutely, 10), 1);
    assert_refused(windows.charge(&minutely, Instant::now()), 1..=60);
    // It expires even where all that follows is refused.
    shift(&mut redis, &key, 86_400 * 1_000_000);
    assert_refused(windows.charge(&minutely, Instant::now()), 1..=60);
    let left: i64 = redis.pttl(&key).unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
}

#[test]
fn a_redis_that_forgot_the_script_is_sent_it_again_and_one_that_was_restarted_is_found_again() {
    let Some(server) = RedisServer::start(Some("pass-word")) else { return };
    let mut windows = patient(server.url());
    let hourly = charge(&["a"], "100/h");
    assert_eq!(admitted(&mut windows, &hourly, 1), 1);
    let mut redis = server.client().get_connection().unwrap();
    let () = redis::cmd("SCRIPT").arg("FLUSH").query(&mut redis).unwrap();
    assert_eq!(admitted(&mut windows, &hourly, 1), 1);
    let port = server.port();
    drop((redis, server));
    let Some(_server) = RedisServer::start_at(port, Some("pass-word")) else { return };
    assert_eq!(admitted(&mut windows, &hourly, 1), 1);
    let counts = SharedWindowCounts { calls: 3, failures: 0, withheld: 0 };
    assert_eq!(windows.counts(), counts);
}

#[test]
fn a_password_that_is_wrong_is_a_failure_and_never_logged() {
    let Some(server) = RedisServer::start(Some("pass-word")) else { return };
    let url: RedisUrl = format!("redis://:wr0ng@127.0.0.1:{}", server.port()).parse().unwrap();
    let (outcome, lines) = logged(|| {
        let mut windows = patient(url.clone());
        windows.charge(&charge(&["a"], "1/s"), Instant::now())
    });
    assert_eq!(outcome, Charged::Failed);
    assert_eq!(lines, [format!("WARN rate limits at {url}: it refuses: WRONGPASS")]);
    assert_eq!(format!("{url:?}"), format!("redis://127.0.0.1:{}/0", server.port()));
}

#[test]
fn a_window_of_another_type_is_a_failure() {
    let Some(server) = RedisServer::start(None) else { return };
    let mut windows = patient(server.url());
    let hourly = charge(&["a"], "5/h");
    assert_eq!(admitted(&mut windows, &hourly, 1), 1);
    let mut redis = server.client().get_connection().unwrap();
    let key = only_key(&mut redis);
    let () = redis.set(&key, "text").unwrap();
    assert_eq!(windows.charge(&hourly, Instant::now()), Charged::Failed);
}

/// Somebody who answers every read with the same bytes, and counts connections.
struct Liar {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Liar {
    fn start(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, answer) = (Arc::clone(&connections), Arc::new(answer.into()));
        thread::spawn(move || {
            for connection in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let answer = Arc::clone(&answer);
                thread::spawn(move || lie(connection.unwrap(), &answer));
            }
        });
        Self { address, connections }
    }

    fn url(&self) -> RedisUrl {
        format!("redis://{}", self.address).parse().unwrap()
    }

    /// How many connections there were, at least so many being on their way.
    fn connections(&self, at_least: usize) -> usize {
        let begun = Instant::now();
        loop {
            let connections = self.connections.load(Ordering::SeqCst);
            if connections >= at_least || begun.elapsed() > Duration::from_secs(30) {
                return connections;
            }
            thread::yield_now();
        }
    }
}

fn lie(mut connection: TcpStream, answer: &[u8]) {
    let mut asked = [0; 4096];
    while connection.read(&mut asked).is_ok_and(|read| read > 0) {
        if connection.write_all(answer).is_err() {
            return;
        }
    }
}

#[test]
fn a_lying_redis_is_a_failure() {
    let nested = "*1\r\n".repeat(10_000);
    let endless = format!("-{}", "x".repeat(1 << 20));
    let long = format!("$99999999\r\n{}", "x".repeat(1 << 20));
    for answer in [
        "+OK\r\n",
        "$5\r\nhello\r\n",
        "$-1\r\n",
        ":-1\r\n",
        ":9223372036854775807\r\n",
        // More than the window is long.
        ":1000001\r\n",
        "*2\r\n:0\r\n:0\r\n",
        "*9223372036854775807\r\n",
        "$9223372036854775807\r\n",
        "%4611686018427387904\r\n",
        // Two answers to one question.
        ":0\r\n:0\r\n",
        ":\r\n",
        "\r\n",
        "-ERR no\r\n",
        "-NOSCRIPT no\r\n",
        "-NOAUTH \u{1b}[31m\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "\0\0\0\0",
        &nested,
        &endless,
        &long,
    ] {
        let liar = Liar::start(answer);
        let mut windows = patient(liar.url());
        let now = Instant::now();
        let shown: String = answer.chars().take(40).collect();
        assert_eq!(windows.charge(&charge(&["a"], "5/s"), now), Charged::Failed, "{shown:?}");
        assert_eq!(liar.connections(1), 1, "{shown:?}");
    }
}

#[test]
fn a_redis_that_never_answers_is_given_up_and_left_alone_for_a_while() {
    let silent = Liar::start("");
    let mut windows = SharedWindows::new(silent.url());
    let second = charge(&["a"], "5/s");
    let start = Instant::now();
    assert_eq!((REDIS_CALL, REDIS_REST), (Duration::from_millis(50), Duration::from_secs(1)));
    assert_eq!(windows.charge(&second, start), Charged::Failed);
    for pause in [0, 1, 500, 999, 1049] {
        let now = start + Duration::from_millis(pause);
        assert_eq!(windows.charge(&second, now), Charged::Failed);
    }
    assert_eq!(silent.connections(1), 1);
    let counts = SharedWindowCounts { calls: 1, failures: 1, withheld: 5 };
    assert_eq!(windows.counts(), counts);
    assert_eq!(windows.charge(&second, start + REDIS_CALL + REDIS_REST), Charged::Failed);
    assert_eq!(silent.connections(2), 2);
}

#[test]
fn a_redis_that_trickles_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url: RedisUrl = format!("redis://{}", listener.local_addr().unwrap()).parse().unwrap();
    let server = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let _ = connection.read(&mut [0; 4096]).unwrap();
        connection.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        let zeros = format!(":{}\r\n", "0".repeat(200));
        for byte in zeros.bytes() {
            // Until whoever waits for it goes away.
            if connection.read(&mut [0]).is_ok() || connection.write_all(&[byte]).is_err() {
                return;
            }
        }
    });
    let mut windows = SharedWindows::new(url);
    assert_eq!(windows.charge(&charge(&["a"], "5/s"), Instant::now()), Charged::Failed);
    server.join().unwrap();
}

#[test]
fn a_failure_is_logged_when_it_begins_and_when_it_is_over() {
    let Some(server) = RedisServer::start(None) else { return };
    let (url, port) = (server.url(), server.port());
    drop(server);
    let (server, lines) = logged(|| {
        let mut windows = patient(url.clone());
        let second = charge(&["a"], "5/s");
        let start = Instant::now();
        for seconds in [0, 60, 120] {
            let now = start + Duration::from_secs(seconds);
            assert_eq!(windows.charge(&second, now), Charged::Failed);
        }
        let server = RedisServer::start_at(port, None);
        assert_eq!(windows.charge(&second, start + Duration::from_secs(180)), Charged::Admitted);
        server
    });
    drop(server);
    let begun = "the connection failed (connection refused)";
    assert_eq!(
        lines,
        [
            format!("WARN rate limits at {url}: {begun}"),
            format!("WARN rate limits at {url}: it counts again"),
        ]
    );
}
