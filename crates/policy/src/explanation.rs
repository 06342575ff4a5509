//! Why a client is answered as it is: what was decided on the way, each with its reason.

use std::fmt;

use fosix_wire::definition;
use fosix_wire::text::describe_option;

/// What a step of an explanation is about, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Whether it is in a client class.
    Class,
    /// Which subnet it belongs to.
    Subnet,
    /// What is reserved for the client.
    Reservation,
    /// Which address or prefix the client gets.
    Lease,
    /// An option of the answer.
    Option,
    /// What became of it.
    Outcome,
}

impl Topic {
    /// Its name, as it stands before its steps.
    pub fn name(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Subnet => "subnet",
            Self::Reservation => "reservation",
            Self::Lease => "lease",
            Self::Option => "option",
            Self::Outcome => "outcome",
        }
    }
}

impl Topic {
    /// The topic of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        let all = [Self::Class, Self::Subnet, Self::Reservation, Self::Lease, Self::Option, Self::Outcome];
        all.into_iter().find(|topic| topic.name() == name)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An option of the built-in `space` for an explanation: `routers (3) 192.0.2.1`.
pub fn option_text(space: &str, code: u16, data: &[u8]) -> String {
    let value = describe_option(space, code, data);
    match definition::by_code(space, code) {
        Some(definition) => format!("{} ({code}) {value}", definition.name),
        None => format!("{code} {value}"),
    }
}

/// One thing that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is about.
    pub topic: Topic,
    /// What was decided, and why.
    pub text: String,
}

/// What was decided for one message, in order, where somebody wants to know; nobody does as a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation(Option<Vec<Step>>);

impl Explanation {
    /// One that keeps what it is told.
    pub fn wanted() -> Self {
        Self(Some(Vec::new()))
    }

    /// Whether anybody wants to know.
    pub fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Adds a step, whose text is made only where it is wanted.
    pub fn add(&mut self, topic: Topic, text: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.0 {
            steps.push(Step { topic, text: text() });
        }
    }

    /// The steps, taken out.
    pub fn into_steps(self) -> Vec<Step> {
        self.0.unwrap_or_default()
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        self.0.as_deref().unwrap_or_default()
    }
}
