//! A user's mistake: where in the scenario, what is wrong, what would be right.

use std::fmt;

/// Something in a scenario that cannot be meant, by the path of its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: `script[3].do.fraction`.
    pub path: String,
    /// Whether it is the name of what stands there, and not the value.
    pub is_in_name: bool,
    /// What is wrong.
    pub title: String,
    /// What stands there.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Mistake {
    /// A mistake at this path.
    pub fn new(path: impl Into<String>, title: impl Into<String>) -> Self {
        Self { path: path.into(), is_in_name: false, title: title.into(), label: String::new(), help: None }
    }

    /// It is the name of what stands there.
    #[must_use]
    pub fn in_name(self) -> Self {
        Self { is_in_name: true, ..self }
    }

    /// Says what stands there.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// Says what would be right.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.title)
    }
}

impl std::error::Error for Mistake {}
