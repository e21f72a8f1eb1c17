//! The tolerant reader. It reads the file once, notes every fault with its path and continues.
//!
//! It never builds a tree of the whole file, and it skips unknown members without recursion.
//! Therefore neither 50,000 nested brackets nor a huge unknown member costs stack or memory.
//! `shape` defines the members of each object.

use std::{collections::HashMap, fmt, marker::PhantomData};

use crate::text::nfc;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::{
    MAX_BYTES, Number, Plan,
    faults::FaultList,
    leaf::{KeySeed, Leaf, refuse_scalars},
};

/// An object of the format.
pub(super) trait PlanObject: Default {
    /// The members that the object may have, and whether each of them is required.
    const MEMBERS: &'static [(&'static str, Need)];
    /// The plural name of the objects, and how many of them all lists of a plan may contain
    /// together.
    const LIMIT: (&'static str, usize);

    /// Reads the value of a member, which is one of [`Self::MEMBERS`].
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        member: &'static str,
        from: &mut UnreadMember<'_, A>,
    ) -> Result<(), A::Error>;
}

/// Whether a member is required.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

/// The reader's current path and the faults found so far.
#[derive(Default)]
pub(super) struct Cursor {
    steps: Vec<PathStep>,
    faults: FaultList,
    counts: HashMap<&'static str, usize>,
    stopped: bool,
}

enum PathStep {
    Member(&'static str),
    Unknown(String),
    Index(usize),
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(name) => f.write_str(name),
            Self::Unknown(name) => f.write_str(name),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl Cursor {
    /// Notes a fault at the current path.
    pub(super) fn fault(&mut self, message: impl Into<String>) {
        let message = message.into();
        let steps = &self.steps;
        self.faults.add(&message, || path(steps), || message.clone());
    }

    fn fault_at(&mut self, step: PathStep, message: impl Into<String>) {
        self.steps.push(step);
        self.fault(message);
        self.steps.pop();
    }

    /// Whether reading on is pointless, because the reader stopped or has enough faults.
    fn done(&self) -> bool {
        self.stopped || self.faults.are_enough()
    }
}

fn path(steps: &[PathStep]) -> String {
    let mut path = String::new();
    for step in steps {
        if !path.is_empty() && !matches!(step, PathStep::Index(_)) {
            path.push('.');
        }
        path.push_str(&step.to_string());
    }
    if path.is_empty() { "$".to_owned() } else { path }
}

/// Reads a plan. Members with faults keep their defaults. Returns no plan if the file is not JSON, is too large, or
/// could not be read to its end.
pub(super) fn plan(bytes: &[u8]) -> (Option<Plan>, FaultList) {
    let mut cursor = Cursor::default();
    if bytes.len() > MAX_BYTES {
        cursor.fault(format!("is larger than {MAX_BYTES} bytes"));
        return (None, cursor.faults);
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = ObjectSeed::<Plan>::new(&mut cursor).deserialize(&mut json);
    match read.and_then(|plan| json.end().map(|()| plan)) {
        Ok(plan) => (plan, cursor.faults),
        Err(error) => {
            if !cursor.done() {
                cursor.steps.clear();
                cursor.fault(format!("is not JSON: {error}"));
            }
            (None, cursor.faults)
        }
    }
}

/// The value of one member that has not been read yet.
pub(super) struct UnreadMember<'a, A> {
    map: &'a mut A,
    pub(super) cursor: &'a mut Cursor,
}

impl<'de, A: MapAccess<'de>> UnreadMember<'_, A> {
    /// Reads an object. Returns the default if the value is not an object.
    pub(super) fn object<T: PlanObject>(&mut self) -> Result<T, A::Error> {
        let read = self.map.next_value_seed(ObjectSeed::new(self.cursor))?;
        Ok(read.unwrap_or_default())
    }

    /// Reads a list of objects.
    pub(super) fn list<T: PlanObject>(&mut self) -> Result<Vec<T>, A::Error> {
        self.map.next_value_seed(ListSeed(self.cursor, PhantomData))
    }

    /// Reads a string of at most `max` characters, or null.
    pub(super) fn text_or_null(&mut self, max: usize) -> Result<Option<String>, A::Error> {
        let text = match self.map.next_value::<Leaf>()? {
            Leaf::Null => return Ok(None),
            Leaf::Text(text) => text,
            other @ (Leaf::Number(_) | Leaf::Bool | Leaf::Array | Leaf::Object) => {
                self.cursor.fault(format!("must be a string or null, is {other}"));
                return Ok(None);
            }
        };
        Ok(Some(self.bounded(text, max)))
    }

    /// Reads a string of at most `max` characters. The string may be empty.
    pub(super) fn text(&mut self, max: usize) -> Result<String, A::Error> {
        let leaf = self.map.next_value::<Leaf>()?;
        Ok(self.text_of(leaf, max))
    }

    fn text_of(&mut self, leaf: Leaf, max: usize) -> String {
        match leaf {
            Leaf::Text(text) => self.bounded(text, max),
            other @ (Leaf::Null | Leaf::Bool | Leaf::Number(_) | Leaf::Array | Leaf::Object) => {
                self.cursor.fault(format!("must be a string, is {other}"));
                String::new()
            }
        }
    }

    /// Reads a string of at most `max` characters that people read, in one Unicode form. The string may be empty.
    pub(super) fn printed(&mut self, max: usize) -> Result<String, A::Error> {
        Ok(nfc(&self.text(max)?))
    }

    /// Reads a string of 1 to `max` characters that people read, in one Unicode form.
    pub(super) fn printed_name(&mut self, max: usize) -> Result<String, A::Error> {
        Ok(nfc(&self.name(max)?))
    }

    /// Reads a string of 1 to `max` characters, and keeps every character.
    pub(super) fn name(&mut self, max: usize) -> Result<String, A::Error> {
        let leaf = self.map.next_value::<Leaf>()?;
        if matches!(&leaf, Leaf::Text(text) if text.is_empty()) {
            self.cursor.fault("must not be empty");
        }
        Ok(self.text_of(leaf, max))
    }

    fn bounded(&mut self, text: String, max: usize) -> String {
        if text.chars().nth(max).is_some() {
            self.cursor.fault(format!("is longer than {max} characters"));
        } else if text.chars().any(char::is_control) {
            self.cursor.fault("contains control characters");
        } else {
            return text;
        }
        String::new()
    }

    /// Reads a number between `-max` and `max`.
    pub(super) fn number(&mut self, max: f64) -> Result<Number, A::Error> {
        match self.map.next_value::<Leaf>()? {
            Leaf::Number(number) => {
                let value = number.as_f64().unwrap_or(f64::INFINITY);
                if value.abs() <= max {
                    return Ok(Number(number));
                }
                self.cursor.fault(format!("must be between -{max} and {max}"));
            }
            other @ (Leaf::Null | Leaf::Bool | Leaf::Text(_) | Leaf::Array | Leaf::Object) => {
                self.cursor.fault(format!("must be a number, is {other}"));
            }
        }
        Ok(Number::default())
    }

    /// Reads a number between 0 and `max`.
    pub(super) fn length(&mut self, max: f64) -> Result<Number, A::Error> {
        let number = self.number(max)?;
        if number.value() < 0.0 {
            self.cursor.fault("must not be negative");
        }
        Ok(number)
    }

    /// Reads a whole number between 0 and `max`.
    pub(super) fn whole(&mut self, max: f64) -> Result<Number, A::Error> {
        let number = self.length(max)?;
        if number.value().fract() != 0.0 {
            self.cursor.fault("must be a whole number");
        }
        Ok(number)
    }
}

/// Reads an object; `None` for any other value.
struct ObjectSeed<'a, T>(&'a mut Cursor, PhantomData<T>);

impl<'a, T> ObjectSeed<'a, T> {
    fn new(cursor: &'a mut Cursor) -> Self {
        Self(cursor, PhantomData)
    }

    fn refuse(self, found: Leaf) {
        self.0.fault(format!("must be an object, is {found}"));
    }
}

impl<'de, T: PlanObject> DeserializeSeed<'de> for ObjectSeed<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: PlanObject> Visitor<'de> for ObjectSeed<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    refuse_scalars!(None);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<T>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.refuse(Leaf::Array);
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<T>, A::Error> {
        let cursor = self.0;
        let mut object = T::default();
        let mut seen = [false; 16];
        assert!(T::MEMBERS.len() <= seen.len(), "an object has few members");
        while let Some(key) = map.next_key_seed(KeySeed(T::MEMBERS))? {
            match key {
                Ok(index) if seen[index] => {
                    map.next_value::<IgnoredAny>()?;
                    cursor.fault_at(PathStep::Member(T::MEMBERS[index].0), "stands twice");
                }
                Ok(index) => {
                    let member = T::MEMBERS[index].0;
                    seen[index] = true;
                    cursor.steps.push(PathStep::Member(member));
                    object.read(member, &mut UnreadMember { map: &mut map, cursor })?;
                    cursor.steps.pop();
                }
                Err(unknown) => {
                    map.next_value::<IgnoredAny>()?;
                    cursor.fault_at(PathStep::Unknown(unknown), "is not a member of the format");
                }
            }
            if cursor.done() {
                return Err(A::Error::custom("given up"));
            }
        }
        for ((name, need), seen) in T::MEMBERS.iter().zip(seen) {
            if *need == Need::Required && !seen {
                cursor.fault_at(PathStep::Member(name), "is missing");
            }
        }
        Ok(Some(object))
    }
}

/// Reads a list of objects; empty for any other value.
struct ListSeed<'a, T>(&'a mut Cursor, PhantomData<T>);

impl<T> ListSeed<'_, T> {
    fn refuse(self, found: Leaf) {
        self.0.fault(format!("must be an array, is {found}"));
    }
}

impl<'de, T: PlanObject> DeserializeSeed<'de> for ListSeed<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: PlanObject> Visitor<'de> for ListSeed<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    refuse_scalars!(Vec::new());

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let cursor = self.0;
        let mut list = Vec::new();
        let (plural, limit) = T::LIMIT;
        loop {
            cursor.steps.push(PathStep::Index(list.len()));
            let item = seq.next_element_seed(ObjectSeed::new(cursor))?;
            cursor.steps.pop();
            let Some(item) = item else { break };
            list.push(item.unwrap_or_default());
            let count = cursor.counts.entry(plural).or_default();
            *count += 1;
            if *count > limit {
                cursor.fault(format!("a plan has at most {limit} {plural}"));
                cursor.stopped = true;
            }
            if cursor.done() {
                return Err(A::Error::custom("given up"));
            }
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.refuse(Leaf::Object);
        Ok(Vec::new())
    }
}
