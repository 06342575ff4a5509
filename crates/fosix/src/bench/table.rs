//! Runs side by side: for each case the medians of every server, as parts of the echo's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// What is told of a run.
const COLUMNS: [(&str, &str); 7] = [
    ("exchanges/s", "/exchanges_per_second"),
    ("CPU us each", "/server_cpu_us_per_exchange"),
    ("of it user", "/server_user_us_per_exchange"),
    ("p50 us", "/latency_us/exchange/p50"),
    ("p99 us", "/latency_us/exchange/p99"),
    ("lost", "/lost"),
    ("wrong", "/wrong"),
];

/// A table in Markdown of all runs that are called `CASE: SERVER`.
pub(super) fn of(runs: &[Value]) -> String {
    let mut cases: Vec<(&str, BTreeMap<&str, Vec<&Value>>)> = Vec::new();
    for run in runs {
        let label = run.get("label").and_then(Value::as_str).unwrap_or_default();
        let Some((case, server)) = label.split_once(": ") else { continue };
        let at = cases.iter().position(|(known, _)| *known == case).unwrap_or_else(|| {
            cases.push((case, BTreeMap::new()));
            cases.len() - 1
        });
        if let Some((_, servers)) = cases.get_mut(at) {
            servers.entry(server).or_default().push(run);
        }
    }
    let mut text = "| case | server | of the echo | times Kea |".to_owned();
    for (title, _) in COLUMNS {
        // Writing to a String does not fail.
        let _ = write!(text, " {title} |");
    }
    text.push_str("\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (case, servers) in cases {
        let rate = |runs: &Vec<&Value>| median(runs, "/exchanges_per_second");
        let to = |of: &str| servers.get(of).map_or(0.0, rate);
        let (echo, kea) = (to("echo"), to("kea"));
        for (server, runs) in &servers {
            let part = if echo > 0.0 { format!("{:.2}", rate(runs) / echo) } else { "-".to_owned() };
            let times = if kea > 0.0 { format!("{:.1}", rate(runs) / kea) } else { "-".to_owned() };
            let _ = write!(text, "| {case} | {server} | {part} | {times} |");
            for (_, pointer) in COLUMNS {
                let value = median(runs, pointer);
                let _ = if pointer.ends_with("_us_per_exchange") {
                    write!(text, " {value:.1} |")
                } else {
                    write!(text, " {value:.0} |")
                };
            }
            text.push('\n');
        }
    }
    text
}

fn median(runs: &[&Value], pointer: &str) -> f64 {
    let mut values: Vec<f64> = runs.iter().filter_map(|run| run.pointer(pointer)?.as_f64()).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn servers_are_compared_with_the_echo_of_their_case_by_medians() {
        let run = |label: &str, rate: f64| json!({ "label": label, "exchanges_per_second": rate });
        let runs = [
            run("renew: echo", 100.0),
            run("renew: fosix", 10.0),
            run("renew: fosix", 90.0),
            run("renew: fosix", 85.0),
            run("renew: kea", 5.0),
            run("other: fosix", 7.0),
            run("no case", 1.0),
        ];
        let table = of(&runs);
        assert!(table.contains("| renew | fosix | 0.85 | 17.0 | 85 |"), "{table}");
        assert!(table.contains("| other | fosix | - | - | 7 |"), "{table}");
        assert_eq!(table.lines().count(), 6);
    }
}
