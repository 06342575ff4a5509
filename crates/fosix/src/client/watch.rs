//! What the person at the terminal sees while a client works.

use std::io::{self, Write as _};
use std::net::SocketAddrV6;
use std::time::Duration;

use fosix_wire::v4::MessageType;

use super::channel::{Scope, show};
use super::dissect::dissect;
use super::identity::Identity;
use super::render;
use super::session::Answer;
use fosix_wire::text;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Nothing.
    Silent,
    /// A line for each message, and what was given.
    Words,
    /// Every message octet by octet.
    Octets,
}

/// Shows messages as they go and come.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) detail: Detail,
    pub(super) scope: Option<Scope>,
}

impl Watch {
    pub(super) fn begin(&self, identity: &Identity) -> io::Result<()> {
        if self.detail == Detail::Silent {
            return Ok(());
        }
        let duid = text::describe_duid(&identity.duid);
        let mac = text::hex(&identity.mac);
        print(&format!("Client {mac}, {duid}, IAID {}\n\n", identity.iaid))
    }

    /// A message goes out, for the `time`th time.
    pub(super) fn sent(&self, what: &str, to: SocketAddrV6, datagram: &[u8], time: u32) -> io::Result<()> {
        if self.detail == Detail::Silent {
            return Ok(());
        }
        let again = if time > 1 { format!(", again ({time})") } else { String::new() };
        let to = show(to, self.scope.as_ref());
        let mut lines = format!("-> {what:WHAT$} to {to}{again}\n");
        if self.detail == Detail::Octets {
            lines.push_str(&render::octets(&dissect(datagram), datagram));
            lines.push('\n');
        }
        print(&lines)
    }

    /// The answer to an Information-request.
    pub(super) fn replied(&self, from: SocketAddrV6, after: Duration, datagram: &[u8]) -> io::Result<()> {
        self.received("Reply", "", from, after, datagram, true)
    }

    /// The answer to a DHCPV4-QUERY.
    pub(super) fn answered(&self, answer: &Answer, datagram: &[u8]) -> io::Result<()> {
        let address =
            if answer.address.is_unspecified() { String::new() } else { format!(": {}", answer.address) };
        // What an offer holds comes again in the DHCPACK.
        let in_full = answer.message_type != MessageType::OFFER;
        let what = answer.message_type.to_string();
        self.received(&what, &address, answer.from, answer.after, datagram, in_full)
    }

    fn received(
        &self,
        what: &str,
        tail: &str,
        from: SocketAddrV6,
        after: Duration,
        datagram: &[u8],
        in_full: bool,
    ) -> io::Result<()> {
        if self.detail == Detail::Silent {
            return Ok(());
        }
        let from = show(from, self.scope.as_ref());
        let mut lines = format!("<- {what:WHAT$} from {from} after {}{tail}\n", milliseconds(after));
        let parts = dissect(datagram);
        if self.detail == Detail::Octets {
            lines.push_str(&render::octets(&parts, datagram));
            lines.push('\n');
        } else if in_full {
            lines.push_str(&render::words(&render::given(&parts), 5));
        }
        print(&lines)
    }

    /// Something came that was not waited for.
    pub(super) fn ignored(&self, from: SocketAddrV6, reason: &str, datagram: &[u8]) -> io::Result<()> {
        if self.detail == Detail::Silent {
            return Ok(());
        }
        let from = show(from, self.scope.as_ref());
        let mut lines = format!("<- {:WHAT$} from {from}: {reason}\n", "(ignored)");
        if self.detail == Detail::Octets {
            lines.push_str(&render::octets(&dissect(datagram), datagram));
            lines.push('\n');
        }
        print(&lines)
    }
}

/// The width of the column that says what a message is.
const WHAT: usize = 25;

/// `1.2 ms`.
pub(super) fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// Writes to standard output. A reader that has gone away has seen enough.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
