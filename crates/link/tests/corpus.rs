//! The corpora in `fuzz/corpus/` through the code of the fuzz targets, whole, cut and with every octet changed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod exercise;

use std::path::Path;
use std::{env, fs};

use fosix_link::Role;
use fosix_link::own::{Frame, Hello, Passage, Refusal, VERSION};

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn every_file_of_every_corpus_passes_its_target() {
    for (name, run) in exercise::TARGETS {
        let files = corpus(name);
        assert!(files.len() >= 4, "no corpus for {name}");
        for mut bytes in files {
            run(&bytes);
            for end in 0..bytes.len() {
                run(&bytes[..end]);
            }
            for at in 0..bytes.len() {
                for change in [0x01, 0x80, 0xff] {
                    bytes[at] ^= change;
                    run(&bytes);
                    bytes[at] ^= change;
                }
            }
        }
    }
}

/// Frames of every kind.
fn frames() -> [(&'static str, Frame<'static>); 7] {
    let passage = Passage {
        number: 7,
        received_at_us: 1_700_000_000_000_000,
        source: "[2001:db8::7]:546".parse().unwrap(),
        destination: "ff02::1:2".parse().unwrap(),
        interface_index: 3,
        interface: "eth0",
        message: &[20, 0, 0, 0, 0, 87, 0, 0],
    };
    let hello =
        |role| Hello { version: VERSION, role, program: "0.1.0", interfaces: vec![(1, "lo"), (3, "eth0")] };
    [
        ("hello6", Frame::Hello(hello(Role::Dhcpv6))),
        ("hello4", Frame::Hello(hello(Role::Dhcpv4))),
        ("hello-of-tomorrow", Frame::Hello(Hello { version: 2, ..hello(Role::Dhcpv6) })),
        ("refusal", Frame::Refusal(Refusal::TooMany)),
        ("query", Frame::Query(passage)),
        ("response", Frame::Response(Passage { message: &[21, 0, 0, 0, 0, 87, 0, 0], ..passage })),
        ("no-answer", Frame::NoAnswer(7)),
    ]
}

/// With `WRITE_SEEDS=1` in the environment the files are written, else compared.
#[test]
fn the_frames_in_the_tree_are_what_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/link_frame");
    for (name, frame) in frames() {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes).unwrap();
        if env::var_os("WRITE_SEEDS").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name), &bytes).unwrap();
        }
        assert_eq!(fs::read(folder.join(name)).unwrap(), bytes, "{name}");
    }
}

#[test]
fn a_query_has_the_bytes_that_the_document_says() {
    let mut bytes = Vec::new();
    frames()[4].1.encode(&mut bytes).unwrap();
    let mut expected = vec![3, 4, 0, 0];
    expected.extend(7_u64.to_be_bytes());
    expected.extend(1_700_000_000_000_000_u64.to_be_bytes());
    expected.extend("2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap().octets());
    expected.extend([2, 34, 0, 0]);
    expected.extend("ff02::1:2".parse::<std::net::Ipv6Addr>().unwrap().octets());
    expected.extend([0, 0, 0, 3]);
    expected.extend(b"eth0");
    expected.extend([20, 0, 0, 0, 0, 87, 0, 0]);
    assert_eq!(bytes, expected);
}

#[test]
fn a_frame_that_is_too_long_is_not_written() {
    let message = vec![0; 65_535];
    let (_, Frame::Query(passage)) = frames()[4].clone() else { unreachable!() };
    let mut out = b"before".to_vec();
    assert!(Frame::Query(Passage { message: &message, ..passage }).encode(&mut out).is_err());
    assert_eq!(out, b"before");
}
