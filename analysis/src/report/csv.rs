//! The figures of a picture as CSV.

/// A table of texts as CSV.
pub(super) fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut out = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    out.write_record(heads).expect("a vector takes all bytes");
    for row in rows {
        out.write_record(row).expect("a vector takes all bytes");
    }
    let bytes = out.into_inner().expect("a vector takes all bytes");
    String::from_utf8(bytes).expect("texts are UTF-8")
}

/// A number as it is, or nothing.
pub(super) fn cell(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}
