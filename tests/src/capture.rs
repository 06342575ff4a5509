//! What went over an interface, as tcpdump saw it and as tshark understands it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::run_to_end;
use crate::{Netns, Process};

/// A running capture.
#[derive(Debug)]
pub struct Capture {
    tcpdump: Process,
    directory: TempDir,
}

/// A finished capture, or one that a test has written.
#[derive(Debug)]
pub struct CaptureFile {
    directory: TempDir,
}

/// One packet as tshark decoded it: its tree of layers and fields.
#[derive(Debug)]
pub struct Dissection(Value);

impl Capture {
    /// Captures on `interface` what passes `filter` (pcap-filter(7)), from when this returns.
    pub fn start(netns: &Netns, interface: &str, filter: &str) -> Self {
        let directory = tempfile::tempdir().expect("cannot make a temporary directory");
        let mut command = netns.command("tcpdump");
        // Each packet is written when it comes, and a line about it too.
        command.args(["-n", "-i", interface, "--immediate-mode", "-U", "-l", "--print", "-Z", "root", "-w"]);
        let tcpdump = Process::spawn(command.arg(directory.path().join(FILE)).arg(filter));
        tcpdump.wait_for_line("listening on");
        Self { tcpdump, directory }
    }

    /// Waits until `count` packets have passed, and ends.
    pub fn finish(mut self, count: usize) -> CaptureFile {
        self.tcpdump.wait_until(&format!("{count} packets"), |lines| {
            let packets = lines.iter().filter(|line| line.contains(" IP6 ") || line.contains(" IP "));
            (packets.count() >= count).then_some(())
        });
        self.tcpdump.signal(Signal::INT);
        self.tcpdump.wait();
        CaptureFile { directory: self.directory }
    }
}

impl CaptureFile {
    /// A capture of IPv4 packets that hold these UDP payloads, from port 67 to port 68: DHCPv4 messages as they
    /// would look outside of DHCPv6.
    pub fn of_dhcpv4_messages<'a>(messages: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let directory = tempfile::tempdir().expect("cannot make a temporary directory");
        let file = Self { directory };
        // The pcap file header: magic, version 2.4, no time zone, longest packet, link type 101 (IP without more).
        let mut bytes = Vec::new();
        for word in [0xa1b2_c3d4_u32, 0x0002_0004, 0, 0, 65_535, 101] {
            bytes.extend(word.to_be_bytes());
        }
        for message in messages {
            let packet = ipv4_packet(message);
            let length = u32::try_from(packet.len()).expect("a short packet");
            for word in [0, 0, length, length] {
                bytes.extend(word.to_be_bytes());
            }
            bytes.extend(packet);
        }
        fs::write(file.path(), bytes).expect("cannot write a capture");
        file
    }

    /// Every packet, as tshark decodes it. `decode_as` names protocols of unusual ports: `udp.port==10547,dhcpv6`.
    pub fn dissect(&self, decode_as: &[&str]) -> Vec<Dissection> {
        let mut command = self.tshark(decode_as);
        let output = run_to_end(command.args(["-T", "json", "--no-duplicate-keys"])).stdout;
        let packets: Vec<Value> = serde_json::from_slice(&output).expect("tshark did not write JSON");
        packets.into_iter().map(Dissection).collect()
    }

    /// What tshark finds wrong with the packets: its expert's remarks and everything that is malformed, as text.
    pub fn complaints(&self, decode_as: &[&str]) -> String {
        let mut command = self.tshark(decode_as);
        let output = run_to_end(command.args(["-V", "-Y", "_ws.expert || _ws.malformed"])).stdout;
        String::from_utf8_lossy(&output).into_owned()
    }

    fn tshark(&self, decode_as: &[&str]) -> Command {
        let mut command = Command::new("tshark");
        command.arg("-r").arg(self.path());
        for rule in decode_as {
            command.args(["-d", rule]);
        }
        command
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join(FILE)
    }
}

impl Dissection {
    /// Every value of a field, such as `dhcpv6.msgtype`, wherever it is in the packet.
    pub fn values(&self, field: &str) -> Vec<&str> {
        let mut found = Vec::new();
        let mut waiting = vec![&self.0];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(values) => waiting.extend(values.iter().rev()),
                Value::Object(members) => {
                    for (name, member) in members {
                        match (name == field, member) {
                            (true, Value::String(text)) => found.push(text.as_str()),
                            (true, Value::Array(values)) => {
                                found.extend(values.iter().filter_map(Value::as_str));
                            }
                            _ => {}
                        }
                        waiting.push(member);
                    }
                }
                _ => {}
            }
        }
        found
    }
}

const FILE: &str = "capture.pcap";

/// IPv4 and UDP around a payload, from a server to a client.
fn ipv4_packet(payload: &[u8]) -> Vec<u8> {
    let udp_length = u16::try_from(8 + payload.len()).expect("a short payload");
    let mut packet = vec![0x45, 0];
    packet.extend((20 + udp_length).to_be_bytes());
    // Identification, flags, time to live 64, UDP, checksum to be filled in.
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    packet.extend([192, 0, 2, 1, 192, 0, 2, 2]);
    let sum: u32 = packet.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !u16::try_from((folded & 0xffff) + (folded >> 16)).expect("folded to 16 bits");
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
    for field in [67, 68, udp_length, 0] {
        packet.extend(field.to_be_bytes());
    }
    packet.extend(payload);
    packet
}
