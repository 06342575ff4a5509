//! The parameters of the hooks that are shipped.

use super::Spec;
use super::shape::{Key, Shape, ignored, noted, partly, refused, supported};

const FILES_ONLY: &str = "the log goes to files only";
const ONE_FORMAT: &str = "`format` chooses between two formats";
const NO_PROGRAMS: &str = "no program is run when a file is begun";
/// The most entries that a queue may have.
const MAX_QUEUE: i64 = 16_777_216;

pub(crate) static LEGAL_LOG: Spec = Spec::new("the parameters of legal_log", &[LOG_KEYS]);

const LOG_KEYS: &[Key] = &[
    noted(
        "base-name",
        Shape::Text,
        "what file names begin with; `fosix-legal` unless given, in `Dhcp6` `fosix-legal6`",
    ),
    noted("count", Shape::U32, "units of `time-unit` that a file lasts for, 1 unless given; 0 is for ever"),
    noted("format", Shape::OneOf(&["json", "text"]), "not in Kea: JSON lines, or lines like Kea's"),
    ignored("host", Shape::Text, FILES_ONLY),
    noted("keep", Shape::U32, "not in Kea: files that are kept; 0, the default, is all"),
    noted(
        "max-size",
        Shape::Integer(0, i64::MAX),
        "not in Kea: bytes after which another file is begun; 0, the default, is no limit",
    ),
    ignored("name", Shape::Text, FILES_ONLY),
    ignored("password", Shape::Text, FILES_ONLY),
    noted("path", Shape::Text, "a directory that exists; `/var/lib/fosix` unless given"),
    ignored("port", Shape::Any, FILES_ONLY),
    ignored("postrotate", Shape::Text, NO_PROGRAMS),
    ignored("prerotate", Shape::Text, NO_PROGRAMS),
    noted("queue-size", Shape::Integer(1, MAX_QUEUE), "not in Kea: lines that may wait; 65536 unless given"),
    ignored("request-parser-format", Shape::Text, ONE_FORMAT),
    ignored("response-parser-format", Shape::Text, ONE_FORMAT),
    noted("time-unit", Shape::OneOf(&["second", "day", "month", "year"]), "`day` unless given; in UTC"),
    ignored("timestamp-format", Shape::Text, ONE_FORMAT),
    ignored("type", Shape::Text, FILES_ONLY),
    ignored("user", Shape::Text, FILES_ONLY),
];

pub(crate) static RUN_SCRIPT: Spec = Spec::new("the parameters of run_script", &[SCRIPT_KEYS]);

const SCRIPT_KEYS: &[Key] = &[
    noted(
        "max-processes",
        Shape::Integer(1, 256),
        "not in Kea: processes that run at a time; 4 unless given",
    ),
    supported("name", Shape::Text),
    noted("queue-size", Shape::Integer(1, MAX_QUEUE), "not in Kea: events that may wait; 1024 unless given"),
    partly("sync", Shape::Boolean, "only false: no packet waits for a program"),
    noted(
        "timeout",
        Shape::Integer(1, 86_400),
        "not in Kea: seconds after which the program is killed; 10 unless given",
    ),
];

pub(crate) static FLEX_ID: Spec = Spec::new(
    "the parameters of flex_id",
    &[&[
        supported("identifier-expression", Shape::Text),
        partly("ignore-iaid", Shape::Boolean, "only false: each identity association has leases of its own"),
        supported("replace-client-id", Shape::Boolean),
    ]],
);

pub(crate) static FLEX_OPTION: Spec =
    Spec::new("the parameters of flex_option", &[&[supported("options", Shape::List(&FLEX_OPTIONS))]]);

pub(super) static FLEX_OPTIONS: Spec = Spec::new(
    "options of flex_option",
    &[&[
        supported("add", Shape::Text),
        supported("client-class", Shape::Text),
        supported("code", Shape::Integer(0, u16::MAX as i64)),
        partly("csv-format", Shape::Boolean, "true only for options that are texts"),
        supported("name", Shape::Text),
        supported("remove", Shape::Text),
        partly("space", Shape::OneOf(&["dhcp4", "dhcp6"]), "options of the message itself only"),
        refused("sub-options", Shape::Any, "sub-options are not made by expressions yet"),
        supported("supersede", Shape::Text),
    ]],
);
