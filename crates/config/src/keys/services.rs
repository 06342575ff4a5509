//! Keys about what surrounds the serving of leases: storage, logging, control, hooks.

use super::Spec;
use super::shape::{Key, Shape, ignored, noted, partly, refused, supported};

const LATER_CONTROL: &str = "the control channel is not supported yet";
const LATER_DNS: &str = "DNS updates are not supported yet";
const NO_DATABASE: &str = "leases are kept in the store that `Fosix.store` describes";
const LOG_ELSEWHERE: &str = "the log goes to standard error; `Fosix.log` sets how";

/// The global keys of this file's maps, for both halves.
pub(super) static GLOBAL: &[Key] = &[
    ignored("adaptive-lease-time-threshold", Shape::Number, "lifetimes do not depend on how full a pool is"),
    partly("compatibility", Shape::Map(&COMPATIBILITY), "some of its keys have no effect"),
    refused("config-control", Shape::Map(&CONFIG_CONTROL), "subnets are not read from a database"),
    ignored("control-socket", Shape::Map(&CONTROL_SOCKET), LATER_CONTROL),
    ignored("control-sockets", Shape::List(&CONTROL_SOCKET), LATER_CONTROL),
    ignored("data-directory", Shape::Text, NO_DATABASE),
    ignored("dhcp-ddns", Shape::Map(&DHCP_DDNS), LATER_DNS),
    ignored("dhcp-queue-control", Shape::Map(&QUEUE_CONTROL), "queues are bounded and need no tuning"),
    supported("expired-leases-processing", Shape::Map(&EXPIRED_LEASES)),
    partly(
        "hooks-libraries",
        Shape::List(&HOOKS_LIBRARY),
        "`legal_log` and `run_script` are built in; any other library that decides who gets what is an \
         error, any other known one a warning",
    ),
    refused("hosts-database", Shape::Map(&LEASE_DATABASE), "reservations are not read from a database"),
    refused("hosts-databases", Shape::List(&LEASE_DATABASE), "reservations are not read from a database"),
    partly(
        "lease-database",
        Shape::Map(&LEASE_DATABASE),
        "`memfile` is the store on disk that `Fosix.store` describes; other types are an error",
    ),
    partly(
        "loggers",
        Shape::List(&LOGGER),
        "`severity` of the root logger is the log level where `Fosix.log` has none",
    ),
    ignored("multi-threading", Shape::Map(&MULTI_THREADING), "`Fosix.workers` sets the number of threads"),
    ignored("parked-packet-limit", Shape::U32, "no packet is parked"),
    supported("sanity-checks", Shape::Map(&SANITY_CHECKS)),
    ignored("server-tag", Shape::Text, "there is no configuration database"),
    ignored("statistic-default-sample-age", Shape::U32, "statistics keep no samples"),
    ignored("statistic-default-sample-count", Shape::U32, "statistics keep no samples"),
];

pub(super) static SANITY_CHECKS: Spec = Spec::new(
    "sanity-checks",
    &[&[
        ignored("extended-info-checks", Shape::Text, "the relay path is not kept with a lease yet"),
        supported("lease-checks", Shape::OneOf(&["none", "warn", "fix", "fix-del", "del"])),
    ]],
);

pub(super) static HOOKS_LIBRARY: Spec = Spec::new(
    "hooks-libraries",
    &[&[
        partly("library", Shape::Text, "the name of a hook, or the file that it has in Kea"),
        partly("parameters", Shape::Any, "those of `legal_log` and `run_script` are below"),
    ]],
);

pub(super) static LEASE_DATABASE: Spec = Spec::new(
    "lease-database",
    &[&[
        partly("cert-file", Shape::Text, NO_DATABASE),
        partly("cipher-list", Shape::Text, NO_DATABASE),
        partly("connect-timeout", Shape::U32, NO_DATABASE),
        partly("consistency", Shape::Text, NO_DATABASE),
        partly("contact-points", Shape::Text, NO_DATABASE),
        partly("host", Shape::Text, NO_DATABASE),
        partly("key-file", Shape::Text, NO_DATABASE),
        partly("keyspace", Shape::Text, NO_DATABASE),
        noted(
            "lfc-interval",
            Shape::U32,
            "no effect: the store takes a snapshot when its log has become as long",
        ),
        partly("max-reconnect-tries", Shape::U32, NO_DATABASE),
        noted(
            "max-row-errors",
            Shape::U32,
            "no effect: `fosix leases import` reports every row that it cannot take",
        ),
        noted("name", Shape::Text, "no effect: `fosix leases import` takes over the leases in Kea's file"),
        partly("on-fail", Shape::Text, NO_DATABASE),
        partly("password", Shape::Text, NO_DATABASE),
        partly("password-file", Shape::Text, NO_DATABASE),
        noted(
            "persist",
            Shape::Boolean,
            "`false`: leases are kept in memory alone, where `Fosix.store` has no `type`",
        ),
        partly("port", Shape::PORT, NO_DATABASE),
        partly("read-timeout", Shape::U32, NO_DATABASE),
        partly("readonly", Shape::Boolean, NO_DATABASE),
        partly("reconnect-wait-time", Shape::U32, NO_DATABASE),
        partly("request-timeout", Shape::U32, NO_DATABASE),
        partly("retry-on-startup", Shape::Boolean, NO_DATABASE),
        partly("serial-consistency", Shape::Text, NO_DATABASE),
        partly("ssl-mode", Shape::Text, NO_DATABASE),
        partly("tcp-keepalive", Shape::U32, NO_DATABASE),
        partly("tcp-nodelay", Shape::Boolean, NO_DATABASE),
        partly("tcp-user-timeout", Shape::U32, NO_DATABASE),
        partly("trust-anchor", Shape::Text, NO_DATABASE),
        partly("type", Shape::Text, "`memfile` alone"),
        partly("user", Shape::Text, NO_DATABASE),
        partly("write-timeout", Shape::U32, NO_DATABASE),
    ]],
);

pub(super) static LOGGER: Spec = Spec::new(
    "loggers",
    &[&[
        partly(
            "debuglevel",
            Shape::Integer(0, 99),
            "with severity DEBUG, from 70 on everything is logged (`trace`)",
        ),
        supported("name", Shape::Text),
        ignored("output-options", Shape::List(&LOGGER_OUTPUT), LOG_ELSEWHERE),
        ignored("output_options", Shape::List(&LOGGER_OUTPUT), LOG_ELSEWHERE),
        supported("severity", Shape::OneOf(&["NONE", "FATAL", "ERROR", "WARN", "INFO", "DEBUG"])),
    ]],
);

pub(super) static LOGGER_OUTPUT: Spec = Spec::new(
    "output-options",
    &[&[
        ignored("flush", Shape::Boolean, LOG_ELSEWHERE),
        ignored("maxsize", Shape::Integer(0, i64::MAX), LOG_ELSEWHERE),
        ignored("maxver", Shape::U32, LOG_ELSEWHERE),
        ignored("output", Shape::Text, LOG_ELSEWHERE),
        ignored("pattern", Shape::Text, LOG_ELSEWHERE),
    ]],
);

pub(super) static COMPATIBILITY: Spec = Spec::new(
    "compatibility",
    &[&[
        refused("exclude-first-last-24", Shape::Boolean, "a pool is used as it is written"),
        refused(
            "ignore-dhcp-server-identifier",
            Shape::Boolean,
            "a message for another server is not answered",
        ),
        ignored("ignore-rai-link-selection", Shape::Boolean, "over DHCPv6 it never selects the subnet"),
        ignored("lenient-option-parsing", Shape::Boolean, "what cannot be read is dropped by name"),
    ]],
);

pub(super) static CONTROL_SOCKET: Spec = Spec::new(
    "control-sockets",
    &[&[
        ignored("authentication", Shape::Map(&AUTHENTICATION), LATER_CONTROL),
        ignored("cert-file", Shape::Text, LATER_CONTROL),
        ignored("cert-required", Shape::Boolean, LATER_CONTROL),
        ignored("http-headers", Shape::List(&HTTP_HEADER), LATER_CONTROL),
        ignored("key-file", Shape::Text, LATER_CONTROL),
        ignored("socket-address", Shape::Text, LATER_CONTROL),
        ignored("socket-name", Shape::Text, LATER_CONTROL),
        ignored("socket-port", Shape::PORT, LATER_CONTROL),
        ignored("socket-type", Shape::Text, LATER_CONTROL),
        ignored("trust-anchor", Shape::Text, LATER_CONTROL),
    ]],
);

pub(super) static AUTHENTICATION: Spec = Spec::new(
    "authentication",
    &[&[
        ignored("clients", Shape::List(&AUTHENTICATION_CLIENT), LATER_CONTROL),
        ignored("directory", Shape::Text, LATER_CONTROL),
        ignored("realm", Shape::Text, LATER_CONTROL),
        ignored("type", Shape::Text, LATER_CONTROL),
    ]],
);

pub(super) static AUTHENTICATION_CLIENT: Spec = Spec::new(
    "clients",
    &[&[
        ignored("password", Shape::Text, LATER_CONTROL),
        ignored("password-file", Shape::Text, LATER_CONTROL),
        ignored("user", Shape::Text, LATER_CONTROL),
        ignored("user-file", Shape::Text, LATER_CONTROL),
    ]],
);

pub(super) static HTTP_HEADER: Spec = Spec::new(
    "http-headers",
    &[&[ignored("name", Shape::Text, LATER_CONTROL), ignored("value", Shape::Text, LATER_CONTROL)]],
);

pub(super) static DHCP_DDNS: Spec = Spec::new(
    "dhcp-ddns",
    &[&[
        ignored("enable-updates", Shape::Boolean, LATER_DNS),
        ignored("generated-prefix", Shape::Text, LATER_DNS),
        ignored("hostname-char-replacement", Shape::Text, LATER_DNS),
        ignored("hostname-char-set", Shape::Text, LATER_DNS),
        ignored("max-queue-size", Shape::U32, LATER_DNS),
        ignored("ncr-format", Shape::Text, LATER_DNS),
        ignored("ncr-protocol", Shape::Text, LATER_DNS),
        ignored("override-client-update", Shape::Boolean, LATER_DNS),
        ignored("override-no-update", Shape::Boolean, LATER_DNS),
        ignored("qualifying-suffix", Shape::Text, LATER_DNS),
        ignored("replace-client-name", Shape::Any, LATER_DNS),
        ignored("sender-ip", Shape::Text, LATER_DNS),
        ignored("sender-port", Shape::PORT, LATER_DNS),
        ignored("server-ip", Shape::Text, LATER_DNS),
        ignored("server-port", Shape::PORT, LATER_DNS),
    ]],
);

const WORKERS: &str = "`Fosix.workers` sets the number of threads";

pub(super) static MULTI_THREADING: Spec = Spec::new(
    "multi-threading",
    &[&[
        ignored("enable-multi-threading", Shape::Boolean, WORKERS),
        ignored("packet-queue-size", Shape::U32, WORKERS),
        ignored("thread-pool-size", Shape::U32, WORKERS),
    ]],
);

const QUEUES: &str = "queues are bounded and need no tuning";

pub(super) static QUEUE_CONTROL: Spec = Spec::new(
    "dhcp-queue-control",
    &[&[
        ignored("capacity", Shape::U32, QUEUES),
        ignored("enable-queue", Shape::Boolean, QUEUES),
        ignored("queue-type", Shape::Text, QUEUES),
    ]],
);

pub(super) static EXPIRED_LEASES: Spec = Spec::new(
    "expired-leases-processing",
    &[&[
        noted(
            "flush-reclaimed-timer-wait-time",
            Shape::U32,
            "25 seconds unless given; 0 forgets no reclaimed lease",
        ),
        noted("hold-reclaimed-time", Shape::U32, "3600 seconds unless given"),
        noted("max-reclaim-leases", Shape::U32, "no limit unless given, as with 0; in Kea 100"),
        noted(
            "max-reclaim-time",
            Shape::U32,
            "no limit unless given, as with 0; in Kea 250 ms. No packet waits for more than 1 ms of it",
        ),
        noted(
            "reclaim-timer-wait-time",
            Shape::U32,
            "1 second unless given, in Kea 10; with 0 an address that ended is free when somebody needs it, and events tell of it only then",
        ),
        noted("unwarned-reclaim-cycles", Shape::U32, "5 unless given"),
    ]],
);

pub(super) static CONFIG_CONTROL: Spec = Spec::new(
    "config-control",
    &[&[
        refused("config-databases", Shape::List(&LEASE_DATABASE), "subnets are not read from a database"),
        ignored("config-fetch-wait-time", Shape::U32, "there is no configuration database"),
    ]],
);
