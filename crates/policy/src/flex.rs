//! Options of answers that expressions decide; Kea's hook `flex_option`.

use fosix_config::{FlexAction, FlexOption};
use fosix_expression::{Classes, EvaluationError, Scratch, View};
use tracing::debug;

use crate::{Explanation, Topic};

/// What expressions decided about the options of one answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlexDecisions(Vec<(u16, Decision)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Decision {
    Add(Vec<u8>),
    Supersede(Vec<u8>),
    Remove,
}

impl FlexDecisions {
    /// What `options` say for a message, in order: of several about the same code the last one counts.
    pub fn new(options: &[FlexOption], view: &View<'_>, classes: &Classes, why: &mut Explanation) -> Self {
        let mut decisions = Self::default();
        let view = View { classes, ..*view };
        let mut scratch = Scratch::default();
        for option in options {
            if option.class.is_some_and(|class| !classes.contains(class)) {
                continue;
            }
            match decide(&option.action, &view, &mut scratch) {
                Ok(Some(decision)) => {
                    why.add(Topic::Option, || {
                        let what = match &decision {
                            Decision::Add(_) => "added, unless it is there",
                            Decision::Supersede(_) => "replaced",
                            Decision::Remove => "taken out",
                        };
                        format!("{}: {what} by an expression of flex_option", option.code)
                    });
                    decisions.0.push((option.code, decision));
                }
                Ok(None) => {}
                Err(error) => debug!(code = option.code, %error, "an expression of flex_option has no value"),
            }
        }
        decisions
    }

    /// Whether what is configured for this code is not sent.
    pub fn displaces(&self, code: u16) -> bool {
        self.last(code).is_some_and(|decision| !matches!(decision, Decision::Add(_)))
    }

    /// What is sent behind what is configured, of which the codes in `sent` are.
    pub fn additions<'a>(&'a self, sent: &'a [u16]) -> impl Iterator<Item = (u16, &'a [u8])> {
        self.0.iter().enumerate().filter_map(move |(at, (code, decision))| {
            let is_last = !self.0.iter().skip(at + 1).any(|(later, _)| later == code);
            match decision {
                Decision::Add(data) if is_last && !sent.contains(code) => Some((*code, &**data)),
                Decision::Supersede(data) if is_last => Some((*code, &**data)),
                _ => None,
            }
        })
    }

    fn last(&self, code: u16) -> Option<&Decision> {
        self.0.iter().rev().find(|(of, _)| *of == code).map(|(_, decision)| decision)
    }
}

fn decide(
    action: &FlexAction,
    view: &View<'_>,
    scratch: &mut Scratch,
) -> Result<Option<Decision>, EvaluationError> {
    let made = |octets: &[u8]| (!octets.is_empty()).then(|| octets.to_vec());
    Ok(match action {
        FlexAction::Add(value) => made(value.octets(view, scratch)?).map(Decision::Add),
        FlexAction::Supersede(value) => made(value.octets(view, scratch)?).map(Decision::Supersede),
        FlexAction::Remove(test) => test.holds(view, scratch)?.then_some(Decision::Remove),
    })
}
