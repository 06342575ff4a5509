//! `fosix leases`, as an operator calls it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::process::run_to_end;
use crate::program;

/// `fosix leases --directory DIRECTORY ARGUMENTS`.
pub fn leases_command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.arg("leases").arg("--directory").arg(directory).args(arguments);
    command
}

/// Runs it, whatever comes of it.
pub fn leases_output(directory: &Path, arguments: &[&str]) -> Output {
    leases_command(directory, arguments).output().expect("cannot run the program")
}

/// Runs it, which must succeed; what it wrote to its standard output.
pub fn leases(directory: &Path, arguments: &[&str]) -> String {
    let output = run_to_end(&mut leases_command(directory, arguments));
    String::from_utf8(output.stdout).expect("text")
}

/// The DHCPv4 leases in a store, each as a JSON object.
pub fn leases_listed(directory: &Path, which: &[&str]) -> Vec<Value> {
    listed(&leases(directory, &[&["list", "--format", "json"], which].concat()))
}

/// The DHCPv6 leases in a store, each as a JSON object.
pub fn leases_listed6(directory: &Path, which: &[&str]) -> Vec<Value> {
    listed(&leases(directory, &[&["--dhcp6", "list", "--format", "json"], which].concat()))
}

fn listed(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a lease as JSON")).collect()
}
