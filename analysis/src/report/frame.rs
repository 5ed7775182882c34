//! What stands around every plot: axes with ticks and grid, titles, the legend, and labels that do not lie on one another.

use super::scale::Scale;
use super::svg::{Anchor, Svg, dash};
use crate::width::columns;

/// A plot's place in a picture, and its axes.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Its upper left corner.
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) x: Axis,
    pub(super) y: Axis,
}

/// One plot of a picture, with what is drawn in it.
#[derive(Clone, Debug)]
pub(super) struct Panel<T> {
    /// Its name; empty if it is the only one.
    pub(super) name: String,
    pub(super) marks: Vec<T>,
}

impl<T> Panel<T> {
    /// The only plot of a picture.
    pub(super) fn alone(marks: Vec<T>) -> Self {
        Self { name: String::new(), marks }
    }
}

/// An axis with its title.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) scale: Scale,
    /// What is drawn along it, without its unit.
    pub(super) title: String,
    /// Its unit; empty if it has none.
    pub(super) unit: String,
}

/// Somebody in a legend: his name, his place in the order of protocols, and his place in the order of dashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) label: String,
    /// None where dashes alone tell.
    pub(super) marker: Option<usize>,
    pub(super) dashes: usize,
}

impl Axis {
    pub(super) fn new(scale: Scale, title: impl Into<String>, unit: impl Into<String>) -> Self {
        Self { scale, title: title.into(), unit: unit.into() }
    }

    fn title(&self) -> String {
        if self.unit.is_empty() || self.scale.tells_unit(&self.unit) {
            self.title.clone()
        } else {
            format!("{}, {}", self.title, self.unit)
        }
    }
}

impl Frame {
    pub(super) fn x_at(&self, value: f64) -> f64 {
        self.left + self.width * self.x.scale.at(value)
    }

    pub(super) fn y_at(&self, value: f64) -> f64 {
        self.top + self.height * (1.0 - self.y.scale.at(value))
    }

    pub(super) fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x_at(x), self.y_at(y))
    }

    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Draws axes, grid and titles; over the plot its name, if it has one.
    pub(super) fn draw(&self, svg: &mut Svg, name: &str) {
        self.draw_y(svg);
        self.draw_x(svg);
        self.name(svg, name);
    }

    /// Draws everything but what stands under the plot: for those that share what stands under the last.
    pub(super) fn draw_without_x(&self, svg: &mut Svg, name: &str) {
        self.draw_y(svg);
        svg.line("a", (self.left, self.bottom()), (self.right(), self.bottom()));
        self.name(svg, name);
    }

    fn name(&self, svg: &mut Svg, name: &str) {
        let title = self.y.title();
        let line = if name.is_empty() { self.top - 10.0 } else { self.top - 25.0 };
        if !name.is_empty() {
            svg.text("h", (self.left, line), Anchor::Start, &cut(name, self.width));
        }
        svg.text("m", (self.left - GUTTER, self.top - 10.0), Anchor::Start, &cut(&title, self.width + GUTTER));
    }

    fn draw_y(&self, svg: &mut Svg) {
        let names = matches!(self.y.scale, Scale::Names(_));
        for (value, word) in self.y.scale.ticks(&self.y.unit) {
            let y = self.y_at(value);
            if !names {
                svg.line("g", (self.left, y), (self.right(), y));
            }
            svg.text("m", (self.left - 6.0, y + 4.0), Anchor::End, &word);
        }
    }

    fn draw_x(&self, svg: &mut Svg) {
        let bottom = self.bottom();
        svg.line("a", (self.left, bottom), (self.right(), bottom));
        let mut free = f64::NEG_INFINITY;
        for (value, word) in self.x.scale.ticks(&self.x.unit) {
            let x = self.x_at(value);
            svg.line("a", (x, bottom), (x, bottom + 4.0));
            let half = room(&word) / 2.0;
            if x - half > free {
                svg.text("m", (x, bottom + 17.0), Anchor::Middle, &word);
                free = x + half + GAP;
            }
        }
        svg.text("m", (self.left + self.width / 2.0, bottom + 35.0), Anchor::Middle, &self.x.title());
    }
}

/// Where so many plots stand, from this height on: one alone over the whole width, with room for labels on its right; else two in a row.
/// Each is left, top, width and height; and where the picture ends.
pub(super) fn plots(count: usize, top: f64, labels: f64) -> (Vec<[f64; 4]>, f64) {
    if count == 1 {
        let plot = [GUTTER, top + NAMED_HEAD, WIDTH - GUTTER - labels.max(14.0), HEIGHT];
        return (vec![plot], top + NAMED_HEAD + HEIGHT + FOOT);
    }
    let column = WIDTH / 2.0;
    let line = NAMED_HEAD + HEIGHT_OF_MANY + FOOT + 6.0;
    let place = |place: usize| {
        let (left, top) = (column * (place % 2) as f64, top + line * (place / 2) as f64);
        [left + GUTTER, top + NAMED_HEAD, column - GUTTER - 14.0, HEIGHT_OF_MANY]
    };
    ((0..count).map(place).collect(), top + line * count.div_ceil(2) as f64)
}

/// Draws names at the right of a plot, each with its marker and as near to its height as may be; how much room that takes is
/// [`labels_room`].
pub(super) fn labels(svg: &mut Svg, frame: &Frame, labels: &[(String, usize, f64)]) {
    let wanted: Vec<f64> = labels.iter().map(|(_, _, y)| *y).collect();
    let places = apart(&wanted, LABEL_LINE, (frame.top, frame.bottom()));
    for ((label, place, y), moved) in labels.iter().zip(places) {
        let x = frame.right();
        svg.line("g", (x + 2.0, *y), (x + 12.0, moved));
        svg.marker(*place, (x + 18.0, moved), MARKER, "");
        svg.text("", (x + 26.0, moved + 4.0), Anchor::Start, &cut(label, LABEL_ROOM));
    }
}

/// How much room these names take at the right of a plot.
pub(super) fn labels_room<'a>(labels: impl IntoIterator<Item = &'a String>) -> f64 {
    labels.into_iter().map(|label| room(label).min(LABEL_ROOM) + 30.0).fold(0.0, f64::max)
}

/// Draws a legend from this place on, in lines of this width; how high it is.
pub(super) fn legend(svg: &mut Svg, (left, top): (f64, f64), width: f64, entries: &[Entry]) -> f64 {
    let (mut x, mut y) = (left, top);
    for entry in entries {
        let label = cut(&entry.label, width - SAMPLE);
        let needed = SAMPLE + room(&label) + 18.0;
        if x > left && x + needed > left + width {
            (x, y) = (left, y + LEGEND_LINE);
        }
        let middle = y + 8.0;
        match entry.marker {
            Some(place) => {
                let class = format!("l {}", super::svg::colour(place));
                svg.path(&class, dash(entry.dashes), &[(x, middle), (x + 26.0, middle)]);
                svg.marker(place, (x + 13.0, middle), MARKER, "");
            }
            None => svg.path("a", dash(entry.dashes), &[(x, middle), (x + 26.0, middle)]),
        }
        svg.text("", (x + SAMPLE, y + 12.0), Anchor::Start, &label);
        x += needed;
    }
    if entries.is_empty() { 0.0 } else { y - top + LEGEND_LINE }
}

/// How high the legend will be.
pub(super) fn legend_height(width: f64, entries: &[Entry]) -> f64 {
    legend(&mut Svg::new(), (0.0, 0.0), width, entries)
}

/// Places as near to the wanted ones as may be, but so far apart and within these bounds; in the order of the wanted.
pub(super) fn apart(wanted: &[f64], gap: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|one, other| wanted[*one].total_cmp(&wanted[*other]));
    // Those that touch move together: each group stands around the middle of its wishes.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for place in &order {
        let mut group = (wanted[*place], 1);
        while let Some((middle, size)) = groups.last().copied()
            && middle + gap * (size as f64 - 1.0) / 2.0 + gap > group.0 - gap * (group.1 as f64 - 1.0) / 2.0
        {
            groups.pop();
            let sum = middle * size as f64 + group.0 * group.1 as f64;
            group = (sum / (size + group.1) as f64, size + group.1);
        }
        groups.push(group);
    }
    let mut places = vec![0.0; wanted.len()];
    let mut order = order.into_iter();
    let mut last = f64::NEG_INFINITY;
    for (middle, size) in groups {
        let half = gap * (size as f64 - 1.0) / 2.0;
        let first = middle.min(high - half).max(low + half) - half;
        for (rank, place) in order.by_ref().take(size).enumerate() {
            last = (first + gap * rank as f64).max(last + gap);
            places[place] = last;
        }
    }
    pushed_up(&mut places, gap, high);
    places
}

/// Pushes what hangs over the end back, as far as there is room.
fn pushed_up(places: &mut [f64], gap: f64, high: f64) {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|one, other| places[*other].total_cmp(&places[*one]));
    let mut free = high;
    for place in order {
        places[place] = places[place].min(free);
        free = places[place] - gap;
    }
}

/// About how wide a text is.
pub(super) fn room(text: &str) -> f64 {
    columns(text) as f64 * LETTER
}

/// The text, shortened where it is wider than its room.
pub(super) fn cut(text: &str, width: f64) -> String {
    if room(text) <= width {
        return text.to_owned();
    }
    let most = ((width / LETTER) as usize).saturating_sub(1);
    let mut kept = String::new();
    for c in text.chars() {
        if columns(&kept) + columns(&c.to_string()) > most {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// Of a curve, as many points as can be told apart, the first and the last among them.
pub(super) fn thinned<T: Copy>(points: &[T]) -> Vec<T> {
    if points.len() <= POINTS_MAX {
        return points.to_vec();
    }
    let last = points.len() - 1;
    (0..POINTS_MAX).map(|place| points[place * last / (POINTS_MAX - 1)]).collect()
}

/// How wide a picture is.
pub(super) const WIDTH: f64 = 760.0;
/// Left of a plot, for its ticks.
pub(super) const GUTTER: f64 = 52.0;
/// Under a plot, for its ticks and title.
pub(super) const FOOT: f64 = 44.0;
/// Over a plot, for its name and the title of its y axis.
pub(super) const NAMED_HEAD: f64 = 42.0;
/// How large a marker is.
pub(super) const MARKER: f64 = 4.2;
/// How far apart lines of labels are.
pub(super) const LABEL_LINE: f64 = 15.0;
const HEIGHT: f64 = 270.0;
const HEIGHT_OF_MANY: f64 = 180.0;
/// A name beside a plot is no wider.
const LABEL_ROOM: f64 = 170.0;
const POINTS_MAX: usize = 200;
const LEGEND_LINE: f64 = 20.0;
const SAMPLE: f64 = 32.0;
const LETTER: f64 = 6.7;
const GAP: f64 = 8.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_would_collide_are_moved_apart_and_no_further() {
        assert_eq!(apart(&[10.0, 100.0, 50.0], 15.0, (0.0, 200.0)), [10.0, 100.0, 50.0]);
        assert_eq!(apart(&[50.0, 50.0], 10.0, (0.0, 200.0)), [45.0, 55.0]);
        assert_eq!(apart(&[52.0, 50.0, 51.0], 10.0, (0.0, 200.0)), [61.0, 41.0, 51.0]);
        assert_eq!(apart(&[0.0, 0.0, 0.0], 10.0, (0.0, 200.0)), [0.0, 10.0, 20.0]);
        assert_eq!(apart(&[199.0, 200.0], 10.0, (0.0, 200.0)), [190.0, 200.0]);
        assert!(apart(&[], 10.0, (0.0, 1.0)).is_empty());
    }

    #[test]
    fn no_two_labels_are_nearer_than_the_gap_however_they_lie() {
        let mut seed = 7_u64;
        for _ in 0..200 {
            let wanted: Vec<f64> = (0..8)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (seed >> 56) as f64
                })
                .collect();
            let mut places = apart(&wanted, 15.0, (0.0, 255.0));
            places.sort_by(f64::total_cmp);
            assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 14.99), "{wanted:?}: {places:?}");
            assert!(places[0] > -0.01 && places[7] < 255.01, "{wanted:?}: {places:?}");
        }
    }

    #[test]
    fn long_curves_keep_their_ends() {
        let points: Vec<usize> = (0..1234).collect();
        let thin = thinned(&points);
        assert_eq!((thin.len(), thin[0], thin[199]), (200, 0, 1233));
        assert_eq!(thinned(&points[..7]), points[..7]);
    }

    #[test]
    fn what_is_too_wide_is_cut() {
        assert_eq!(cut("abcdef", 1000.0), "abcdef");
        assert_eq!(cut("abcdefghij", 40.2), "abcde…");
        assert_eq!(cut("ab", 1.0), "…");
    }
}
