//! The outermost map, and the `Fosix` object.

use super::Spec;
use super::dhcp4::DHCP4;
use super::dhcp6::DHCP6;
use super::shape::{Shape, ignored, noted, supported};

const OTHER_DAEMON: &str = "it is for another daemon of Kea";

/// The outermost map of a file.
pub(crate) static ROOT: Spec = Spec::new(
    "a file",
    &[&[
        ignored("Control-agent", Shape::Any, OTHER_DAEMON),
        supported("Dhcp4", Shape::Map(&DHCP4)),
        supported("Dhcp6", Shape::Map(&DHCP6)),
        ignored("DhcpDdns", Shape::Any, OTHER_DAEMON),
        supported("Fosix", Shape::Map(&FOSIX)),
        ignored("Logging", Shape::Any, "Kea took it up to 1.7; `loggers` now stands in each half"),
        ignored("Netconf", Shape::Any, OTHER_DAEMON),
    ]],
);

pub(super) static FOSIX: Spec = Spec::new(
    "Fosix",
    &[&[
        supported("limits", Shape::Map(&LIMITS)),
        supported("link", Shape::Text),
        supported("link-user", Shape::Text),
        supported("log", Shape::Map(&LOG)),
        supported("max-relay-levels", Shape::Integer(1, 32)),
        supported("offers", Shape::Map(&OFFERS)),
        supported("ports", Shape::Map(&PORTS)),
        supported("store", Shape::Map(&STORE)),
        supported("workers", Shape::Integer(0, 1024)),
    ]],
);

pub(super) static LIMITS: Spec = Spec::new(
    "Fosix.limits",
    &[&[
        noted("client", Shape::Map(&LIMIT), "of each client"),
        noted("interface-id", Shape::Map(&LIMIT), "of each port of a relay, which its Interface-ID names"),
        noted("remote-id", Shape::Map(&LIMIT), "of each Remote-ID"),
    ]],
);

pub(super) static LIMIT: Spec = Spec::new(
    "Fosix.limits.*",
    &[&[
        noted("address-limit", Shape::U32, "addresses at a time, in each half"),
        noted("prefix-limit", Shape::U32, "delegated prefixes at a time"),
        noted(
            "rate-limit",
            Shape::Text,
            "as Kea's: \"10 packets per second\", or minute, hour, day, week, month, year",
        ),
    ]],
);

pub(super) static STORE: Spec = Spec::new(
    "Fosix.store",
    &[&[
        noted(
            "directory",
            Shape::Text,
            "of `journal`: /var/lib/fosix unless given; each half has its own folder in it",
        ),
        noted(
            "disk-budget",
            Shape::Integer(256, i64::MAX),
            "of `journal`: MiB that a half's folder may take; no limit unless given",
        ),
        noted(
            "durability",
            Shape::OneOf(&["sync", "async"]),
            "of `journal`: with `async` clients are told of leases that a power cut can still lose",
        ),
        noted(
            "reclaim-hold",
            Shape::Integer(0, 86400),
            "of `journal`: seconds without reclaiming after a start that finds over 20 % of the leases ended; 300 unless given",
        ),
        noted(
            "type",
            Shape::OneOf(&["journal", "memory"]),
            "`journal` unless given: on disk, in Fosix's own format",
        ),
    ]],
);

pub(super) static PORTS: Spec = Spec::new(
    "Fosix.ports",
    &[&[
        supported("client", Shape::Integer(1, 65535)),
        supported("reply-to-source-port", Shape::Boolean),
        supported("server", Shape::Integer(1, 65535)),
    ]],
);

pub(super) static LOG: Spec = Spec::new(
    "Fosix.log",
    &[&[
        supported("format", Shape::OneOf(&["text", "json"])),
        supported("level", Shape::OneOf(&["error", "warn", "info", "debug", "trace"])),
    ]],
);

pub(super) static OFFERS: Spec = Spec::new(
    "Fosix.offers",
    &[&[supported("lifetime", Shape::Integer(1, 86400)), supported("limit", Shape::Integer(1, 100_000_000))]],
);
