//! Maps by key.

use crate::source::Span;
use crate::syntax::{Member, Node, Value};

/// A value with its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// A map of the tree. A value of another type than the one asked for counts as absent: it has been reported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<'t> {
    /// The whole map.
    pub(crate) span: Span,
    members: &'t [Member],
    damaged: bool,
}

impl<'t> Object<'t> {
    pub(crate) fn new(node: &'t Node) -> Option<Self> {
        match &node.value {
            Value::Map { members, damaged } => Some(Self { span: node.span, members, damaged: *damaged }),
            _ => None,
        }
    }

    /// A map without members, for one that is left out at `span`.
    pub(crate) fn empty(span: Span) -> Self {
        Self { span, members: &[], damaged: false }
    }

    /// Its opening bracket, to mark where something is missing.
    pub(crate) fn head(&self) -> Span {
        self.span.head()
    }

    pub(crate) fn members(&self) -> &'t [Member] {
        self.members
    }

    pub(crate) fn member(&self, key: &str) -> Option<&'t Member> {
        self.members.iter().find(|member| &*member.key == key)
    }

    fn get(&self, key: &str) -> Option<&'t Node> {
        self.member(key).map(|member| &member.node)
    }

    /// Whether a key is really absent, not only unreadable.
    pub(crate) fn lacks(&self, key: &str) -> bool {
        !self.damaged && self.get(key).is_none()
    }

    pub(crate) fn boolean(&self, key: &str) -> Option<At<bool>> {
        let node = self.get(key)?;
        match node.value {
            Value::Boolean(value) => Some(At { value, span: node.span }),
            _ => None,
        }
    }

    /// A whole number that fits `T`.
    pub(crate) fn integer<T: TryFrom<i64>>(&self, key: &str) -> Option<At<T>> {
        let node = self.get(key)?;
        match node.value {
            Value::Integer(value) => T::try_from(value).ok().map(|value| At { value, span: node.span }),
            _ => None,
        }
    }

    pub(crate) fn number(&self, key: &str) -> Option<At<f64>> {
        let node = self.get(key)?;
        match node.value {
            Value::Number(value) => Some(At { value, span: node.span }),
            #[expect(clippy::cast_precision_loss, reason = "such numbers are out of every range")]
            Value::Integer(value) => Some(At { value: value as f64, span: node.span }),
            _ => None,
        }
    }

    pub(crate) fn text(&self, key: &str) -> Option<At<&'t str>> {
        text_of(self.get(key)?)
    }

    /// A text that says something: the empty one is as good as none.
    pub(crate) fn text_if_any(&self, key: &str) -> Option<At<&'t str>> {
        self.text(key).filter(|text| !text.value.is_empty())
    }

    /// The bytes of a text, which need not be UTF-8.
    pub(crate) fn bytes(&self, key: &str) -> Option<At<&'t [u8]>> {
        let node = self.get(key)?;
        match &node.value {
            Value::Text(bytes) => Some(At { value: bytes, span: node.span }),
            _ => None,
        }
    }

    pub(crate) fn object(&self, key: &str) -> Option<Self> {
        Self::new(self.get(key)?)
    }

    /// The maps of a list.
    pub(crate) fn objects(&self, key: &str) -> impl Iterator<Item = Self> + use<'t> {
        self.list(key).iter().filter_map(Self::new)
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, key: &str) -> impl Iterator<Item = At<&'t str>> + use<'t> {
        self.list(key).iter().filter_map(text_of)
    }

    fn list(&self, key: &str) -> &'t [Node] {
        match self.get(key).map(|node| &node.value) {
            Some(Value::List(elements)) => elements,
            _ => &[],
        }
    }
}

fn text_of(node: &Node) -> Option<At<&str>> {
    match &node.value {
        Value::Text(bytes) => std::str::from_utf8(bytes).ok().map(|value| At { value, span: node.span }),
        _ => None,
    }
}
