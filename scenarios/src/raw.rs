//! A value of a RON text, kept as it is written: for documents that say what to put into scenarios.

use ron::value::RawValue;
use serde::Deserialize;
use serde::de::Deserializer;

/// A value as it is written, without the blanks around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw(String);

impl Raw {
    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(raw.get_ron().trim().to_owned()))
    }
}
