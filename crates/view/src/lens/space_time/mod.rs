//! A space-time diagram as plain data: a line per process, its events, the messages between them; and what can be
//! asked of it: the causal past and future of an event, what is concurrent with it, logical time, folding, search.
//!
//! Leslie Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", CACM 21(7), 1978, Figure 1.
//!
//! Only what is in the diagram counts: a path of messages that leaves a window on one side and comes back is not
//! seen. Where events before the window were left out, `left_out` says how many.

pub mod picture;
pub mod plan;

use crate::narration::Weight;

/// A piece of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpaceTime {
    /// What the processes are called, by number.
    pub processes: Vec<String>,
    /// The events, in the order in which they were executed: whatever comes before an event stands before it.
    pub events: Vec<Event>,
    /// The messages.
    pub messages: Vec<Message>,
    /// How many steps of the window are not in here, because there are too many; they are the earlier ones.
    pub left_out: u64,
}

/// Something that happened at a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where, by number.
    pub process: u32,
    /// The step of the run.
    pub step: u64,
    /// When, in simulated µs.
    pub time_us: u64,
    /// What, as a sentence.
    pub text: String,
    /// What, in a word or two, to stand beside a dot.
    pub label: String,
    /// How much it matters.
    pub weight: Weight,
    /// What it is counted as where many are folded, in the singular and the plural.
    pub topic: (&'static str, &'static str),
    /// What it means for the process.
    pub standing: Standing,
    /// What clocks say of it.
    pub stamp: Stamp,
}

/// Whether a process is there after an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// As before.
    #[default]
    Same,
    /// It has stopped.
    Down,
    /// It has begun, and knows what was known there before.
    Up,
    /// It has begun, and knows nothing: another process in the same place.
    Anew,
}

/// What clocks that somebody keeps say of an event; nothing of those that nobody keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The wall clock of the process, in µs.
    pub wall_us: Option<u64>,
    /// Lamport's clock.
    pub lamport: Option<u64>,
    /// The vector clock, by process; empty where there is none.
    pub vector: Vec<(String, u64)>,
    /// The hybrid logical clock: its wall part in µs, and its count.
    pub hybrid: Option<(u64, u64)>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id, as commands name it.
    pub id: String,
    /// Its kind; empty where that is not known any more.
    pub kind: String,
    /// The process that sent it.
    pub sender: u32,
    /// The process that it is for.
    pub receiver: u32,
    /// The event that sent it; none when that is not in the diagram.
    pub from: Option<u32>,
    /// The event that received it; none when that is not in the diagram.
    pub to: Option<u32>,
    /// Whether it never arrives.
    pub lost: bool,
    /// When it will arrive, in µs, if nothing comes between; none for all but those that are on their way now.
    pub due_us: Option<u64>,
}

/// How two events stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The first happened before the second.
    Before,
    /// The second happened before the first.
    After,
    /// They are the same.
    Equal,
    /// Neither happened before the other.
    Concurrent,
}

/// Which piece of a run is wanted: from one time to another, both included, in µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The beginning.
    pub from_us: u64,
    /// The end; the present moment if that is earlier.
    pub until_us: u64,
}

/// Events that follow each other at one process and are drawn as one, or a single event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where, by number.
    pub process: u32,
    /// The events, at least one.
    pub events: Vec<u32>,
}

/// A diagram with its routine folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// What is drawn, in the order of the first events.
    pub marks: Vec<Mark>,
    /// The mark of each event.
    pub mark_of: Vec<u32>,
    /// Messages between marks, those between the same two as one: from, to, and how many.
    pub threads: Vec<(u32, u32, u32)>,
}

/// What is worked out once for a diagram, so that many questions about it are cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// The events of each process, in their order.
    pub lines: Vec<Vec<u32>>,
    /// Where the causes of each event begin in `causes`; one more at the end.
    begins: Vec<u32>,
    causes: Vec<u32>,
}

impl Index {
    /// What directly precedes an event: the one before it at its process, and the sends of what it received.
    #[must_use]
    pub fn causes(&self, event: u32) -> &[u32] {
        let at = |place: usize| self.begins.get(place).map_or(self.causes.len(), |&at| at as usize);
        &self.causes[at(event as usize)..at(event as usize + 1)]
    }

    /// How many events there are.
    const fn count(&self) -> usize {
        self.begins.len().saturating_sub(1)
    }

    /// Which events happened before this one. All that can be asked for an event is false where there is none.
    #[must_use]
    pub fn past(&self, event: u32) -> Vec<bool> {
        let mut past = vec![false; self.count()];
        // Causes stand before what they cause.
        for number in (0..self.count().min(event as usize + 1)).rev() {
            if number == event as usize || past[number] {
                self.causes(number as u32).iter().for_each(|&cause| past[cause as usize] = true);
            }
        }
        past
    }

    /// Which events this one happened before.
    #[must_use]
    pub fn future(&self, event: u32) -> Vec<bool> {
        let mut future = vec![false; self.count()];
        for number in event as usize + 1..self.count() {
            future[number] = self.causes(number as u32).iter().any(|&cause| cause == event || future[cause as usize]);
        }
        future
    }

    /// Which events are concurrent with this one.
    #[must_use]
    pub fn concurrent(&self, event: u32) -> Vec<bool> {
        let (past, future) = (self.past(event), self.future(event));
        let there = (event as usize) < self.count();
        (0u32..)
            .zip(past.iter().zip(&future))
            .map(|(number, (before, after))| there && !before && !after && number != event)
            .collect()
    }

    /// Logical time: for each event the length of the longest chain of causes that ends in it, from 0. Drawn by it,
    /// every message goes at least one step forward.
    #[must_use]
    pub fn logical_steps(&self) -> Vec<u32> {
        let mut steps: Vec<u32> = Vec::with_capacity(self.count());
        for event in 0..self.count() as u32 {
            steps.push(self.causes(event).iter().map(|&cause| steps[cause as usize] + 1).max().unwrap_or(0));
        }
        steps
    }

    /// Logical time for drawing: as [`Self::logical_steps`], and also what begins anew stands behind what was there
    /// before.
    #[must_use]
    pub fn columns(&self) -> Vec<u32> {
        let mut columns = vec![0u32; self.count()];
        let mut newest = vec![None; self.lines.len()];
        let mut line_of = vec![0u32; self.count()];
        for (process, line) in (0u32..).zip(&self.lines) {
            line.iter().for_each(|&event| line_of[event as usize] = process);
        }
        for event in 0..self.count() {
            let before = newest.get_mut(line_of[event] as usize).and_then(|slot| slot.replace(event as u32));
            let causes = self.causes(event as u32).iter().copied().chain(before);
            columns[event] = causes.map(|cause| columns[cause as usize] + 1).max().unwrap_or(0);
        }
        columns
    }
}

impl SpaceTime {
    /// Works out what many questions need.
    #[must_use]
    pub fn index(&self) -> Index {
        let mut lines: Vec<Vec<u32>> = vec![Vec::new(); self.processes.len()];
        // The sends of what each event received, in one row: counted first, then filled in.
        let sends = |message: &Message| message.from.zip(message.to).filter(|(from, to)| from < to);
        let mut received = vec![0u32; self.events.len() + 1];
        for (_, to) in self.messages.iter().filter_map(sends) {
            if let Some(count) = received.get_mut(to as usize) {
                *count += 1;
            }
        }
        let (mut begins, mut causes) = (Vec::with_capacity(self.events.len() + 1), Vec::new());
        for (number, event) in (0u32..).zip(&self.events) {
            begins.push(causes.len() as u32);
            if let Some(line) = lines.get_mut(event.process as usize) {
                causes.extend(line.last().copied().filter(|_| event.standing != Standing::Anew));
                line.push(number);
            }
            // Room for the sends; the count becomes the place of the next one.
            let room = received[number as usize];
            received[number as usize] = causes.len() as u32;
            causes.resize(causes.len() + room as usize, 0);
        }
        begins.push(causes.len() as u32);
        for (from, to) in self.messages.iter().filter_map(sends) {
            if (to as usize) < self.events.len() {
                let place = &mut received[to as usize];
                causes[*place as usize] = from;
                *place += 1;
            }
        }
        Index { lines, begins, causes }
    }

    /// What directly precedes an event.
    #[must_use]
    pub fn causes(&self, event: u32) -> Vec<u32> {
        self.index().causes(event).to_vec()
    }

    /// Which events happened before this one; see [`Index::past`].
    #[must_use]
    pub fn past(&self, event: u32) -> Vec<bool> {
        self.index().past(event)
    }

    /// Which events this one happened before; see [`Index::future`].
    #[must_use]
    pub fn future(&self, event: u32) -> Vec<bool> {
        self.index().future(event)
    }

    /// Which events are concurrent with this one; see [`Index::concurrent`].
    #[must_use]
    pub fn concurrent(&self, event: u32) -> Vec<bool> {
        self.index().concurrent(event)
    }

    /// Logical time; see [`Index::logical_steps`].
    #[must_use]
    pub fn logical_steps(&self) -> Vec<u32> {
        self.index().logical_steps()
    }

    /// How two events stand to each other.
    #[must_use]
    pub fn relation(&self, first: u32, second: u32) -> Relation {
        let before = |first: u32, second: u32| self.past(second).get(first as usize).copied().unwrap_or(false);
        match (first == second, first < second) {
            (true, _) => Relation::Equal,
            (false, true) if before(first, second) => Relation::Before,
            (false, false) if before(second, first) => Relation::After,
            (false, _) => Relation::Concurrent,
        }
    }

    /// Draws routine events that follow each other at one process as one mark, where there are at least `least`.
    #[must_use]
    pub fn folded(&self, least: usize) -> Folded {
        let mut folded = Folded { mark_of: vec![0; self.events.len()], ..Folded::default() };
        // The runs of routine at each process, then everything in the order of its first event.
        let mut starts: Vec<Option<Mark>> = self.events.iter().map(|_| None).collect();
        let mut open: Vec<Vec<u32>> = vec![Vec::new(); self.processes.len()];
        let mut close = |process: u32, run: &[u32]| {
            let size = if run.len() >= least.max(2) { run.len() } else { 1 };
            for events in run.chunks(size) {
                starts[events[0] as usize] = Some(Mark { process, events: events.to_vec() });
            }
        };
        for (number, event) in (0u32..).zip(&self.events) {
            let Some(run) = open.get_mut(event.process as usize) else { continue };
            if event.weight == Weight::Routine {
                run.push(number);
            } else {
                close(event.process, &std::mem::take(run));
                close(event.process, &[number]);
            }
        }
        for (process, run) in (0u32..).zip(open) {
            close(process, &run);
        }
        let marks: Vec<Mark> = starts.into_iter().flatten().collect();
        for (place, mark) in (0u32..).zip(&marks) {
            mark.events.iter().for_each(|&event| folded.mark_of[event as usize] = place);
        }
        let ends = self.messages.iter().filter_map(|message| message.from.zip(message.to));
        // Pairs are sorted as numbers, whose sort is there already.
        let mark = |event: u32| u64::from(folded.mark_of[event as usize]);
        let mut threads: Vec<u64> = ends.map(|(from, to)| mark(from) << 32 | mark(to)).collect();
        threads.sort_unstable();
        for (from, to) in threads.into_iter().map(|thread| ((thread >> 32) as u32, thread as u32)) {
            match folded.threads.last_mut() {
                Some((known_from, known_to, count)) if (*known_from, *known_to) == (from, to) => *count += 1,
                _ => folded.threads.push((from, to, 1)),
            }
        }
        folded.marks = marks;
        folded
    }

    /// What a mark says: its sentence, or how much of what there is: `9 heartbeats, 1 disk sync`.
    #[must_use]
    pub fn label(&self, mark: &Mark) -> String {
        if let [event] = mark.events[..] {
            return self.events[event as usize].text.clone();
        }
        let mut counts: Vec<((&str, &str), u32)> = Vec::new();
        for &event in &mark.events {
            let topic = self.events[event as usize].topic;
            match counts.iter_mut().find(|(known, _)| *known == topic) {
                Some((_, count)) => *count += 1,
                None => counts.push((topic, 1)),
            }
        }
        crate::order::by_key(&mut counts, |&(_, count)| std::cmp::Reverse(count));
        let said =
            counts.into_iter().map(|((one, many), count)| format!("{count} {}", if count == 1 { one } else { many }));
        said.collect::<Vec<_>>().join(", ")
    }

    /// The events whose process or sentence, or the kind of a message that they sent or received, contains each of
    /// the words, in whatever case. Without words there are none.
    #[must_use]
    pub fn search(&self, words: &str) -> Vec<u32> {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        if words.is_empty() {
            return Vec::new();
        }
        let mut texts: Vec<String> = Vec::with_capacity(self.events.len());
        for event in &self.events {
            let process = self.processes.get(event.process as usize).map_or("", String::as_str);
            texts.push(format!("{process} {}", event.text).to_lowercase());
        }
        for message in &self.messages {
            for end in [message.from, message.to].into_iter().flatten() {
                if let Some(text) = texts.get_mut(end as usize) {
                    text.push(' ');
                    text.push_str(&message.kind.to_lowercase());
                }
            }
        }
        let found = (0u32..).zip(texts).filter(|(_, text)| words.iter().all(|word| text.contains(word)));
        found.map(|(number, _)| number).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A1 sends to B; B2 receives; A3; C4; C5 receives from B2.
    pub(crate) fn five() -> SpaceTime {
        let event = |process: u32, step: u64, weight: Weight| Event {
            process,
            step,
            time_us: step * 10,
            text: format!("Event {step}"),
            label: String::new(),
            weight,
            topic: ("event", "events"),
            standing: Standing::Same,
            stamp: Stamp::default(),
        };
        let message = |from: u32, to: u32, sender: u32, receiver: u32, kind: &str| Message {
            id: String::new(),
            kind: kind.into(),
            sender,
            receiver,
            from: Some(from),
            to: Some(to),
            lost: false,
            due_us: None,
        };
        SpaceTime {
            processes: ["A", "B", "C"].map(str::to_owned).to_vec(),
            events: [0, 1, 0, 2, 2]
                .iter()
                .zip(1..)
                .map(|(&process, step)| event(process, step, Weight::Event))
                .collect(),
            messages: vec![message(0, 1, 0, 1, "question"), message(1, 4, 1, 2, "answer")],
            left_out: 0,
        }
    }

    #[test]
    fn past_future_and_what_is_neither() {
        let diagram = five();
        assert_eq!(diagram.past(4), [true, true, false, true, false]);
        assert_eq!(diagram.future(0), [false, true, true, false, true]);
        assert_eq!(diagram.concurrent(2), [false, true, false, true, true]);
        assert_eq!(diagram.relation(0, 4), Relation::Before);
        assert_eq!(diagram.relation(4, 1), Relation::After);
        assert_eq!(diagram.relation(2, 3), Relation::Concurrent);
        assert_eq!(diagram.relation(3, 3), Relation::Equal);
    }

    #[test]
    fn asking_for_an_event_that_is_not_there_is_harmless() {
        let diagram = five();
        assert_eq!(
            (diagram.past(9), diagram.future(9), diagram.concurrent(9)),
            (vec![false; 5], vec![false; 5], vec![false; 5])
        );
        assert_eq!(diagram.relation(0, 9), Relation::Concurrent);
        assert_eq!(SpaceTime::default().past(0), []);
    }

    #[test]
    fn a_cut_message_orders_nothing() {
        let mut diagram = five();
        diagram.messages[1].from = None;
        assert_eq!(diagram.relation(0, 4), Relation::Concurrent);
        diagram.messages[0].to = None;
        assert_eq!(diagram.relation(0, 1), Relation::Concurrent);
    }

    #[test]
    fn logical_time_puts_every_message_forward() {
        let diagram = five();
        assert_eq!(diagram.logical_steps(), [0, 1, 1, 0, 2]);
        for (number, event) in diagram.logical_steps().into_iter().enumerate() {
            let past = diagram.past(number as u32);
            let steps = diagram.logical_steps();
            assert!((0..5).all(|other| !past[other] || steps[other] < event));
        }
    }

    #[test]
    fn routine_is_folded_and_the_rest_is_not() {
        let mut diagram = five();
        let folded = diagram.folded(3);
        assert_eq!((folded.marks.len(), folded.threads), (5, vec![(0, 1, 1), (1, 4, 1)]));
        // Twelve heartbeats from A to C, in one run at A; at C an event lies between.
        diagram.messages.clear();
        for round in 0..12u32 {
            for process in [0, 2] {
                let weight = if process == 2 && round == 6 { Weight::Milestone } else { Weight::Routine };
                let topic = if process == 0 { ("heartbeat", "heartbeats") } else { ("reply", "replies") };
                let step = u64::from(6 + 2 * round + process / 2);
                let text = "beats".into();
                diagram.events.push(Event {
                    process,
                    step,
                    time_us: step * 10,
                    text,
                    weight,
                    topic,
                    ..diagram.events[0].clone()
                });
            }
            let (from, to) = (Some(5 + 2 * round), Some(6 + 2 * round));
            let (id, kind) = (String::new(), "heartbeat".into());
            diagram.messages.push(Message { id, kind, sender: 0, receiver: 2, from, to, lost: false, due_us: None });
        }
        let folded = diagram.folded(3);
        assert_eq!(folded.marks.len(), 5 + 1 + 3);
        let labels: Vec<String> = folded.marks[5..].iter().map(|mark| diagram.label(mark)).collect();
        assert_eq!(labels, ["12 heartbeats", "6 replies", "beats", "5 replies"]);
        assert_eq!(folded.threads, [(5, 6, 6), (5, 7, 1), (5, 8, 5)]);
        assert!(
            folded
                .mark_of
                .iter()
                .enumerate()
                .all(|(event, &mark)| { folded.marks[mark as usize].events.contains(&(event as u32)) })
        );
        // Two are not worth folding when three are the least.
        assert_eq!(diagram.folded(100).marks.len(), diagram.events.len());
    }

    #[test]
    fn search_wants_every_word() {
        let diagram = five();
        assert_eq!(diagram.search("event 4"), [3]);
        assert_eq!(diagram.search("a EVENT"), [0, 1, 2, 4], "the kind of a message counts as well");
        assert_eq!(diagram.search("Question"), [0, 1]);
        assert_eq!(diagram.search("  "), []);
        assert_eq!(diagram.search("nothing like it"), []);
    }
}
