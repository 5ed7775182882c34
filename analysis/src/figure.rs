//! Figures by their names, such as `lookups.latency_ms.p99`: found in a tree of results, and what sort of number they are.

use serde_json::Value as Json;

/// What stands at this name in a tree of results.
pub(crate) fn at<'t>(tree: &'t Json, name: &str) -> Option<&'t Json> {
    name.split('.').try_fold(tree, |tree, name| tree.get(name))
}

/// The figure of this name in a tree of results.
pub(crate) fn figure(tree: &Json, metric: &str) -> Option<f64> {
    at(tree, metric).and_then(Json::as_f64)
}

/// The same; `a / b` and `a + b` are made of two.
pub(crate) fn formula(tree: &Json, text: &str) -> Option<f64> {
    if let Some((one, other)) = text.split_once(" / ") {
        let ratio = formula(tree, one)? / formula(tree, other)?;
        return Some(ratio).filter(|ratio| ratio.is_finite());
    }
    match text.split_once(" + ") {
        Some((one, other)) => Some(formula(tree, one)? + formula(tree, other)?),
        None => figure(tree, text),
    }
}

/// The curve of this name in a tree of results: a list of numbers.
pub(crate) fn curve(tree: &Json, name: &str) -> Option<Vec<f64>> {
    at(tree, name)?.as_array()?.iter().map(Json::as_f64).collect()
}

/// Whether a figure is a share, from 0 to 1; people read it in percent.
pub(crate) fn is_share(metric: &str) -> bool {
    ["success", "_share", "placement.survived", "placement.owner_holds"].iter().any(|end| metric.ends_with(end))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_of_two_are_made_of_both() {
        let tree = json!({"a": {"b": 6.0}, "c": 2.0, "zero": 0.0});
        assert_eq!(formula(&tree, "a.b / c"), Some(3.0));
        assert_eq!(formula(&tree, "a.b + c"), Some(8.0));
        assert_eq!(formula(&tree, "a.b / zero"), None);
        assert_eq!(formula(&tree, "a.b / absent"), None);
    }

    #[test]
    fn what_is_no_number_is_no_figure_and_no_curve() {
        let tree = json!({"a": {"b": "6", "c": [0.0, 0.5, 1.0], "d": [0.0, null]}});
        assert_eq!((figure(&tree, "a.b"), figure(&tree, "a"), figure(&tree, "a.b.c")), (None, None, None));
        assert_eq!((curve(&tree, "a.c"), curve(&tree, "a.d")), (Some(vec![0.0, 0.5, 1.0]), None));
    }

    #[test]
    fn shares_are_known_by_their_names() {
        let shares = ["lookups.success", "phases.x.wrong_share", "placement.survived", "queueing.uplink.waited_share"];
        assert!(shares.into_iter().all(is_share));
        assert!(!["lookups.correct", "traffic.total.bytes", "lookups.stretch.mean"].into_iter().any(is_share));
    }
}
