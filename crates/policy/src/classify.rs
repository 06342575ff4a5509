//! Which client classes a message belongs to, in Kea's order: what its own content says, then what is reserved for its
//! client, then what depends on that, at last what is looked at only where it is asked for.

use fosix_config::{ClassNumber, ClassRule, ClientClass, ClientClasses, Lifetime, built_in};
use fosix_expression::{Bundle, Classes, EvaluationError, Memo, Scratch, Template, View};
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
    /// Those that are looked at for every message, and those that are once it is known what is reserved.
    first: Pass,
    second: Pass,
    /// Whether anything speaks of a class that vendors' data make.
    speaks_of_vendors: bool,
}

/// Classes that are looked at one after the other.
#[derive(Debug, Default)]
struct Pass {
    bundle: Bundle,
    /// The places of the classes whose tests are in the bundle, by their numbers there.
    tested: Vec<usize>,
    /// Those that have no test, but a template.
    templates: Vec<usize>,
}

impl Pass {
    fn new<'c>(classes: impl Iterator<Item = (usize, &'c ClientClass)>) -> Self {
        let mut this = Self::default();
        for (place, class) in classes {
            match &class.rule {
                ClassRule::Assigned => {}
                ClassRule::Test(test) => {
                    this.bundle.add(test);
                    this.tested.push(place);
                }
                ClassRule::Template(_) => this.templates.push(place),
            }
        }
        this
    }
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
        let of_pass = |second: bool| {
            let listed = classes.defined.iter().enumerate();
            Pass::new(listed.filter(move |(_, class)| {
                !class.only_in_additional_list && class.after_reservations == second
            }))
        };
        Self {
            first: of_pass(false),
            second: of_pass(true),
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
        self.pass(&self.first, view, classes, why);
    }

    /// Puts a message into the classes that depend on what is reserved for its client, once that is known.
    pub fn after_reservations(&self, view: &View<'_>, classes: &mut Classes, why: &mut Explanation) {
        self.pass(&self.second, view, classes, why);
    }

    /// Puts a message into those of a pass that it belongs to, in the order of the file.
    fn pass(&self, pass: &Pass, view: &View<'_>, classes: &mut Classes, why: &mut Explanation) {
        if pass.tested.is_empty() && pass.templates.is_empty() {
            return;
        }
        let (mut memo, mut scratch) = (Memo::default(), Scratch::default());
        let candidates = pass.bundle.candidates(view, &mut memo, &mut scratch);
        // All of them are told of, where somebody wants to know.
        let all = 0..if why.is_wanted() { pass.tested.len() } else { 0 };
        let candidates = candidates.iter().filter(|_| all.is_empty()).chain(all.clone());
        let mut templates = pass.templates.iter().copied().peekable();
        for number in candidates {
            let Some(&place) = pass.tested.get(number) else { continue };
            while let Some(template) = templates.next_if(|&template| template < place) {
                self.try_template(template, view, classes, &mut scratch, why);
            }
            let Some(class) = self.classes.defined.get(place) else { continue };
            let holds = pass.bundle.holds(number, &View { classes, ..*view }, &mut memo, &mut scratch);
            self.enter(class, holds, classes, why);
        }
        for template in templates {
            self.try_template(template, view, classes, &mut scratch, why);
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
        match &class.rule {
            ClassRule::Assigned => {}
            ClassRule::Test(test) => {
                let holds = test.holds(&View { classes, ..*view }, scratch);
                self.enter(class, holds, classes, why);
            }
            ClassRule::Template(template) => self.spawn(class, template, view, classes, scratch, why),
        }
    }

    fn try_template(
        &self,
        place: usize,
        view: &View<'_>,
        classes: &mut Classes,
        scratch: &mut Scratch,
        why: &mut Explanation,
    ) {
        if let Some(class) = self.classes.defined.get(place) {
            self.try_class(class, view, classes, scratch, why);
        }
    }

    /// Puts a message into a class if its test holds.
    fn enter(
        &self,
        class: &ClientClass,
        holds: Result<bool, EvaluationError>,
        classes: &mut Classes,
        why: &mut Explanation,
    ) {
        let ClassRule::Test(test) = &class.rule else { return };
        let name = self.name(class.number);
        why.add(Topic::Class, || match holds {
            Ok(holds) => format!("{name}: {}, {}", if holds { "yes" } else { "no" }, test.text()),
            Err(error) => format!("{name}: no, {} has no value: {error}", test.text()),
        });
        match holds {
            Ok(true) => classes.insert(class.number),
            Ok(false) => {}
            Err(error) => debug!(class = name, %error, "a class cannot be told: the message is not in it"),
        }
    }

    /// Puts a message into a class whose template makes something of it, and into the class that is named after that.
    fn spawn(
        &self,
        class: &ClientClass,
        template: &Template,
        view: &View<'_>,
        classes: &mut Classes,
        scratch: &mut Scratch,
        why: &mut Explanation,
    ) {
        let name = self.name(class.number);
        let made = template.octets(&View { classes, ..*view }, scratch);
        let made = made.map(|octets| String::from_utf8_lossy(octets).into_owned());
        why.add(Topic::Class, || match &made {
            Ok(made) if made.is_empty() => format!("{name}: no, {} makes nothing", template.text()),
            Ok(made) => format!("{name}: yes, {} makes '{made}'", template.text()),
            Err(error) => format!("{name}: no, {} has no value: {error}", template.text()),
        });
        let made = match made {
            Ok(made) if !made.is_empty() => made,
            Ok(_) => return,
            Err(error) => {
                debug!(class = name, %error, "a class cannot be told: the message is not in it");
                return;
            }
        };
        let spawned = format!("SPAWN_{name}_{made}");
        if let Some(number) = self.classes.names.number(&spawned) {
            classes.insert(number);
            why.add(Topic::Class, || format!("{spawned}: yes, made by {name}"));
        }
        classes.insert(class.number);
    }
}
