//! The circle of ids with its nodes, and the way of one lookup across it.

use super::csv;
use super::drawn::{Drawn, sentences};
use super::frame::{WIDTH, cut};
use super::svg::{Anchor, Svg, colour};
use super::words::{count, number};
use crate::audit::document::Ring;

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) struct Rings {
    pub(super) title: String,
    /// A ring for each protocol: its label, and its place in the order of all.
    pub(super) rings: Vec<(String, usize, Ring)>,
}

/// What two nodes have said to each other: who first spoke to whom, whether all of it arrived, and in which order.
struct Exchange {
    from: u32,
    to: u32,
    sent: usize,
    lost: usize,
}

impl Rings {
    /// The picture; none if there is no ring.
    pub(super) fn draw(&self) -> Option<Drawn> {
        if self.rings.is_empty() {
            return None;
        }
        let says: Vec<String> = self.rings.iter().map(|(label, _, ring)| says(label, ring)).collect();
        let says = sentences(&says);
        let columns = self.rings.len().min(2);
        let room = if columns == 1 { 460.0 } else { WIDTH / 2.0 };
        let mut svg = Svg::new();
        for (rank, (label, place, ring)) in self.rings.iter().enumerate() {
            let (left, top) = (WIDTH / columns as f64 * (rank % columns) as f64, room * (rank / columns) as f64);
            let circle = Circle { middle: (left + room / 2.0, top + room / 2.0 + 10.0), radius: room / 2.0 - 52.0 };
            svg.text("h", (left + 4.0, top + 14.0), Anchor::Start, &cut(label, room));
            circle.draw(&mut svg, *place, ring);
        }
        let height = room * self.rings.len().div_ceil(columns) as f64 + 10.0;
        let svg = svg.finish((WIDTH, height), &self.title, &says);
        let reading = "Ids grow clockwise from the top. Small dots are nodes that were up when the lookup was asked, hollow ones those that were not; the square \
                       asked, the diamond is the key, the circle is who answered as its owner. Numbers are the order in which two \
                       nodes first spoke; a dashed line with a cross: something sent there did not arrive.";
        Some(Drawn { svg, says, reading: reading.to_owned(), csv: self.csv() })
    }

    fn csv(&self) -> String {
        let rows = self.rings.iter().flat_map(|(label, _, ring)| {
            ring.messages.iter().map(move |message| {
                let arrived = message.arrived.to_string();
                let ends = [message.from, message.to].map(|node| node.to_string());
                let [from, to] = ends;
                vec![label.clone(), message.sent_ms.to_string(), from, to, message.kind.clone(), arrived]
            })
        });
        csv::table(&["protocol", "sent_ms", "from", "to", "kind", "arrived"], rows)
    }
}

/// Where a ring stands.
struct Circle {
    middle: (f64, f64),
    radius: f64,
}

impl Circle {
    fn draw(&self, svg: &mut Svg, place: usize, ring: &Ring) {
        svg.circle("a", self.middle, self.radius);
        let dot = if ring.nodes.len() > MANY_NODES { 1.6 } else { 3.0 };
        for (node, at) in &ring.nodes {
            let class = if ring.gone.contains(node) { "a" } else { "n" };
            svg.circle(class, self.at(*at, 1.0), dot);
        }
        let exchanges = exchanges(ring);
        for (rank, exchange) in exchanges.iter().enumerate() {
            self.exchange(svg, place, ring, exchange, (exchanges.len() <= NUMBERED_MAX).then_some(rank + 1));
        }
        self.people(svg, place, ring, &exchanges);
    }

    /// The point at a share of the circle, so many radii from the middle.
    fn at(&self, share: f64, radii: f64) -> (f64, f64) {
        let angle = std::f64::consts::TAU * share;
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        (self.middle.0 + radii * self.radius * sin, self.middle.1 - radii * self.radius * cos)
    }

    fn exchange(&self, svg: &mut Svg, place: usize, ring: &Ring, exchange: &Exchange, number: Option<usize>) {
        let [from, to] = [exchange.from, exchange.to].map(|node| place_of(ring, node));
        let Some((from, to)) = from.zip(to).map(|(from, to)| (self.at(from, 1.0), self.at(to, 1.0))) else {
            return;
        };
        let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
        let by = (middle.0 + (self.middle.0 - middle.0) * BEND, middle.1 + (self.middle.1 - middle.1) * BEND);
        let is_whole = exchange.lost == 0;
        let class = format!("{} {}", if is_whole { "l" } else { "e" }, colour(place));
        svg.bow(&class, if is_whole { "" } else { "5 4" }, from, by, to);
        let end = along(from, by, to, 0.9);
        if is_whole {
            arrow(svg, &format!("f {}", colour(place)), along(from, by, to, 0.84), along(from, by, to, 0.93));
        } else {
            svg.cross(&format!("x {}", colour(place)), end, 4.0);
        }
        if let Some(number) = number {
            // Neighbours bear their numbers at different places, so that these do not lie on one another.
            let at = along(from, by, to, 0.36 + 0.12 * (number % 4) as f64);
            svg.text("o", (at.0, at.1 + 4.0), Anchor::Middle, &number.to_string());
        }
    }

    /// The key, who asked, who answered, and the numbers of all who had to do with it.
    fn people(&self, svg: &mut Svg, place: usize, ring: &Ring, exchanges: &[Exchange]) {
        let mut named: Vec<u32> = exchanges.iter().flat_map(|exchange| [exchange.from, exchange.to]).collect();
        named.extend([ring.issuer].into_iter().chain(ring.owner));
        named.sort_unstable();
        named.dedup();
        if let Some(at) = ring.owner.and_then(|owner| place_of(ring, owner)) {
            svg.circle(&format!("x {}", colour(place)), self.at(at, 1.0), 8.0);
        }
        if let Some(at) = place_of(ring, ring.issuer) {
            svg.mark(SQUARE, place, self.at(at, 1.0), 5.5, &format!("node {}, which asked", ring.issuer));
        }
        svg.mark(DIAMOND, place, self.at(ring.key, 1.12), 5.0, "the key");
        self.names(svg, ring, &named);
    }

    /// Numbers of nodes around the circle; where they would lie on one another, only the first.
    fn names(&self, svg: &mut Svg, ring: &Ring, named: &[u32]) {
        let mut taken: Vec<(f64, f64)> = vec![self.at(ring.key, 1.12)];
        let first = [Some(ring.issuer), ring.owner].into_iter().flatten();
        for node in first.chain(named.iter().copied().filter(|node| *node != ring.issuer && Some(*node) != ring.owner))
        {
            let Some(at) = place_of(ring, node).map(|share| self.at(share, 1.2)) else {
                continue;
            };
            if taken.iter().all(|other| (other.0 - at.0).abs() > 18.0 || (other.1 - at.1).abs() > 12.0) {
                svg.text("o", (at.0, at.1 + 4.0), Anchor::Middle, &node.to_string());
                taken.push(at);
            }
        }
    }
}

fn place_of(ring: &Ring, node: u32) -> Option<f64> {
    ring.nodes.iter().find(|(number, _)| *number == node).map(|(_, share)| *share)
}

/// Who spoke with whom, in the order in which they began.
fn exchanges(ring: &Ring) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    for message in ring.messages.iter().filter(|message| message.from != message.to) {
        let pair = [message.from, message.to];
        let is_theirs = |of: &&mut Exchange| pair == [of.from, of.to] || pair == [of.to, of.from];
        let lost = usize::from(!message.arrived);
        match exchanges.iter_mut().find(is_theirs) {
            Some(exchange) => (exchange.sent, exchange.lost) = (exchange.sent + 1, exchange.lost + lost),
            None => exchanges.push(Exchange { from: message.from, to: message.to, sent: 1, lost }),
        }
    }
    exchanges
}

/// A point on a bow.
fn along(from: (f64, f64), by: (f64, f64), to: (f64, f64), t: f64) -> (f64, f64) {
    let of = |a: f64, b: f64, c: f64| (1.0 - t) * (1.0 - t) * a + 2.0 * (1.0 - t) * t * b + t * t * c;
    (of(from.0, by.0, to.0), of(from.1, by.1, to.1))
}

fn arrow(svg: &mut Svg, class: &str, from: (f64, f64), tip: (f64, f64)) {
    let (dx, dy) = (tip.0 - from.0, tip.1 - from.1);
    let length = (dx * dx + dy * dy).sqrt().max(1e-6);
    let (dx, dy) = (dx / length, dy / length);
    let foot = (tip.0 - 9.0 * dx, tip.1 - 9.0 * dy);
    svg.area(class, &[tip, (foot.0 - 4.0 * dy, foot.1 + 4.0 * dx), (foot.0 + 4.0 * dy, foot.1 - 4.0 * dx)]);
}

fn says(label: &str, ring: &Ring) -> String {
    let lost = ring.messages.iter().filter(|message| !message.arrived).count();
    let answered = ring.owner.map(|owner| format!(", node {owner} answered as the owner")).unwrap_or_default();
    let messages = count(ring.messages.len() as u64, "message");
    format!(
        "{label}: asked by node {} at {} s among {}, {}{answered}; {messages}, {lost} of which did not arrive",
        ring.issuer,
        number(ring.asked_s),
        count((ring.nodes.len() - ring.gone.len()) as u64, "node"),
        ring.outcome
    )
}

/// How far bows bend towards the middle.
const BEND: f64 = 0.45;
const SQUARE: usize = 1;
const DIAMOND: usize = 3;
const MANY_NODES: usize = 100;
/// More numbers than these on one ring cannot be read.
const NUMBERED_MAX: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::document::RingMessage;
    use crate::report::check::{assert_sound, coordinates};

    fn message(from: u32, to: u32, arrived: bool) -> RingMessage {
        RingMessage { sent_ms: 1.5, from, to, kind: "Find".to_owned(), arrived }
    }

    fn ring(nodes: u32, messages: Vec<RingMessage>) -> Ring {
        let nodes: Vec<(u32, f64)> = (0..nodes).map(|node| (node, f64::from(node) / f64::from(nodes))).collect();
        let outcome = "correct".to_owned();
        Ring { nodes, gone: vec![], key: 0.61, issuer: 0, owner: Some(3), outcome, asked_s: 121.5, messages }
    }

    fn drawn(rings: Vec<Ring>) -> Option<Drawn> {
        let rings = rings.into_iter().enumerate().map(|(place, ring)| (format!("p{place}"), place, ring)).collect();
        Rings { title: "ring".to_owned(), rings }.draw()
    }

    #[test]
    fn the_way_of_a_lookup_is_told_and_drawn() {
        let messages = vec![message(0, 2, false), message(0, 1, true), message(1, 0, true), message(0, 3, true)];
        let drawn = drawn(vec![ring(5, messages)]).expect("a ring");
        assert_sound(&drawn.svg);
        assert_eq!(
            drawn.says,
            "p0: asked by node 0 at 121.5 s among 5 nodes, correct, node 3 answered as the owner; 4 messages, 1 of which did not arrive."
        );
        assert_eq!(drawn.svg.matches("stroke-dasharray").count(), 1, "one of three ways is broken");
        assert!(drawn.csv.contains("\np0,1.5,0,2,Find,false\n"));
    }

    #[test]
    fn nobody_and_strangers_and_many_are_drawn_within_the_picture() {
        let strangers = ring(3, vec![message(7, 9, true), message(0, 9, false), message(1, 1, true)]);
        let crowd = ring(1000, (1..60).map(|node| message(0, node * 16, node % 3 > 0)).collect());
        for rings in [vec![ring(0, vec![])], vec![ring(1, vec![]), strangers, crowd]] {
            let drawn = drawn(rings).expect("rings");
            assert_sound(&drawn.svg);
            assert!(coordinates(&drawn.svg).iter().all(|at| *at >= -30.0 && *at <= 900.0));
        }
        assert_eq!(drawn(Vec::new()), None);
    }
}
