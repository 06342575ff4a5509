//! On what a figure was measured.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// Processor, kernel, file system of `directory`, compiler, date, and how busy the machine is, in one line.
pub fn describe(directory: &Path) -> Result<String> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let models: Vec<_> = processors.lines().filter(|line| line.starts_with("model name")).collect();
    let model = models.first().and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown processor");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    Ok(format!(
        "{} cores of {model}, Linux {}, {}, {}, {}; load {}",
        models.len(),
        kernel.trim(),
        file_system(directory)?,
        told(Command::new("rustc").arg("--version"))?,
        told(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))?,
        load()?
    ))
}

/// How many threads wanted to run over the last minute.
pub fn load() -> Result<String> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().to_owned())
}

/// The type of the file system at the longest mount point that `directory` is under.
fn file_system(directory: &Path) -> Result<String> {
    let directory = directory.canonicalize()?;
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let over = mounts.filter_map(|fields| match *fields.as_slice() {
        [_, point, kind, options, ..] if directory.starts_with(point) => Some((point, kind, options)),
        _ => None,
    });
    let (_, kind, options) = over.max_by_key(|(point, ..)| point.len()).context("no mount point")?;
    Ok(format!("{kind} ({options})"))
}

fn told(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
