//! What is at a spot of a diagram, and what is beside it.

use super::Scene;
use super::viewport::Viewport;
use crate::geometry::{Spot, distance_to_segment};

impl Scene<'_> {
    /// The event nearest to a spot, at most `reach` pixels away.
    #[must_use]
    pub fn nearest(&self, viewport: &Viewport, spot: Spot, reach: f64) -> Option<u32> {
        let (along, across) = viewport.along_across(spot);
        let (from, until) = (viewport.moment(along - reach), viewport.moment(along + reach));
        let mut best: Option<(f64, u32)> = None;
        for (process, &lane) in self.lanes.iter().enumerate() {
            if (lane - across).abs() > reach || process >= self.index.lines.len() {
                continue;
            }
            for &event in self.within(process, from, until) {
                let far = (viewport.place(self.moment(event)) - along).hypot(lane - across);
                if far <= reach && best.is_none_or(|(known, _)| far < known) {
                    best = Some((far, event));
                }
            }
        }
        best.map(|(_, event)| event)
    }

    /// The event of another process that is nearest to this one along the axis; processes are taken in the order in
    /// which they stand.
    #[must_use]
    pub fn beside(&self, event: u32, forth: bool) -> Option<u32> {
        let moment = self.moment(event);
        let here = self.event(event).process as usize;
        let others: Vec<usize> =
            if forth { (here + 1..self.index.lines.len()).collect() } else { (0..here).rev().collect() };
        others.into_iter().filter(|&process| !self.aside.get(process).copied().unwrap_or(false)).find_map(|process| {
            let line = &self.index.lines[process];
            let place = line.partition_point(|&event| self.moment(event) < moment);
            let near = [place.checked_sub(1), Some(place)].into_iter().flatten().filter_map(|place| line.get(place));
            near.copied().min_by(|&a, &b| (self.moment(a) - moment).abs().total_cmp(&(self.moment(b) - moment).abs()))
        })
    }

    /// The message whose arrow comes nearest to a spot, at most `reach` pixels away, by number.
    #[must_use]
    pub fn message_at(&self, viewport: &Viewport, spot: Spot, reach: f64) -> Option<u32> {
        let mut best: Option<(f64, u32)> = None;
        for (number, message) in (0u32..).zip(&self.diagram.messages) {
            let Some(way) = self.way(viewport, message) else { continue };
            let far = distance_to_segment(spot, [way.from, way.until]);
            if far <= reach && best.is_none_or(|(known, _)| far < known) {
                best = Some((far, number));
            }
        }
        best.map(|(_, number)| number)
    }
}
