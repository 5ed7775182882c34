//! The audits that come with this program: one for each assumption, as they lie in `scenarios/audits`.

use crate::execute::Input;

/// The audit of this name, such as `A3`, in whatever case.
pub fn shipped(id: &str) -> Option<Input> {
    SHIPPED.iter().find(|(name, _)| name.eq_ignore_ascii_case(id)).map(|(name, text)| Input {
        name: format!("scenarios/audits/{name}.ron"),
        title: (*name).to_owned(),
        bytes: text.as_bytes().to_vec(),
    })
}

/// Their names, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

const SHIPPED: &[(&str, &str)] = &[
    ("A1", include_str!("../../../scenarios/audits/A1.ron")),
    ("A2", include_str!("../../../scenarios/audits/A2.ron")),
    ("A3", include_str!("../../../scenarios/audits/A3.ron")),
    ("A4", include_str!("../../../scenarios/audits/A4.ron")),
    ("A5", include_str!("../../../scenarios/audits/A5.ron")),
    ("A6", include_str!("../../../scenarios/audits/A6.ron")),
];
