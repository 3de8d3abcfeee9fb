//! What must hold of clocks that are set, against the true time and the true clocks, which no node sees.

use check::{At, Evidence, Oracle, Property, Status, Verdict};
use sim::{Command, Event, LinkProfile, NodeId, Observer, Record, World};

use super::samples::{CHARTED_MAX, Point, Sample, Samples};
use super::{Bare, Claim, Config, Msg, Node, Note, SERVER, Scheme, TIMEOUT_US, WALL_AT_START_US};
use algorithms::physical_clocks::{FILTER_STAGES, Measured};

/// A node never sets its own software clock back.
pub const NEVER_BACK: Property = Property::always("never-back", "Monotonic Clock", "No node sets its clock back");

/// |measured offset − true offset| ≤ delay / 2 and what clocks drift meanwhile (RFC 5905 §8); Cristian's is less by the
/// least that a way takes (Cristian 1989).
pub const WITHIN_HALF: Property =
    Property::always("within-half-the-delay", "Error Bound", "An offset is measured to within half of its delay");

/// |true error − error that a node believes in| ≤ the bound that it states.
pub const TRUTH_IN_BAND: Property = Property::always(
    "truth-in-band",
    "Stated Uncertainty",
    "A clock is as wrong as it believes, within the bound that it states",
);

/// While ways are even and nothing fails, software clocks come close to the server's.
pub const CONVERGES: Property =
    Property::eventually("converges", "Synchronization", "Where ways are even, clocks come to agree with the server’s");

/// A node measures that it is right, and is wrong.
pub const CONFIDENTLY_WRONG: Property = Property::sometimes(
    "confidently-wrong",
    "Wrong and Sure",
    "A node measures no offset, and is off by 10 ms or more",
);

/// A clock that was far behind was set forward.
pub const SOME_STEP: Property =
    Property::sometimes("steps-forward", "Step Forward", "A clock far behind is set forward at once");

/// What counts as no offset, and as a large error, in µs.
const NOTHING_US: u64 = 1_000;
const LARGE_US: u64 = 10_000;

/// Clocks that drift by more promise nothing, in parts per million, against the server's and against true time.
const DRIFT_PPM_MAX: u64 = 1_000;

/// Links that may take longer than this promise nothing, in µs.
const SLOW_US_MAX: u64 = 200_000;

/// So many syncs are remembered, and up to twice as many; a measurement by an older one is not checked.
const SYNCS_MAX: usize = 64;

/// What divisions leave over, in µs.
const ROUNDING_US: u64 = 4;

/// What is left over for rounding and for what a clock is slewed by while it is told so, in µs.
const SPARE_US: u64 = 300;

/// What is known of a node from one step to the next.
#[derive(Clone, Debug, Default)]
struct Watched {
    /// Which incarnation, and what its software clock showed.
    shown: Option<(u32, u64)>,
    /// When somebody set its clock, in µs.
    set_us: Option<u64>,
    /// Somebody has set its clock, and it has not noticed.
    unaware: bool,
    /// Since when all it takes to agree has held although it did not agree, and how long that may be, in µs.
    apart: Option<(u64, u64)>,
    /// Whether it runs, and whether it agrees.
    runs: bool,
    agrees: bool,
}

/// All oracles of clocks that are set.
#[derive(Clone, Debug)]
pub struct PhysicalOracle {
    nodes: Vec<Watched>,
    /// The largest drift that a command has given any machine, in parts per million.
    drift_ppm: u64,
    /// Measurements, questions without an answer, corrections, clocks set forward or back at once.
    measured: u64,
    unanswered: u64,
    corrected: u64,
    stepped: u64,
    /// The largest error of a client that runs, and the largest ever, in µs.
    error_us: u64,
    error_max_us: u64,
    samples: Samples,
    /// PTP: to whom syncs went, what they were called, and when they left, in µs; the newest last.
    syncs: Vec<(NodeId, u64, u64)>,
    /// Some link was quicker than Cristian's clients assume.
    quicker: bool,
    /// Somebody has set the server's clock, or the server corrects it itself, which clients do not know of at once.
    server_moves: bool,
    back: Option<Evidence>,
    beyond_band: Option<Evidence>,
    beyond_half: Option<Evidence>,
    never_close: Option<Evidence>,
    sure: Option<Evidence>,
    forward: Option<Evidence>,
}

fn name(node: NodeId) -> String {
    format!("n{}", node.0 + 1)
}

/// `5 µs ahead`.
fn beside(us: i64) -> String {
    format!("{} µs {}", us.unsigned_abs(), if us < 0 { "behind" } else { "ahead" })
}

/// What a clock that is right shows, in µs.
#[must_use]
pub const fn reference_us(time_us: u64) -> u64 {
    WALL_AT_START_US.saturating_add(time_us)
}

fn apart(a: u64, b: u64) -> i64 {
    i64::try_from(i128::from(a) - i128::from(b)).unwrap_or(0)
}

/// How close a client comes to the server where ways are even, in µs: half of what ways, and waiting for them, vary by;
/// what clocks drift apart by from one measurement that counts to the next; and a little.
#[must_use]
pub fn error_limit_us(config: &Config, link: &LinkProfile, drift_ppm: u64) -> u64 {
    let (low_us, high_us) = link.latency_us;
    let old_us = (FILTER_STAGES as u64 + 3) * config.poll_us + 2 * TIMEOUT_US;
    // Berkeley's coordinator is slewed as well, and knows of it a little earlier than its clients.
    let told_us = (high_us + 2 * config.wait_us) * config.slew_ppm / 1_000_000;
    // Cristian takes what the server needs for a part of the way.
    let served_us = if config.scheme == Scheme::Cristian { config.serve_us } else { 0 };
    (high_us - low_us + config.wait_us + served_us) / 2 + old_us * 2 * drift_ppm / 1_000_000 + told_us + SPARE_US
}

impl Default for PhysicalOracle {
    fn default() -> Self {
        Self::new()
    }
}

impl PhysicalOracle {
    /// The oracles.
    #[must_use]
    pub fn new() -> Self {
        Self {
            nodes: Vec::new(),
            drift_ppm: 0,
            measured: 0,
            unanswered: 0,
            corrected: 0,
            stepped: 0,
            error_us: 0,
            error_max_us: 0,
            samples: Samples::default(),
            syncs: Vec::new(),
            quicker: false,
            server_moves: false,
            back: None,
            beyond_band: None,
            beyond_half: None,
            never_close: None,
            sure: None,
            forward: None,
        }
    }

    /// Measurements, questions that nobody answered, corrections, clocks set at once, the largest error of a client now and
    /// ever, in µs.
    #[must_use]
    pub const fn counts(&self) -> [u64; 6] {
        [self.measured, self.unanswered, self.corrected, self.stepped, self.error_us, self.error_max_us]
    }

    /// How wrong clocks were up to now.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> + Clone {
        self.samples.iter()
    }

    fn of(&mut self, node: NodeId) -> &mut Watched {
        if self.nodes.len() <= node.index() {
            self.nodes.resize(node.index() + 1, Watched::default());
        }
        &mut self.nodes[node.index()]
    }

    fn clock_was_set(&mut self, node: NodeId, time_us: u64, drift_ppm: i32) {
        self.drift_ppm = self.drift_ppm.max(drift_ppm.unsigned_abs().into());
        let watched = self.of(node);
        (watched.set_us, watched.shown, watched.unaware) = (Some(time_us), None, true);
        self.server_moves |= node == SERVER;
        self.start_over();
    }

    /// What clocks need to agree is counted from here.
    fn start_over(&mut self) {
        self.nodes.iter_mut().for_each(|watched| watched.apart = None);
    }

    /// A software clock shows this.
    fn shows(&mut self, at: At, node: NodeId, incarnation: u32, shown_us: u64) {
        let before = self.of(node).shown.replace((incarnation, shown_us));
        match before {
            Some((known, before_us)) if known == incarnation && shown_us < before_us => {
                at.mark(&mut self.back, || {
                    format!("{} shows {} µs less than before", name(node), before_us - shown_us)
                });
            }
            // Who starts again has another clock, and needs time of its own.
            Some((known, _)) if known != incarnation => self.start_over(),
            _ => {}
        }
    }

    /// A node has measured; `truly_us` is how far the other bare clock really was ahead.
    fn measured(
        &mut self,
        at: At,
        (me, peer): (NodeId, NodeId),
        measured: Measured,
        elapsed_us: u64,
        truly_us: i64,
        drift_ppm: u64,
    ) {
        let drift_ppm = u128::from(drift_ppm.min(900_000));
        let drifted_us = u128::from(elapsed_us) * 3 * drift_ppm / (1_000_000 - drift_ppm);
        let bound_us = if self.quicker { measured.delay_us.div_ceil(2) } else { measured.error_max_us() };
        let allowed_us = bound_us.saturating_add(u64::try_from(drifted_us).unwrap_or(u64::MAX)) + 4;
        let wrong_us = measured.offset_us.abs_diff(truly_us);
        if wrong_us > allowed_us {
            at.mark(&mut self.beyond_half, || {
                let (said, truly) = (beside(measured.offset_us), beside(truly_us));
                let delay_us = measured.delay_us;
                format!(
                    "{} measures that {} is {said}, with a delay of {delay_us} µs; it is {truly}",
                    name(me),
                    name(peer)
                )
            });
        }
    }

    /// A client is so far from the server. `room_us` is how long it may take to agree; none while nothing is promised.
    fn compares(&mut self, at: At, node: NodeId, error_us: i64, limit_us: u64, room_us: Option<u64>) {
        let watched = self.of(node);
        (watched.runs, watched.agrees) = (true, error_us.unsigned_abs() <= limit_us);
        let Some(room_us) = room_us.filter(|_| !watched.agrees) else {
            watched.apart = None;
            return;
        };
        let (since_us, room_us) = *watched.apart.get_or_insert((at.time_us, room_us));
        if at.time_us - since_us > room_us {
            at.mark(&mut self.never_close, || {
                format!(
                    "{} has had all it needs since {} ms, and is {}, not within {limit_us} µs",
                    name(node),
                    since_us / 1_000,
                    beside(error_us)
                )
            });
        }
    }

    /// Whether a node knows how its clock was set; it cannot tell that a clock which was set to before its beginning stands.
    fn knows_its_clock(&self, node: NodeId, world: &World<Node>) -> bool {
        let Some(watched) = self.nodes.get(node.index()) else { return true };
        let stood = world.clock(node).offset_us().saturating_add_unsigned(watched.set_us.unwrap_or(0)) < 0;
        !watched.unaware && !stood
    }

    /// A node believes this of its clock, which is so far ahead of the server's.
    fn claims(&mut self, at: At, node: NodeId, error_us: i64, Claim { error_us: believed_us, bound_us }: Claim) {
        // What a wrong measurement leads to is no finding of its own.
        if error_us.abs_diff(believed_us) > bound_us.saturating_add(ROUNDING_US) && self.beyond_half.is_none() {
            at.mark(&mut self.beyond_band, || {
                let (name, said, truly) = (name(node), beside(believed_us), beside(error_us));
                format!("{name} states that it is {said}, give or take {bound_us} µs; it is {truly}")
            });
        }
    }

    fn noted(&mut self, at: At, me: NodeId, note: &Note, world: &World<Node>) {
        match note {
            Note::Measured { peer, measured, elapsed_us, sync, behind_us, counts: _ } => {
                self.measured += 1;
                let config = world.config();
                let bare = |node: NodeId| config.bare_at(node, world.clock(node), at.time_us);
                let (mine, theirs) = (bare(me), bare(*peer));
                // A clock runs at half speed or faster. A sync may have waited for long at a process that was paused.
                let since_us = match sync {
                    Some(nonce) => self.left(me, *nonce),
                    None => Some(at.time_us.saturating_sub(elapsed_us.saturating_mul(2).saturating_add(1_000))),
                };
                if let Some(since_us) = since_us
                    && stood(&self.nodes, me, since_us, world)
                    && stood(&self.nodes, *peer, since_us, world)
                {
                    let truly_us = apart(theirs.shown_us(), mine.shown_us());
                    let drift_ppm = self.drift_ppm + config.drift_ppm + 1;
                    self.measured(at, (me, *peer), *measured, *elapsed_us, truly_us, drift_ppm);
                }
                let error_us = error_of(world, me, mine, *peer, theirs);
                if behind_us.unsigned_abs() <= NOTHING_US && error_us.is_some_and(|us| us.unsigned_abs() >= LARGE_US) {
                    at.mark(&mut self.sure, || {
                        let (name, error_us) = (name(me), error_us.unwrap_or(0));
                        format!("{name} measures that it is {}, and is {}", beside(-behind_us), beside(error_us))
                    });
                }
            }
            Note::Slewing(_) => self.corrected += 1,
            Note::Stepped(us) => {
                self.corrected += 1;
                self.stepped += 1;
                if *us > 0 {
                    at.mark(&mut self.forward, || format!("{} is set forward by {us} µs", name(me)));
                }
            }
            Note::Unanswered(_) => self.unanswered += 1,
            Note::ClockSet(_) => self.of(me).unaware = false,
        }
    }

    /// When a sync left, in µs, as far as that is still known.
    fn left(&self, to: NodeId, nonce: u64) -> Option<u64> {
        self.syncs.iter().find(|(known_to, known, _)| (*known_to, *known) == (to, nonce)).map(|(.., at_us)| *at_us)
    }

    /// Looks at all clocks as a step left them.
    fn look(&mut self, at: At, jumped: bool, world: &World<Node>) {
        let config = world.config();
        let truth_us = reference_us(at.time_us);
        let bare = |node: NodeId| config.bare_at(node, world.clock(node), at.time_us);
        let mut points = [None; CHARTED_MAX];
        let wants = self.samples.wants(at.time_us, jumped);
        let server = world.node(SERVER).map(|node| node.shown_us(bare(SERVER)));
        let promises = server.is_some() && promised(world, self.drift_ppm);
        let limit_us = error_limit_us(config, &world.cluster().link, config.drift_ppm + self.drift_ppm);
        let mut spread_us = None;
        self.error_us = 0;
        self.server_moves |= config.scheme == Scheme::Berkeley;
        // Drift that somebody has given a machine nobody allows for.
        let stated = !self.server_moves && self.drift_ppm == 0 && !self.quicker;
        for id in world.node_ids() {
            let Some(node) = world.node(id) else {
                let watched = self.of(id);
                (watched.shown, watched.apart, watched.runs) = (None, None, false);
                continue;
            };
            let bare = bare(id);
            let shown_us = node.shown_us(bare);
            self.shows(at, id, world.incarnation(id), shown_us);
            // A machine's clock that was set to before its beginning stands there: that is not the node's doing.
            if world.clock(id).wall_us(at.time_us) == 0 {
                self.of(id).shown = None;
            }
            let error_us = apart(shown_us, truth_us);
            let claim = if id == SERVER { None } else { node.claim(bare, config.phi_ppm()) };
            if let (true, Some(server_us), Some(claim)) = (stated, server, claim)
                && self.knows_its_clock(id, world)
            {
                self.claims(at, id, apart(shown_us, server_us), claim);
            }
            if id != SERVER {
                self.error_us = self.error_us.max(error_us.unsigned_abs());
                let room_us = (promises && reaches(world, id))
                    .then(|| room(config, *spread_us.get_or_insert_with(|| spread(world))));
                let off_us = server.map_or(i64::MAX, |server_us| apart(shown_us, server_us));
                self.compares(at, id, off_us, limit_us, room_us);
            }
            if wants && let Some(point) = points.get_mut(id.index()) {
                *point = Some(Point {
                    error_us: narrow(error_us),
                    claim_us: claim
                        .map(|claim| (narrow(claim.error_us), u32::try_from(claim.bound_us).unwrap_or(u32::MAX))),
                });
            }
        }
        self.error_max_us = self.error_max_us.max(self.error_us);
        if wants {
            self.samples.push(Sample { at_us: at.time_us, points }, jumped);
        }
    }
}

/// Whether nobody has set a machine's clock from a time on. A machine's clock that has been set to before its beginning
/// stands there, which counts as well.
fn stood(nodes: &[Watched], node: NodeId, since_us: u64, world: &World<Node>) -> bool {
    let clock = world.clock(node);
    let set_us = nodes.get(node.index()).and_then(|watched| watched.set_us);
    set_us.is_none_or(|set_us| set_us < since_us)
        && (clock.offset_us() >= 0 || clock.wall_us(world.time_us()) > 2 * (world.time_us() - since_us))
}

fn narrow(us: i64) -> i32 {
    i32::try_from(us).unwrap_or(if us > 0 { i32::MAX } else { i32::MIN })
}

/// How far a node's software clock is ahead of another one's, in µs.
fn error_of(world: &World<Node>, me: NodeId, mine: Bare, peer: NodeId, theirs: Bare) -> Option<i64> {
    Some(apart(world.node(me)?.shown_us(mine), world.node(peer)?.shown_us(theirs)))
}

/// The largest difference to the server's software clock, and what clocks are still to be slewed by, in µs.
fn spread(world: &World<Node>) -> u64 {
    let config = world.config();
    let bare = |node: NodeId| config.bare_at(node, world.clock(node), world.time_us());
    let server = world.node(SERVER).map_or(0, |node| node.shown_us(bare(SERVER)));
    let of = |id: NodeId| {
        world.node(id).map_or(0, |node| {
            apart(node.shown_us(bare(id)), server)
                .unsigned_abs()
                .saturating_add(node.added(bare(id)).left_us.unsigned_abs())
        })
    };
    world.node_ids().map(of).max().unwrap_or(0)
}

/// How long clocks may take to agree that are so far apart, in µs: some questions, and slewing.
fn room(config: &Config, spread_us: u64) -> u64 {
    let slewing_us = u128::from(spread_us) * 1_000_000 / u128::from(config.slew_ppm.max(1));
    let asking_us = (FILTER_STAGES as u64 + 6) * config.poll_us + 4 * TIMEOUT_US;
    u64::try_from(2 * slewing_us).unwrap_or(u64::MAX).saturating_add(asking_us)
}

/// Whether clocks and ways are such that anything is promised.
fn promised(world: &World<Node>, drift_ppm: u64) -> bool {
    let (config, link) = (world.config(), &world.cluster().link);
    let drift_ppm = config.drift_ppm + drift_ppm;
    link.towards.is_none()
        && link.distance_us == 0
        && config.skew_us <= 100_000_000
        && drift_ppm <= DRIFT_PPM_MAX
        && drift_ppm * 8 <= config.slew_ppm
        && link.latency_us.1 <= SLOW_US_MAX
        && config.wait_us <= SLOW_US_MAX
        // Berkeley's coordinator follows the others, so all of them have to be well.
        && (config.scheme != Scheme::Berkeley || world.node_ids().all(|id| id == SERVER || reaches(world, id)))
}

/// Whether a client and the server run, and reach each other in good time by even ways.
fn reaches(world: &World<Node>, client: NodeId) -> bool {
    let runs = |node: NodeId| world.is_up(node) && !world.is_paused(node);
    let default = &world.cluster().link;
    let passes = |from: NodeId, to: NodeId| {
        let profile = world.link_profile(from, to);
        world.link_up(from, to)
            && !world.link_held(from, to)
            && profile.loss_ppm == 0
            && profile.reorder_ppm == 0
            && profile.bandwidth_bps == 0
            && profile.latency_us == default.latency_us
    };
    runs(SERVER) && runs(client) && passes(SERVER, client) && passes(client, SERVER)
}

impl Observer<Node> for PhysicalOracle {
    fn observe(&mut self, record: &Record<Node>, world: &World<Node>) {
        let at = At::of(record);
        let mut jumped = false;
        match &record.event {
            Event::Command(Command::Clock { node, drift_ppm, .. }) => {
                self.clock_was_set(*node, at.time_us, *drift_ppm);
                jumped = true;
            }
            Event::Boot(node) => self.of(*node).unaware = false,
            // What changes how clocks are set starts the time anew that they need.
            Event::Command(Command::Set { .. }) => {
                self.start_over();
                self.quicker |= world.cluster().link.latency_us.0 < world.config().way_min_us;
            }
            Event::Command(Command::Link { from, to, .. }) => {
                let quickest_us = [(*from, *to), (*to, *from)]
                    .map(|(from, to)| world.link_profile(from, to).latency_us.0)
                    .into_iter()
                    .min();
                self.quicker |= quickest_us < Some(world.config().way_min_us);
            }
            _ => {}
        }
        if let Some(me) = record.event.node() {
            let syncs = record.sent(world).filter_map(|(id, msg)| match msg {
                Msg::Sync { nonce } => Some((id.to, *nonce, at.time_us)),
                _ => None,
            });
            self.syncs.extend(syncs);
            if self.syncs.len() > 2 * SYNCS_MAX {
                self.syncs.drain(..SYNCS_MAX);
            }
            for note in record.notes() {
                jumped |= matches!(note, Note::Stepped(_));
                self.noted(at, me, note, world);
            }
        }
        self.look(at, jumped, world);
    }
}

impl Oracle<Node> for PhysicalOracle {
    fn verdicts(&self, _: u64) -> Vec<Verdict> {
        let measured = || format!("{} measurements checked", self.measured);
        let banded = if self.server_moves || self.drift_ppm > 0 || self.quicker {
            "the server’s clock moved, or a clock or link is outside what nodes assume: nothing is promised".to_owned()
        } else {
            measured()
        };
        let clients = self.nodes.iter().skip(1).filter(|watched| watched.runs).count();
        let agree = self.nodes.iter().skip(1).filter(|watched| watched.runs && watched.agrees).count();
        let close = match &self.never_close {
            Some(_) => (Status::Violated, String::new()),
            None if agree == clients && clients > 0 => (Status::Met, format!("{agree} clocks agree")),
            None => (Status::Pending, format!("{agree} of {clients} clocks agree")),
        };
        vec![
            Verdict::always(NEVER_BACK, self.back.as_ref(), format!("{} corrections checked", self.corrected)),
            Verdict::always(WITHIN_HALF, self.beyond_half.as_ref(), measured()),
            Verdict::always(TRUTH_IN_BAND, self.beyond_band.as_ref(), banded),
            Verdict { property: CONVERGES, status: close.0, evidence: self.never_close.clone(), basis: close.1 },
            Verdict::sometimes(CONFIDENTLY_WRONG, self.sure.as_ref(), String::new()),
            Verdict::sometimes(SOME_STEP, self.forward.as_ref(), String::new()),
        ]
    }

    fn violated(&self) -> bool {
        [&self.back, &self.beyond_half, &self.beyond_band, &self.never_close].into_iter().any(Option::is_some)
    }
}

#[cfg(test)]
mod tests {
    use check::testing::at;

    use super::*;

    const A: NodeId = NodeId(1);

    #[test]
    fn a_clock_that_goes_back_is_rejected() {
        let mut oracle = PhysicalOracle::new();
        oracle.shows(at(1), A, 0, 1_000);
        oracle.shows(at(2), A, 0, 1_000);
        assert!(!oracle.violated());
        oracle.shows(at(3), A, 0, 990);
        assert_eq!(oracle.back.as_ref().unwrap().reason, "n2 shows 10 µs less than before");
        // Another life has another clock, and what somebody else does to it is not its doing.
        let mut oracle = PhysicalOracle::new();
        oracle.shows(at(1), A, 0, 1_000);
        oracle.shows(at(2), A, 1, 500);
        oracle.clock_was_set(A, 3, 0);
        oracle.shows(at(3), A, 1, 100);
        assert!(!oracle.violated());
    }

    #[test]
    fn a_measurement_that_is_off_by_more_than_half_its_delay_is_rejected() {
        let check = |offset_us: i64, truly_us: i64, drift_ppm: u64| {
            let mut oracle = PhysicalOracle::new();
            let measured = Measured { offset_us, delay_us: 20_000, way_min_us: 0 };
            oracle.measured(at(9), (A, SERVER), measured, 20_000, truly_us, drift_ppm);
            oracle.beyond_half.map(|violation| violation.reason)
        };
        assert_eq!(check(15_000, 5_000, 0), None);
        assert_eq!(check(-5_000, 5_000, 0), None);
        assert_eq!(
            check(15_010, 5_000, 0).unwrap(),
            "n2 measures that n1 is 15010 µs ahead, with a delay of 20000 µs; it is 5000 µs ahead"
        );
        assert!(check(-5_010, 5_000, 0).is_some());
        // At 1,000 ppm clocks may have drifted meanwhile by 60 µs, as far as can be said.
        assert_eq!(check(15_060, 5_000, 1_000), None);
        assert!(check(15_070, 5_000, 1_000).is_some());
    }

    #[test]
    fn what_cristian_leaves_open_is_less_by_the_least_way() {
        let check = |offset_us: i64, quicker: bool| {
            let mut oracle = PhysicalOracle { quicker, ..PhysicalOracle::new() };
            let measured = Measured { offset_us, delay_us: 20_000, way_min_us: 8_000 };
            oracle.measured(at(9), (A, SERVER), measured, 20_000, 0, 0);
            oracle.violated()
        };
        assert!(!check(2_000, false) && check(2_010, false));
        // Where a message can be quicker than that, only half of the delay is left.
        assert!(!check(2_010, true) && check(10_010, true));
    }

    #[test]
    fn a_band_that_the_truth_is_outside_of_is_rejected() {
        let check = |error_us: i64, believed_us: i64, bound_us: u64| {
            let mut oracle = PhysicalOracle::new();
            oracle.claims(at(9), A, error_us, Claim { error_us: believed_us, bound_us });
            oracle.beyond_band.map(|violation| violation.reason)
        };
        assert_eq!(check(25_000, 0, 35_000), None);
        assert_eq!(check(-10_000, 0, 10_004), None);
        let reason = "n2 states that it is 0 µs ahead, give or take 0 µs; it is 25000 µs ahead";
        assert_eq!(check(25_000, 0, 0).unwrap(), reason);
        assert!(check(-10_000, 5_000, 10_000).is_some());
    }

    #[test]
    fn a_clock_that_never_comes_close_is_rejected() {
        let mut oracle = PhysicalOracle::new();
        oracle.compares(at(0), A, 9_000, 5_000, Some(1_000));
        oracle.compares(at(1_000), A, 9_000, 5_000, Some(1_000));
        assert!(!oracle.violated());
        oracle.compares(at(1_001), A, -9_000, 5_000, Some(1_000));
        assert_eq!(
            oracle.never_close.as_ref().unwrap().reason,
            "n2 has had all it needs since 0 ms, and is 9000 µs behind, not within 5000 µs"
        );
        // While something is missing, or after it has come close, the time starts anew.
        for between in [(9_000, None), (4_000, Some(1_000))] {
            let mut oracle = PhysicalOracle::new();
            oracle.compares(at(0), A, 9_000, 5_000, Some(1_000));
            oracle.compares(at(900), A, between.0, 5_000, between.1);
            oracle.compares(at(1_500), A, 9_000, 5_000, Some(1_000));
            assert!(!oracle.violated());
        }
    }
}
