//! Which client classes a message belongs to, in Kea's order: what its own content says, then what is reserved for its
//! client, then what depends on that, at last what is looked at only where it is asked for.

use std::fmt::Write as _;

use fosix_config::{ClassNumber, ClassRule, ClientClass, ClientClasses, Lifetime, built_in};
use fosix_expression::{Classes, Scratch, View};
use tracing::debug;

use crate::options::{ClientOptions, EffectiveOptions};
use crate::{Explanation, Topic};

/// The classes of one half, made ready for messages.
#[derive(Debug, Default)]
pub struct Classifier {
    classes: ClientClasses,
    /// The options of each defined class.
    options: Vec<EffectiveOptions>,
    /// By number, the place of a class among the defined ones.
    places: Vec<Option<usize>>,
    /// Whether anything speaks of a class that vendors' data make.
    speaks_of_vendors: bool,
}

/// What a vendor class's name begins with.
const VENDOR_CLASS: &str = "VENDOR_CLASS_";

impl Classifier {
    /// Makes `classes` ready.
    pub fn new(classes: &ClientClasses) -> Self {
        let mut places = vec![None; classes.names.iter().count()];
        for (at, class) in classes.defined.iter().enumerate() {
            if let Some(place) = places.get_mut(usize::from(class.number)) {
                *place = Some(at);
            }
        }
        Self {
            options: classes.defined.iter().map(|class| EffectiveOptions::merge(&[&class.options])).collect(),
            places,
            speaks_of_vendors: classes.names.iter().any(|name| name.starts_with(VENDOR_CLASS)),
            classes: classes.clone(),
        }
    }

    /// The name of a class.
    pub fn name(&self, number: ClassNumber) -> &str {
        self.classes.names.name(number)
    }

    /// Puts a message that was just received into the classes that its content alone says. `vendor_class` is the text of
    /// its vendor's class: all of option 60 of DHCPv4, the first of option 16 of DHCPv6.
    pub fn received(
        &self,
        view: &View<'_>,
        vendor_class: impl FnOnce() -> Option<Vec<u8>>,
        classes: &mut Classes,
        why: &mut Explanation,
    ) {
        classes.insert(built_in::ALL);
        if (self.speaks_of_vendors || why.is_wanted())
            && let Some(text) = vendor_class()
        {
            let name = format!("{VENDOR_CLASS}{}", String::from_utf8_lossy(&text));
            match self.classes.names.number(&name) {
                Some(number) => {
                    classes.insert(number);
                    why.add(Topic::Class, || format!("{name}: yes, its vendor class says so"));
                }
                None => why.add(Topic::Class, || format!("{name}: yes, and nothing here speaks of it")),
            }
        }
        let mut scratch = Scratch::default();
        for class in &self.classes.defined {
            if !class.only_in_additional_list && !class.after_reservations {
                self.try_class(class, view, classes, &mut scratch, why);
            }
        }
    }

    /// Puts a message into the classes that depend on what is reserved for its client, once that is known.
    pub fn after_reservations(&self, view: &View<'_>, classes: &mut Classes, why: &mut Explanation) {
        let mut scratch = Scratch::default();
        for class in &self.classes.defined {
            if !class.only_in_additional_list && class.after_reservations {
                self.try_class(class, view, classes, &mut scratch, why);
            }
        }
    }

    /// Puts a message into those of `listed` that it belongs to: classes that are looked at only where they are listed. One
    /// without a test has everybody in it.
    pub fn additional(
        &self,
        listed: impl Iterator<Item = ClassNumber>,
        view: &View<'_>,
        classes: &mut Classes,
        why: &mut Explanation,
    ) {
        let mut scratch = Scratch::default();
        for number in listed {
            if classes.contains(number) {
                continue;
            }
            match self.defined(number) {
                Some(class) if class.rule == ClassRule::Assigned => {
                    classes.insert(number);
                    why.add(Topic::Class, || {
                        format!("{}: yes, it is listed and has no test", self.name(number))
                    });
                }
                Some(class) => self.try_class(class, view, classes, &mut scratch, why),
                None => {}
            }
        }
    }

    /// The definition of a class.
    pub fn defined(&self, number: ClassNumber) -> Option<&ClientClass> {
        let place = self.places.get(usize::from(number)).copied().flatten()?;
        self.classes.defined.get(place)
    }

    /// The definitions of the classes that a message belongs to, in the order in which it came to.
    pub fn members<'a>(&'a self, classes: &'a Classes) -> impl Iterator<Item = &'a ClientClass> {
        classes.iter().filter_map(|number| self.defined(number))
    }

    /// Adds the options of the classes of a message behind those that are nearer to it.
    pub fn push_options<'a>(&'a self, classes: &Classes, options: &mut ClientOptions<'a>) {
        for number in classes.iter() {
            let place = self.places.get(usize::from(number)).copied().flatten();
            if let Some(own) = place.and_then(|place| self.options.get(place)) {
                options.push(own);
            }
        }
    }

    /// The valid lifetime that the first of these classes with one has.
    pub fn valid_lifetime(&self, classes: &Classes) -> Option<Lifetime> {
        self.members(classes).find_map(|class| class.valid_lifetime)
    }

    /// The preferred lifetime, likewise.
    pub fn preferred_lifetime(&self, classes: &Classes) -> Option<Lifetime> {
        self.members(classes).find_map(|class| class.preferred_lifetime)
    }

    /// Seconds for which what is offered is kept, likewise.
    pub fn offer_lifetime(&self, classes: &Classes) -> Option<u32> {
        self.members(classes).find_map(|class| class.offer_lifetime)
    }

    fn try_class(
        &self,
        class: &ClientClass,
        view: &View<'_>,
        classes: &mut Classes,
        scratch: &mut Scratch,
        why: &mut Explanation,
    ) {
        let seen = View { classes, ..*view };
        let (outcome, text) = match &class.rule {
            ClassRule::Assigned => return,
            ClassRule::Test(test) => (test.holds(&seen, scratch).map(|holds| (holds, None)), test.text()),
            ClassRule::Template(template) => {
                let made = template.octets(&seen, scratch);
                let made = made
                    .map(|octets| (!octets.is_empty(), Some(String::from_utf8_lossy(octets).into_owned())));
                (made, template.text())
            }
        };
        let name = self.name(class.number);
        match outcome {
            Ok((holds, made)) => {
                why.add(Topic::Class, || {
                    let mut line = format!("{name}: {}, {text}", if holds { "yes" } else { "no" });
                    if let Some(made) = &made {
                        // Writing to a text cannot fail.
                        let _ = write!(line, " makes '{made}'");
                    }
                    line
                });
                if !holds {
                    return;
                }
                if let Some(made) = made {
                    let spawned = format!("SPAWN_{name}_{made}");
                    if let Some(number) = self.classes.names.number(&spawned) {
                        classes.insert(number);
                        why.add(Topic::Class, || format!("{spawned}: yes, made by {name}"));
                    }
                }
                classes.insert(class.number);
            }
            Err(error) => {
                debug!(class = name, %error, "a class cannot be told: the message is not in it");
                why.add(Topic::Class, || format!("{name}: no, {text} has no value: {error}"));
            }
        }
    }
}
