//! One process's feed: posts in the order in which it showed them, and those that wait for what they depend on.
//!
//! Kenneth Birman, André Schiper, Pat Stephenson, "Lightweight Causal and Atomic Group Multicast", TOCS 9(3), 1991: a
//! broadcast is delivered once it is its sender's next and everything that its sender had delivered is delivered
//! here. The vectors count posts, not events. [`algorithms::clocks::CausalBuffer`] is that rule on its own; this one can be
//! switched off and on again, so that a feed may have gaps, and it forgets old posts.

use std::rc::Rc;

use sim::NodeId;

use super::{Post, PostId};
use algorithms::clocks::VectorClock;

/// How many posts of each author are kept. Older ones have scrolled away, and count as shown.
pub const POSTS_KEPT: u64 = 16;

/// How many posts may wait.
pub const WAITING_MAX: usize = 64;

/// What a process shows, and what it has not shown yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Feed {
    /// The newest post of each author that was shown.
    delivered: VectorClock,
    /// For each author up to which number posts were never shown, because nobody had them any more.
    skipped: VectorClock,
    /// What all those depended on, themselves included. As long as nothing is shown early this is `delivered`.
    past: VectorClock,
    /// The newest posts of each author, in the order in which they were shown.
    posts: Vec<Rc<Post>>,
    /// In the order of their arrival.
    waiting: Vec<Rc<Post>>,
}

/// A post that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Which.
    pub post: Rc<Post>,
    /// Something that it depends on and that was not shown before.
    pub early: Option<PostId>,
    /// Whether it had to wait.
    pub waited: bool,
}

/// What became of a post that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It, or others that had waited for it, or both, are shown.
    Shown(Vec<Shown>),
    /// It waits for this one.
    Waits(PostId),
    /// It was shown, or waits, already.
    Known,
    /// It would have to wait, and there is no room.
    Full,
}

impl Feed {
    /// The newest post of each author that was shown.
    #[must_use]
    pub const fn delivered(&self) -> &VectorClock {
        &self.delivered
    }

    /// What is on the screen, the oldest first.
    #[must_use]
    pub fn posts(&self) -> &[Rc<Post>] {
        &self.posts
    }

    /// What waits.
    #[must_use]
    pub fn waiting(&self) -> &[Rc<Post>] {
        &self.waiting
    }

    /// Whether this post is on the screen, or has scrolled away.
    #[must_use]
    pub fn has_shown(&self, post: PostId) -> bool {
        post.number <= self.delivered.get(post.author)
            && (post.number < self.first_kept(post.author) || self.posts.iter().any(|shown| shown.id == post))
    }

    /// Posts that were left out before newer ones of the same author.
    #[must_use]
    pub fn gaps(&self) -> Vec<PostId> {
        let authors = self.delivered.entries().filter(|&(author, _)| !self.is_whole(author));
        let posts = authors.flat_map(|(author, newest)| {
            (self.first_kept(author)..newest).map(move |number| PostId { author, number })
        });
        posts.filter(|&post| !self.has_shown(post)).collect()
    }

    /// For each author, up to which number posts have scrolled away.
    #[must_use]
    pub fn scrolled(&self) -> VectorClock {
        VectorClock::of(self.delivered.entries().map(|(author, _)| (author, self.first_kept(author) - 1)))
    }

    /// The oldest post of this author that is kept.
    fn first_kept(&self, author: NodeId) -> u64 {
        self.delivered.get(author).saturating_sub(POSTS_KEPT).max(self.skipped.get(author)) + 1
    }

    /// Whether no post of this author was left out.
    fn is_whole(&self, author: NodeId) -> bool {
        let first = self.first_kept(author);
        let kept = self.posts.iter().filter(|post| post.id.author == author && post.id.number >= first).count() as u64;
        kept == self.delivered.get(author) + 1 - first
    }

    /// What a post of one's own depends on, itself included.
    #[must_use]
    pub fn next_of(&self, me: NodeId) -> VectorClock {
        let mut depends_on = self.past.clone();
        depends_on.tick(me);
        depends_on
    }

    /// Shows a post of one's own.
    pub fn show_own(&mut self, post: Rc<Post>) {
        self.show(post);
    }

    /// A post arrives; with `causal` it may have to wait.
    pub fn receive(&mut self, post: Rc<Post>, causal: bool) -> Arrival {
        if self.has_shown(post.id) || self.waiting.iter().any(|waiting| waiting.id == post.id) {
            return Arrival::Known;
        }
        let missing = self.missing(&post);
        if let (true, Some(missing)) = (causal, missing) {
            if self.waiting.len() >= WAITING_MAX {
                return Arrival::Full;
            }
            self.waiting.push(post);
            return Arrival::Waits(missing);
        }
        let mut shown = vec![Shown { post: post.clone(), early: missing, waited: false }];
        self.show(post);
        shown.extend(self.release(causal));
        Arrival::Shown(shown)
    }

    /// Shows what need not wait any longer; without `causal`, everything.
    pub fn release(&mut self, causal: bool) -> Vec<Shown> {
        let mut shown = Vec::new();
        while let Some(place) = self.waiting.iter().position(|post| !causal || self.missing(post).is_none()) {
            let post = self.waiting.remove(place);
            if !self.has_shown(post.id) {
                shown.push(Shown { early: self.missing(&post), post: post.clone(), waited: true });
                self.show(post);
            }
        }
        shown
    }

    /// Takes old posts for shown that nobody has any more. Answers whether that changes anything.
    pub fn skip(&mut self, scrolled: &VectorClock) -> bool {
        if scrolled.entries().all(|(author, upto)| upto <= self.delivered.get(author)) {
            return false;
        }
        self.skipped
            .merge(&VectorClock::of(scrolled.entries().filter(|&(author, upto)| upto > self.delivered.get(author))));
        self.delivered.merge(scrolled);
        self.past.merge(scrolled);
        self.forget();
        true
    }

    /// Something that this post depends on and that is not shown; what it answers before anything else.
    fn missing(&self, post: &Post) -> Option<PostId> {
        let answered = post.answers.as_ref().map(|answered| answered.id).filter(|&id| !self.has_shown(id));
        answered.or_else(|| {
            post.depends_on.entries().find_map(|(author, count)| {
                let upto = if author == post.id.author { count.saturating_sub(1) } else { count };
                let newest = self.delivered.get(author);
                if newest < upto {
                    return Some(PostId { author, number: newest + 1 });
                }
                if self.is_whole(author) {
                    return None;
                }
                (self.first_kept(author)..=upto).map(|number| PostId { author, number }).find(|&id| !self.has_shown(id))
            })
        })
    }

    fn show(&mut self, post: Rc<Post>) {
        self.delivered.raise(post.id.author, post.id.number);
        self.past.merge(&post.depends_on);
        let newest = self.delivered.get(post.id.author);
        self.posts.push(post);
        if newest > POSTS_KEPT {
            self.forget();
        }
    }

    fn forget(&mut self) {
        let Self { delivered, skipped, posts, waiting, .. } = self;
        let kept = |post: &Rc<Post>| {
            let PostId { author, number } = post.id;
            number.saturating_add(POSTS_KEPT) > delivered.get(author) && number > skipped.get(author)
        };
        posts.retain(kept);
        waiting.retain(kept);
    }
}

#[cfg(test)]
mod tests {
    use sim::random::{Domain, Stream};

    use super::*;
    use algorithms::clocks::{Broadcast, CausalBuffer};

    fn post(author: u32, number: u64, depends_on: &[(u32, u64)]) -> Rc<Post> {
        let entries = depends_on.iter().map(|&(node, count)| (NodeId(node), count));
        let author = NodeId(author);
        Rc::new(Post {
            id: PostId { author, number },
            text: String::new(),
            answers: None,
            depends_on: VectorClock::of(entries.chain([(author, number)])),
            vector: VectorClock::EMPTY,
        })
    }

    const fn id(author: u32, number: u64) -> PostId {
        PostId { author: NodeId(author), number }
    }

    #[test]
    fn a_comment_waits_for_its_photo() {
        let (photo, comment) = (post(0, 1, &[]), post(1, 1, &[(0, 1)]));
        let mut feed = Feed::default();
        assert_eq!(feed.receive(comment.clone(), true), Arrival::Waits(id(0, 1)));
        assert_eq!(feed.receive(comment.clone(), true), Arrival::Known);
        let Arrival::Shown(shown) = feed.receive(photo.clone(), true) else { panic!("it is shown") };
        assert_eq!(
            shown.iter().map(|shown| (shown.post.id, shown.waited)).collect::<Vec<_>>(),
            [(id(0, 1), false), (id(1, 1), true)]
        );
        // Without the rule it is shown at once, and the photo below it; nothing is shown twice.
        let mut feed = Feed::default();
        let Arrival::Shown(shown) = feed.receive(comment.clone(), false) else { panic!("it is shown") };
        assert_eq!(shown[0].early, Some(id(0, 1)));
        assert!(matches!(feed.receive(photo, false), Arrival::Shown(_)));
        assert_eq!(feed.receive(comment, false), Arrival::Known);
        assert_eq!(feed.posts().iter().map(|post| post.id).collect::<Vec<_>>(), [id(1, 1), id(0, 1)]);
    }

    #[test]
    fn what_was_shown_early_is_still_missing_when_the_rule_is_switched_on() {
        let mut feed = Feed::default();
        feed.receive(post(0, 2, &[]), false);
        assert_eq!(feed.gaps(), [id(0, 1)]);
        assert_eq!(feed.receive(post(1, 1, &[(0, 2)]), true), Arrival::Waits(id(0, 1)));
        // A post of one's own depends on what is missing here, because what is shown does.
        let mut feed = Feed::default();
        feed.receive(post(1, 1, &[(0, 1)]), false);
        assert_eq!(feed.next_of(NodeId(2)), VectorClock::of([(NodeId(0), 1), (NodeId(1), 1), (NodeId(2), 1)]));
        // Switched off, it lets everything go.
        let mut feed = Feed::default();
        feed.receive(post(1, 1, &[(0, 1)]), true);
        assert_eq!(feed.release(false)[0].early, Some(id(0, 1)));
        assert!(feed.waiting().is_empty());
    }

    #[test]
    fn old_posts_scroll_away_and_the_buffer_has_an_end() {
        let mut feed = Feed::default();
        for number in 1..=POSTS_KEPT + 3 {
            feed.receive(post(0, number, &[]), true);
        }
        assert_eq!(feed.posts().len() as u64, POSTS_KEPT);
        assert!(feed.has_shown(id(0, 1)) && feed.has_shown(id(0, POSTS_KEPT + 3)));
        assert!(!feed.has_shown(id(0, POSTS_KEPT + 4)) && !feed.has_shown(id(1, 1)));
        // Whoever is further behind than that takes what has gone for shown.
        let mut late = Feed::default();
        assert!(matches!(late.receive(post(0, POSTS_KEPT + 3, &[]), true), Arrival::Waits(_)));
        assert!(late.skip(&feed.scrolled()) && !late.skip(&feed.scrolled()));
        assert!(feed.posts().iter().all(|post| !matches!(late.receive(post.clone(), true), Arrival::Full)));
        assert_eq!((late.posts(), late.waiting().len()), (feed.posts(), 0));
        let mut feed = Feed::default();
        for number in 0..WAITING_MAX as u64 {
            assert!(matches!(feed.receive(post(0, number + 2, &[]), true), Arrival::Waits(_)));
        }
        assert_eq!(feed.receive(post(1, 2, &[]), true), Arrival::Full);
        assert!(matches!(feed.receive(post(0, 1, &[]), true), Arrival::Shown(_)), "what can be shown needs no room");
    }

    #[test]
    fn it_delivers_what_the_rule_on_its_own_delivers() {
        for seed in 0..60 {
            let mut stream = Stream::new(seed, Domain::Faults, 3);
            let mut feeds = vec![Feed::default(); 4];
            let mut buffers: Vec<CausalBuffer<()>> = vec![CausalBuffer::new(WAITING_MAX as u32); 4];
            let mut wire: Vec<(usize, Rc<Post>)> = Vec::new();
            for _ in 0..120 {
                if stream.happens(300_000) || wire.is_empty() {
                    let author = stream.range(0, 3) as u32;
                    let me = NodeId(author);
                    let depends_on = feeds[me.index()].next_of(me);
                    let number = depends_on.get(me);
                    assert_eq!(buffers[me.index()].broadcast(me, ()).clock, depends_on);
                    let entries: Vec<(u32, u64)> = depends_on.entries().map(|(node, count)| (node.0, count)).collect();
                    let post = post(author, number, &entries);
                    feeds[me.index()].show_own(post.clone());
                    wire.extend((0..4).filter(|&other| other != me.index()).map(|other| (other, post.clone())));
                    continue;
                }
                let (to, post) = wire.swap_remove(stream.range(0, wire.len() as u64 - 1) as usize);
                let broadcast = Broadcast { from: post.id.author, clock: post.depends_on.clone(), body: () };
                let wanted: Vec<(NodeId, u64)> = buffers[to]
                    .receive(broadcast)
                    .unwrap()
                    .iter()
                    .map(|broadcast| (broadcast.from, broadcast.number()))
                    .collect();
                let shown = match feeds[to].receive(post, true) {
                    Arrival::Shown(shown) => shown,
                    _ => Vec::new(),
                };
                assert!(shown.iter().all(|shown| shown.early.is_none()));
                let shown: Vec<(NodeId, u64)> =
                    shown.iter().map(|shown| (shown.post.id.author, shown.post.id.number)).collect();
                assert_eq!(shown, wanted, "seed {seed}");
            }
        }
    }
}
