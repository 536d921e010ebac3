//! Times, and the figures they are summed up in.

use std::fmt;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// Measures what this thread does from now on.
pub(crate) struct Stopwatch {
    cpu: f64,
    wall: Instant,
}

/// Time spent, in ns.
pub(crate) struct Elapsed {
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { wall: Instant::now(), cpu: thread_cpu() }
    }

    pub(crate) fn elapsed(&self) -> Elapsed {
        Elapsed { cpu: thread_cpu() - self.cpu, wall: self.wall.elapsed().as_nanos() as f64 }
    }
}

/// CPU time that this thread spends on `work`, in ns.
pub(crate) fn cpu_time(work: impl FnOnce()) -> f64 {
    let watch = Stopwatch::start();
    work();
    watch.elapsed().cpu
}

fn thread_cpu() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// One figure of each pass.
#[derive(Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    pub(crate) fn at(&self, pass: usize) -> f64 {
        self.0[pass]
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lowest = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = self.0.iter().copied().fold(0.0, f64::max);
        let precision = if highest < 1000.0 { 1 } else { 0 };
        let text = format!(
            "{:.precision$} [{lowest:.precision$} to {highest:.precision$}]",
            median(self.0.clone())
        );
        f.pad(&text)
    }
}

pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// The value that a share of the samples does not exceed.
pub(crate) fn percentile(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples[((samples.len() - 1) as f64 * share) as usize]
}
