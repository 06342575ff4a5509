//! `fosix bench`: loads a server with clients, checks every answer, and says how fast and how well it was served.
//!
//! ```text
//! args ─► Settings
//!            │
//!         load ──► plan      which client does what next, and when: closed loop, open loop, avalanche
//!            ├───► message   a client's datagrams, and what an answer says
//!            ├───► clients   what each client holds, in a few bytes
//!            ├───► ledger    who was given what: twice is an error
//!            └───► measure ─► report: text, JSON, HTML
//! echo: what a server costs that does nothing at all; disk: what a sync costs
//! ```

mod args;
mod clients;
mod deadlines;
mod disk;
mod echo;
mod html;
mod ledger;
mod load;
mod machine;
mod measure;
mod message;
mod plan;
mod report;
mod table;

use std::process::ExitCode;

use clap::Subcommand;

/// What `fosix bench` does.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Load a server, check every answer, and say how fast it was.
    Load(Box<args::Load>),
    /// Send back whatever comes: the ceiling for `load --echo`.
    Echo(echo::Args),
    /// Write and sync, and nothing else: what each answer has to wait for that rests on a lease.
    Disk(disk::Args),
    /// Put the results of several runs into one page.
    Report(report::Args),
}

/// Runs it. Success means that no answer was wrong.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Load(args) => load::run(&args.settle()?),
        Command::Echo(args) => echo::run(&args),
        Command::Disk(args) => disk::run(&args),
        Command::Report(args) => report::run(&args),
    }
}
