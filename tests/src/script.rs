//! DHCPv6 clients whose script tells of its calls, each on a line that begins with `script`.

use std::collections::BTreeMap;
use std::process::Command;

use crate::Process;

/// A running client.
#[derive(Debug)]
pub struct Script {
    process: Process,
    /// The lines that were looked at.
    seen: usize,
}

/// What the script was told: names and values of its environment.
pub type ScriptCall = BTreeMap<String, String>;

impl Script {
    /// Starts the client.
    pub fn of(command: &mut Command) -> Self {
        Self { process: Process::spawn(command), seen: 0 }
    }

    /// Waits for calls for this reason, which were not looked at before, and then for a line that contains `end`; all such calls until
    /// then.
    pub fn calls(&mut self, reason: &str, end: &str) -> Vec<ScriptCall> {
        let from = self.seen;
        let (calls, seen) = self.process.wait_until(&format!("{reason}, and then {end}"), |lines| {
            let mut calls = Vec::new();
            for (number, line) in lines.iter().enumerate().skip(from) {
                calls.extend(call(line).filter(|call| call.get("reason").is_some_and(|is| is == reason)));
                if !calls.is_empty() && line.contains(end) {
                    return Some((calls, number + 1));
                }
            }
            None
        });
        self.seen = seen;
        calls
    }

    /// Waits for a line that contains `text` after those that were looked at.
    pub fn says(&mut self, text: &str) {
        let from = self.seen;
        self.seen = self.process.wait_until(text, |lines| {
            let found = lines.iter().skip(from).position(|line| line.contains(text));
            found.map(|found| from + found + 1)
        });
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

fn call(line: &str) -> Option<ScriptCall> {
    let variables =
        line.strip_prefix("script\t")?.split('\t').filter_map(|variable| variable.split_once('='));
    Some(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}
