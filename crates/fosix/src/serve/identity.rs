//! What this server goes by: its DUID, and its server identifier where none is configured.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use fosix_config::{Config, DuidSpec, StoreSettings};
use fosix_dhcp4::derived_server_identifier;
use fosix_dhcp6::LinkLayerAddress;
use fosix_net::{AddressBook, Interface};
use tracing::warn;

use super::listen::Listeners;
use crate::leases::{Family as _, V6};

/// The server's DUID: of the configuration, completed with the hardware address of the first interface that has one, those
/// that the server listens on first. Once made it is kept beside the leases of the DHCPv6 half, unless the configuration
/// says that it is not to be (RFC 9915 §11: it should not change).
pub(super) fn server_duid(
    config: &Config,
    listeners: Option<&Listeners>,
    book: &AddressBook,
) -> anyhow::Result<Vec<u8>> {
    let hardware = first(listeners, book, |interface| {
        let usable = !interface.loopback && interface.hardware_address.iter().any(|&octet| octet != 0);
        usable.then(|| LinkLayerAddress {
            hardware_type: interface.hardware_type,
            octets: interface.hardware_address.clone(),
        })
    });
    let make = |spec: &DuidSpec, time| fosix_dhcp6::server_duid(spec, hardware.as_ref(), machine_id(), time);
    let Some(dhcp6) = &config.dhcp6 else {
        return Ok(make(&DuidSpec::LinkLayer { hardware_type: None, identifier: None }, None));
    };
    let spec = &dhcp6.server_id;
    let file = match config.store6() {
        StoreSettings::Journal(journal) if spec.persist => {
            journal.directory.join(V6::FOLDER).join("server-duid")
        }
        _ => return Ok(make(&spec.duid, None)),
    };
    match fs::read_to_string(&file) {
        Ok(text) => {
            let kept = from_hex(text.trim()).filter(|duid| fosix_dhcp6::duid_fits(&spec.duid, duid));
            if let Some(kept) = kept {
                return Ok(kept);
            }
            let file = file.display();
            warn!(%file, "the DUID that was kept is not what `server-id` asks for: a new one is made");
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
    let duid = make(&spec.duid, Some(seconds_since_2000()));
    keep(&file, &duid).with_context(|| format!("cannot keep the server's DUID in {}", file.display()))?;
    Ok(duid)
}

/// RFC 9915 §11.2: seconds since midnight UTC, January 1, 2000, modulo 2^32.
fn seconds_since_2000() -> u32 {
    const UNIX_TIME_OF_2000: u64 = 946_684_800;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let [.., a, b, c, d] = now.saturating_sub(UNIX_TIME_OF_2000).to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// Writes the file as a whole, and has it on disk.
fn keep(file: &Path, duid: &[u8]) -> io::Result<()> {
    let new = file.with_extension("new");
    let mut out = fs::File::create(&new)?;
    writeln!(out, "{}", hex(duid))?;
    out.sync_data()?;
    fs::rename(&new, file)?;
    match file.parent() {
        Some(directory) => fs::File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// Bytes from `01:23:ab`.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    text.split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect()
}

/// An IPv4 address of the machine, of the interfaces that the server listens on first; on a machine without one, an
/// address derived from the DUID. Both are the same at every start.
pub(super) fn server_identifier(listeners: Option<&Listeners>, book: &AddressBook, duid: &[u8]) -> Ipv4Addr {
    let usable = |address: &Ipv4Addr| !address.is_loopback() && !address.is_link_local();
    first(listeners, book, |interface| interface.ipv4.iter().copied().find(usable))
        .unwrap_or_else(|| derived_server_identifier(duid))
}

/// Bytes as `01:23:ab`.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (at, byte) in bytes.iter().enumerate() {
        let colon = if at == 0 { "" } else { ":" };
        // Writing to a text cannot fail.
        let _ = write!(text, "{colon}{byte:02x}");
    }
    text
}

/// The first thing that `look` finds at an interface: those listened on first, then by index.
fn first<T>(
    listeners: Option<&Listeners>,
    book: &AddressBook,
    look: impl Fn(&Interface) -> Option<T>,
) -> Option<T> {
    let interfaces = book.interfaces();
    let mut order: Vec<&Interface> = interfaces.iter().collect();
    let is_named = |name| listeners.is_some_and(|listeners| listeners.names_interface(name));
    order.sort_by_key(|interface| (!is_named(&interface.name), interface.index));
    order.into_iter().find_map(look)
}

/// The machine's id (machine-id(5)); zeros where there is none.
fn machine_id() -> [u8; 16] {
    let text = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    u128::from_str_radix(text.trim(), 16).unwrap_or(0).to_be_bytes()
}
