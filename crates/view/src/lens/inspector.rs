//! One node's state, as lines of text that can be nested and folded.

/// A node's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspector {
    /// The node's name.
    pub node: String,
    /// What there is to say, in order.
    pub groups: Vec<Group>,
}

/// Fields that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// The fields.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, in words.
    pub name: String,
    /// Its value in one line; of a field with parts, how many there are.
    pub value: String,
    /// Whether the last step changed it or any of its parts.
    pub changed: bool,
    /// What it consists of, if that takes more than a line.
    pub parts: Vec<Part>,
}

/// A part of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name or number.
    pub name: String,
    /// Its value in one line.
    pub value: String,
    /// Whether the last step changed it.
    pub changed: bool,
}
