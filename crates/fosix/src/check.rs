//! `fosix check`: says everything that is wrong with configuration files.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use fosix_config::{LoadOptions, Loaded};

/// The arguments of `fosix check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files that make one configuration together: at most one Dhcp6, one Dhcp4 and one Fosix object.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Take a key of Kea that has no effect here for an error.
    #[arg(long)]
    strict: bool,
    /// Print the findings as a JSON list instead.
    #[arg(long)]
    json: bool,
}

/// Prints what is found to standard output, and succeeds when the files can be served.
pub(crate) fn run(args: Args) -> ExitCode {
    let Args { files, strict, json } = args;
    let loaded = fosix_config::load(&files, LoadOptions { strict });
    let stdout = std::io::stdout();
    let colour = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = if json { loaded.diagnostics.to_json() + "\n" } else { in_words(&loaded, colour) };
    // A reader that has gone away has seen what it wanted; the status still tells the outcome.
    let _ = stdout.lock().write_all(text.as_bytes());
    if loaded.config.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn in_words(loaded: &Loaded, colour: bool) -> String {
    let mut text = loaded.diagnostics.render(colour);
    if let Some(config) = &loaded.config {
        let subnets6 =
            config.dhcp6.as_ref().map(|dhcp6| format!("DHCPv6 with {}", subnets(dhcp6.subnets.len())));
        let subnets4 =
            config.dhcp4.as_ref().map(|dhcp4| format!("DHCPv4 with {}", subnets(dhcp4.subnets.len())));
        let halves: Vec<String> = subnets6.into_iter().chain(subnets4).collect();
        text += &["the configuration can be served: ", &halves.join(", "), "\n"].concat();
    }
    text
}

fn subnets(count: usize) -> String {
    format!("{count} subnet{}", if count == 1 { "" } else { "s" })
}
