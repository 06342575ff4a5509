//! The report as JSON. What the names in it are is part of the program's interface.

use std::time::Duration;

use fosix_wire::text;
use serde_json::{Value, json};

use super::super::dissect::dissect;
use super::super::fleet::destinations;
use super::super::inquiry::Found;
use super::super::render;
use super::super::session::{Answer, Exchange, Session};
use super::{Lease, Report, retransmissions};

impl Report<'_> {
    /// One client, with all that it was given.
    pub(in super::super) fn json_of_one(&self) -> Value {
        let session = self.fleet.and_then(|fleet| fleet.sessions().first());
        let error = match (session.and_then(Session::outcome), self.inquiry) {
            (Some(Ok(())), _) => None,
            (Some(Err(failure)), _) => Some(failure.to_string()),
            (None, Some(Err(failure))) => Some(failure.to_string()),
            (None, _) => Some("not finished".to_owned()),
        };
        let found = self.inquiry.and_then(|inquiry| inquiry.as_ref().ok());
        json!({
            "success": self.is_success(),
            "error": error,
            "send_error": self.send_failure,
            "ignored": self.ignored,
            "milliseconds": millis(self.elapsed),
            "servers": found.map(|found| destinations(&found.servers)),
            "dhcpv6": found.map(|found| self.reply(found)),
            "client": session.map(client),
            "retransmissions": session.map(retransmissions),
            "lease": session.and_then(|session| self.lease(session)).map(|lease| lease.json()),
            "exchanges": session.map(|session| session.exchanges().iter().map(exchange).collect::<Vec<_>>()),
        })
    }

    /// Many clients, in figures.
    pub(in super::super) fn json_of_many(&self) -> Value {
        let (Some(fleet), Some(figures)) = (self.fleet, self.figures()) else { return self.json_of_one() };
        let duplicates: Vec<_> = fleet.duplicates().iter().map(|duplicate| duplicate.holding.0).collect();
        let times = figures.times.map(|[least, median, most_99, most]| {
            json!({
                "least": millis(least),
                "median": millis(median),
                "99%": millis(most_99),
                "most": millis(most),
            })
        });
        json!({
            "success": self.is_success(),
            "clients": figures.clients,
            "bound": figures.bound,
            "failed": figures.failed,
            "failures": figures.failures,
            "duplicates": duplicates,
            "retransmissions": figures.retransmissions,
            "ignored": self.ignored,
            "send_error": self.send_failure,
            "milliseconds": millis(self.elapsed),
            "client_milliseconds": times,
        })
    }

    fn reply(&self, found: &Found) -> Value {
        json!({
            "transmissions": self.inquiry_transmissions,
            "milliseconds": millis(found.after),
            "options": render::json(&render::given(&dissect(&found.datagram)), &found.datagram),
        })
    }
}

impl Lease {
    fn json(&self) -> Value {
        json!({
            "address": self.address,
            "prefix_length": self.prefix_len,
            "lease_time": self.lease_time,
            "renewal_time": self.renewal_time,
            "rebinding_time": self.rebinding_time,
            "server_identifier": self.server,
        })
    }
}

fn client(session: &Session) -> Value {
    let identity = session.identity();
    json!({
        "mac": text::hex(&identity.mac),
        "duid": text::hex(&identity.duid),
        "iaid": identity.iaid,
    })
}

fn exchange(exchange: &Exchange) -> Value {
    json!({
        "sent": exchange.step.to_string(),
        "transmissions": exchange.transmissions,
        "answer": exchange.answer.as_ref().map(answer),
    })
}

fn answer(answer: &Answer) -> Value {
    json!({
        "type": answer.message_type.to_string(),
        "from": answer.from.ip(),
        "milliseconds": millis(answer.after),
        "given": render::json(&render::given(&dissect(&answer.datagram)), &answer.datagram),
    })
}

/// Milliseconds with three digits behind the point.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
