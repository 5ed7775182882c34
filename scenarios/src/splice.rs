//! Another value at a path of a RON text, which otherwise stays as it is written.

use crate::source::{Item, Node, Path, Shape, Source, Span, Step};

/// A text with another value in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spliced {
    /// The whole text.
    pub text: String,
    /// What is new in it: the value, and before it the names of fields that were not there yet.
    pub new: Span,
    /// The value alone.
    pub value: Span,
}

/// Puts `value` where `path` leads, such as `script[1].do.Crash.fraction`. Fields that are not written yet are added to the struct
/// that they belong in; whether it may have them, only reading the text will tell. In a list, a name stands for the only element
/// that bears it. An error says what there is instead.
pub fn splice(text: &str, path: &str, value: &str) -> Result<Spliced, String> {
    let source = Source::new("", text);
    let steps = Path::parse(path);
    let mut node = source.root().ok_or_else(|| "there is nothing here".to_owned())?;
    for (place, step) in steps.iter().enumerate() {
        match child(node, step) {
            Some(Item { value: Some(inner), .. }) => node = inner,
            _ if node.is_named(step) => {}
            _ => return insert(text, node, &steps[place..], value),
        }
    }
    let is_variant = steps.last().is_some_and(|step| node.is_named(step));
    let span = match node.wrapped() {
        Some(inner) if is_variant => &inner.span,
        _ => &node.span,
    };
    Ok(replaced(text, span, "", value, ""))
}

fn child<'n>(node: &'n Node<'n>, step: &Step<'_>) -> Option<&'n Item<'n>> {
    node.child(step).or_else(|| match node.shape {
        Shape::List => {
            only(node.items.iter().filter(|item| item.value.as_ref().is_some_and(|value| value.is_named(step))))
        }
        _ => None,
    })
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next().filter(|_| items.next().is_none())
}

fn insert(text: &str, node: &Node<'_>, steps: &[Step<'_>], value: &str) -> Result<Spliced, String> {
    let mut node = node;
    while let Some(inner) = node.wrapped().filter(|inner| inner.shape == Shape::Parens) {
        node = inner;
    }
    let names = steps.iter().map(|step| match step {
        Step::Field(name) => Ok(*name),
        Step::Index(index) => Err(format!("there is no element {index} in `{}`", excerpt(text, node))),
    });
    let names = names.collect::<Result<Vec<&str>, String>>()?;
    let takes_fields =
        matches!(node.shape, Shape::Parens | Shape::Map) && node.items.iter().all(|item| item.key.is_some());
    if !takes_fields || !node.closed {
        return Err(format!("there is no `{}` in `{}`", names[0], excerpt(text, node)));
    }
    let is_key = node.shape == Shape::Map && !names[0].starts_with('"');
    let first = if is_key { format!("\"{}\"", names[0]) } else { names[0].to_owned() };
    let before = format!("{}: ", [&[first.as_str()], &names[1..]].concat().join(": ("));
    let after = ")".repeat(names.len() - 1);
    let first = node.items.first().and_then(|item| item.key.as_ref()).map(|key| key.span.start);
    let (place, after) = first.map_or((node.span.end - 1, after.clone()), |first| (first, format!("{after}, ")));
    Ok(replaced(text, &(place..place), &before, value, &after))
}

fn replaced(text: &str, span: &Span, before: &str, value: &str, after: &str) -> Spliced {
    let start = span.start + before.len();
    Spliced {
        text: [&text[..span.start], before, value, after, &text[span.end..]].concat(),
        new: span.start..start + value.len(),
        value: start..start + value.len(),
    }
}

/// A value in few words.
fn excerpt(text: &str, node: &Node<'_>) -> String {
    let words: Vec<&str> = text[node.span.clone()].split_whitespace().collect();
    let whole = words.join(" ");
    let start: String = whole.chars().take(EXCERPT).collect();
    if start.len() < whole.len() { format!("{start}…") } else { whole }
}

const EXCERPT: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = r#"(
    protocols: [Chord(successors: 8), Kademlia(), Pastry()], // three
    network: (loss: Bernoulli(0.01), latency: LogNormal(median: "40ms", sigma: 0.4)),
    script: [
        (at: "0s", do: Join(nodes: 20)),
        (at: "9s", do: Crash(fraction: 0.5)),
    ],
    phases: {"early": (from: "0s", until: "5s")},
    keys: Uniform,
)"#;

    fn line(path: &str, value: &str) -> String {
        let Spliced { text, new, value: place } = splice(DEMO, path, value).expect("it leads somewhere");
        assert_eq!((&text[place.clone()], place.end), (value, new.end));
        let (start, end) = (&text[..new.start], &text[new.end..]);
        assert!(DEMO.starts_with(start), "what is before stays");
        assert!(
            DEMO.ends_with(end.trim_start_matches([')', ',', ' '])) || DEMO.ends_with(end),
            "what is behind stays: {end}"
        );
        let line = text[..new.start].rfind('\n').map_or(0, |newline| newline + 1);
        text[line..].split('\n').next().unwrap_or_default().trim().to_owned()
    }

    #[test]
    fn what_is_written_is_replaced() {
        assert_eq!(line("script[1].do.Crash.fraction", "0.7"), r#"(at: "9s", do: Crash(fraction: 0.7)),"#);
        assert_eq!(line("script[1].do.fraction", "0.7"), r#"(at: "9s", do: Crash(fraction: 0.7)),"#);
        assert!(line("network.loss", "None").starts_with("network: (loss: None, latency"));
        assert!(line("network.loss.Bernoulli", "0.2").starts_with("network: (loss: Bernoulli(0.2), latency"));
        assert!(line("network.latency.LogNormal.sigma", "1").ends_with("sigma: 1)),"));
        assert_eq!(line("phases.early.until", "\"6s\""), r#"phases: {"early": (from: "0s", until: "6s")},"#);
        assert_eq!(line("keys", "NodeIds"), "keys: NodeIds,");
        assert!(line("network.latency.LogNormal", "Constant(\"1s\")").ends_with("latency: Constant(\"1s\")),"));
    }

    #[test]
    fn what_is_not_written_yet_is_added_to_its_struct() {
        assert!(line("protocols[1].k", "8").contains(", Kademlia(k: 8), "));
        assert!(line("protocols[0].lookup", "Recursive").contains("[Chord(lookup: Recursive, successors: 8), "));
        assert!(line("protocols.Pastry.b", "4").ends_with("Pastry(b: 4)], // three"));
        assert!(line("seed", "7").starts_with("seed: 7, protocols: ["));
        assert!(line("churn.sessions.mean", "\"1h\"").starts_with("churn: (sessions: (mean: \"1h\")), protocols: ["));
        assert!(
            line("phases.late", "(from: \"5s\", until: \"9s\")")
                .starts_with(r#"phases: {"late": (from: "5s", until: "9s"), "early""#)
        );
    }

    #[test]
    fn what_leads_nowhere_says_what_is_there() {
        let wrong = |path: &str| splice(DEMO, path, "1").expect_err("it leads nowhere");
        assert_eq!(wrong("script[5].at"), r#"there is no element 5 in `[ (at: "0s", do: Join(nodes: 20)), (at: …`"#);
        assert_eq!(wrong("network.loss.p"), "there is no `p` in `Bernoulli(0.01)`");
        assert_eq!(wrong("keys.Seeded.seed"), "there is no `Seeded` in `Uniform`");
        assert_eq!(
            wrong("protocols.Chrod.successors"),
            "there is no `Chrod` in `[Chord(successors: 8), Kademlia(), Pastr…`"
        );
        assert_eq!(splice("", "a", "1").expect_err("nothing"), "there is nothing here");
    }

    #[test]
    fn a_name_that_two_elements_bear_leads_nowhere() {
        assert!(splice("(protocols: [Chord(), Chord(successors: 2)])", "protocols.Chord.successors", "1").is_err());
        assert!(splice("(protocols: {\"a\": Chord(), \"b c\": Chord()})", "protocols.b c.successors", "1").is_ok());
    }
}
