//! Inline SVG: a few shapes, coordinates to a tenth, text that is only ever text.

use std::fmt::Write as _;

/// A picture that is being drawn.
#[derive(Clone, Debug)]
pub(super) struct Svg {
    body: String,
}

/// Where a text stands from its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(super) fn new() -> Self {
        Self { body: String::new() }
    }

    /// The whole picture of this size, with what it is called and what it shows for those who cannot see it.
    pub(super) fn finish(self, (width, height): (f64, f64), title: &str, shows: &str) -> String {
        let (width, height) = (tenth(width), tenth(height));
        format!(
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\"><title>{}</title><desc>{}</desc>\n{}</svg>",
            escape(title),
            escape(shows),
            self.body
        )
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(tenth);
        let _ = writeln!(self.body, "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>");
    }

    /// A line through these points, dashed as this says.
    pub(super) fn path(&mut self, class: &str, dash: &str, points: &[(f64, f64)]) {
        self.shape(class, dash, points, "");
    }

    /// The area within these points.
    pub(super) fn area(&mut self, class: &str, points: &[(f64, f64)]) {
        self.shape(class, "", points, "Z");
    }

    fn shape(&mut self, class: &str, dash: &str, points: &[(f64, f64)], end: &str) {
        if points.is_empty() {
            return;
        }
        let mut way = String::new();
        for (place, (x, y)) in points.iter().enumerate() {
            let _ = write!(way, "{}{} {}", if place == 0 { 'M' } else { 'L' }, tenth(*x), tenth(*y));
        }
        let _ = writeln!(self.body, "<path class=\"{class}\"{} d=\"{way}{end}\"/>", dashes(dash));
    }

    /// A bow from one point to another, drawn towards a third.
    pub(super) fn bow(&mut self, class: &str, dash: &str, from: (f64, f64), by: (f64, f64), to: (f64, f64)) {
        let [x1, y1, x, y, x2, y2] = [from.0, from.1, by.0, by.1, to.0, to.1].map(tenth);
        let _ = writeln!(self.body, "<path class=\"{class}\"{} d=\"M{x1} {y1}Q{x} {y} {x2} {y2}\"/>", dashes(dash));
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let [x, y, radius] = [x, y, radius].map(tenth);
        let _ = writeln!(self.body, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>");
    }

    /// A rectangle, and what is said of it to who points at it.
    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), says: &str) {
        let [x, y, width, height] = [x, y, width.max(0.0), height.max(0.0)].map(tenth);
        let _ = writeln!(
            self.body,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\">{}</rect>",
            tip(says)
        );
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let [x, y] = [x, y].map(tenth);
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let _ = writeln!(self.body, "<text{class} x=\"{x}\" y=\"{y}\"{anchor}>{}</text>", escape(text));
    }

    /// The marker of this place in the order of protocols, and what is said of it to who points at it.
    pub(super) fn marker(&mut self, place: usize, at: (f64, f64), size: f64, says: &str) {
        self.mark(place, place, at, size, says);
    }

    /// The shape of one place in the colour of another.
    pub(super) fn mark(&mut self, shape: usize, place: usize, (x, y): (f64, f64), size: f64, says: &str) {
        let colour = colour(place);
        let at = |points: &[(f64, f64)]| -> String {
            let at = |(dx, dy): &(f64, f64)| format!("{},{}", tenth(x + dx * size), tenth(y + dy * size));
            points.iter().map(at).collect::<Vec<String>>().join(" ")
        };
        let tip = tip(says);
        let _ = match shape % MARKERS {
            0 => {
                let [x, y, radius] = [x, y, size].map(tenth);
                writeln!(self.body, "<circle class=\"k {colour}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\">{tip}</circle>")
            }
            shape => {
                let points = at(SHAPES[shape - 1]);
                writeln!(self.body, "<polygon class=\"k {colour}\" points=\"{points}\">{tip}</polygon>")
            }
        };
    }

    /// A small cross: something ended here.
    pub(super) fn cross(&mut self, class: &str, (x, y): (f64, f64), size: f64) {
        self.line(class, (x - size, y - size), (x + size, y + size));
        self.line(class, (x - size, y + size), (x + size, y - size));
    }
}

/// The class of the colour of this place in the order of protocols.
pub(super) fn colour(place: usize) -> String {
    format!("c{}", place % COLOURS)
}

/// The dashes of this place in an order: the first is drawn through.
pub(super) fn dash(place: usize) -> &'static str {
    DASHES[place % DASHES.len()]
}

fn dashes(dash: &str) -> String {
    if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") }
}

fn tip(says: &str) -> String {
    if says.is_empty() { String::new() } else { format!("<title>{}</title>", escape(says)) }
}

/// A coordinate to a tenth; what is beyond all pictures stands at their edge.
pub(super) fn tenth(value: f64) -> String {
    let tenths = if value.is_nan() { 0.0 } else { (value.clamp(-FAR, FAR) * 10.0).round() };
    let tenths = tenths as i64;
    let (sign, size) = (if tenths < 0 { "-" } else { "" }, tenths.unsigned_abs());
    if size % 10 == 0 { format!("{sign}{}", size / 10) } else { format!("{sign}{}.{}", size / 10, size % 10) }
}

/// The text, so that nothing in it means anything to who reads HTML or SVG.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            // What XML forbids even as a reference, and what turns the direction of the text around it.
            c if c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}') =>
            {
                out.push(char::REPLACEMENT_CHARACTER);
            }
            c => out.push(c),
        }
    }
    out
}

/// Corners in units of a marker's size: square, triangle, diamond, triangle upside down, plus, hexagon, bar.
const SHAPES: [&[(f64, f64)]; MARKERS - 1] = [
    &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
    &[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)],
    &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
    &[
        (-0.4, -1.2),
        (0.4, -1.2),
        (0.4, -0.4),
        (1.2, -0.4),
        (1.2, 0.4),
        (0.4, 0.4),
        (0.4, 1.2),
        (-0.4, 1.2),
        (-0.4, 0.4),
        (-1.2, 0.4),
        (-1.2, -0.4),
        (-0.4, -0.4),
    ],
    &[(-1.2, 0.0), (-0.6, -1.0), (0.6, -1.0), (1.2, 0.0), (0.6, 1.0), (-0.6, 1.0)],
    &[(-0.5, -1.3), (0.5, -1.3), (0.5, 1.3), (-0.5, 1.3)],
];
const MARKERS: usize = 8;
const COLOURS: usize = 8;
const DASHES: [&str; 5] = ["", "7 4", "2 3", "10 3 2 3", "4 2"];
/// No picture is as large.
const FAR: f64 = 10_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_whole_tenths_whatever_they_were() {
        let texts = [0.0, -0.0, -0.04, 1.25, -3.5, 12.999, f64::NAN, f64::INFINITY, -1e300].map(tenth);
        assert_eq!(texts, ["0", "0", "0", "1.3", "-3.5", "13", "0", "10000", "-10000"]);
    }

    #[test]
    fn text_is_only_text() {
        assert_eq!(escape("<b a=\"1\">'&'</b>"), "&lt;b a=&quot;1&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;");
        assert_eq!(escape("a\u{0}\u{1b}\u{202e}b"), "a\u{fffd}\u{fffd}\u{fffd}b");
    }

    #[test]
    fn neighbours_differ_in_colour_and_shape() {
        let drawn = |place: usize| {
            let mut svg = Svg::new();
            svg.marker(place, (5.0, 5.0), 4.0, "");
            svg.body
        };
        let all: Vec<String> = (0..MARKERS).map(drawn).collect();
        for (place, one) in all.iter().enumerate() {
            assert!(all[..place].iter().all(|other| other != one));
            assert!(place == 0 || all[..place].iter().all(|other| !other.contains(&colour(place))));
        }
    }
}
