//! The file of a record: one writer, whole lines, and what becomes of it when something goes wrong.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use portcullis::record::replay::replay;
use portcullis::record::{Event, OnFailure, OpenFault, RecordSettings, Recorder};

use super::lines::{TREE, secret, token};
use super::live::{Asked, Live, Record};

fn live() -> Live {
    Live::new(TREE, &[(None, secret())])
}

fn asked() -> Asked {
    Asked::get("/api/users/7").bearer(&token("ada", r#","role":"user""#))
}

/// The numbers of the decisions in a record.
fn numbers(text: &str) -> Vec<u64> {
    let number = |line: &str| {
        let digits = line.strip_prefix("{\"n\":")?;
        digits[..digits.find(',')?].parse().ok()
    };
    text.lines().filter_map(number).collect()
}

#[test]
fn a_record_is_private() {
    let record = Record::of(&mut live(), &[asked()], RecordSettings::default());
    let mode = || fs::metadata(&record.path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&record.path, fs::Permissions::from_mode(0o644)).unwrap();
    drop(record.open(RecordSettings::default()));
    assert_eq!(mode(), 0o600);
}

#[test]
fn a_second_writer_is_refused_while_there_is_a_first() {
    let record = Record::new();
    let first = record.open(RecordSettings::default());
    let refused = Recorder::open(&record.path, RecordSettings::default()).err().unwrap();
    let path = record.path.display();
    assert_eq!(
        refused.to_string(),
        format!("{path}: another process records decisions here; give each its own file")
    );
    drop(first);
    drop(record.open(RecordSettings::default()));
}

#[test]
fn what_is_no_record_is_not_written_over() {
    let record = Record::new();
    for content in ["x", "{\"portcullis\":\"other\"}\n", "{\"n\":1}\n"] {
        fs::write(&record.path, content).unwrap();
        let refused = Recorder::open(&record.path, RecordSettings::default());
        assert!(matches!(refused.err().unwrap(), OpenFault::OtherContent(_)), "{content}");
        assert_eq!(record.text(), content);
    }
}

#[test]
fn numbers_go_on_after_a_restart() {
    let record = Record::of(&mut live(), &[asked(), asked()], RecordSettings::default());
    for _ in 0..2 {
        let (mut live, mut recorder) = (live(), record.open(RecordSettings::default()));
        live.start(&mut recorder, Event::Begin);
        recorder.flush().unwrap();
        live.start(&mut recorder, Event::Change);
        live.decide(&asked(), Some(&mut recorder));
        recorder.flush().unwrap();
    }
    assert_eq!(numbers(&record.text()), [1, 2, 3, 4]);
    assert_eq!((record.replay().passed, record.replay().missing), (4, 0));
}

#[test]
fn numbers_are_found_behind_start_lines_longer_than_a_block() {
    let record = Record::of(&mut live(), &[asked()], RecordSettings::default());
    let routes: String = (0..3000)
        .map(|number| format!("[[routes]]\npath = \"/r{number}\"\nservice = \"users-service\"\n"))
        .collect();
    let mut recorder = record.open(RecordSettings::default());
    let mut live = live();
    live.configure(&format!("{TREE}{routes}"));
    live.start(&mut recorder, Event::Begin);
    recorder.flush().unwrap();
    drop(recorder);
    assert!(fs::metadata(&record.path).unwrap().len() > 131_072);
    let mut recorder = record.open(RecordSettings::default());
    live.decide(&asked(), Some(&mut recorder));
    recorder.flush().unwrap();
    assert_eq!(numbers(&record.text()), [1, 2]);
}

#[test]
fn a_line_that_a_crash_cut_off_is_left_out_and_then_written_over() {
    let record = Record::of(&mut live(), &[asked(), asked()], RecordSettings::default());
    let whole = record.text();
    for cut in 1..whole.len() {
        fs::write(&record.path, &whole.as_bytes()[..cut]).unwrap();
        let kept = whole[..cut].rfind('\n').map_or(0, |end| end + 1);
        if kept > 0 {
            let replayed = record.replay();
            let lines = whole[..kept].lines().count() as u64;
            assert_eq!(replayed.passed, lines - 1);
            assert_eq!(replayed.truncated, (kept < cut).then_some(lines + 1));
        }
        drop(record.open(RecordSettings::default()));
        assert_eq!(record.text(), whole[..kept]);
    }
}

#[test]
fn a_full_disk_refuses_or_drops() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    for (on_failure, fails) in [(OnFailure::Deny, true), (OnFailure::Drop, false)] {
        let settings = RecordSettings { on_failure, ..RecordSettings::default() };
        let mut recorder = Recorder::open(Path::new("/dev/full"), settings).unwrap();
        let mut live = live();
        live.start(&mut recorder, Event::Begin);
        for _ in 0..3 {
            live.decide(&asked(), Some(&mut recorder));
        }
        let fault = recorder.flush().err();
        assert_eq!(
            fault.map(|fault| fault.to_string()),
            fails.then(|| "cannot record 3 decisions in /dev/full".to_owned())
        );
        assert_eq!(recorder.dropped(), if fails { 0 } else { 3 });
    }
}

#[test]
fn what_is_wrong_with_a_line_is_said_with_its_place() {
    let record = Record::of(&mut live(), &[asked(), asked()], RecordSettings::default());
    let whole = record.text();
    let lines: Vec<&str> = whole.lines().collect();
    let fault = |text: String| replay(text.as_bytes()).err().map(|error| error.to_string());
    let start = lines[0];
    let one =
        |from: &str, to: &str| fault(format!("{start}\n{}\n", lines[1].replacen(from, to, 1)));
    insta::assert_debug_snapshot!([
        fault(String::new()),
        fault("x\n".to_owned()),
        fault("{\"portcullis\":\"decisions\"".to_owned()),
        fault(lines[1].to_owned() + "\n"),
        fault(start.replace("\"version\":1", "\"version\":2") + "\n"),
        fault(start.replace("\"event\":\"begin\"", "\"event\":\"end\"") + "\n"),
        fault(start.replace("\"audience\":[\"api\"]", "\"audience\":7") + "\n"),
        fault(format!("{start}\n\n")),
        fault(format!("{start}\n{}\n{}\n", lines[2], lines[1])),
        one("\"n\":1", "\"n\":0"),
        one("\"status\"", "\"state\""),
        one("\"room\":\"free\"", "\"room\":\"some\""),
        one("\"limit\":\"3/min\"", "\"limit\":\"3\""),
        one("\"kind\":\"token\"", "\"kind\":\"toke\""),
        one("\"alg\":\"HS256\"", "\"alg\":\"none\""),
        one("\"revoked\":\"no\"", "\"revoked\":\"yes\""),
        one("\"credential\":{", "\"credential\":{{"),
    ]);
    // Numbers that were left out say how many are missing.
    let sparse = format!("{start}\n{}\n", lines[2].replace("\"n\":2", "\"n\":7"));
    assert_eq!(replay(sparse.as_bytes()).unwrap().missing, 6);
}

#[test]
fn a_difference_is_shown_by_member() {
    let record = Record::of(&mut live(), &[asked(), asked()], RecordSettings::default());
    let changed = record.text().replacen("\"status\":200", "\"status\":403", 1).replacen(
        "\"role\":\"user\",\"permissions\":[\"read\"]",
        "\"role\":\"boss\",\"permissions\":[]",
        1,
    );
    fs::write(&record.path, changed).unwrap();
    let replayed = replay(File::open(&record.path).unwrap()).unwrap();
    assert_eq!((replayed.passed, replayed.failed), (1, 1));
    let members: Vec<_> =
        replayed.differences[0].members.iter().map(|member| member.path.as_str()).collect();
    assert_eq!(members, ["decision.status", "credential.user"]);
    let mut file = OpenOptions::new().append(true).open(&record.path).unwrap();
    file.write_all(b"{\"n\":3,\"time\"").unwrap();
    assert_eq!(replay(File::open(&record.path).unwrap()).unwrap().truncated, Some(4));
}
