//! A page with the plots of one run or several, that opens without network.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::measure::Latency;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
const COLOURS: [&str; 8] =
    ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f"];

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#222;background:#fff}table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .7rem;\
border-bottom:1px solid #8886;text-align:right}td:first-child,th:first-child{text-align:left}\
svg{width:100%;height:auto}code{font-size:12px}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}";

/// Points of the percentile curve: a hundredth of what is left each time.
pub(super) fn curve(latency: &Latency) -> Value {
    let mut points = Vec::new();
    let mut left = 100.0;
    while left > 0.005 {
        points.push(json!([100.0 - left, latency.at(100.0 - left)]));
        left *= 0.85;
    }
    Value::Array(points)
}

/// The page.
pub(super) fn page(runs: &[Value]) -> String {
    let mut page = format!(
        "<!doctype html><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>fosix bench</title><style>{STYLE}</style><h1>fosix bench</h1>"
    );
    // Writing to a String does not fail.
    page += &table(runs);
    for (title, _, svg) in plots(runs) {
        let _ = write!(page, "<h2>{title}</h2>{svg}");
    }
    page.push_str("<h2>How it was measured</h2><ul>");
    for (at, run) in runs.iter().enumerate() {
        let text = |name: &str| escape(run.get(name).and_then(Value::as_str).unwrap_or_default());
        let _ =
            write!(page, "<li>{}: {}<br><code>{}</code>", name(run, at), text("machine"), text("command"));
    }
    page.push_str("</ul>\n");
    page
}

/// Each plot: its title, a name for a file, and itself (SVG).
pub(super) fn plots(runs: &[Value]) -> [(&'static str, &'static str, String); 5] {
    [
        ("Latency over percentiles", "latency", latencies(runs)),
        ("Exchanges a second", "exchanges", over_time(runs, "exchanges")),
        ("Latency of 99 % of each second's exchanges, us", "p99", over_time(runs, "p99_us")),
        ("Messages lost a second", "lost", over_time(runs, "lost")),
        ("Memory of the server, MiB", "memory", over_time(runs, "resident_mib")),
    ]
}

fn table(runs: &[Value]) -> String {
    let mut text = "<table><tr><th>run<th>exchanges/s<th>p50 us<th>p99 us<th>max us<th>lost<th>wrong\
                    <th>server CPU us each"
        .to_owned();
    for (at, run) in runs.iter().enumerate() {
        let number = |name: &str| run.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        let latency = |name: &str| {
            run.pointer(&format!("/latency_us/exchange/{name}")).and_then(Value::as_u64).unwrap_or(0)
        };
        let _ = write!(
            text,
            "<tr><td><span style=\"color:{}\">■</span> {}<td>{:.0}<td>{}<td>{}<td>{}<td>{:.0}<td>{:.0}<td>{:.1}",
            colour(at),
            name(run, at),
            number("exchanges_per_second"),
            latency("p50"),
            latency("p99"),
            latency("max"),
            number("lost"),
            number("wrong"),
            number("server_cpu_us_per_exchange"),
        );
    }
    text.push_str("</table>");
    text
}

/// Latency, logarithmic, over percentiles, of which each step to the right leaves a tenth.
fn latencies(runs: &[Value]) -> String {
    let series: Vec<Vec<(f64, f64)>> = runs
        .iter()
        .map(|run| {
            let points = run.get("curve").and_then(Value::as_array).into_iter().flatten();
            points
                .filter_map(|point| {
                    let (percentile, value) = (point.get(0)?.as_f64()?, point.get(1)?.as_f64()?);
                    Some((-((100.0 - percentile) / 100.0).log10(), value.max(1.0).log10()))
                })
                .collect()
        })
        .collect();
    let x = [(0.0, "0 %"), (1.0, "90 %"), (2.0, "99 %"), (3.0, "99.9 %"), (4.0, "99.99 %")];
    let y = [(1.0, "10 us"), (2.0, "100 us"), (3.0, "1 ms"), (4.0, "10 ms"), (5.0, "100 ms"), (6.0, "1 s")];
    plot(&series, (0.0, 4.3), (1.0, 6.5), &x, &y, &legend(runs))
}

#[expect(clippy::cast_precision_loss, reason = "a plot")]
fn over_time(runs: &[Value], what: &str) -> String {
    let series: Vec<Vec<(f64, f64)>> = runs
        .iter()
        .map(|run| {
            let seconds = run.get("seconds").and_then(Value::as_array).into_iter().flatten();
            let values = seconds.filter_map(|second| second.get(what)?.as_f64());
            values.enumerate().map(|(at, value)| (at as f64 + 0.5, value)).collect()
        })
        .collect();
    let all = || series.iter().flatten();
    let most = all().map(|(_, y)| *y).fold(1.0, f64::max) * 1.1;
    let last = all().map(|(x, _)| *x).fold(1.0, f64::max) + 0.5;
    let label = |part: f64| format!("{:.0}", most * part);
    let labels = [label(0.0), label(0.25), label(0.5), label(0.75), label(1.0)];
    let y: Vec<(f64, &str)> =
        labels.iter().enumerate().map(|(at, label)| (most * at as f64 / 4.0, label.as_str())).collect();
    let end = format!("{last:.0} s");
    plot(&series, (0.0, last), (0.0, most), &[(0.0, "0"), (last, &end)], &y, &legend(runs))
}

fn plot(
    series: &[Vec<(f64, f64)>],
    (x0, x1): (f64, f64),
    (y0, y1): (f64, f64),
    x_labels: &[(f64, &str)],
    y_labels: &[(f64, &str)],
    legend: &[String],
) -> String {
    let (left, bottom) = (60.0, 24.0);
    let x = |value: f64| left + (value - x0) / (x1 - x0) * (WIDTH - left - 12.0);
    let y = |value: f64| HEIGHT - bottom - (value - y0) / (y1 - y0) * (HEIGHT - bottom - 12.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" color=\"#888\" \
         font-family=\"sans-serif\" font-size=\"11\">"
    );
    for (value, label) in y_labels {
        let at = y(*value);
        let _ = write!(
            svg,
            "<line x1=\"{left}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"currentColor\" stroke-opacity=\".3\" />\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"currentColor\">{label}</text>",
            WIDTH - 12.0,
            left - 6.0,
            at + 4.0
        );
    }
    for (value, label) in x_labels {
        let at = x(*value);
        let _ = write!(
            svg,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"currentColor\">{label}</text>",
            HEIGHT - 6.0
        );
    }
    for (at, points) in series.iter().enumerate() {
        let path: Vec<String> =
            points.iter().map(|&(px, py)| format!("{:.1},{:.1}", x(px), y(py.clamp(y0, y1)))).collect();
        let _ = write!(
            svg,
            "<polyline fill=\"none\" stroke-width=\"1.8\" stroke=\"{}\" points=\"{}\" />",
            colour(at),
            path.join(" ")
        );
    }
    for (at, name) in legend.iter().enumerate() {
        let column = left + 12.0 + (WIDTH - left) / 4.0 * f64::from(u32::try_from(at % 4).unwrap_or(0));
        let line = 22.0 + 14.0 * f64::from(u32::try_from(at / 4).unwrap_or(0));
        let _ = write!(svg, "<text x=\"{column:.1}\" y=\"{line}\" fill=\"{}\">{name}</text>", colour(at));
    }
    svg.push_str("</svg>");
    svg
}

/// The names of the runs, where there are few enough to be told apart.
fn legend(runs: &[Value]) -> Vec<String> {
    if runs.len() > COLOURS.len() {
        return Vec::new();
    }
    runs.iter().enumerate().map(|(at, run)| name(run, at)).collect()
}

fn colour(at: usize) -> &'static str {
    COLOURS.get(at % COLOURS.len()).copied().unwrap_or("#1f77b4")
}

fn name(run: &Value, at: usize) -> String {
    match run.get("label").and_then(Value::as_str) {
        Some(label) if !label.is_empty() => escape(label),
        _ => format!("run {}", at + 1),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_every_run_and_nothing_from_elsewhere() {
        let run = json!({
            "label": "a <b>", "curve": [[0.0, 10], [99.0, 1000]],
            "seconds": [{ "exchanges": 5, "lost": 0 }], "exchanges_per_second": 5.0
        });
        let page = page(&[run.clone(), run]);
        assert!(page.contains("a &lt;b&gt;") && !page.contains("a <b>"));
        assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("http"));
        assert_eq!(page.matches("<polyline").count(), 10);
    }
}
