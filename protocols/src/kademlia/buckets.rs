//! The routing table: a tree of k-buckets that covers the circle, finest around the node itself. A pure object.

use sim::address::Address;
use sim::rng::Stream;
use sim::sampler;
use sim::time::SimTime;

use super::settings::Settings;
use crate::dht::Members;
use crate::key::Key;

/// The k-buckets of a node, in order of the circle: together they cover it, and no two overlap.
///
/// Laws: a bucket holds at most k contacts, all with its prefix, none twice, never the node itself; whoever was seen last
/// stands last in its bucket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Buckets(Vec<Bucket>);

/// The contacts whose ids begin with a prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Bucket {
    prefix: Key,
    /// How many bits the prefix has.
    depth: u8,
    /// Least recently seen first.
    contacts: Vec<Address>,
    /// Seen while the bucket was full, least recently seen first: the replacement cache (section 4.1).
    cache: Vec<Address>,
    /// When the bucket is to be refreshed, if no lookup comes through it before.
    pub(crate) due: SimTime,
}

/// Where a node of this protocol stands.
pub(crate) type Place<'a> = crate::place::Place<'a, Settings>;

/// What became of a node that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It is in its bucket.
    Kept,
    /// Its bucket is full, and this contact is the one that was not seen for the longest time.
    Full {
        /// The least recently seen.
        oldest: Address,
    },
}

impl Default for Buckets {
    /// One empty bucket for the whole circle.
    fn default() -> Self {
        Self(vec![Bucket::default()])
    }
}

impl Buckets {
    /// The table that a node would have in a quiet overlay of these members. Of those who would fit into a full bucket, each
    /// is as likely to be there as any other.
    pub(crate) fn converged(members: &Members, place: Place<'_>) -> Self {
        let mine = place.my_key();
        let mut words = place.common.chance_of_birth(place.me);
        let mut buckets = Vec::new();
        let mut depth = 0;
        while members.sharing(mine, depth).len() > place.k() + 1 {
            let is_near = members.sharing(mine, depth + 1).len() <= place.k();
            let sibling = place.sibling(depth);
            grow(&mut buckets, members, (sibling, depth + 1), is_near, place, &mut words);
            depth += 1;
        }
        let near = members.sharing(mine, depth).iter().map(|(_, node)| *node).filter(|node| *node != place.me);
        buckets.push(Bucket::new(mine.prefix(depth), depth, near.collect()));
        buckets.sort_unstable_by_key(|bucket| bucket.prefix);
        Self(buckets)
    }

    /// A node has proved that it lives: it goes to the end of its bucket, which splits if it may (section 2.4); where there is no
    /// room it goes to the replacement cache.
    pub(crate) fn seen(&mut self, node: Address, place: Place<'_>) -> Seen {
        loop {
            let at = self.place_of(place.key(node));
            let bucket = &mut self.0[at];
            if let Some(position) = bucket.contacts.iter().position(|contact| *contact == node) {
                bucket.contacts[position..].rotate_left(1);
                return Seen::Kept;
            }
            if bucket.contacts.len() < place.k() {
                bucket.cache.retain(|cached| *cached != node);
                bucket.contacts.push(node);
                return Seen::Kept;
            }
            if !self.may_split(at, node, place) {
                return self.0[at].put_off(node, place.k());
            }
            self.split(at, place);
        }
    }

    /// A contact that was silent gives way to whoever was seen last among those that wait; it stays if nobody waits.
    pub(crate) fn replace(&mut self, node: Address, place: Place<'_>) {
        let at = self.place_of(place.key(node));
        let bucket = &mut self.0[at];
        if bucket.cache.is_empty() {
            return;
        }
        if let Some(position) = bucket.contacts.iter().position(|contact| *contact == node) {
            bucket.contacts.remove(position);
            bucket.contacts.extend(bucket.cache.pop());
        }
    }

    /// The least recently seen, which was pinged, was silent: it gives way, unless it has been heard of meanwhile.
    pub(crate) fn replace_oldest(&mut self, node: Address, place: Place<'_>) {
        if self.around(place.key(node)).first() == Some(&node) {
            self.replace(node, place);
        }
    }

    /// A contact is gone for good: it has said so.
    pub(crate) fn forget(&mut self, node: Address, place: Place<'_>) {
        let at = self.place_of(place.key(node));
        let bucket = &mut self.0[at];
        bucket.contacts.retain(|contact| *contact != node);
        bucket.cache.retain(|cached| *cached != node);
        if bucket.contacts.len() < place.k() {
            bucket.contacts.extend(bucket.cache.pop());
        }
    }

    /// The closest contacts to a key that are wanted, the closest first.
    pub(crate) fn closest(
        &self,
        key: Key,
        count: usize,
        place: Place<'_>,
        wanted: impl Fn(Address) -> bool,
    ) -> Vec<Address> {
        let mut found: Vec<(Key, Address)> = Vec::with_capacity(count + place.k());
        nearest_first(&self.0, key, 0, &mut |bucket| {
            let before = found.len();
            let here = bucket.contacts.iter().copied().filter(|node| wanted(*node));
            found.extend(here.map(|node| (place.key(node) ^ key, node)));
            found[before..].sort_unstable();
            found.len() < count
        });
        found.truncate(count);
        found.into_iter().map(|(_, node)| node).collect()
    }

    /// All contacts.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = Address> {
        self.0.iter().flat_map(|bucket| bucket.contacts.iter().copied())
    }

    /// Whether this node is a contact.
    pub(crate) fn contains(&self, node: Address, place: Place<'_>) -> bool {
        self.0[self.place_of(place.key(node))].contacts.contains(&node)
    }

    /// The contacts of the bucket that a key falls into.
    pub(crate) fn around(&self, key: Key) -> &[Address] {
        &self.0[self.place_of(key)].contacts
    }

    /// The bucket that a key falls into, to set when it is due.
    pub(crate) fn bucket_mut(&mut self, key: Key) -> &mut Bucket {
        let at = self.place_of(key);
        &mut self.0[at]
    }

    /// All buckets, in order of the circle.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Bucket> {
        self.0.iter()
    }

    /// All buckets, to set when they are due.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Bucket> {
        self.0.iter_mut()
    }

    /// Says which law is broken, if any is.
    pub(crate) fn check(&self, place: Place<'_>) -> Result<(), String> {
        let mut end = Some(Key::ZERO);
        for bucket in &self.0 {
            if end != Some(bucket.prefix) {
                return Err(format!("a gap before {bucket:?}"));
            }
            end = bucket.end(place);
            let mut nodes: Vec<Address> = bucket.contacts.iter().chain(&bucket.cache).copied().collect();
            let alien = nodes.iter().find(|node| **node == place.me || !bucket.covers(place.key(**node)));
            if let Some(alien) = alien {
                return Err(format!("{alien} is no contact for {bucket:?}"));
            }
            nodes.sort_unstable();
            if bucket.cache.len() > place.k() || !bucket.cache.is_empty() && bucket.contacts.len() < place.k() {
                return Err(format!("a cache that is too long, or whose nodes would have room: {bucket:?}"));
            }
            if bucket.contacts.len() > place.k() || nodes.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(format!("too many, or one twice: {bucket:?}"));
            }
        }
        if end.is_some() { Err("the last bucket ends before the circle does".to_owned()) } else { Ok(()) }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let lists: usize = self.0.iter().map(|bucket| bucket.contacts.capacity() + bucket.cache.capacity()).sum();
        self.0.capacity() * size_of::<Bucket>() + lists * size_of::<Address>()
    }

    fn place_of(&self, key: Key) -> usize {
        self.0.partition_point(|bucket| bucket.prefix <= key) - 1
    }

    /// Whether a full bucket may split for this newcomer: if the node's own id falls into it, if its depth is not a multiple
    /// of b, or if the newcomer belongs to the smallest subtree around the node that holds k others (sections 2.4 and 4.2).
    fn may_split(&self, at: usize, newcomer: Address, place: Place<'_>) -> bool {
        let Settings { b, keep_near, .. } = place.common.settings;
        let bucket = &self.0[at];
        let depth = u32::from(bucket.depth);
        if depth >= place.common.width().bits() {
            return false;
        }
        let is_own = bucket.covers(place.my_key());
        is_own || !depth.is_multiple_of(b) || keep_near && self.is_near(place.key(newcomer), place)
    }

    /// Whether fewer than k contacts are closer to the node than any in this key's subtree.
    fn is_near(&self, key: Key, place: Place<'_>) -> bool {
        let mine = place.my_key();
        let shared = mine.shared_bits(key);
        let closer = self.0.iter().filter(|bucket| mine.shared_bits(bucket.prefix) > shared);
        let closer = closer.filter(|bucket| u32::from(bucket.depth) > shared);
        closer.map(|bucket| bucket.contacts.len()).sum::<usize>() < place.k()
    }

    fn split(&mut self, at: usize, place: Place<'_>) {
        let Bucket { prefix, depth, contacts, cache, due } = self.0.remove(at);
        let split = |nodes: Vec<Address>| -> (Vec<Address>, Vec<Address>) {
            nodes.into_iter().partition(|node| !place.key(*node).bit(u32::from(depth)))
        };
        let (contacts, cache) = (split(contacts), split(cache));
        let upper = prefix + place.common.width().power(place.common.width().bits() - 1 - u32::from(depth));
        let halves = [(prefix, contacts.0, cache.0), (upper, contacts.1, cache.1)];
        for (offset, (prefix, contacts, cache)) in halves.into_iter().enumerate() {
            let mut half = Bucket { prefix, depth: depth + 1, contacts, cache, due };
            half.fill_up(place.k());
            self.0.insert(at + offset, half);
        }
    }
}

impl Bucket {
    fn new(prefix: Key, depth: u32, contacts: Vec<Address>) -> Self {
        Self { prefix, depth: depth as u8, contacts, ..Self::default() }
    }

    /// A random key that falls into the bucket.
    pub(crate) fn random_key(&self, place: Place<'_>, word: impl FnMut() -> u64) -> Key {
        let random = place.common.width().random(word);
        self.prefix ^ random ^ random.prefix(u32::from(self.depth))
    }

    /// How many bits of the node's own id the bucket's prefix begins with.
    pub(crate) fn shared_bits(&self, place: Place<'_>) -> u32 {
        place.my_key().shared_bits(self.prefix).min(u32::from(self.depth))
    }

    /// The prefix, and how many bits it has.
    pub(crate) fn prefix(&self) -> Key {
        self.prefix
    }

    fn covers(&self, key: Key) -> bool {
        self.prefix.shared_bits(key) >= u32::from(self.depth)
    }

    /// Where the next bucket begins; none at the end of the circle.
    fn end(&self, place: Place<'_>) -> Option<Key> {
        let width = place.common.width();
        if self.depth == 0 {
            return None;
        }
        let end = self.prefix + width.power(width.bits() - u32::from(self.depth));
        (end != Key::ZERO).then_some(end)
    }

    /// There is no room for this node: it waits in the cache.
    fn put_off(&mut self, node: Address, k: usize) -> Seen {
        self.cache.retain(|cached| *cached != node);
        if self.cache.len() == k {
            self.cache.remove(0);
        }
        self.cache.push(node);
        Seen::Full { oldest: self.contacts[0] }
    }

    /// Who waits comes in while there is room, the most recently seen first.
    fn fill_up(&mut self, k: usize) {
        while self.contacts.len() < k
            && let Some(node) = self.cache.pop()
        {
            self.contacts.push(node);
        }
    }
}

impl Place<'_> {
    pub(crate) fn k(&self) -> usize {
        self.common.settings.k as usize
    }

    /// The half of the subtree at this depth around the node in which the node is not.
    fn sibling(&self, depth: u32) -> Key {
        let width = self.common.width();
        self.my_key().prefix(depth + 1) ^ width.power(width.bits() - 1 - depth)
    }
}

/// The buckets of a subtree beside the node, in a quiet overlay.
fn grow(
    buckets: &mut Vec<Bucket>,
    members: &Members,
    (prefix, depth): (Key, u32),
    is_near: bool,
    place: Place<'_>,
    words: &mut Stream,
) {
    let Settings { b, keep_near, .. } = place.common.settings;
    let here = members.sharing(prefix, depth);
    let may_split = depth < place.common.width().bits() && (is_near && keep_near || !depth.is_multiple_of(b));
    if here.len() > place.k() && may_split {
        let upper = prefix ^ place.common.width().power(place.common.width().bits() - 1 - depth);
        for half in [prefix, upper] {
            grow(buckets, members, (half, depth + 1), is_near, place, words);
        }
        return;
    }
    let contacts = sampler::choose(words, here.len(), place.k()).into_iter().map(|number| here[number].1);
    buckets.push(Bucket::new(prefix, depth, contacts.collect()));
}

/// Shows the buckets in order of distance from a key, until one says that it is enough.
fn nearest_first<'a>(buckets: &'a [Bucket], key: Key, depth: u32, show: &mut impl FnMut(&'a Bucket) -> bool) -> bool {
    if let [bucket] = buckets {
        return show(bucket);
    }
    let middle = buckets.partition_point(|bucket| !bucket.prefix.bit(depth));
    let (lower, upper) = buckets.split_at(middle);
    let (near, far) = if key.bit(depth) { (upper, lower) } else { (lower, upper) };
    nearest_first(near, key, depth + 1, show) && nearest_first(far, key, depth + 1, show)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dht::Common;
    use crate::key::Width;

    /// A run in which the node of address n has the id n, of 8 bits.
    fn ids(settings: Settings) -> Common<Settings> {
        let width = Width::new(8).expect("legal");
        let keys = (0..256).map(|id| width.from_u64(id).expect("it fits")).collect();
        Common::new(width, keys, settings)
    }

    fn of_k(k: u32) -> Common<Settings> {
        ids(Settings { k, keep_near: false, ..Settings::default() })
    }

    fn nodes(numbers: &[u32]) -> Vec<Address> {
        numbers.iter().copied().map(Address).collect()
    }

    fn after_seeing(common: &Common<Settings>, me: u32, numbers: &[u32]) -> Buckets {
        let place = Place { me: Address(me), common };
        let mut buckets = Buckets::default();
        for node in nodes(numbers) {
            buckets.seen(node, place);
        }
        assert_eq!(buckets.check(place), Ok(()));
        buckets
    }

    fn contacts(buckets: &Buckets) -> Vec<u32> {
        let mut all: Vec<u32> = buckets.contacts().map(|node| node.0).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_full_bucket_splits_only_around_the_node() {
        let common = of_k(2);
        let buckets = after_seeing(&common, 0, &[128, 129, 130, 64, 65, 66, 1, 2, 3]);
        assert_eq!(contacts(&buckets), [1, 2, 3, 64, 65, 128, 129], "two of each half that the node is not in");
    }

    #[test]
    fn whoever_was_seen_last_stands_last() {
        let common = of_k(3);
        let place = Place { me: Address(0), common: &common };
        let mut buckets = after_seeing(&common, 0, &[128, 129, 130]);
        buckets.seen(Address(1), place);
        assert_eq!(buckets.seen(Address(131), place), Seen::Full { oldest: Address(128) });
        assert_eq!(buckets.seen(Address(128), place), Seen::Kept);
        assert_eq!(buckets.seen(Address(131), place), Seen::Full { oldest: Address(129) });
    }

    #[test]
    fn who_is_replaced_gives_way_to_the_one_that_was_seen_last_and_only_if_somebody_waits() {
        let common = of_k(2);
        let place = Place { me: Address(0), common: &common };
        let mut buckets = after_seeing(&common, 0, &[1, 128, 129]);
        buckets.replace(Address(128), place);
        assert_eq!(contacts(&buckets), [1, 128, 129], "nobody waits");
        for node in [130, 131, 132, 130] {
            buckets.seen(Address(node), place);
        }
        buckets.replace(Address(128), place);
        assert_eq!(contacts(&buckets), [1, 129, 130]);
        buckets.forget(Address(129), place);
        assert_eq!(contacts(&buckets), [1, 130, 132], "a goodbye makes room as well; the cache held two");
    }

    #[test]
    fn the_smallest_subtree_with_k_others_is_kept_whole() {
        let near = ids(Settings { k: 3, keep_near: true, ..Settings::default() });
        // Two others on the node's own half: the other half is needed for three, so all of it is kept.
        let all: Vec<u32> = [1, 2].into_iter().chain(128..160).collect();
        assert_eq!(contacts(&after_seeing(&near, 0, &all)), all);
        assert_eq!(contacts(&after_seeing(&of_k(3), 0, &all)), [1, 2, 128, 129, 130]);
        let three: Vec<u32> = [1, 2, 3].into_iter().chain(128..160).collect();
        assert_eq!(contacts(&after_seeing(&near, 0, &three)), [1, 2, 3, 128, 129, 130], "three are near enough");
    }

    #[test]
    fn with_b_bits_a_level_buckets_split_until_their_depth_is_a_multiple_of_b() {
        let common = ids(Settings { k: 1, b: 2, keep_near: false, ..Settings::default() });
        let buckets = after_seeing(&common, 0, &[1, 128, 129, 192, 193, 64, 65]);
        assert_eq!(contacts(&buckets), [1, 64, 128, 192], "one for each two bits");
    }

    fn settings() -> impl Strategy<Value = Settings> {
        (1..6u32, 1..4u32, any::<bool>()).prop_map(|(k, b, keep_near)| Settings {
            k,
            b,
            keep_near,
            ..Settings::default()
        })
    }

    proptest! {
        /// Whatever is seen, replaced and forgotten, in whatever order.
        #[test]
        fn tables_keep_their_laws(settings in settings(), steps in prop::collection::vec((0..8u8, 0..=255u32), 0..300)) {
            let common = ids(settings);
            let place = Place { me: Address(77), common: &common };
            let mut buckets = Buckets::default();
            for (what, node) in steps {
                let node = Address(node);
                match what {
                    _ if node == place.me => {}
                    0 => buckets.replace(node, place),
                    1 => buckets.forget(node, place),
                    _ => {
                        let kept = buckets.seen(node, place) == Seen::Kept;
                        prop_assert_eq!(kept, buckets.contains(node, place));
                    }
                }
                prop_assert_eq!(buckets.check(place), Ok(()));
            }
        }

        #[test]
        fn the_closest_are_those_of_a_sorted_list(settings in settings(), seen: Vec<u8>, key: u8, count in 0..30usize) {
            let common = ids(settings);
            let place = Place { me: Address(77), common: &common };
            let mut buckets = Buckets::default();
            for node in seen.iter().map(|node| Address(u32::from(*node))).filter(|node| *node != place.me) {
                buckets.seen(node, place);
            }
            let is_even = |node: Address| node.0.is_multiple_of(2);
            let mut wanted: Vec<u32> = buckets.contacts().filter(|node| is_even(*node)).map(|node| node.0).collect();
            wanted.sort_unstable_by_key(|node| node ^ u32::from(key));
            wanted.truncate(count);
            let key = common.key(Address(u32::from(key)));
            prop_assert_eq!(buckets.closest(key, count, place, is_even), nodes(&wanted));
        }

        /// A warm start knows as many in each bucket as there is room for, by the same rules as a table that has seen all.
        #[test]
        fn a_warm_start_is_as_full_as_a_table_that_has_seen_everybody(settings in settings(), members: Vec<u8>, me: u8) {
            let common = ids(settings);
            let me = Address(u32::from(me));
            let place = Place { me, common: &common };
            let others: std::collections::BTreeSet<Address> =
                members.into_iter().map(|node| Address(u32::from(node))).filter(|node| *node != me).collect();
            let all = others.iter().chain([&me]).map(|node| (common.key(*node), *node)).collect();
            let warm = Buckets::converged(&all, place);
            prop_assert_eq!(warm.check(place), Ok(()));
            prop_assert!(warm.contacts().all(|node| others.contains(&node)));
            let mut seen = Buckets::default();
            // Twice: whoever found no room before his bucket split does so now.
            for node in others.iter().chain(&others) {
                seen.seen(*node, place);
            }
            let (warm, seen) = (warm.contacts().count(), seen.contacts().count());
            if common.settings.keep_near {
                prop_assert!(warm <= seen, "who was near once is kept when others have come nearer: {} {}", warm, seen);
            } else {
                prop_assert_eq!(warm, seen);
            }
        }

        #[test]
        fn a_random_key_of_a_bucket_falls_into_it(seen: Vec<u8>, words: [u64; 3]) {
            let common = of_k(2);
            let place = Place { me: Address(77), common: &common };
            let mut buckets = Buckets::default();
            for node in seen.iter().map(|node| Address(u32::from(*node))).filter(|node| *node != place.me) {
                buckets.seen(node, place);
            }
            for (at, bucket) in buckets.iter().enumerate() {
                let mut words = words.into_iter();
                prop_assert_eq!(buckets.place_of(bucket.random_key(place, || words.next().unwrap_or(0))), at);
            }
        }
    }
}
