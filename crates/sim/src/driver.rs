//! A world under a list of commands.

use crate::command::Stamped;
use crate::protocol::Protocol;
use crate::record::Observer;
use crate::world::{ClusterConfig, World};

/// Runs a world under a list of commands: merges the two and keeps the place in the list.
#[derive(Clone, Debug)]
pub struct Driver<P: Protocol, O> {
    /// The cluster.
    pub world: World<P>,
    /// Who watches.
    pub observer: O,
    applied: usize,
}

impl<P: Protocol, O: Observer<P>> Driver<P, O> {
    /// A cluster at time 0.
    pub fn new(seed: u64, config: P::Config, cluster: ClusterConfig, mut observer: O) -> Self {
        let world = World::new(seed, config, cluster, &mut observer);
        Self { world, observer, applied: 0 }
    }

    /// A cluster in the middle of a run, watched by somebody else from now on.
    pub(crate) const fn resume(world: World<P>, observer: O, applied: usize) -> Self {
        Self { world, observer, applied }
    }

    /// How many commands of the list have been applied.
    #[must_use]
    pub const fn applied(&self) -> usize {
        self.applied
    }

    /// Whether the next step will be the next command of the list, if that is due at or before
    /// `horizon_us`.
    pub fn command_is_next(&mut self, commands: &[Stamped<P::Op>], horizon_us: u64) -> bool {
        let next_us = self.world.next_event_us();
        commands.get(self.applied).is_some_and(|next| next.at_us <= horizon_us && self.comes_first(next, next_us))
    }

    fn comes_first(&self, command: &Stamped<P::Op>, next_us: Option<u64>) -> bool {
        let Some(next_us) = next_us else { return true };
        let at_us = command.at_us;
        at_us < next_us || (at_us == next_us && self.world.events_at(at_us) >= command.after)
    }

    /// Executes the next command or event that is due at or before `horizon_us`; false when there
    /// is none. `commands` must be the same list at every call, ordered by time; only what lies
    /// behind the place reached may have changed.
    #[inline]
    pub fn step(&mut self, commands: &[Stamped<P::Op>], horizon_us: u64) -> bool {
        let next_us = self.world.next_event_us();
        if let Some(next) = commands.get(self.applied)
            && self.comes_first(next, next_us)
        {
            if next.at_us > horizon_us {
                return false;
            }
            self.world.command_at(next.at_us, &next.command, &mut self.observer);
            self.applied += 1;
            return true;
        }
        match next_us {
            Some(next_us) if next_us <= horizon_us => {
                self.world.run_next(next_us, &mut self.observer);
                true
            }
            _ => false,
        }
    }

    /// Executes everything due at or before `time_us` and lets time pass up to there.
    pub fn run_until(&mut self, commands: &[Stamped<P::Op>], time_us: u64) {
        while self.step(commands, time_us) {}
        if time_us > self.world.time_us() {
            self.world.idle_until(time_us);
        }
    }
}
