//! What is logged.

use std::cell::RefCell;
use std::io;
use std::sync::{Mutex, Once};

use tracing_subscriber::fmt::MakeWriter;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The lines of all threads.
static ALL: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Writes to the lines of the thread that it is used in, and to those of all.
struct OwnLines;

impl io::Write for OwnLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        ALL.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for OwnLines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

/// What `act` comes to, and the lines that it logs in this thread, at whatever level.
pub(crate) fn logged<T>(act: impl FnOnce() -> T) -> (T, Vec<String>) {
    // One subscriber for all: what a place in the code logs is decided once for every thread.
    static START: Once = Once::new();
    START.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .without_time()
            .with_target(false)
            .with_ansi(false)
            .with_writer(OwnLines)
            .init();
    });
    LINES.take();
    let outcome = act();
    let text = String::from_utf8(LINES.take()).unwrap();
    (outcome, text.lines().map(|line| line.trim().to_owned()).collect())
}

/// All lines so far that hold this text, whoever logged them, once [`logged`] was called.
pub(crate) fn logged_anywhere(text: &str) -> Vec<String> {
    let all = String::from_utf8(ALL.lock().unwrap().clone()).unwrap();
    all.lines().filter(|line| line.contains(text)).map(|line| line.trim().to_owned()).collect()
}
