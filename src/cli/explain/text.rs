//! An explanation for a person. All that comes from a request or a token is shown printable, so that
//! none can move the cursor or fake a line.

use portcullis::config::{Colours, printable};
use portcullis::gateway::explain::{Outcome, Seen, Value};
use portcullis::gateway::nearest::{Nearest, Step, Way};
use portcullis::node::{Answer, ExplainedCheck, Explanation};

/// The widest outcome, and the widest name of a check or of a kind of change.
const OUTCOME: usize = "not reached".len();
const KIND: usize = "permission".len();
const NAME: usize = "availability".len();
const SEEN: usize = "parameters".len();

/// Lists of words stand in one line, if that is no longer.
const LINE: usize = 60;

pub(super) fn shown(explanation: &Explanation, colours: Colours) -> String {
    let mut text = Text { out: String::new(), colours };
    for check in &explanation.checks {
        text.check(check);
    }
    text.answer(explanation);
    let passes = matches!(explanation.answer, Answer::Passes { .. });
    text.nearest(&explanation.nearest, passes);
    text.out
}

struct Text {
    out: String,
    colours: Colours,
}

#[derive(Clone, Copy)]
enum Colour {
    Good,
    Bad,
    Dim,
    Bold,
}

impl Text {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// A text in a colour, where there are any; padded before, since escapes have no width.
    fn coloured(&self, text: &str, width: usize, colour: Colour) -> String {
        let padded = format!("{text:width$}");
        let code = match (self.colours, colour) {
            (Colours::None, _) => return padded,
            (_, Colour::Good) => "32",
            (_, Colour::Bad) => "1;31",
            (_, Colour::Dim) => "2",
            (_, Colour::Bold) => "1",
        };
        format!("\u{1b}[{code}m{padded}\u{1b}[0m")
    }

    fn check(&mut self, ExplainedCheck { step, saw }: &ExplainedCheck) {
        let colour = match step.outcome {
            Outcome::Passed => Colour::Good,
            Outcome::Failed => Colour::Bad,
            Outcome::NotReached => Colour::Dim,
        };
        let outcome = self.coloured(step.outcome.name(), OUTCOME, colour);
        // What a check that was passed saw is told in full below it.
        let detail = match step.outcome {
            Outcome::Passed if !saw.is_empty() => "",
            _ => step.detail.as_deref().unwrap_or_default(),
        };
        let name = step.check.name();
        self.line(&format!("{outcome}  {name:NAME$}  {}", printable(detail)));
        for Seen { name, value } in saw {
            let mut label = self.coloured(name, SEEN, Colour::Dim);
            let values: &[String] = &match value {
                Value::One(one) => vec![one.clone()],
                Value::Many(many) => listed(many),
            };
            for value in values {
                self.line(&format!("{:OUTCOME$}    {label}  {}", "", printable(value)));
                label = format!("{:SEEN$}", "");
            }
        }
    }

    fn answer(&mut self, explanation: &Explanation) {
        self.out.push('\n');
        let at = explanation.now;
        match &explanation.answer {
            Answer::Passes { service, user } => {
                let user = user
                    .as_ref()
                    .map_or("nobody in particular".to_owned(), |user| format!("{user:?}"));
                let passes = self.coloured("It may pass", 0, Colour::Good);
                self.line(&format!(
                    "{passes} at {at}: to {} for {}",
                    printable(service),
                    printable(&user)
                ));
            }
            Answer::Refused { status, error, by } => {
                let refused = self.coloured("Refused", 0, Colour::Bad);
                self.line(&format!("{refused} at {at} by the check `{}`:", by.name()));
                self.line(&format!("  {status} {}", printable(error)));
            }
        }
    }

    fn nearest(&mut self, Nearest { ways, hint }: &Nearest, passes: bool) {
        let title = match (passes, ways.is_empty()) {
            (true, true) => return,
            (true, false) => "What would have it refused:",
            (false, false) => "What would let it pass, the smallest change first:",
            (false, true) => "No other time, permission, role or route would let it pass:",
        };
        let title = self.coloured(title, 0, Colour::Bold);
        self.line(&format!("\n{title}"));
        for (place, Way { steps }) in ways.iter().enumerate() {
            let mut mark = format!("{}.", place + 1);
            for Step { kind, text, .. } in steps {
                self.line(&format!("{mark:>4} {:KIND$}  {}", kind.name(), printable(text)));
                mark = "+".to_owned();
            }
        }
        if let Some(hint) = hint {
            self.line(&format!("     {}", printable(hint)));
        }
    }
}

/// Words in one line, where they fit; else each in its own.
fn listed(values: &[String]) -> Vec<String> {
    let joined = values.join(", ");
    match values {
        [] => vec!["nothing".to_owned()],
        values if joined.len() > LINE || values.iter().any(|value| value.contains(' ')) => {
            values.to_vec()
        }
        _ => vec![joined],
    }
}
