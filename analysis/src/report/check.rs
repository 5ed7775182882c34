//! What must be true of every picture: it is sound XML, its coordinates are numbers, and nothing in it is fetched.

/// Panics where a picture is not sound.
pub(crate) fn assert_sound(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('>'), "a `>` in a text: {}", &rest[..at]);
        let end = rest.find('>').expect("every tag ends");
        let tag = &rest[at + 1..end];
        assert!(!tag.contains('<'), "a tag in a tag: {tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "an attribute that does not end: {tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "the tag that ends is the last that began");
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().expect("a tag has a name"));
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
    for piece in svg.split('&').skip(1) {
        let name = piece.split(';').next().unwrap_or_default();
        assert!(["amp", "lt", "gt", "quot", "#39"].contains(&name), "&{name}");
    }
    for word in ["NaN", "inf", "http", "src=", "url(", "href", "<script"] {
        let outside_of_text = svg.split('<').filter_map(|piece| piece.split('>').next());
        assert!(outside_of_text.into_iter().all(|tag| !tag.contains(word)), "{word}");
    }
    assert!(svg.starts_with("<svg viewBox=\"0 0 ") && svg.contains("role=\"img\"><title>") && svg.contains("<desc>"));
    coordinates(svg);
}

/// Every coordinate of a picture.
pub(crate) fn coordinates(svg: &str) -> Vec<f64> {
    let names = ["x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height", "d", "points", "viewBox"];
    let of = |name: &&str| {
        let begin = format!(" {name}=\"");
        svg.split(&begin).skip(1).flat_map(numbers).collect::<Vec<f64>>()
    };
    names.iter().flat_map(of).collect()
}

fn numbers(attribute: &str) -> Vec<f64> {
    let value = attribute.split('"').next().unwrap_or_default();
    let words = value.split(|c: char| c.is_ascii_uppercase() || c == ' ' || c == ',').filter(|word| !word.is_empty());
    words.map(|word| word.parse().unwrap_or_else(|_| panic!("{word} in {value} is no number"))).collect()
}
