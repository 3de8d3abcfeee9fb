//! Whether machines and links work: what is promised in time is promised only while they do.

use sim::{DiskMode, NodeId, Protocol, World};

/// How slow things may be for a promise to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The longest that a message may need, in µs.
    pub way_us: u64,
    /// The longest that a disk may need to sync a write, in µs.
    pub sync_us: u64,
    /// The most that a clock may drift, in parts per million.
    pub drift_ppm: u32,
}

impl Bounds {
    /// Several times what messages and disks need by default.
    pub const GENEROUS: Self = Self { way_us: 60_000, sync_us: 60_000, drift_ppm: 100_000 };

    /// Whether a machine runs, keeps time, and writes in time.
    pub fn runs<P: Protocol>(&self, world: &World<P>, node: NodeId) -> bool {
        let (mode, sync_us) = world.disk_mode(node);
        world.is_up(node)
            && !world.is_paused(node)
            && world.clock(node).drift_ppm().unsigned_abs() <= self.drift_ppm
            && !matches!(mode, DiskMode::Slow | DiskMode::Full)
            && sync_us.unwrap_or(world.cluster().disk_sync_us).1 <= self.sync_us
    }

    /// Whether whatever one machine sends to the other arrives in time.
    pub fn passes<P: Protocol>(&self, world: &World<P>, from: NodeId, to: NodeId) -> bool {
        let profile = world.link_profile(from, to);
        world.link_up(from, to)
            && !world.link_held(from, to)
            && profile.loss_ppm == 0
            && profile.bandwidth_bps == 0
            && world.longest_way_us(from, to) <= self.way_us
    }

    /// Whether all of these run and reach each other.
    pub fn all_work<P: Protocol>(&self, world: &World<P>, nodes: &[NodeId]) -> bool {
        let reaches = |from: NodeId| nodes.iter().all(|&to| from == to || self.passes(world, from, to));
        nodes.iter().all(|&node| self.runs(world, node)) && nodes.iter().all(|&node| reaches(node))
    }
}

#[cfg(test)]
mod tests {
    use sim::{ClusterConfig, Command, LinkChange};

    use super::*;
    use crate::sweep::tests::{Ball, Word};

    const N1: NodeId = NodeId(0);
    const N2: NodeId = NodeId(1);

    fn works(commands: &[Command<Word>]) -> bool {
        let mut world = World::<Ball>::new(1, (), ClusterConfig::of(2), &mut ());
        commands.iter().for_each(|command| world.command(command, &mut ()));
        Bounds::GENEROUS.all_work(&world, &[N1, N2])
    }

    #[test]
    fn whatever_is_down_or_late_is_seen() {
        let disk = |mode, sync_us| Command::Disk { node: N1, mode, sync_us };
        let link = |change| Command::Link { from: N1, to: N2, both: false, change };
        let usual = LinkChange::default();
        let late = |us| link(LinkChange { latency_us: Some((us, us)), ..usual });
        let drift = |drift_ppm| Command::Clock { node: N2, offset_us: 0, drift_ppm };
        for broken in [
            Command::Crash(N1),
            Command::Pause(N2),
            Command::Cut { from: N2, to: N1, both: false },
            Command::Hold { from: N1, to: N2, both: false },
            drift(-100_001),
            disk(DiskMode::Slow, None),
            disk(DiskMode::Full, None),
            disk(DiskMode::Normal, Some((0, 60_001))),
            late(60_001),
            link(LinkChange { loss_ppm: Some(1), ..usual }),
            link(LinkChange { bandwidth_bps: Some(1_000_000), ..usual }),
        ] {
            assert!(!works(std::slice::from_ref(&broken)), "{broken:?}");
            assert!(works(&[]));
        }
        assert!(works(&[drift(100_000), late(60_000), disk(DiskMode::Normal, Some((0, 60_000)))]));
        assert!(works(&[disk(DiskMode::Torn, None), link(LinkChange { reorder_ppm: Some(9), ..usual })]));
    }
}
