//! A leader emerges wherever the network lets one.

use check::works::Bounds;
use check::{Evidence, Property, Status, Verdict};
use sim::{Command, DiskMode, Event, NodeId, Presence, Record, Set, World};

use super::{At, Config, Note, Raft, Term};
use crate::raft::{Server, majority};

/// While a majority can talk to each other in good time, it has a leader, or gets one before long
/// (§5.6).
pub const EVENTUALLY_A_LEADER: Property =
    Property::eventually("eventually-a-leader", "Leader Liveness", "A connected majority has a leader");

/// The bound, in longest election timeouts. A round of an election ends split with a probability
/// well below one half, so twenty rounds in a row do not.
const BOUND_TIMEOUTS: u64 = 20;

/// A clock that is off by more than this is outside every promise, in parts per million.
const DRIFT_PPM_MAX: u32 = 100_000;

/// The state of the oracle.
#[derive(Clone, Debug)]
pub(super) struct Liveness {
    bound_us: u64,
    /// Whether timeouts and heartbeats are such that elections can succeed at all (§5.6, §9.3).
    sensible: bool,
    /// Since when a majority is connected and has no leader.
    leaderless_since_us: Option<u64>,
    connected: bool,
    /// Servers whose disk works again, but still has writes from before to do, which take as long as
    /// they took then.
    catching_up: Set<NodeId>,
    violation: Option<Evidence>,
    last_step: u64,
}

impl Liveness {
    pub(super) fn new(config: &Config) -> Self {
        let sensible = is_sensible(config);
        Self {
            bound_us: BOUND_TIMEOUTS * config.election_timeout_us.1,
            sensible,
            leaderless_since_us: sensible.then_some(0),
            connected: sensible,
            catching_up: Set::new(),
            violation: None,
            last_step: 0,
        }
    }

    pub(super) fn observe(&mut self, at: &At, record: &Record<Raft>, world: &World<Raft>) {
        self.last_step = at.step;
        self.expire(at.time_us);
        if matches!(record.event, Event::Command(Command::Set { .. })) {
            self.sensible = is_sensible(world.config());
            if !self.sensible {
                self.look(at.time_us, false, false);
            }
        }
        if let Event::Command(Command::Disk { node, .. }) = record.event {
            self.catching_up.insert(node);
        }
        let waiting = self.catching_up.len();
        self.catching_up.retain(|&node| world.node(node).is_some() && world.unsynced_writes(node) > 0);
        // Only what is done to the cluster, roles, memberships and disks change who is connected and who leads.
        let harmless = matches!(record.event, Event::Command(Command::Request { .. } | Command::Message { .. }));
        let changed = (matches!(record.event, Event::Command(_) | Event::Boot(_)) && !harmless)
            || self.catching_up.len() < waiting
            || record.notes().any(|note| {
                matches!(
                    note,
                    Note::BecameCandidate { .. }
                        | Note::BecameLeader { .. }
                        | Note::SteppedDown { .. }
                        | Note::MembersChanged { .. }
                )
            });
        if changed && self.sensible {
            let net = Network::of(world, &self.catching_up);
            let leads = |node: NodeId| world.node(node).is_some_and(Raft::leads);
            self.look(at.time_us, net.serves_majority(), net.nodes().any(|node| leads(node) && net.is_followed(node)));
        }
    }

    fn look(&mut self, now_us: u64, connected: bool, led: bool) {
        self.connected = connected;
        self.leaderless_since_us = match self.leaderless_since_us {
            _ if led || !connected => None,
            None => Some(now_us),
            since => since,
        };
    }

    /// Turns an overdue wait into a violation, shown by the first moment after the bound that
    /// somebody looks at.
    fn expire(&mut self, now_us: u64) {
        if self.violation.is_none()
            && let Some(since_us) = self.leaderless_since_us
            && now_us > since_us + self.bound_us
        {
            let reason = format!(
                "a majority has been connected since {} ms, and {} ms later it still has no leader",
                since_us / 1_000,
                self.bound_us / 1_000
            );
            self.violation = Some(Evidence { step: self.last_step, time_us: now_us, reason });
        }
    }

    pub(super) const fn violated(&self) -> bool {
        self.violation.is_some()
    }

    pub(super) fn verdict(&self, now_us: u64) -> Verdict {
        let mut this = self.clone();
        this.expire(now_us);
        let (status, basis) = match (&this.violation, this.leaderless_since_us) {
            (Some(_), _) => (Status::Violated, String::new()),
            (None, Some(since_us)) => (
                Status::Pending,
                format!("waiting for {} ms of {}", (now_us - since_us) / 1_000, this.bound_us / 1_000),
            ),
            (None, None) if !this.sensible => {
                (Status::Pending, "timeouts this short or this alike promise no leader".to_owned())
            }
            (None, None) if this.connected => (Status::Met, String::new()),
            (None, None) => {
                (Status::Pending, "no majority is fully connected and left in peace, so nothing is promised".to_owned())
            }
        };
        Verdict { property: EVENTUALLY_A_LEADER, status, evidence: this.violation, basis }
    }
}

/// Whether elections can succeed and last at all: timeouts differ enough, and several heartbeats fit
/// into the shortest. The paper finds a spread of a few broadcast times enough; a third of the
/// timeout is safe.
const fn is_sensible(config: &Config) -> bool {
    let (low, high) = config.election_timeout_us;
    high - low >= low / 3 && config.heartbeat_us * 2 <= low
}

/// Largest membership that anything is promised for. Sets of servers are bits, and searching them takes exponential time.
const SERVERS_MAX: usize = 20;

/// Which running servers can talk to each other.
struct Network {
    servers: Vec<NodeId>,
    /// `good[a]` has bit b set when the servers at positions a and b reach each other in good time,
    /// both ways; its own bit when it runs.
    good: Vec<u64>,
    /// `touched[a]` has bit b set when anything at all passes between them, in either direction.
    touched: Vec<u64>,
    /// `linked[a]` has bit b set when messages pass between them both ways, however late; its own bit
    /// when it runs. A leader that is slow may be heard in time nevertheless.
    linked: Vec<u64>,
    /// The term of each server; 0 for those that are down.
    terms: Vec<Term>,
    /// The members that each server goes by, as bits; 0 for those that know of none.
    views: Vec<u64>,
    /// Whether a server that hears only some of a majority can do no harm.
    robust: bool,
}

impl Network {
    fn of(world: &World<Raft>, catching_up: &Set<NodeId>) -> Self {
        let config = world.config();
        let server = |node: NodeId| world.node(node).and_then(Raft::server);
        let servers: Vec<NodeId> = members(world).into_iter().collect();
        // Broadcast time, stable storage included, must be well below the timeout (§5.6).
        let most_us = config.election_timeout_us.0 / 4;
        let way_us = most_us.saturating_sub(world.cluster().disk_sync_us.1);
        let bounds = Bounds { way_us, sync_us: most_us, drift_ppm: DRIFT_PPM_MAX };
        let (mut running, mut timely, mut speaking) = (0u64, 0u64, 0u64);
        for (place, &node) in servers.iter().enumerate() {
            let runs = world.is_up(node) && !world.is_paused(node);
            running |= u64::from(runs) << place;
            timely |= u64::from(bounds.runs(world, node) && !catching_up.contains(&node)) << place;
            // With a full disk nothing leaves a server.
            speaking |= u64::from(runs && world.disk_mode(node).0 != DiskMode::Full) << place;
        }
        let alone = |set: u64| -> Vec<u64> { (0..servers.len()).map(|place| set & 1 << place).collect() };
        let (mut good, mut touched, mut linked) = (alone(timely), alone(timely), alone(speaking));
        // What is tested of two servers holds of them in either order.
        for (a, b) in pairs(servers.len()) {
            let both = 1 << a | 1 << b;
            if running & both != both {
                continue;
            }
            let (from, to) = (servers[a], servers[b]);
            let (there, back) = (world.link_up(from, to), world.link_up(to, from));
            let free = there && back && !world.link_held(from, to) && !world.link_held(to, from);
            let join = |rows: &mut [u64]| (rows[a], rows[b]) = (rows[a] | 1 << b, rows[b] | 1 << a);
            if speaking & both == both && free {
                join(&mut linked);
            }
            if timely & both == both && (there || back) {
                join(&mut touched);
                if free && bounds.passes(world, from, to) && bounds.passes(world, to, from) {
                    join(&mut good);
                }
            }
        }
        let place = |node: &NodeId| servers.binary_search(node).map_or(0, |place| 1 << place);
        let view = |server: &Server| server.members().iter().map(place).fold(0u64, |view, bit| view | bit);
        Self {
            good,
            touched,
            linked,
            terms: servers.iter().map(|&node| server(node).map_or(0, |server| server.term)).collect(),
            views: servers.iter().map(|&node| server(node).map_or(0, view)).collect(),
            robust: config.pre_vote && config.check_quorum,
            servers,
        }
    }

    fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.servers.iter().copied()
    }

    /// Whether a leader reaches a majority of the members that it goes by, itself included, which has not
    /// gone on to a later term: as long as they hear it in time, they do not.
    fn is_followed(&self, leader: NodeId) -> bool {
        self.servers.iter().position(|&known| known == leader).is_some_and(|place| {
            let ahead = (0..self.servers.len()).filter(|&other| self.terms[other] > self.terms[place]);
            let ahead = ahead.fold(0, |bits, other| bits | 1 << other);
            is_majority(self.linked[place] & !ahead, self.views[place])
        })
    }

    /// Whether some set of servers is fully connected and a majority by everybody's reckoning. Other
    /// servers may hang on to it by half only where pre-vote and check-quorum keep them from doing
    /// harm; otherwise a server that hears but is not heard can stop every election.
    fn serves_majority(&self) -> bool {
        let enough = |set: u64| set != 0 && self.views.iter().all(|&view| view == 0 || is_majority(set, view));
        if self.robust {
            return self.extend_clique(0, u64::MAX, 0, &enough);
        }
        (0..self.servers.len()).any(|place| {
            let set = self.good[place];
            let members = (0..self.servers.len()).filter(|other| set & (1 << other) != 0);
            enough(set) && members.clone().all(|other| self.good[other] == set && self.touched[other] == set)
        })
    }

    /// Depth first over the servers from `next` on; `common` are those that everybody chosen so far
    /// reaches. [`SERVERS_MAX`] servers at most.
    fn extend_clique(&self, next: usize, common: u64, chosen: u64, enough: &dyn Fn(u64) -> bool) -> bool {
        enough(chosen)
            || (next..self.good.len()).any(|place| {
                let bit = 1 << place;
                common & bit != 0
                    && self.good[place] & bit != 0
                    && self.extend_clique(place + 1, common & self.good[place], chosen | bit, enough)
            })
    }
}

/// All members, by anybody's reckoning, in order; blank machines that nobody counts as members neither vote nor stand for
/// election. None where there are too many: nothing is promised to them, and looking for a majority that is fully
/// connected would take too long.
fn members(world: &World<Raft>) -> Set<NodeId> {
    let mut members = Set::new();
    for node in world.node_ids() {
        let Some(server) = world.node(node).and_then(Raft::server) else { continue };
        members.extend(server.members());
        members.extend((!server.members().is_empty()).then_some(node));
    }
    members.retain(|&node| world.presence(node) == Presence::Present);
    if members.len() > SERVERS_MAX {
        members.clear();
    }
    members
}

/// All pairs of places, the lower one first.
fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |a| (a + 1..count).map(move |b| (a, b)))
}

fn is_majority(set: u64, of: u64) -> bool {
    of != 0 && (set & of).count_ones() >= majority(of.count_ones())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn liveness() -> Liveness {
        Liveness::new(&config())
    }

    fn config() -> Config {
        Config { servers: 5, election_timeout_us: (150_000, 300_000), heartbeat_us: 50_000, ..Config::default() }
    }

    fn network(good: &[u64], robust: bool) -> Network {
        let servers = (0..good.len() as u32).map(NodeId).collect();
        let all = (1 << good.len()) - 1;
        Network {
            servers,
            good: good.to_vec(),
            touched: good.to_vec(),
            linked: good.to_vec(),
            terms: vec![1; good.len()],
            views: vec![all; good.len()],
            robust,
        }
    }

    #[test]
    fn a_connected_majority_without_a_leader_is_rejected_at_the_bound() {
        let mut liveness = liveness();
        liveness.look(1_000_000, true, true);
        assert_eq!(liveness.verdict(1_000_000).status, Status::Met);
        liveness.look(2_000_000, true, false);
        assert_eq!(liveness.verdict(8_000_000).status, Status::Pending);
        assert_eq!(liveness.verdict(8_000_001).status, Status::Violated);
    }

    #[test]
    fn heartbeats_that_are_too_rare_promise_nothing() {
        let mut config = config();
        assert!(is_sensible(&config));
        config.heartbeat_us = 100_000;
        assert!(!is_sensible(&config), "only one heartbeat is sure to fit into a timeout");
        config.heartbeat_us = 50_000;
        config.election_timeout_us = (150_000, 160_000);
        assert!(!is_sensible(&config), "timeouts this alike split every vote");
    }

    #[test]
    fn without_a_connected_majority_nothing_is_promised() {
        let mut liveness = liveness();
        liveness.look(0, false, false);
        assert_eq!(liveness.verdict(60_000_000).status, Status::Pending);
        // n1–n2 and n3–n4 reach each other, n5 is alone.
        assert!(!network(&[0b00011, 0b00011, 0b01100, 0b01100, 0b10000], false).serves_majority());
        // A star reaches a majority from its centre, but is no connected majority.
        let star = network(&[0b11111, 0b00011, 0b00101, 0b01001, 0b10001], true);
        assert!(!star.serves_majority());
        assert!(star.is_followed(NodeId(0)));
    }

    #[test]
    fn a_leader_that_a_majority_has_outgrown_is_followed_no_more() {
        let mut net = network(&[0b01111, 0b01111, 0b01111, 0b01111, 0b10000], false);
        assert!(net.is_followed(NodeId(0)) && !net.is_followed(NodeId(4)));
        // A guard may keep n2's term from the others; n5 is cut off.
        (net.terms[1], net.terms[4]) = (9, 9);
        assert!(net.is_followed(NodeId(0)));
        net.terms[2] = 2;
        assert!(!net.is_followed(NodeId(0)));
    }

    #[test]
    fn a_server_that_hangs_on_by_half_is_harmless_only_with_pre_vote_and_check_quorum() {
        // n1 to n3 are connected; n4 reaches n1 alone; n5 is alone.
        let good = [0b01111, 0b00111, 0b00111, 0b01001, 0b10000];
        assert!(network(&good, true).serves_majority());
        assert!(!network(&good, false).serves_majority());
        // What passes one way only counts as hanging on.
        let mut one_way = network(&[0b00111, 0b00111, 0b00111, 0b01000, 0b10000], false);
        assert!(one_way.serves_majority());
        one_way.touched[0] |= 0b01000;
        assert!(!one_way.serves_majority());
    }

    #[test]
    fn a_majority_has_to_be_one_by_everybodys_reckoning() {
        let mut net = network(&[0b0111, 0b0111, 0b0111, 0b1000], false);
        assert!(net.serves_majority());
        // n4 is down and knows nobody; n3 goes by a membership of n3 and n4 alone.
        net.views = vec![0b1111, 0b1111, 0b1100, 0];
        assert!(!net.serves_majority());
    }
}
