//! What is shown of a session: the stage, the state as data, the strip, steps in words, panes, and a node from inside.

use std::any::Any;

use serde_json::{Map, Value};
use sim::{BranchId, Command, NodeId, Presence};
use view::lens::space_time::Window;
use view::lens::{Inspector, Question, SpaceTime};
use view::narration::Sentence;
use view::pane::{Pane, PaneAsk};
use view::stage::{Condition, Link, Message, Node, Stage};
use view::timeline::Strip;

use super::Session;

use crate::bands::{self, Course};
use crate::command::write_message_id;
use crate::lab_core::Passing;
use crate::lab_words;
use crate::lenses;
use crate::plain::PlainRecord;
use crate::space_time::{self, Moment};
use crate::state::{BranchState, LinkState, MessageState, NodeState, NoteState, State, VerdictState, branch_name};

/// A stage shows all its links up to so many; beyond, a net of lines would hide everything.
const LINKS_SHOWN_MAX: usize = 500;

/// Most steps that a summary tells apart.
const SUMMARY_STEPS_MAX: u64 = 500;
/// How often a pane is asked for more, at most.
const PENDING_MAX: u32 = 100_000;

impl Session {
    /// Everything that can be seen, as data.
    #[must_use]
    pub fn state(&self) -> State {
        let net = self.core.net();
        let stage = self.stage();
        let name = |BranchId(index)| branch_name(index);
        let directions = net.node_ids().flat_map(|from| net.node_ids().map(move |to| (from, to)));
        State {
            lab: self.run.entry.info.id,
            variant: self.run.variant.id,
            seed: self.run.seed,
            set: self.run.settings.to_json(self.run.entry.info.params),
            time_us: self.time_us(),
            step: self.step_count(),
            digest: self.digest(),
            nodes: net
                .node_ids()
                .zip(stage.nodes)
                .map(|(id, node)| NodeState {
                    role: if node.condition == Condition::Crashed { "crashed".into() } else { node.role },
                    up: net.is_up(id),
                    paused: net.is_paused(id),
                    x: node.position.x,
                    y: node.position.y,
                    label: node.label,
                    detail: self.core.detail(id, &self.names),
                    id: node.id,
                })
                .collect(),
            links: directions
                .filter(|(from, to)| from != to)
                .map(|(from, to)| LinkState {
                    from: self.names.of(from).to_owned(),
                    to: self.names.of(to).to_owned(),
                    up: net.link_up(from, to),
                    held: net.link_held(from, to),
                })
                .collect(),
            in_flight: self
                .core
                .passing()
                .into_iter()
                .map(|Passing { flight, kind, .. }| MessageState {
                    id: write_message_id(flight.id, &self.names),
                    from: self.names.of(flight.id.from).to_owned(),
                    to: self.names.of(flight.id.to).to_owned(),
                    kind,
                    sent_us: flight.sent_us,
                    due_us: flight.due_us,
                    held: flight.held(),
                })
                .collect(),
            verdicts: self.verdicts(),
            branch: self.branch(),
            branches: self
                .core
                .branches()
                .into_iter()
                .map(|(id, parent, at_us)| BranchState { id: name(id), parent: parent.map(name), at_us })
                .collect(),
        }
    }

    /// The cluster, ready to be drawn.
    #[must_use]
    pub fn stage(&self) -> Stage {
        let net = self.core.net();
        let time_us = net.time_us();
        let node = |id: NodeId| Node {
            id: self.names.of(id).to_owned(),
            role: String::new(),
            label: String::new(),
            position: self.position(id),
            condition: self.condition(id),
            hue: None,
            in_charge: false,
            contends: false,
            badge: None,
            remark: None,
            small: false,
            crowd: None,
            timer_us: None,
        };
        // What is drawn is numbered without gaps.
        let shown: Vec<NodeId> = net.node_ids().collect();
        let place = |node: NodeId| shown.binary_search(&node).expect("links join machines that are there");
        let pairs = net.node_ids().flat_map(|a| net.node_ids().filter(move |b| a < *b).map(move |b| (a, b)));
        let mut stage = Stage {
            time_us,
            nodes: net.node_ids().map(node).collect(),
            links: pairs
                .map(|(a, b)| Link {
                    a: place(a),
                    b: place(b),
                    forward: net.link_up(a, b),
                    backward: net.link_up(b, a),
                    held: net.link_held(a, b) || net.link_held(b, a),
                    quiet: false,
                })
                .collect(),
            messages: self
                .core
                .passing()
                .into_iter()
                // What waits at a paused process may come from a machine that has been removed since.
                .filter(|Passing { flight, .. }| shown.contains(&flight.id.from) && shown.contains(&flight.id.to))
                .map(|Passing { flight, kind, shape, hue, carries }| Message {
                    id: write_message_id(flight.id, &self.names),
                    from: place(flight.id.from),
                    to: place(flight.id.to),
                    kind: kind.to_owned(),
                    shape,
                    hue,
                    sent_us: flight.sent_us,
                    latency_us: flight.latency_us,
                    due_us: flight.due_us,
                    carries,
                    held_at_ppm: flight.held().then(|| flight.progress_ppm(time_us)),
                })
                .collect(),
        };
        if stage.links.len() > LINKS_SHOWN_MAX {
            // In a crowd only those links are shown that something is about.
            let link = |a: usize, b: usize| a.min(b) * shown.len() + a.max(b);
            let mut busy = vec![false; shown.len() * shown.len()];
            stage.messages.iter().for_each(|message| busy[link(message.from, message.to)] = true);
            stage.links.retain(|known| !known.up() || known.held || busy[link(known.a, known.b)]);
        }
        self.core.dress(&self.names, &mut stage);
        // What has happened to a machine is said before what its algorithm is about.
        for node in &mut stage.nodes {
            node.remark = match node.condition {
                Condition::Up => node.remark.take(),
                Condition::Paused => Some("paused".into()),
                Condition::Crashed if self.core.forgets() => Some("crashed · forgotten".into()),
                Condition::Crashed => Some("crashed · disk kept".into()),
            };
        }
        stage
    }

    /// How the properties stand.
    #[must_use]
    pub fn verdicts(&self) -> Vec<VerdictState> {
        self.core.verdicts().into_iter().map(VerdictState::from).collect()
    }

    /// The lab's numbers.
    #[must_use]
    pub fn metrics(&self) -> Map<String, Value> {
        let names = self.run.entry.info.metrics.iter().map(|name| (*name).to_owned());
        names.zip(self.core.metrics().into_iter().map(Value::from)).collect()
    }

    /// Who led, what was done and what was violated on the branch that is shown, as far as it has been simulated, and
    /// the branches.
    #[must_use]
    pub fn strip(&self) -> Strip {
        let spans = self.core.spans();
        let shown = self.core.whereabouts().branch;
        let course = |(id, parent, at_us)| {
            let (commands, explored_us) = self.core.course(id, &self.names);
            Course { id, parent, at_us, commands, explored_us }
        };
        let courses: Vec<Course> = self.core.branches().into_iter().map(course).collect();
        let short = |command: &Command<Value>| lab_words::short(command, &self.names, self.run.entry.info);
        let commands = &courses[shown.0 as usize].commands;
        let mut marks = bands::command_marks(commands, &spans.command_steps(), short);
        marks.extend(spans.violations());
        Strip {
            bands: self.run.entry.info.roles.map_or_else(Vec::new, |roles| spans.bands(&self.names, roles)),
            marks: bands::in_order(marks),
            branches: bands::branches(&courses, shown, short),
        }
    }

    /// A step in words; none when this branch has not been there.
    #[must_use]
    pub fn sentence(&self, step: u64) -> Option<Sentence> {
        let PlainRecord { time_us, telling, .. } = self.look(step)?;
        Some(Sentence { step, time_us, text: telling.text, weight: telling.weight })
    }

    /// A step as data, as [`crate::trace`] documents it; none when this branch has not been there.
    #[must_use]
    pub fn event(&self, step: u64) -> Option<Value> {
        Some(crate::trace::event(&self.look(step)?, &self.names, self.run.entry.info))
    }

    /// What the processes are called, by number: machines that were added in any branch come last.
    #[must_use]
    pub fn processes(&self) -> Vec<String> {
        (0..self.names.len()).map(|number| self.names.of(NodeId(number as u32)).to_owned()).collect()
    }

    /// A step as far as processes and messages are concerned; none when this branch has not been there.
    #[must_use]
    pub fn moment(&self, step: u64) -> Option<Moment> {
        Some(space_time::moment(self.look(step)?, &self.names, self.run.entry.info, self.core.forgets()))
    }

    /// What nodes said about themselves in a step, in order; nothing when this branch has not been there.
    #[must_use]
    pub fn notes(&self, step: u64) -> Vec<NoteState> {
        let Some(record) = self.look(step) else { return Vec::new() };
        // Only a node that acts can say something.
        let Some(node) = record.node() else { return Vec::new() };
        let (time_us, node) = (record.time_us, self.names.of(node));
        record.notes().map(|note| NoteState { step, time_us, node: node.to_owned(), note }).collect()
    }

    /// The steps from one to another in numbers: `9 heartbeats, 1 disk sync`. Very many are only
    /// counted.
    #[must_use]
    pub fn summary(&self, from: u64, to: u64) -> String {
        let steps = (to + 1).saturating_sub(from);
        if steps > SUMMARY_STEPS_MAX {
            return format!("{steps} steps");
        }
        lenses::tally((from..=to).filter_map(|step| self.look(step)).map(|record| record.telling.topic))
    }

    /// What stands in a pane; none when the lab offers no such pane.
    #[must_use]
    pub fn pane(&self, id: &str, ask: &PaneAsk) -> Option<Pane> {
        let known = self.run.entry.info.panes().find(|info| info.id == id)?;
        Some(self.core.pane(known.id, ask, &self.names))
    }

    /// What stands in a pane of which nobody has asked anything, once all of it is worked out.
    #[must_use]
    pub fn whole_pane(&self, id: &str) -> Option<Pane> {
        let mut pane = self.pane(id, &PaneAsk::default())?;
        for _ in 0..PENDING_MAX {
            if !pane.pending {
                break;
            }
            pane = self.pane(id, &PaneAsk::default())?;
        }
        Some(pane)
    }

    fn answer(&self, question: &dyn Any) -> Option<Box<dyn Any>> {
        self.core.answer(question, &self.names)
    }

    /// Everything about a node; none when there is no such node. With `changes`, fields that the
    /// last step changed are marked, which takes a replay of up to a keyframe's spacing.
    #[must_use]
    pub fn inspector(&self, node: &str, changes: bool) -> Option<Inspector> {
        let net = self.core.net();
        let id = self.names.find(node).ok().filter(|&id| net.presence(id) == Presence::Present)?;
        let mut groups = lenses::groups(&self.core.inside(id, &self.names));
        let before = self.step_count().checked_sub(1).filter(|_| changes);
        let before = before.and_then(|step| self.core.inside_after(step, id, &self.names));
        if let Some(before) = before.filter(|before| before.presence == Presence::Present) {
            lenses::mark_changes(&mut groups, &lenses::groups(&before));
        }
        Some(Inspector { node: node.to_owned(), groups })
    }

    /// A piece of the run up to the present moment as a space-time diagram; of very many steps the last ones
    /// ([`STEPS_MAX`](crate::space_time::STEPS_MAX)).
    #[must_use]
    pub fn space_time(&self, window: Window) -> SpaceTime {
        space_time::of_window(self, window)
    }

    /// The answer to a question of a built-in lens; none where the lab has no such thing.
    #[must_use]
    pub fn ask<Q: Question>(&self, question: &Q) -> Option<Q::Answer> {
        self.answer(question)?.downcast().ok().map(|answer| *answer)
    }

    fn condition(&self, node: NodeId) -> Condition {
        let net = self.core.net();
        match (net.is_up(node), net.is_paused(node)) {
            (false, _) => Condition::Crashed,
            (true, true) => Condition::Paused,
            (true, false) => Condition::Up,
        }
    }

    /// A step, looked at; none when this branch has not been there.
    fn look(&self, step: u64) -> Option<PlainRecord> {
        self.core.look(step, &self.names, self.run.entry.info)
    }
}
