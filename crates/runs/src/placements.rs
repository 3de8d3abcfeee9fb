//! The same keys under every way to place them: how even each is, and how many keys a change moves.
//!
//! The work is done in small pieces, so that a page can spread it over frames.

use std::cell::RefCell;
use std::sync::Arc;

use hashing::{Bounded, HashKind, Ketama, Maglev, Modulo, Node, Placement, Rendezvous, Ring, Spot, jump};
use sim::hash::mix;
use view::lens::ring::{Circle, Membership, Token};

use crate::hashing;
use crate::recent::Recent;

/// How many keys are placed.
pub const KEYS: usize = 10_000;
/// How many keys one piece of work places at most, and how many dice it throws for them: pieces take about as long for few
/// servers as for a hundred.
const KEYS_AT_ONCE: usize = 500;
const DICE_AT_ONCE: usize = 2_000;

/// A way to place keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The ring, with the virtual nodes that somebody has moved.
    Ring,
    /// Highest random weight.
    Rendezvous,
    /// Jump consistent hash: numbered buckets.
    Jump,
    /// A ring whose servers take at most a quarter more than the mean.
    Bounded,
    /// Maglev's table.
    Maglev,
    /// memcached's ring.
    Ketama,
    /// The hash modulo the number of servers.
    Modulo,
}

impl Way {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] =
        [Self::Ring, Self::Rendezvous, Self::Jump, Self::Bounded, Self::Maglev, Self::Ketama, Self::Modulo];

    /// What people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ring => "Ring",
            Self::Rendezvous => "Rendezvous",
            Self::Jump => "Jump",
            Self::Bounded => "Bounded loads",
            Self::Maglev => "Maglev",
            Self::Ketama => "Ketama",
            Self::Modulo => "Modulo",
        }
    }
}

/// What came out for one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub way: Way,
    /// The fullest server after the change, against what is due to it by weight, in parts per million.
    pub max_ppm: u32,
    /// How many keys have another owner after the change.
    pub moved: u32,
}

/// How many of [`KEYS`] keys have to move at least: what is due to whoever gains.
#[must_use]
pub fn ideal(before: &Membership, after: &Membership) -> u32 {
    let all = |of: &Membership| of.servers.iter().map(|(_, weight)| u64::from(*weight)).sum::<u64>().max(1);
    let (before_all, after_all) = (all(before), all(after));
    let had = |name: &str| before.servers.iter().find(|(known, _)| known == name).map_or(0, |(_, weight)| *weight);
    // Shares are compared over one denominator, so that nothing is lost by division.
    let gained: u64 = after
        .servers
        .iter()
        .map(|(name, weight)| (u64::from(*weight) * before_all).saturating_sub(u64::from(had(name)) * after_all))
        .sum();
    let due = gained as u128 * KEYS as u128;
    let denominator = u128::from(before_all) * u128::from(after_all);
    ((due + denominator / 2) / denominator) as u32
}

/// A comparison under way.
pub struct Placements {
    keys: Vec<String>,
    sides: [Membership; 2],
    /// What is done.
    rows: Vec<Row>,
    /// The owners of the way under way, before and after.
    owners: [Vec<u32>; 2],
    table: Option<Table>,
}

enum Table {
    Keyed(Box<dyn Placement>),
    /// All keys at once: where each goes depends on those before it.
    Whole(Bounded),
    /// Buckets.
    Jump(u32),
}

impl Placements {
    /// Starts one, about a change.
    #[must_use]
    pub fn new(before: Membership, after: Membership) -> Self {
        let keys = (0..KEYS).map(|number| format!("key-{number}")).collect();
        let owners = [Vec::new(), Vec::new()];
        Self { keys, sides: [before, after], rows: Vec::new(), owners, table: None }
    }

    /// What is done: the first of [`Way::ALL`].
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Does a piece of the work, and says whether there is more.
    pub fn work(&mut self) -> bool {
        let Some(&way) = Way::ALL.get(self.rows.len()) else {
            self.keys = Vec::new();
            return false;
        };
        let side = usize::from(self.owners[0].len() == self.keys.len());
        match self.table.take() {
            None => self.table = Some(table(way, &self.sides[side])),
            Some(table) => {
                let done = self.owners[side].len();
                // Only rendezvous looks at every server for every key.
                let chunk = match way {
                    Way::Rendezvous => (DICE_AT_ONCE / self.sides[side].servers.len().max(1)).clamp(20, KEYS_AT_ONCE),
                    _ => KEYS_AT_ONCE,
                };
                let end = (done + chunk).min(self.keys.len());
                let none = u32::MAX;
                match &table {
                    Table::Whole(bounded) => {
                        let keys: Vec<&[u8]> = self.keys.iter().map(String::as_bytes).collect();
                        let placed = bounded.place(&keys, 1);
                        self.owners[side] =
                            placed.iter().map(|owners| owners.first().copied().unwrap_or(none)).collect();
                    }
                    Table::Keyed(table) => {
                        let owner = |key: &String| table.owners(key.as_bytes(), 1).first().copied().unwrap_or(none);
                        self.owners[side].extend(self.keys[done..end].iter().map(owner));
                    }
                    Table::Jump(buckets) => {
                        let hash = hash_of(&self.sides[side]);
                        let bucket = |key: &String| jump::bucket(mix(u64::from(hash.of(key.as_bytes()))), *buckets);
                        self.owners[side].extend(self.keys[done..end].iter().map(bucket));
                    }
                }
                if self.owners[side].len() < self.keys.len() {
                    self.table = Some(table);
                } else if side == 1 {
                    self.rows.push(self.row(way));
                    self.owners = [Vec::new(), Vec::new()];
                }
            }
        }
        true
    }

    fn row(&self, way: Way) -> Row {
        let [before, after] = &self.owners;
        let name = |side: usize, owner: u32| self.sides[side].servers.get(owner as usize).map(|(name, _)| name);
        let same = |(&was, &is): (&u32, &u32)| match way {
            // Buckets have numbers and no names.
            Way::Jump => was == is,
            _ => name(0, was) == name(1, is),
        };
        let moved = before.iter().zip(after).filter(|pair| !same(*pair)).count() as u32;
        let servers = &self.sides[1].servers;
        let mut counts = vec![0u64; servers.len()];
        for &owner in after {
            if let Some(count) = counts.get_mut(owner as usize) {
                *count += 1;
            }
        }
        let all: u64 = servers.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let against_due = |(count, (_, weight)): (&u64, &(String, u32))| {
            // Modulo and jump know no weights; what is due is the same for all of them, so the mark is too.
            count * 1_000_000 * all / (KEYS as u64 * u64::from((*weight).max(1)))
        };
        let max_ppm = counts.iter().zip(servers).map(against_due).max().unwrap_or(0);
        Row { way, max_ppm: max_ppm.min(u64::from(u32::MAX)) as u32, moved }
    }
}

/// A virtual node of some members, by [`Token::member`] and [`Token::index`], and where it is moved to.
type Moved = (Membership, usize, u32, u32);

thread_local! {
    static CIRCLES: RefCell<Recent<Membership, Arc<Circle>>> = const { RefCell::new(Recent::new()) };
    static MOVED: RefCell<Recent<Moved, Option<Arc<Circle>>>> = const { RefCell::new(Recent::new()) };
}

/// The ring of some members, as clockwise placement has it.
#[must_use]
pub fn circle(of: Membership) -> Arc<Circle> {
    CIRCLES.with_borrow_mut(|circles| circles.of(of, |of| Arc::new(make_circle(of.clone()))).clone())
}

/// A ring with one of its virtual nodes elsewhere; nothing where it has no such node. Stage and pane both ask for it while
/// somebody drags.
#[must_use]
pub fn moved(circle: &Circle, member: usize, index: u32, position: u32) -> Option<Arc<Circle>> {
    let of = (circle.of.clone(), member, index, position);
    let make = |_: &Moved| circle.with_token(member, index, position).map(Arc::new);
    MOVED.with_borrow_mut(|moved| moved.of(of, make).clone())
}

fn make_circle(of: Membership) -> Circle {
    let hash = hash_of(&of);
    let mut tokens = Vec::new();
    for (member, (name, weight)) in of.servers.iter().enumerate() {
        for index in 0..weight.saturating_mul(of.vnodes) {
            let moved = of.moved.iter().find(|(place, number, _)| (*place, *number) == (member, index));
            let position = moved.map_or_else(|| hash.of(format!("{name}#{index}").as_bytes()), |(.., token)| *token);
            tokens.push(Token { position, member, index });
        }
    }
    Circle::new(of, tokens)
}

fn hash_of(of: &Membership) -> HashKind {
    HashKind::ALL.into_iter().find(|kind| kind.name() == of.hash).unwrap_or(HashKind::Sha1)
}

fn table(way: Way, of: &Membership) -> Table {
    let (hash, nodes) = (hash_of(of), || of.servers.iter().map(|(name, weight)| Node::new(name, *weight)).collect());
    let weighted = of.servers.iter().any(|(_, weight)| *weight != 1);
    let spot = |&(place, index, token): &(usize, u32, u32)| {
        of.servers.get(place).map(|(name, _)| Spot { name: name.clone(), index, token })
    };
    match way {
        Way::Ring => {
            let spots: Vec<Spot> = of.moved.iter().filter_map(spot).collect();
            Table::Keyed(Box::new(Ring::with_spots(nodes(), hash, of.vnodes, &spots)))
        }
        // With equal weights both forms agree, and this one needs no logarithms.
        Way::Rendezvous if !weighted => Table::Keyed(Box::new(Rendezvous::new(nodes(), hash))),
        Way::Rendezvous => Table::Keyed(Box::new(Rendezvous::weighted(nodes(), hash))),
        Way::Jump => Table::Jump(of.servers.len() as u32),
        Way::Bounded => Table::Whole(Bounded::new(nodes(), hash, of.vnodes, Bounded::PERCENT)),
        Way::Maglev => Table::Keyed(Box::new(Maglev::new(nodes(), hash))),
        Way::Ketama => Table::Keyed(Box::new(Ketama::new(nodes()))),
        Way::Modulo => Table::Keyed(Box::new(Modulo::new(nodes(), hash))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn membership(servers: u32, vnodes: u32) -> Membership {
        let servers =
            crate::hashing::in_order((1..=servers).map(|number| Node::new(format!("n{number}"), 1)).collect());
        let servers = servers.into_iter().map(|node| (node.name, node.weight)).collect();
        Membership { hash: "sha1", vnodes, servers, moved: Vec::new() }
    }

    fn compare(before: &Membership, after: &Membership) -> Vec<Row> {
        let mut placements = Placements::new(before.clone(), after.clone());
        assert!((0..100_000).any(|_| !placements.work()), "the work has an end");
        placements.rows().to_vec()
    }

    #[test]
    fn one_more_server_moves_what_it_has_to_and_modulo_nearly_everything() {
        let (before, after) = (membership(10, 100), membership(11, 100));
        let due = ideal(&before, &after);
        assert_eq!(due, 909);
        for row in compare(&before, &after) {
            match row.way {
                Way::Modulo => assert!((8_800..=9_300).contains(&row.moved), "{row:?}"),
                Way::Bounded | Way::Maglev => assert!(row.moved >= due / 2 && row.moved <= 4 * due, "{row:?}"),
                _ => assert!(row.moved.abs_diff(due) * 10 <= due * 3, "{row:?}, due {due}"),
            }
            let most = if row.way == Way::Bounded { 1_251_000 } else { 1_450_000 };
            assert!((1_000_000..=most).contains(&row.max_ppm), "{row:?}");
        }
    }

    #[test]
    fn nothing_moves_where_nothing_changes() {
        let same = membership(5, 8);
        assert_eq!(ideal(&same, &same), 0);
        assert!(compare(&same, &same).iter().all(|row| row.moved == 0));
    }

    #[test]
    fn a_server_that_leaves_takes_its_share_along() {
        let (before, after) = (membership(5, 8), membership(4, 8));
        assert_eq!(ideal(&before, &after), 2_000);
        let mut heavy = before.clone();
        heavy.servers[0].1 = 2;
        // It had a fifth, and gets a third.
        assert_eq!(ideal(&before, &heavy), 1_333);
    }
}
