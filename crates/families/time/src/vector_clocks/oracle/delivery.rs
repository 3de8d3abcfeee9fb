//! Causal delivery: what processes show, against what it depends on.

use std::rc::Rc;

use check::{Evidence, Property};
use sim::{Map, NodeId, Set};

use super::{At, who};
use crate::vector_clocks::{POSTS_KEPT, Post, PostId};
use algorithms::clocks::VectorClock;

/// If m → m′ nobody delivers m′ before m (Birman, Schiper, Stephenson 1991).
pub const CAUSAL_DELIVERY: Property =
    Property::always("causal-delivery", "Causal Delivery", "Nothing is shown before what it depends on");

/// A post had to wait.
pub const POST_WAITED: Property =
    Property::sometimes("post-waited", "Delivery Delayed", "A post waits for what it depends on");

/// What is known of a post.
#[derive(Clone, Debug)]
struct Known {
    serial: u64,
    text: String,
    /// The posts that it depends on, itself counted.
    needs: VectorClock,
}

/// What one process has shown.
#[derive(Clone, Debug, Default)]
struct Screen {
    /// All posts of each author up to this number.
    upto: VectorClock,
    beyond: Set<PostId>,
    newest: VectorClock,
    /// What all that depends on.
    past: VectorClock,
}

impl Screen {
    fn has(&self, post: PostId) -> bool {
        // What is that much older than the newest has scrolled away, whether or not anybody saw it.
        post.number.saturating_add(POSTS_KEPT) <= self.newest.get(post.author)
            || post.number <= self.upto.get(post.author)
            || self.beyond.contains(&post)
    }

    fn raise(&mut self, author: NodeId, number: u64) {
        self.upto.raise(author, number);
        let mut next = PostId { author, number: self.upto.get(author) + 1 };
        while self.beyond.remove(&next) {
            self.upto.tick(author);
            next.number += 1;
        }
        self.beyond.retain(|post| post.author != author || post.number > next.number);
    }

    fn show(&mut self, post: PostId, needs: &VectorClock) {
        if post.number == self.upto.get(post.author) + 1 {
            self.raise(post.author, post.number);
        } else if !self.has(post) {
            self.beyond.insert(post);
        }
        self.newest.raise(post.author, post.number);
        self.past.merge(needs);
    }
}

/// All posts, as far as anything can still refer to them, and what processes show.
#[derive(Clone, Debug, Default)]
pub(super) struct Delivery {
    posts: Map<PostId, Rc<Known>>,
    screens: Map<NodeId, Rc<Screen>>,
    /// The newest post of each author.
    posted: VectorClock,
    pub(super) shown: u64,
    pub(super) waited: u64,
    pub(super) unknown: u64,
    /// Posts were shown while nothing was promised of their order.
    pub(super) unordered: bool,
    pub(super) early: Option<Evidence>,
    pub(super) post_waited: Option<Evidence>,
}

impl Delivery {
    pub(super) fn posted(&mut self, serial: u64, me: NodeId, post: &Post) {
        let screen = Rc::make_mut(self.screens.entry(me).or_default());
        let mut needs = screen.past.clone();
        needs.raise(post.id.author, post.id.number);
        self.posted.raise(post.id.author, post.id.number);
        screen.show(post.id, &needs);
        self.posts.insert(post.id, Rc::new(Known { serial, text: post.text.clone(), needs }));
        self.shown += 1;
    }

    fn name(&self, post: PostId) -> String {
        match self.posts.get(&post) {
            Some(known) => format!("{}’s “{}”", who(post.author), known.text),
            None => format!("post {} of {}", post.number, who(post.author)),
        }
    }

    /// A process shows a post; `promised` says whether it has to be in order.
    pub(super) fn show(&mut self, at: At, me: NodeId, post: PostId, waited: bool, promised: bool) {
        self.shown += 1;
        self.waited += u64::from(waited);
        let Some(known) = self.posts.get(&post).cloned() else {
            self.unknown += 1;
            return;
        };
        let screen = self.screens.entry(me).or_default();
        let missing = known.needs.entries().find_map(|(author, count)| {
            let first = screen.upto.get(author) + 1;
            let posts = (first..=count).map(|number| PostId { author, number });
            posts.into_iter().find(|&other| other != post && !screen.has(other))
        });
        Rc::make_mut(screen).show(post, &known.needs);
        self.unordered |= !promised;
        if let (true, Some(missing)) = (promised, missing) {
            let (post, missing) = (self.name(post), self.name(missing));
            at.mark(&mut self.early, || format!("{} shows {post} before {missing}, which it depends on", who(me)));
        }
    }

    pub(super) fn waits(&mut self, at: At, me: NodeId, post: &Post, missing: PostId) {
        at.mark(&mut self.post_waited, || {
            let (author, text) = (who(post.id.author), &post.text);
            format!("{author}’s “{text}” waits at {} for post {} of {}", who(me), missing.number, who(missing.author))
        });
    }

    /// Old posts count as shown, as far as they really have scrolled away.
    pub(super) fn skip(&mut self, me: NodeId, upto: &VectorClock) {
        let screen = Rc::make_mut(self.screens.entry(me).or_default());
        for (author, number) in upto.entries() {
            let gone = number.min(self.posted.get(author).saturating_sub(POSTS_KEPT));
            screen.raise(author, gone);
        }
        let upto = screen.upto.clone();
        screen.past.merge(&upto);
    }

    /// These processes are no more.
    pub(super) fn retain(&mut self, stays: impl Fn(NodeId) -> bool) {
        self.screens.retain(|&process, _| stays(process));
    }

    pub(super) fn forget(&mut self, from: u64, needed: &Set<PostId>) {
        self.posts.retain(|post, known| known.serial > from || needed.contains(post));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{A, B, C, at, config, event, stamp};
    use super::super::{Deed, FeedOracle};
    use super::*;

    fn post(author: NodeId, number: u64, text: &str) -> Rc<Post> {
        // What a post says of itself is not what the oracle goes by.
        let (depends_on, vector) = (VectorClock::EMPTY, VectorClock::EMPTY);
        Rc::new(Post { id: PostId { author, number }, text: text.to_owned(), answers: None, depends_on, vector })
    }

    const PHOTO: PostId = PostId { author: A, number: 1 };
    const NICE: PostId = PostId { author: B, number: 1 };

    /// A posts a photo; B sees it and posts "nice"; C has seen neither.
    fn posts() -> FeedOracle {
        let mut oracle = FeedOracle::new(&config());
        oracle.happened(at(1), &stamp(A, 1, &[(A, 1)]), &Deed::Posted(post(A, 1, "photo")));
        oracle.happened(at(2), &stamp(B, 1, &[(A, 1), (B, 1)]), &Deed::Received(event(A, 1)));
        oracle.delivery.show(at(2), B, PHOTO, false, true);
        oracle.happened(at(3), &stamp(B, 2, &[(A, 1), (B, 2)]), &Deed::Posted(post(B, 1, "nice")));
        assert_eq!(oracle.delivery.early, None);
        oracle
    }

    #[test]
    fn a_comment_before_its_photo_is_rejected() {
        let mut delivery = posts().delivery;
        delivery.show(at(4), C, NICE, false, true);
        assert_eq!(delivery.early.unwrap().reason, "n3 shows n2’s “nice” before n1’s “photo”, which it depends on");
        let mut delivery = posts().delivery;
        delivery.show(at(4), C, PHOTO, false, true);
        delivery.show(at(5), C, NICE, true, true);
        assert_eq!(delivery.early, None);
        // Nobody who promises nothing breaks a promise, and it is said that he did not.
        let mut oracle = posts();
        oracle.delivery.show(at(4), C, NICE, false, false);
        assert!(oracle.delivery.early.is_none() && oracle.delivery.unordered);
        // What depends on a post that was shown early depends on what that one depends on.
        oracle.happened(at(5), &stamp(C, 1, &[(C, 1)]), &Deed::Posted(post(C, 1, "so what")));
        oracle.delivery.skip(NodeId(3), &VectorClock::of([(B, 1)]));
        oracle.delivery.show(at(6), NodeId(3), PostId { author: C, number: 1 }, false, true);
        assert!(oracle.delivery.early.is_some());
    }

    #[test]
    fn the_posts_of_one_author_come_in_their_order_and_nothing_is_skipped_that_is_still_there() {
        let three = || {
            let mut delivery = Delivery::default();
            (1..=3).for_each(|number| delivery.posted(number, A, &post(A, number, "post")));
            delivery
        };
        let mut delivery = three();
        delivery.show(at(4), B, PostId { author: A, number: 2 }, false, true);
        assert!(delivery.early.is_some());
        let mut delivery = three();
        delivery.skip(B, &VectorClock::of([(A, 2)]));
        delivery.show(at(4), B, PostId { author: A, number: 3 }, false, true);
        assert!(delivery.early.is_some(), "only what is long gone may be skipped");
    }
}
