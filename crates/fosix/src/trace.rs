//! `fosix trace`: follows one client's messages through a running server, each with what was decided and why.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use anyhow::{Context as _, bail};
use fosix_policy::{Step, Topic};
use fosix_wire::v6::CLIENT_PORT;
use serde_json::{Value, json};

use crate::explain::{Received, Told, show};
use crate::leases::{Family as _, V4, V6, unhex};

/// The arguments of `fosix trace`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Whose messages: a hardware address, DUID or client identifier in hexadecimal, or the name of its line in quotes ('port7')
    #[arg(short, long, value_name = "ID")]
    client: String,
    /// The directory of the server's leases
    #[arg(short, long, value_name = "DIRECTORY", default_value = "/var/lib/fosix")]
    directory: PathBuf,
    /// Print JSON, an object for each message
    #[arg(long)]
    json: bool,
    /// End after that many messages
    #[arg(long, value_name = "N")]
    count: Option<usize>,
}

const EXAMPLES: &str = "\
Examples:
  fosix trace --client 02:00:00:00:00:01
  fosix trace --client \"'port7'\" --directory /srv/fosix

It goes on until it is stopped with Ctrl-C. A server that keeps leases in memory only cannot be asked.";

/// Shows messages until it is stopped, or as many as are asked for.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let client = fosix_wire::text::encode_hex(&args.client).context("--client")?;
    if client.is_empty() {
        bail!("--client says of nobody");
    }
    let (sender, receiver) = channel();
    let mut asked = 0;
    for folder in [V6::FOLDER, V4::FOLDER] {
        asked += usize::from(follow(&args.directory.join(folder), &client, &sender)?);
    }
    drop(sender);
    if asked == 0 {
        bail!(
            "no server runs on the leases in {}: name its directory with --directory",
            args.directory.display()
        );
    }
    writeln!(std::io::stderr(), "following {}", args.client)?;
    for (number, line) in receiver.iter().take(args.count.unwrap_or(usize::MAX)).enumerate() {
        let (received, told) = of_json(&line?)?;
        show(&received, &told, number > 0, args.json)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Has what the server in `directory` tells of the client sent to `sender`; false where none runs.
fn follow(directory: &Path, client: &[u8], sender: &Sender<anyhow::Result<Value>>) -> anyhow::Result<bool> {
    let path = directory.join("control");
    let Ok(mut stream) = UnixStream::connect(&path) else { return Ok(false) };
    let request = json!({ "op": "trace", "client": fosix_wire::text::hex(client) });
    writeln!(stream, "{request}").with_context(|| format!("{} takes no request", path.display()))?;
    let sender = sender.clone();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let value = line.context("the server has gone away").and_then(|line| {
                if line.is_empty() {
                    return Ok(Value::Null);
                }
                serde_json::from_str(&line).context("the server's answer is not JSON")
            });
            // An empty line only says that the server is still there.
            if !matches!(value, Ok(Value::Null)) && sender.send(value).is_err() {
                return;
            }
        }
    });
    Ok(true)
}

fn of_json(value: &Value) -> anyhow::Result<(Received, Told)> {
    if let Some(error) = value.get("error").and_then(Value::as_str) {
        bail!("the server says: {error}");
    }
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let source: Ipv6Addr = text("source").parse().unwrap_or(Ipv6Addr::UNSPECIFIED);
    let received = Received {
        bytes: unhex(text("message"))?,
        source: SocketAddrV6::new(source, CLIENT_PORT, 0, 0),
        destination: Ipv6Addr::UNSPECIFIED,
        interface: text("interface").to_owned(),
    };
    let steps = value.get("steps").and_then(Value::as_array).into_iter().flatten();
    let steps = steps.filter_map(|step| {
        let topic = step.get(0)?.as_str().and_then(Topic::of_name)?;
        Some(Step { topic, text: step.get(1)?.as_str()?.to_owned() })
    });
    let lost = value.get("lost").and_then(Value::as_u64).unwrap_or(0);
    let note = if lost > 0 { format!(" ({lost} messages before it are not shown)") } else { String::new() };
    let told = Told {
        steps: steps.collect(),
        outcome: format!("{}{note}", text("result")),
        answer: unhex(text("answer"))?,
    };
    Ok((received, told))
}
