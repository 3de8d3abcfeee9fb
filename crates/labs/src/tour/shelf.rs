//! The tours that come with netsplit. They are files in `tours/`; a test holds this list to them.

use super::{Tour, TourError};
use crate::error::InputError;

/// A tour on the shelf.
#[derive(Debug)]
pub struct Shelved {
    /// Its identifier.
    pub id: &'static str,
    /// The lab it is about.
    pub lab: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl Shelved {
    /// Reads it.
    pub fn read(&self) -> Result<Tour, TourError> {
        Tour::read(self.text)
    }
}

/// All tours, in the order in which they are offered.
pub static SHELF: &[Shelved] = &[
    Shelved {
        id: "cut-the-leader-off",
        lab: "raft-election",
        title: "Cut the leader off",
        text: include_str!("../../../../tours/cut-the-leader-off.toml"),
    },
    Shelved {
        id: "two-leaders-one-term",
        lab: "raft-election",
        title: "Two leaders, one term",
        text: include_str!("../../../../tours/two-leaders-one-term.toml"),
    },
    Shelved {
        id: "committed-and-gone",
        lab: "raft-log",
        title: "Committed, and gone",
        text: include_str!("../../../../tours/committed-and-gone.toml"),
    },
    Shelved {
        id: "one-server-leaves",
        lab: "hash-ring",
        title: "One server leaves",
        text: include_str!("../../../../tours/one-server-leaves.toml"),
    },
    Shelved {
        id: "perfectly-in-sync",
        lab: "physical-clocks",
        title: "Perfectly in sync",
        text: include_str!("../../../../tours/perfectly-in-sync.toml"),
    },
    Shelved {
        id: "three-nodes",
        lab: "vector-clocks",
        title: "Before, after, or neither",
        text: include_str!("../../../../tours/three-nodes.toml"),
    },
    Shelved {
        id: "photo-and-comment",
        lab: "vector-clocks",
        title: "The comment before the photo",
        text: include_str!("../../../../tours/photo-and-comment.toml"),
    },
    Shelved {
        id: "two-branches",
        lab: "vector-clocks",
        title: "Two branches, one account",
        text: include_str!("../../../../tours/two-branches.toml"),
    },
];

/// The tours about a lab.
pub fn of_lab(lab: &str) -> impl Iterator<Item = &'static Shelved> {
    SHELF.iter().filter(move |shelved| shelved.lab == lab)
}

/// The tour with this identifier.
pub fn find(id: &str) -> Result<&'static Shelved, InputError> {
    SHELF.iter().find(|shelved| shelved.id == id).ok_or_else(|| {
        let known: Vec<_> = SHELF.iter().map(|shelved| shelved.id).collect();
        InputError::new("tour", format!("there is no tour \"{id}\"; there are {}", known.join(", ")))
    })
}
