//! `fosix bench echo`: sends back whatever comes, with recvmmsg and sendmmsg. No server can be quicker than that on its own.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use fosix_net::{Interfaces, MAX_BATCH, Poller, ReceiveBatch, SendBatch, UdpSocket6};

/// `fosix bench echo`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The port that it listens on, on every address [default: 547, with --ipv4 67]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Over IPv4 instead of IPv6
    #[arg(long, conflicts_with = "interface")]
    ipv4: bool,
    /// Also what is sent to ff02::1:2 on this interface
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,
    /// Datagrams of one length to one place go through the kernel together, as those of `fosix serve` do
    #[arg(long)]
    together: bool,
}

/// Runs until it is killed.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let port = args.port.unwrap_or(if args.ipv4 { 67 } else { 547 });
    let unicast = if args.ipv4 { UdpSocket6::bind_ipv4(port)? } else { UdpSocket6::bind_unicast(port)? };
    let mut sockets = Vec::new();
    if let Some(name) = &args.interface {
        let interfaces = Interfaces::snapshot().context("cannot list the network interfaces")?;
        let index = interfaces.by_name(name).with_context(|| format!("there is no interface {name}"))?.index;
        sockets.push(unicast.bind_multicast(fosix_wire::v6::ALL_DHCP_RELAY_AGENTS_AND_SERVERS, index)?);
    }
    sockets.insert(0, unicast);
    let mut poller = Poller::new()?;
    for (token, socket) in (0..).zip(&sockets) {
        poller.add(socket, token)?;
    }
    writeln!(io::stdout().lock(), "sending back whatever comes to port {port}")?;
    let mut received = ReceiveBatch::new(MAX_BATCH);
    let batch = SendBatch::new(MAX_BATCH);
    let mut outgoing = if args.together { batch } else { batch.apart() };
    loop {
        let ready = poller.wait(None)?.to_vec();
        for token in ready {
            let Some(socket) = usize::try_from(token).ok().and_then(|at| sockets.get(at)) else { continue };
            received.receive(socket)?;
            for datagram in received.iter() {
                // From a group nothing can be sent: the kernel chooses an address.
                let source = Some(datagram.destination).filter(|address| !address.is_multicast());
                outgoing.push(datagram.bytes, datagram.source, source, datagram.interface_index);
            }
            if let Some(socket) = sockets.first() {
                outgoing.send(socket);
            }
        }
    }
}
