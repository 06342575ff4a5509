//! The way of a message through classes and reservations, the same in both halves.

use fosix_config::{ClientRules, FlexId, IdentifierKind, built_in};
use fosix_expression::{Classes, Scratch, View};
use tracing::debug;

use crate::classify::Classifier;
use crate::flex::FlexDecisions;
use crate::hosts::{Candidate, Hosts};
use crate::{Explanation, Limiter, Topic};

/// The rules of one half, made ready for messages.
#[derive(Debug)]
pub struct Rules<A> {
    config: ClientRules<A>,
    classifier: Classifier,
    limiter: Limiter,
}

/// The message is in the class DROP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped;

impl<A> Rules<A> {
    /// Makes rules ready.
    pub fn new(config: ClientRules<A>) -> Self {
        let limiter = Limiter::new(&config.limits, &config.classes);
        Self { classifier: Classifier::new(&config.classes), limiter, config }
    }

    /// The rules as they are configured.
    pub fn config(&self) -> &ClientRules<A> {
        &self.config
    }

    /// The classes.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// The limits.
    pub fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// Puts the message of a client that has something reserved everywhere into the classes of that, before its subnet is
    /// known, where the configuration asks for that.
    pub fn early<'i>(
        &self,
        view: &View<'_>,
        identifier: impl FnMut(IdentifierKind) -> Option<&'i [u8]>,
        classes: &mut Classes,
        why: &mut Explanation,
    ) -> Result<(), Dropped> {
        let hosts =
            Hosts::find_everywhere(&self.config.reservations, &self.config.identifiers, identifier, why);
        if hosts.is_any() {
            hosts.classes(None).iter().for_each(|&class| classes.insert(class));
            classes.insert(built_in::KNOWN);
            why.add(Topic::Class, || {
                "KNOWN: yes, something is reserved for the client everywhere".to_owned()
            });
            self.classifier.after_reservations(view, classes, why);
        }
        not_dropped(classes)
    }

    /// Whether [`Self::early`] has anything to look for.
    pub fn looks_early(&self) -> bool {
        self.config.early_global_reservations && self.config.reservations.is_any(None)
    }

    /// What is reserved for the client of a message in `subnets`, of which the first one was selected; the message is in the
    /// classes that follow from it then.
    pub fn reserved<'i>(
        &self,
        view: &View<'_>,
        subnets: impl Iterator<Item = Candidate>,
        selected: Option<usize>,
        identifier: impl FnMut(IdentifierKind) -> Option<&'i [u8]>,
        classes: &mut Classes,
        why: &mut Explanation,
    ) -> Result<Hosts<'_, A>, Dropped> {
        let hosts =
            Hosts::find(&self.config.reservations, &self.config.identifiers, subnets, identifier, why);
        hosts.classes(selected).iter().for_each(|&class| {
            classes.insert(class);
            why.add(Topic::Class, || format!("{}: yes, by the reservation", self.classifier.name(class)));
        });
        let known = hosts.is_any();
        classes.insert(if known { built_in::KNOWN } else { built_in::UNKNOWN });
        why.add(Topic::Class, || {
            let text = if known { "KNOWN: yes, something is" } else { "UNKNOWN: yes, nothing is" };
            format!("{text} reserved for the client")
        });
        self.classifier.after_reservations(view, classes, why);
        not_dropped(classes)?;
        Ok(hosts)
    }

    /// What the expression of the flexible identifier makes of a message.
    pub fn flex_id(&self, view: &View<'_>, classes: &Classes) -> Option<Vec<u8>> {
        let FlexId { expression, .. } = self.config.flex_id.as_ref()?;
        let mut scratch = Scratch::default();
        match expression.octets(&View { classes, ..*view }, &mut scratch) {
            Ok(octets) => Some(octets.to_vec()).filter(|octets| !octets.is_empty()),
            Err(error) => {
                debug!(%error, "the expression of the flexible identifier has no value");
                None
            }
        }
    }

    /// Whether the flexible identifier is what a client's leases are kept by.
    pub fn flex_id_replaces(&self) -> bool {
        self.config.flex_id.as_ref().is_some_and(|flex_id| flex_id.replaces_identity)
    }

    /// What expressions decide about the options of the answer to a message.
    pub fn flex_options(&self, view: &View<'_>, classes: &Classes, why: &mut Explanation) -> FlexDecisions {
        if self.config.flex_options.is_empty() {
            return FlexDecisions::default();
        }
        FlexDecisions::new(&self.config.flex_options, view, classes, why)
    }
}

/// Whether a message goes on, with the classes that it is in so far.
pub fn not_dropped(classes: &Classes) -> Result<(), Dropped> {
    if classes.contains(built_in::DROP) { Err(Dropped) } else { Ok(()) }
}
