//! Which files make up what a server of Kea's has on disk, and their order.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// The files to read for the leases of the server whose lease file is `path`, in Kea's order: the last row of an
/// address holds across all of them.
///
/// While Kea cleans its file up, rows are in others beside it: `.completed` is the outcome of a clean-up that is done
/// and replaces `.2`, the outcome of the one before, and `.1`, what is being cleaned up. `.output`, an outcome that is
/// not whole, and `.pid` are not leases.
///
/// Only files that exist are named; there is an error where none does ([`io::ErrorKind::NotFound`]), or where it
/// cannot be known.
pub fn load_order(path: &Path) -> io::Result<Vec<PathBuf>> {
    let beside = |suffix: &str| {
        let mut name = OsString::from(path);
        name.push(suffix);
        existing(PathBuf::from(name))
    };
    let mut files: Vec<PathBuf> = match beside(".completed")? {
        Some(completed) => vec![completed],
        None => [beside(".2")?, beside(".1")?].into_iter().flatten().collect(),
    };
    files.extend(existing(path.to_path_buf())?);
    if files.is_empty() {
        let what = format!("there is no {} nor any part of it", path.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, what));
    }
    Ok(files)
}

fn existing(path: PathBuf) -> io::Result<Option<PathBuf>> {
    Ok(path.try_exists()?.then_some(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that is gone when it is dropped.
    struct Directory(PathBuf);

    impl Directory {
        fn with(name: &str, files: &[&str]) -> Self {
            let path = std::env::temp_dir().join(format!("fosix-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            for file in files {
                std::fs::write(path.join(file), "").unwrap();
            }
            Self(path)
        }

        fn order(&self) -> Vec<String> {
            let files = load_order(&self.0.join("kea-leases4.csv")).unwrap();
            let name = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
            files.iter().map(name).collect()
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn files_are_read_in_the_order_of_kea() {
        let cases: [(&[&str], &[&str]); 6] = [
            (&["kea-leases4.csv"], &["kea-leases4.csv"]),
            (
                &["kea-leases4.csv", "kea-leases4.csv.1", "kea-leases4.csv.2", "kea-leases4.csv.output"],
                &["kea-leases4.csv.2", "kea-leases4.csv.1", "kea-leases4.csv"],
            ),
            (
                &[
                    "kea-leases4.csv",
                    "kea-leases4.csv.1",
                    "kea-leases4.csv.2",
                    "kea-leases4.csv.completed",
                    "kea-leases4.csv.pid",
                ],
                &["kea-leases4.csv.completed", "kea-leases4.csv"],
            ),
            (&["kea-leases4.csv.1", "kea-leases4.csv"], &["kea-leases4.csv.1", "kea-leases4.csv"]),
            (&["kea-leases4.csv.2"], &["kea-leases4.csv.2"]),
            (&["kea-leases4.csv.completed"], &["kea-leases4.csv.completed"]),
        ];
        for (number, (files, order)) in cases.into_iter().enumerate() {
            assert_eq!(Directory::with(&format!("order-{number}"), files).order(), order, "{files:?}");
        }
    }

    #[test]
    fn it_is_an_error_where_there_is_none() {
        let directory = Directory::with("order-none", &["kea-leases4.csv.output", "kea-leases4.csv.pid"]);
        let error = load_order(&directory.0.join("kea-leases4.csv")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
