//! The state of a run at one moment, as data: what `getState()` and `run --json` show.

use check::Verdict;
use serde::Serialize;
use serde_json::Value;

/// Everything that can be seen of a run at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// The lab.
    pub lab: &'static str,
    /// The variant.
    pub variant: &'static str,
    /// The seed.
    pub seed: u64,
    /// What was set.
    pub set: Value,
    /// Simulated time, in µs.
    pub time_us: u64,
    /// Steps so far.
    pub step: u64,
    /// 16 hexadecimal digits that depend on every step and all state.
    pub digest: String,
    /// The nodes.
    pub nodes: Vec<NodeState>,
    /// One entry per direction of a link.
    pub links: Vec<LinkState>,
    /// The messages on their way, in the order of their ids.
    pub in_flight: Vec<MessageState>,
    /// How the properties stand.
    pub verdicts: Vec<VerdictState>,
    /// The branch that is shown.
    pub branch: String,
    /// All branches.
    pub branches: Vec<BranchState>,
}

/// Where a recorded run ended, to check a replay against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct End {
    /// The last step.
    pub step: u64,
    /// The time, in µs.
    pub time_us: u64,
    /// The digest right after that step, 16 hexadecimal digits.
    pub digest: String,
}

/// A node.
#[derive(Clone, Debug, Serialize)]
pub struct NodeState {
    /// Its name.
    pub id: String,
    /// What it is; `crashed` while it is down.
    pub role: String,
    /// Whether the machine runs.
    pub up: bool,
    /// Whether the process is paused.
    pub paused: bool,
    /// Where it stands.
    pub x: i32,
    /// Where it stands.
    pub y: i32,
    /// The line below its name.
    pub label: String,
    /// The lab's own fields; null while it is down.
    pub detail: Value,
}

/// One direction of a link.
#[derive(Clone, Debug, Serialize)]
pub struct LinkState {
    /// The sender.
    pub from: String,
    /// The receiver.
    pub to: String,
    /// Whether messages pass.
    pub up: bool,
    /// Whether messages are frozen.
    pub held: bool,
}

/// A message on its way.
#[derive(Clone, Debug, Serialize)]
pub struct MessageState {
    /// Its name.
    pub id: String,
    /// The sender.
    pub from: String,
    /// The receiver.
    pub to: String,
    /// Its kind.
    pub kind: &'static str,
    /// When it left, in µs.
    pub sent_us: u64,
    /// When it arrives, in µs.
    pub due_us: u64,
    /// Whether it is frozen.
    pub held: bool,
}

/// What a node said about itself in some step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoteState {
    /// The step.
    pub step: u64,
    /// When, in µs.
    pub time_us: u64,
    /// The node.
    pub node: String,
    /// The note's name, as in [`crate::trace`].
    pub note: &'static str,
}

/// How one property stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerdictState {
    /// The literature's name.
    pub name: &'static str,
    /// Stable identifier.
    pub property: &'static str,
    /// `always`, `eventually` or `sometimes`.
    pub kind: &'static str,
    /// `holds`, `violated`, `pending`, `met` or `unseen`.
    pub status: &'static str,
    /// The step that shows it, if one does.
    pub step: Option<u64>,
    /// The time of that step, in µs.
    pub time_us: Option<u64>,
    /// Why.
    pub reason: Option<String>,
    /// The property in one short sentence.
    pub claim: &'static str,
    /// What the verdict rests on.
    pub basis: String,
}

impl From<Verdict> for VerdictState {
    fn from(verdict: Verdict) -> Self {
        let Verdict { property, status, evidence, basis } = verdict;
        Self {
            name: property.name,
            property: property.id,
            kind: property.kind.name(),
            status: status.name(),
            step: evidence.as_ref().map(|evidence| evidence.step),
            time_us: evidence.as_ref().map(|evidence| evidence.time_us),
            reason: evidence.map(|evidence| evidence.reason),
            claim: property.claim,
            basis,
        }
    }
}

/// A branch.
#[derive(Clone, Debug, Serialize)]
pub struct BranchState {
    /// Its name: a, b, c and so on.
    pub id: String,
    /// The branch it left.
    pub parent: Option<String>,
    /// When it left, in µs.
    pub at_us: u64,
}

/// A branch's name: a to z, then a1, b1 and so on.
#[must_use]
pub fn branch_name(index: u32) -> String {
    let letter = char::from(b'a' + (index % 26) as u8);
    match index / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

/// A digest as it is written everywhere.
#[must_use]
pub fn digest_text(digest: u64) -> String {
    format!("{digest:016x}")
}
