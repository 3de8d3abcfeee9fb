//! One seed of a sweep: run it under its plan until something is violated or the horizon is
//! reached.

use sim::random::{self, Domain};
use sim::{ClusterConfig, Command, Driver, MessageId, Protocol, Stamped};

use crate::verdict::{Oracle, Status, Verdict};

/// What one run of a sweep came to.
#[derive(Clone, Debug)]
pub struct SeedResult {
    /// Steps executed.
    pub steps: u64,
    /// The first violation, if there was one.
    pub finding: Option<Finding>,
    /// Identifiers of the `Sometimes` properties that were seen.
    pub seen: Vec<&'static str>,
}

/// A violation that a sweep came upon.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The verdict of the property that was violated first.
    pub verdict: Verdict,
    /// The moment at which the sweep stopped, in µs.
    pub time_us: u64,
    /// The last step before that moment.
    pub step: u64,
    /// The state's digest right after that step.
    pub digest: u64,
}

/// Runs one seed under `commands` up to `horizon_us`; stops at the first violation. Commands that
/// act on any message in flight ([`MessageId::any`]) then name what they have acted on, or none.
pub fn run_seed<P: Protocol, O: Oracle<P>>(
    seed: u64,
    config: P::Config,
    cluster: ClusterConfig,
    oracle: O,
    commands: &mut [Stamped<P::Op>],
    horizon_us: u64,
) -> SeedResult {
    let mut driver = Driver::new(seed, config, cluster, oracle);
    loop {
        let next = driver.applied();
        if let Some(Stamped { command: Command::Message { id, .. }, .. }) = commands.get(next)
            && id.is_any()
            && driver.command_is_next(commands, horizon_us)
            && let Command::Message { id, .. } = &mut commands[next].command
        {
            let flights = driver.world.flights();
            let bits = random::keyed(seed, Domain::Pick, &[u64::from(id.copy)]);
            *id = match flights.len().checked_sub(1) {
                Some(last) => flights[random::in_range(bits, 0, last as u64) as usize].id,
                None => MessageId::NONE,
            };
        }
        if driver.observer.violated() || !driver.step(commands, horizon_us) {
            break;
        }
    }
    if !driver.observer.violated() {
        driver.run_until(commands, horizon_us);
    }
    for stamped in &mut commands[driver.applied()..] {
        if let Command::Message { id, .. } = &mut stamped.command
            && id.is_any()
        {
            *id = MessageId::NONE;
        }
    }
    let verdicts = driver.observer.verdicts(driver.world.time_us());
    let seen = verdicts
        .iter()
        .filter(|verdict| verdict.property.kind == crate::Kind::Sometimes && verdict.status == Status::Met)
        .map(|verdict| verdict.property.id)
        .collect();
    let finding = verdicts.into_iter().find(|verdict| verdict.status == Status::Violated).map(|verdict| Finding {
        time_us: driver.world.time_us(),
        step: driver.world.step_count(),
        digest: driver.world.digest(),
        verdict,
    });
    SeedResult { steps: driver.world.step_count(), finding, seen }
}

#[cfg(test)]
pub(crate) mod tests {
    use sim::{
        Disk, Fx, LinkProfile, LossReason, MessageAct, Named, NodeId, Observer, Outcome, Record, RequestId, World,
    };

    use super::*;
    use crate::verdict::{Evidence, Property};

    /// Two nodes that throw a ball back and forth.
    #[derive(Clone, Debug, Hash)]
    pub(crate) struct Ball;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named)]
    pub(crate) struct Word;

    impl Protocol for Ball {
        type Config = ();
        type Msg = Word;
        type Timer = Word;
        type Op = Word;
        type Ret = ();
        type Cell = Word;
        type Entry = ();
        type Note = Word;

        fn boot(_: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
            (0..3).for_each(|_| fx.send(NodeId(1 - fx.me().0), Word));
            Self
        }
        fn on_message(&mut self, from: NodeId, _: Word, fx: &mut Fx<'_, Self>) {
            fx.send(from, Word);
        }
        fn on_timer(&mut self, _: Word, _: &mut Fx<'_, Self>) {}
        fn on_request(&mut self, _: RequestId, _: Word, _: &mut Fx<'_, Self>) {}
    }

    const NOTHING_DROPPED: Property = Property::always("nothing-dropped", "Nothing dropped", "Nobody drops a ball.");

    #[derive(Clone, Default)]
    struct Watch {
        patience: u32,
        seen: Option<Evidence>,
    }

    impl Observer<Ball> for Watch {
        fn observe(&mut self, record: &Record<Ball>, _: &World<Ball>) {
            let dropped = |outcome: &Outcome<Ball>| matches!(outcome, Outcome::Lost { why: LossReason::Dropped, .. });
            if self.seen.is_none() && record.outcomes.iter().any(dropped) {
                match self.patience.checked_sub(1) {
                    Some(less) => self.patience = less,
                    None => {
                        let (step, time_us) = (record.step, record.time_us);
                        self.seen = Some(Evidence { step, time_us, reason: "dropped".into() });
                    }
                }
            }
        }
    }

    impl Oracle<Ball> for Watch {
        fn verdicts(&self, _: u64) -> Vec<Verdict> {
            vec![Verdict::always(NOTHING_DROPPED, self.seen.as_ref(), String::new())]
        }
        fn violated(&self) -> bool {
            self.seen.is_some()
        }
    }

    fn any(at_us: u64, draw: u32, act: MessageAct) -> Stamped<Word> {
        Stamped::at(at_us, Command::Message { id: MessageId::any(draw), act })
    }

    #[test]
    fn a_plan_that_picks_messages_becomes_one_that_names_them() {
        let link = LinkProfile { latency_us: (500, 5_000), ..LinkProfile::default() };
        let cluster = ClusterConfig { nodes: 2, link, disk_sync_us: (0, 0), positions: Vec::new() };
        for seed in 0..40 {
            // Six balls; to drop the sixth is the violation, and what is planned for later never acts.
            let mut plan: Vec<_> = (0..10).map(|n| any(7_000 + n * 3_000, n as u32 * 77, MessageAct::Drop)).collect();
            plan.insert(3, any(14_000, 5, MessageAct::Hold));
            let watch = Watch { patience: 5, seen: None };
            let found = run_seed(seed, (), cluster.clone(), watch.clone(), &mut plan, 100_000).finding.unwrap();
            let named = |stamped: &Stamped<Word>| match &stamped.command {
                Command::Message { id, .. } => !id.is_any(),
                _ => true,
            };
            assert!(plan.iter().all(named), "{plan:?}");
            let none =
                |stamped: &&Stamped<Word>| matches!(&stamped.command, Command::Message { id: MessageId::NONE, .. });
            assert_eq!(plan.iter().filter(none).count(), 4, "what came after the violation names nothing");
            // As an ordinary run it is the same.
            let mut driver = Driver::new(seed, (), cluster.clone(), watch);
            while driver.world.step_count() < found.step {
                assert!(driver.step(&plan, 100_000));
            }
            assert_eq!((driver.world.digest(), driver.observer.seen.is_some()), (found.digest, true), "seed {seed}");
        }
    }

    #[test]
    fn where_nothing_is_in_flight_there_is_nothing_to_pick() {
        let cluster =
            ClusterConfig { nodes: 1, link: LinkProfile::default(), disk_sync_us: (0, 0), positions: Vec::new() };
        // The only node throws at a number that nobody has.
        let mut plan = [any(5, 9, MessageAct::Drop)];
        let result = run_seed(1, (), cluster, Watch::default(), &mut plan, 1_000);
        assert!(result.finding.is_none() && result.steps == 2);
        assert!(matches!(plan[0].command, Command::Message { id: MessageId::NONE, .. }));
    }
}
