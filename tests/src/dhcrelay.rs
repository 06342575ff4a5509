//! ISC's relay agent.

use crate::{Netns, Process};

/// A running dhcrelay between two interfaces of a namespace, which sends to `server`. Its Relay-forwards carry an
/// Interface-ID.
pub fn dhcrelay(netns: &Netns, client_side: &str, server_side: &str, server: &str) -> Process {
    let mut command = netns.command("dhcrelay");
    command.args(["-6", "-d", "--no-pid", "-I", "-l", client_side, "-u", &format!("{server}%{server_side}")]);
    let relay = Process::spawn(&mut command);
    relay.wait_for_line(&format!("Sending on   Socket/{client_side}"));
    relay
}
