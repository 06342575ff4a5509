//! What a run says at its end: words, JSON, and a page.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::args::{Pace, Settings};
use super::ledger::Ledger;
use super::measure::{Latency, Measured, PERCENTILES};
use super::{html, machine, table};
use crate::serve::wall_clock;

/// `fosix bench report`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What `load --json` wrote
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The page to write
    #[arg(long, value_name = "FILE")]
    html: PathBuf,
    /// Also write each plot into this directory, as SVG
    #[arg(long, value_name = "DIRECTORY")]
    plots: Option<PathBuf>,
    /// Also print a table: runs are called `CASE: SERVER`, and compared with `CASE: echo`
    #[arg(long)]
    table: bool,
}

/// Puts the results of several runs into one page.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut runs = Vec::new();
    for file in &args.files {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let run: Value = serde_json::from_str(&text)
            .with_context(|| format!("{} is no result of a run", file.display()))?;
        runs.push(run);
    }
    fs::write(&args.html, html::page(&runs))
        .with_context(|| format!("cannot write {}", args.html.display()))?;
    if let Some(directory) = &args.plots {
        for (_, name, svg) in html::plots(&runs) {
            let path = directory.join(format!("{name}.svg"));
            fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    if args.table {
        io::stdout().lock().write_all(table::of(&runs).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The result of a run.
pub(super) struct Report {
    value: Value,
}

impl Report {
    pub(super) fn new(
        settings: &Settings,
        measured: &Measured,
        ledger: &Ledger,
        bound_at_ms: &[u64],
        used_up: bool,
        failed_sends: u64,
    ) -> Self {
        let processes = settings.pids.iter().zip(&measured.cpu).map(|(&pid, [user, system])| {
            json!({
                "pid": pid,
                "user_us_per_exchange": measured.each_us(*user),
                "system_us_per_exchange": measured.each_us(*system),
                "cpu_us_per_exchange": measured.each_us(user + system),
                "resident_kib": machine::resident_kib(pid),
            })
        });
        let processes: Vec<Value> = processes.collect();
        let sum: f64 = measured.cpu.iter().map(|[user, system]| user + system).sum();
        let sum_user: f64 = measured.cpu.iter().map(|[user, _]| user).sum();
        let [user, system] = measured.own_cpu;
        let bound = |percent: usize| bound_at_ms.get(percent.saturating_sub(1)).copied();
        let pace = match settings.pace {
            Pace::Closed(limit) => json!({ "in_flight": limit }),
            Pace::Open(rate) => json!({ "rate": rate }),
            Pace::Avalanche(within) => json!({ "avalanche_s": within.as_secs() }),
        };
        let seconds = measured.seconds.iter().map(|second| {
            json!({
                "exchanges": second.exchanges,
                "lost": second.lost,
                "p99_us": second.p99_us,
                "resident_mib": second.resident_kib / 1024,
            })
        });
        Self {
            value: json!({
                "label": settings.label,
                "command": std::env::args().collect::<Vec<_>>().join(" "),
                "machine": machine::describe(),
                "unix_time": wall_clock().0,
                "kind": format!("{:?}", settings.kind),
                "scenario": format!("{:?}", settings.scenario),
                "way": format!("{:?}", settings.way),
                "pace": pace,
                "clients": settings.clients,
                "sources": settings.sources.len(),
                "relays": settings.relays,
                "echo": settings.echo,
                "took_s": measured.took.as_secs_f64(),
                "exchanges": measured.exchanges,
                "releases": measured.silent,
                "exchanges_per_second": measured.rate(),
                "sent": measured.sent,
                "lost": measured.lost,
                "refused": measured.refused,
                "not_sent": failed_sends,
                "wrong": ledger.errors(),
                "wrong_examples": ledger.shown(),
                "clients_used_up": used_up,
                "latency_us": {
                    "first_pair": percentiles(&measured.first),
                    "second_pair": percentiles(&measured.second),
                    "exchange": percentiles(&measured.whole),
                },
                "curve": html::curve(&measured.whole),
                "seconds": seconds.collect::<Vec<Value>>(),
                "server": processes,
                "server_cpu_us_per_exchange": measured.each_us(sum),
                "server_user_us_per_exchange": measured.each_us(sum_user),
                "generator_cpu_us_per_exchange": measured.each_us(user + system),
                "bound_after_ms": { "50": bound(50), "90": bound(90), "99": bound(99), "100": bound(100) },
            }),
        }
    }

    /// Writes the files that were asked for.
    pub(super) fn save(&self, settings: &Settings) -> anyhow::Result<()> {
        if let Some(path) = &settings.json {
            let mut file =
                fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            file.write_all(serde_json::to_string_pretty(&self.value)?.as_bytes())?;
        }
        if let Some(path) = &settings.html {
            let page = html::page(std::slice::from_ref(&self.value));
            fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    pub(super) fn text(&self) -> String {
        let v = &self.value;
        let number = |name: &str| v.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{:.0} exchanges/s: {} in {:.1} s, {} messages lost of {}, {} wrong answers",
            number("exchanges_per_second"),
            number("exchanges") + number("releases"),
            number("took_s"),
            number("lost"),
            number("sent"),
            number("wrong"),
        );
        for (title, name) in
            [("first pair", "first_pair"), ("second pair", "second_pair"), ("exchange", "exchange")]
        {
            let Some(latency) = v.get("latency_us").and_then(|all| all.get(name)) else { continue };
            if latency.get("count").and_then(Value::as_u64) == Some(0) {
                continue;
            }
            let _ = write!(text, "{title:<12}");
            for percentile in PERCENTILES {
                let name = percentile_name(percentile);
                let value = latency.get(&name).and_then(Value::as_u64).unwrap_or(0);
                let _ = write!(text, " {name} {value} us ");
            }
            text.push('\n');
        }
        for process in v.get("server").and_then(Value::as_array).into_iter().flatten() {
            let of = |name: &str| process.get(name).and_then(Value::as_f64).unwrap_or(0.0);
            let _ = writeln!(
                text,
                "process {}: {:.1} us of CPU an exchange ({:.1} user, {:.1} system), {:.0} MiB",
                of("pid"),
                of("cpu_us_per_exchange"),
                of("user_us_per_exchange"),
                of("system_us_per_exchange"),
                of("resident_kib") / 1024.0,
            );
        }
        let _ =
            writeln!(text, "generator: {:.1} us of CPU an exchange", number("generator_cpu_us_per_exchange"));
        if let Some(all) = v.get("bound_after_ms").filter(|all| all.get("50").is_some_and(Value::is_u64)) {
            let after = |percent: &str| all.get(percent).and_then(Value::as_f64).map(|ms| ms / 1000.0);
            for percent in ["50", "90", "99", "100"] {
                match after(percent) {
                    Some(seconds) => {
                        let _ = writeln!(text, "{percent:>3} % bound after {seconds:.2} s");
                    }
                    None => {
                        let _ = writeln!(text, "{percent:>3} % never bound");
                    }
                }
            }
        }
        if number("refused") > 0.0 {
            let _ = writeln!(
                text,
                "{:.0} clients were refused what they had been offered, and began again",
                number("refused")
            );
        }
        if v.get("clients_used_up") == Some(&Value::Bool(true)) {
            text.push_str("every client was served before the time was over: give more --clients\n");
        }
        for wrong in v.get("wrong_examples").and_then(Value::as_array).into_iter().flatten() {
            let _ = writeln!(text, "WRONG: {}", wrong.as_str().unwrap_or_default());
        }
        text
    }
}

pub(super) fn percentiles(latency: &Latency) -> Value {
    let mut all = serde_json::Map::new();
    all.insert("count".to_owned(), latency.count().into());
    for percentile in PERCENTILES {
        all.insert(percentile_name(percentile), latency.at(percentile).into());
    }
    Value::Object(all)
}

pub(super) fn percentile_name(percentile: f64) -> String {
    if percentile >= 100.0 { "max".to_owned() } else { format!("p{percentile}") }
}
