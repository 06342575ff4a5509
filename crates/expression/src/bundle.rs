//! Many conditions over the same message: what several of them compare is looked for once.

use std::collections::HashMap;

use smallvec::SmallVec;

use crate::evaluate;
use crate::{Condition, EvaluationError, Place, Scratch, Test, Value, View};

/// Conditions that are evaluated over one message after the other.
#[derive(Debug, Default)]
pub struct Bundle {
    tests: Vec<Node>,
    /// What is compared with literals, each once.
    operands: Vec<Operand>,
    /// Their numbers, by how they look.
    numbers: HashMap<String, usize>,
    /// What is asked for, each once.
    places: Vec<Place>,
    /// A bit for each condition that can hold whatever its messages have.
    always: Bits,
}

/// The numbers of conditions, in order.
#[derive(Debug, Default)]
pub struct Candidates(Bits);

/// A bit for each of some numbers.
type Bits = SmallVec<[u64; 4]>;

/// What is compared, and with what: each literal has a number.
#[derive(Debug)]
struct Operand {
    value: Value,
    literals: HashMap<Box<[u8]>, usize>,
    /// By the number of a literal, the conditions that cannot hold unless the operand is equal to it.
    waiting: Vec<Vec<usize>>,
}

/// A test, with the numbers of what it has in common with others.
#[derive(Debug)]
enum Node {
    Equals { operand: usize, literal: usize },
    Exists(usize),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Other(Test),
}

/// What is known of one message by now.
#[derive(Debug, Default)]
pub struct Memo {
    operands: SmallVec<[Known; 8]>,
    places: SmallVec<[Option<bool>; 8]>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Known {
    #[default]
    NotYet,
    /// The number of the literal that it is equal to, if it is to one.
    Equal(Option<usize>),
    Failed(EvaluationError),
}

impl Bundle {
    /// Adds a condition; gives its number, from 0 on.
    pub fn add(&mut self, condition: &Condition) -> usize {
        let node = self.node(&condition.test);
        let number = self.tests.len();
        match node.key().and_then(|(operand, literal)| Some((self.operands.get_mut(operand)?, literal))) {
            Some((operand, literal)) => {
                if operand.waiting.len() <= literal {
                    operand.waiting.resize_with(literal + 1, Vec::new);
                }
                if let Some(waiting) = operand.waiting.get_mut(literal) {
                    waiting.push(number);
                }
            }
            None => set(&mut self.always, number),
        }
        self.tests.push(node);
        number
    }

    /// The conditions that may hold for a message; the others do not. Of a hundred that compare the same with something else
    /// each, it is one.
    pub fn candidates(&self, view: &View<'_>, memo: &mut Memo, scratch: &mut Scratch) -> Candidates {
        let mut bits = self.always.clone();
        for (number, operand) in self.operands.iter().enumerate() {
            match self.operand(number, view, memo, scratch) {
                Ok(None) => {}
                Ok(Some(literal)) => {
                    operand.waiting.get(literal).into_iter().flatten().for_each(|&test| set(&mut bits, test));
                }
                // Each of them is to tell of it.
                Err(_) => operand.waiting.iter().flatten().for_each(|&test| set(&mut bits, test)),
            }
        }
        Candidates(bits)
    }

    /// Whether the condition of that number holds for a message of which `memo` knows something by now; one that there is
    /// not does not hold.
    pub fn holds(
        &self,
        number: usize,
        view: &View<'_>,
        memo: &mut Memo,
        scratch: &mut Scratch,
    ) -> Result<bool, EvaluationError> {
        match self.tests.get(number) {
            Some(node) => self.test(node, view, memo, scratch),
            None => Ok(false),
        }
    }

    fn test(
        &self,
        node: &Node,
        view: &View<'_>,
        memo: &mut Memo,
        scratch: &mut Scratch,
    ) -> Result<bool, EvaluationError> {
        Ok(match node {
            Node::Equals { operand, literal } => {
                self.operand(*operand, view, memo, scratch)? == Some(*literal)
            }
            Node::Exists(place) => self.exists(*place, view, memo),
            Node::Not(node) => !self.test(node, view, memo, scratch)?,
            Node::And(one, other) => {
                self.test(one, view, memo, scratch)? && self.test(other, view, memo, scratch)?
            }
            Node::Or(one, other) => {
                self.test(one, view, memo, scratch)? || self.test(other, view, memo, scratch)?
            }
            Node::Other(test) => {
                scratch.clear();
                evaluate::test(test, view, scratch)?
            }
        })
    }

    /// The number of the literal that an operand is equal to.
    fn operand(
        &self,
        number: usize,
        view: &View<'_>,
        memo: &mut Memo,
        scratch: &mut Scratch,
    ) -> Result<Option<usize>, EvaluationError> {
        if memo.operands.len() <= number {
            memo.operands.resize(self.operands.len(), Known::NotYet);
        }
        let (Some(known), Some(operand)) = (memo.operands.get_mut(number), self.operands.get(number)) else {
            return Ok(None);
        };
        if matches!(known, Known::NotYet) {
            scratch.clear();
            let value = evaluate::value(&operand.value, view, scratch);
            *known = match value {
                Ok(made) => Known::Equal(operand.literals.get(made.octets(scratch)).copied()),
                Err(error) => Known::Failed(error),
            };
        }
        match *known {
            Known::Equal(literal) => Ok(literal),
            Known::Failed(error) => Err(error),
            Known::NotYet => Ok(None),
        }
    }

    fn exists(&self, number: usize, view: &View<'_>, memo: &mut Memo) -> bool {
        if memo.places.len() <= number {
            memo.places.resize(self.places.len(), None);
        }
        let (Some(known), Some(place)) = (memo.places.get_mut(number), self.places.get(number)) else {
            return false;
        };
        *known.get_or_insert_with(|| evaluate::exists(place, view))
    }

    fn node(&mut self, test: &Test) -> Node {
        match test {
            Test::Equal(Value::Literal(literal), operand) | Test::Equal(operand, Value::Literal(literal))
                if operand.rests_on_the_message() =>
            {
                let number = self.number_of(operand);
                let literal = self.operands.get_mut(number).map_or(0, |operand| {
                    let next = operand.literals.len();
                    *operand.literals.entry(literal.clone()).or_insert(next)
                });
                Node::Equals { operand: number, literal }
            }
            Test::Exists(place) => {
                let known = self.places.iter().position(|known| known == place);
                Node::Exists(known.unwrap_or_else(|| {
                    self.places.push(place.clone());
                    self.places.len() - 1
                }))
            }
            Test::Not(test) => Node::Not(Box::new(self.node(test))),
            Test::And(one, other) => Node::And(Box::new(self.node(one)), Box::new(self.node(other))),
            Test::Or(one, other) => Node::Or(Box::new(self.node(one)), Box::new(self.node(other))),
            Test::Equal(..) | Test::Member(_) | Test::Match(..) => Node::Other(test.clone()),
        }
    }

    fn number_of(&mut self, operand: &Value) -> usize {
        // Two that look alike are alike.
        *self.numbers.entry(format!("{operand:?}")).or_insert_with(|| {
            let value = operand.clone();
            self.operands.push(Operand { value, literals: HashMap::new(), waiting: Vec::new() });
            self.operands.len() - 1
        })
    }
}

impl Node {
    /// An operand and a literal that have to be equal for it to hold, if there are such.
    fn key(&self) -> Option<(usize, usize)> {
        match self {
            Self::Equals { operand, literal } => Some((*operand, *literal)),
            Self::And(one, other) => one.key().or_else(|| other.key()),
            Self::Exists(_) | Self::Not(_) | Self::Or(..) | Self::Other(_) => None,
        }
    }
}

impl Candidates {
    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(word, &bits)| {
            let rest = std::iter::successors(Some(bits), |bits| Some(bits & bits.wrapping_sub(1)));
            let rest = rest.take_while(|&bits| bits != 0);
            rest.map(move |bits| word * 64 + usize::try_from(bits.trailing_zeros()).unwrap_or_default())
        })
    }
}

fn set(bits: &mut Bits, number: usize) {
    if bits.len() <= number / 64 {
        bits.resize(number / 64 + 1, 0);
    }
    if let Some(word) = bits.get_mut(number / 64) {
        *word |= 1 << (number % 64);
    }
}
