//! The `fosix` program: serve, check, explain, trace, client, leases and bench.

mod bench;
mod check;
mod client;
mod explain;
mod leases;
mod serve;
mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// IPv4 for the customers of IPv6-only access networks: DHCPv4 over DHCPv6 (RFC 7341).
#[derive(Debug, Parser)]
#[command(name = "fosix", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server until SIGTERM or SIGINT.
    Serve(serve::Args),
    /// Check configuration files and say everything that is wrong with them.
    Check(check::Args),
    /// Say what a client would be answered, and why, without a running server.
    Explain(Box<explain::Args>),
    /// Follow one client through a running server, with the same explanation.
    Trace(trace::Args),
    /// Get IPv4 leases over DHCPv6, as a client would.
    Client(client::Args),
    /// Look at leases, take them over from Kea or hand them to it, check and repair their store.
    Leases(leases::Args),
    /// Load a server with clients, check every answer, and say how fast it was.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Check(args) => Ok(check::run(args)),
        Command::Explain(args) => explain::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Client(args) => client::run(args),
        Command::Leases(args) => leases::run(&args),
        Command::Bench(args) => bench::run(args),
    };
    result.unwrap_or_else(|error| {
        #[expect(clippy::print_stderr, reason = "the program's last word to the person at the terminal")]
        {
            eprintln!("fosix: {error:#}");
        }
        ExitCode::FAILURE
    })
}
