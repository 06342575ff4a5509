//! Which link there is to the other half. It follows from the configuration and is never guessed.

use std::fs;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use fosix_config::{Config, LinkSettings};
use fosix_link::own::{Board, Keeper, OwnLink4, OwnLink6, Settings};
use fosix_link::{Direct, Half4, KeaLink4, KeaLink6, KeaSocket, Link4, Link6, NoLink, Role};
use fosix_net::AddressBook;
use tracing::info;

use super::report::Totals;
use super::wake;
use super::worker::Wakers;

/// The link of this process, open.
pub(super) enum Link {
    /// Both halves are here.
    Direct(Arc<Half4>),
    /// A Unix socket.
    Own(Keeper),
    /// Kea's, over UDP.
    Kea(Arc<KeaSocket>),
    /// There is none.
    None,
}

impl Link {
    /// The link that the configuration asks for, in this order: direct, `Fosix.link`, `dhcp4o6-port`. `half4` is
    /// the DHCPv4 half of this process, if there is one.
    pub(super) fn open(
        config: &Config,
        half4: Option<&Arc<Half4>>,
        book: &Arc<AddressBook>,
        wakers: &[Wakers],
    ) -> anyhow::Result<Self> {
        let (role, port) = match (&config.dhcp6, &config.dhcp4, half4) {
            (Some(_), Some(_), Some(half4)) => return Ok(Self::Direct(Arc::clone(half4))),
            (Some(dhcp6), _, _) => (Role::Dhcpv6, dhcp6.dhcp4o6_port),
            (None, Some(dhcp4), _) => (Role::Dhcpv4, dhcp4.dhcp4o6_port),
            (None, None, _) => return Ok(Self::None),
        };
        if let Some(settings) = &config.fosix.link {
            let path = settings.path.display().to_string();
            let wakers = wakers.to_vec();
            let keeper = Keeper::start(role, own(settings)?, Arc::clone(book), move || wake(&wakers))
                .with_context(|| format!("cannot use {path} as the link to the other half"))?;
            info!(path, "the link to the other half is a Unix socket");
            return Ok(Self::Own(keeper));
        }
        match port {
            0 if role == Role::Dhcpv4 => bail!(
                "the DHCPv4 half is alone and has no link: give `Fosix.link` or `dhcp4o6-port` here and in the \
                 configuration of the DHCPv6 half, or serve both with one process"
            ),
            0 => Ok(Self::None),
            port => {
                let socket = KeaSocket::open(role, port).context("cannot open the link to the other half")?;
                info!(port, "the link to the other half is Kea's, UDP on ::1");
                Ok(Self::Kea(Arc::new(socket)))
            }
        }
    }

    /// The link for another configuration, and whether it is another one. `Fosix.link` is the same. On an error this one
    /// still works.
    pub(super) fn reopened(
        &self,
        config: &Config,
        half4: Option<&Arc<Half4>>,
        book: &Arc<AddressBook>,
    ) -> anyhow::Result<(Option<Self>, bool)> {
        let port = match (&config.dhcp6, &config.dhcp4) {
            (Some(dhcp6), _) => dhcp6.dhcp4o6_port,
            (None, dhcp4) => dhcp4.as_ref().map_or(0, |dhcp4| dhcp4.dhcp4o6_port),
        };
        match self {
            Self::Own(_) => Ok((None, false)),
            Self::Direct(_) => Ok((half4.map(|half4| Self::Direct(Arc::clone(half4))), false)),
            Self::Kea(socket) if port > 0 => {
                let new = socket.reopen(port).context("cannot open the link to the other half")?;
                let changed = new.as_ref().is_some_and(|new| !Arc::ptr_eq(new, socket));
                Ok((new.map(Self::Kea), changed))
            }
            Self::Kea(_) | Self::None => {
                // `Fosix.link` has not come meanwhile: nobody needs to be woken for it.
                let new = Self::open(config, half4, book, &[])?;
                let changed = matches!(self, Self::Kea(_)) || new.leads_somewhere();
                Ok((Some(new), changed))
            }
        }
    }

    /// Whether there is a DHCPv4 half to hand queries over to.
    pub(super) fn leads_somewhere(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// The link of one worker of the DHCPv6 half.
    pub(super) fn for_dhcp6(&self, book: &Arc<AddressBook>) -> Box<dyn Link6> {
        match self {
            Self::Direct(half) => Box::new(Direct::new(Arc::clone(half))),
            Self::Own(keeper) => Box::new(OwnLink6::new(Arc::clone(keeper.board()), Arc::clone(book))),
            Self::Kea(socket) => Box::new(KeaLink6::new(Arc::clone(socket), Arc::clone(book))),
            Self::None => Box::new(NoLink),
        }
    }

    /// The link of one worker of the DHCPv4 half, if it is alone.
    pub(super) fn for_dhcp4(&self, book: &Arc<AddressBook>) -> Option<Box<dyn Link4>> {
        match self {
            Self::Own(keeper) => Some(Box::new(OwnLink4::new(Arc::clone(keeper.board())))),
            Self::Kea(socket) => Some(Box::new(KeaLink4::new(Arc::clone(socket), Arc::clone(book)))),
            Self::Direct(_) | Self::None => None,
        }
    }

    /// Whether the link cannot go on.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self, Self::Own(keeper) if keeper.has_ended())
    }

    /// Adds what is counted for all workers together, and how the link is now.
    pub(super) fn add_to(&self, totals: &mut Totals) {
        match self {
            Self::Own(keeper) => {
                let board: &Board = keeper.board();
                totals.add_link(fosix_link::Counted::Link(&board.statistics()));
                totals.state("link-peer-up", u64::from(!board.connections().is_empty()));
                totals.state("link-in-flight", u64::try_from(board.in_flight()).unwrap_or(u64::MAX));
            }
            Self::Kea(socket) => totals.state("link-peer-up", u64::from(socket.has_peer())),
            Self::Direct(_) | Self::None => {}
        }
    }
}

/// The settings of our own link, with the user's number in place of its name.
fn own(settings: &LinkSettings) -> anyhow::Result<Settings> {
    let own_user = rustix::process::geteuid().as_raw();
    let peer_user = match &settings.user {
        None => own_user,
        Some(user) => user_number(user)?,
    };
    Ok(Settings {
        path: settings.path.clone(),
        peer_user,
        own_user,
        program: env!("CARGO_PKG_VERSION"),
        in_flight_limit: Settings::IN_FLIGHT_LIMIT,
        in_flight_patience: Settings::IN_FLIGHT_PATIENCE,
    })
}

/// The number of a user who is given by number, or by a name that /etc/passwd has.
fn user_number(user: &str) -> anyhow::Result<u32> {
    if let Ok(number) = user.parse() {
        return Ok(number);
    }
    let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd for `link-user`")?;
    number_in(&users, user).with_context(|| {
        format!("`link-user`: /etc/passwd has no user \"{user}\"; a number is always understood")
    })
}

/// The number of `name` in the text of a passwd(5) file.
fn number_in(users: &str, name: &str) -> Option<u32> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        fields.nth(1)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\nbroken\n_kea:x:106:109::/var/lib/kea:/usr/sbin/nologin\n";
        assert_eq!(number_in(users, "_kea"), Some(106));
        assert_eq!(number_in(users, "root"), Some(0));
        assert_eq!(number_in(users, "broken"), None);
        assert_eq!(number_in(users, "kea"), None);
    }
}
