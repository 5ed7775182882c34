//! Durations as people write them in files: `"50ms"`, `"1m 30s"`; whole nanoseconds inside.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use sim::time::Span;

/// A span of virtual time that is written with its unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub Span);

impl Duration {
    /// Reads a duration; an error says what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let duration = humantime::parse_duration(text).map_err(|error| complaint(text, &error))?;
        u64::try_from(duration.as_nanos())
            .map(|nanos| Self(Span::from_nanos(nanos)))
            .map_err(|_| format!("duration \"{text}\" is longer than 584 years, the longest there is"))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DurationVisitor)
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration with its unit, in quotes, such as \"50ms\" or \"1m 30s\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        Duration::parse(text).map_err(E::custom)
    }
}

fn complaint(text: &str, error: &humantime::DurationError) -> String {
    if text.trim().parse::<f64>().is_ok() {
        return format!(
            "duration \"{text}\" has no unit; write for example \"{}ms\" or \"{}s\"",
            text.trim(),
            text.trim()
        );
    }
    format!("\"{text}\" is no duration ({error}); write for example \"50ms\", \"2s\" or \"1m 30s\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_read_again() {
        for text in ["50ms", "1500ms", "90s", "2h", "1ns", "0s", "250us"] {
            let duration = Duration::parse(text).expect("legal");
            assert_eq!(Duration::parse(&duration.to_string()), Ok(duration));
        }
        assert_eq!(Duration::parse("1m 30s").expect("legal").0, Span::from_secs(90));
    }

    #[test]
    fn a_complaint_says_what_would_be_right() {
        assert!(Duration::parse("50").expect_err("no unit").contains("\"50ms\""));
        assert_eq!(Duration::parse("1.5s").expect("legal").0, Span::from_millis(1500));
        assert!(Duration::parse("5 parsecs").expect_err("unit").contains("parsecs"));
        assert!(Duration::parse("").is_err());
        assert!(Duration::parse("600000y").expect_err("long").contains("584"));
        assert!(Duration::parse("-5s").is_err());
    }
}
