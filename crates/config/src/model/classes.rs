//! Client classes: which there are, who is in them, and who may use what.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use fosix_expression::{Classes, Condition, Template};

use super::{Lifetime, OptionValue};

/// The number of a class: its place among the names.
pub type ClassNumber = u16;

/// Numbers of classes that there always are.
pub mod built_in {
    use super::ClassNumber;

    /// Every message.
    pub const ALL: ClassNumber = 0;
    /// Messages of clients that have a reservation.
    pub const KNOWN: ClassNumber = 1;
    /// Messages of clients that have none.
    pub const UNKNOWN: ClassNumber = 2;
    /// Messages that are dropped.
    pub const DROP: ClassNumber = 3;
    /// Their names, by number.
    pub const NAMES: [&str; 4] = ["ALL", "KNOWN", "UNKNOWN", "DROP"];
}

/// The names of all classes that anything in a half's configuration speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassNames {
    names: Vec<Box<str>>,
    numbers: HashMap<Box<str>, ClassNumber>,
}

impl ClassNames {
    /// The number of the class with this name, if anything speaks of it.
    pub fn number(&self, name: &str) -> Option<ClassNumber> {
        self.numbers.get(name).copied()
    }

    /// The name of a class; empty for a number that no class has.
    pub fn name(&self, number: ClassNumber) -> &str {
        self.names.get(usize::from(number)).map_or("", |name| name)
    }

    /// All names, by number.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// The number of a name, which is given one if it has none; `None` when there are no more numbers.
    pub(crate) fn give(&mut self, name: &str) -> Option<ClassNumber> {
        if let Some(known) = self.number(name) {
            return Some(known);
        }
        let number = ClassNumber::try_from(self.names.len()).ok()?;
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        Some(number)
    }
}

impl Default for ClassNames {
    fn default() -> Self {
        let mut this = Self { names: Vec::new(), numbers: HashMap::new() };
        for name in built_in::NAMES {
            this.give(name);
        }
        this
    }
}

/// The client classes of one half.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClientClasses {
    /// All names, also of classes that are not defined but that messages can belong to or are asked for.
    pub names: ClassNames,
    /// What is defined, in the order of the file.
    pub defined: Vec<ClientClass>,
}

/// One entry of `client-classes`.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientClass {
    /// Its number.
    pub number: ClassNumber,
    /// Who is in it.
    pub rule: ClassRule,
    /// Whether it is looked at only where a pool, a subnet or a shared network lists it.
    pub only_in_additional_list: bool,
    /// Whether it depends on what is reserved, and so is looked at once that is known.
    pub after_reservations: bool,
    /// What its members are given.
    pub options: Vec<OptionValue>,
    /// How long its members' leases last, in place of what their subnet says.
    pub valid_lifetime: Option<Lifetime>,
    /// The preferred lifetime, likewise (DHCPv6).
    pub preferred_lifetime: Option<Lifetime>,
    /// Seconds for which what is offered to a member is kept for it.
    pub offer_lifetime: Option<u32>,
    /// `siaddr` of answers to its members (DHCPv4).
    pub next_server: Option<Ipv4Addr>,
    /// `sname`, at most 63 bytes; empty for what the subnet says.
    pub server_hostname: String,
    /// `file`, at most 127 bytes; empty for what the subnet says.
    pub boot_file_name: String,
}

/// Who is in a class.
#[derive(Debug, Clone, PartialEq)]
pub enum ClassRule {
    /// Whoever a reservation, or a list of additional classes, puts there.
    Assigned,
    /// Whoever sends a message for which this holds.
    Test(Condition),
    /// Whoever sends a message for which this makes a text that is not empty; also in the class `SPAWN_name_text`.
    Template(Template),
}

/// Who may use a shared network, a subnet or a pool: members of one of some classes, or everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Guard(pub(crate) Box<[ClassNumber]>);

impl Guard {
    /// Whether who is in `classes` may.
    pub fn admits(&self, classes: &Classes) -> bool {
        self.0.is_empty() || self.0.iter().any(|&class| classes.contains(class))
    }

    /// Whether it admits everybody.
    pub fn is_open(&self) -> bool {
        self.0.is_empty()
    }

    /// The classes that it admits; none are all.
    pub fn classes(&self) -> &[ClassNumber] {
        &self.0
    }
}
