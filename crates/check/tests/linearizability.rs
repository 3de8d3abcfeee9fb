//! Linearizability: the textbook's examples, both checkers against each other and against brute
//! force, and how many states they need.

use std::collections::BTreeMap;

use netsplit_check::At;
use netsplit_check::linearizability::{Incremental, Judgement, Limits, Model, check};
use netsplit_check::operations::{End, History, OpId};
use proptest::prelude::*;
use sim::NodeId;
use sim::hash::mix;

/// Enough for every random history of these tests.
const AMPLE: u64 = 5_000_000;

// ---------------------------------------------------------------------------------------------------------------------
// A key-value store
// ---------------------------------------------------------------------------------------------------------------------

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Get(char),
    Put(char, u32),
    /// Adds and answers with the sum.
    Add(char, u32),
    /// Puts the second number if the first is there; answers 1 if so and otherwise 0.
    Cas(char, u32, u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Ret {
    Done,
    Number(u32),
}

fn step(state: u32, op: Op) -> (u32, Ret) {
    match op {
        Op::Get(_) => (state, Ret::Number(state)),
        Op::Put(_, value) => (value, Ret::Done),
        Op::Add(_, more) => (state.wrapping_add(more), Ret::Number(state.wrapping_add(more))),
        Op::Cas(_, old, new) if state == old => (new, Ret::Number(1)),
        Op::Cas(..) => (state, Ret::Number(0)),
    }
}

fn key(op: Op) -> char {
    match op {
        Op::Get(key) | Op::Put(key, _) | Op::Add(key, _) | Op::Cas(key, ..) => key,
    }
}

/// The store; with `READS`, it says which operations only read.
struct Store<const READS: bool>;

impl<const READS: bool> Model for Store<READS> {
    type Op = Op;
    type Ret = Ret;
    type State = u32;
    type Key = char;

    fn key(op: &Op) -> char {
        key(*op)
    }
    fn init(_key: &char) -> u32 {
        0
    }
    fn step(state: &u32, op: &Op) -> (u32, Ret) {
        step(*state, *op)
    }
    fn reads_only(op: &Op) -> bool {
        READS && matches!(op, Op::Get(_))
    }
    fn op_words(op: &Op) -> String {
        match op {
            Op::Get(key) => format!("get {key}"),
            Op::Put(key, value) => format!("put {key}={value}"),
            Op::Add(key, more) => format!("add {key}+{more}"),
            Op::Cas(key, old, new) => format!("cas {key}:{old}->{new}"),
        }
    }
    fn ret_words(ret: &Ret) -> String {
        match ret {
            Ret::Done => String::new(),
            Ret::Number(number) => number.to_string(),
        }
    }
}

type Kv = Store<true>;

// ---------------------------------------------------------------------------------------------------------------------
// Histories
// ---------------------------------------------------------------------------------------------------------------------

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Ask(u32, Op),
    Answer(u32, Ret),
    GiveUp(u32),
}

/// The operation on which a client is.
fn id(client: u32, count: u64) -> OpId {
    OpId { at_us: count, node: NodeId(client), ordinal: 0 }
}

/// Tells a checker some events, two in a step, and looks at it after each.
fn tell<M: Model<Op = Op, Ret = Ret>>(
    checker: &mut Incremental<M>,
    events: &[Event],
    steps_each: u64,
    mut look: impl FnMut(&Incremental<M>),
) {
    let mut ids = BTreeMap::new();
    for (count, event) in (1_u64..).zip(events) {
        let at = At { step: count.div_ceil(steps_each), time_us: 10 * count };
        match *event {
            Event::Ask(client, op) => {
                ids.insert(client, id(client, count));
                checker.invoke(ids[&client], at, op);
            }
            Event::Answer(client, ret) => {
                checker.answer(ids[&client], at, ret);
            }
            Event::GiveUp(client) => checker.give_up(ids[&client], at),
        }
        look(checker);
    }
}

/// Reads events: `a put x 1`, `a done`, `b get x`, `b 1`, `c add x 2`, `c cas x 1 2`, `c gives up`.
fn read(lines: &[&str]) -> Vec<Event> {
    let number = |word: &str| word.parse::<u32>().unwrap();
    let letter = |word: &str| word.chars().next().unwrap();
    let event = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        let client = u32::from(letter(words[0]));
        match words[1..] {
            ["get", key] => Event::Ask(client, Op::Get(letter(key))),
            ["put", key, value] => Event::Ask(client, Op::Put(letter(key), number(value))),
            ["add", key, more] => Event::Ask(client, Op::Add(letter(key), number(more))),
            ["cas", key, old, new] => Event::Ask(client, Op::Cas(letter(key), number(old), number(new))),
            ["done"] => Event::Answer(client, Ret::Done),
            ["gives", "up"] => Event::GiveUp(client),
            [value] => Event::Answer(client, Ret::Number(number(value))),
            _ => panic!("{line}"),
        }
    };
    lines.iter().map(event).collect()
}

/// One word for what a check came to.
fn word<K>(outcome: &Judgement<K>) -> &'static str {
    match outcome {
        Judgement::Linearizable { .. } => "linearizable",
        Judgement::Violated { .. } => "violated",
        Judgement::Unknown { .. } => "unknown",
    }
}

/// All ways to check a few events by hand; they must agree. Returns the reason of a violation.
fn judge(lines: &[&str]) -> Option<String> {
    let events = read(lines);
    let mut checker = Incremental::<Kv>::default();
    tell(&mut checker, &events, 1, |_| {});
    agree(&events);
    let batch = check::<Kv>(checker.history(), AMPLE);
    match (&batch, checker.judgement()) {
        (Judgement::Violated { witness, .. }, Judgement::Violated { witness: live, .. }) => {
            // The batch sees what came after the violation as well, and explains it the same way.
            assert_eq!(*witness, live);
            Some(live.reason)
        }
        _ => None,
    }
}

fn right(lines: &[&str]) {
    assert_eq!(judge(lines), None);
}

fn wrong(lines: &[&str], reason: &str) {
    assert_eq!(judge(lines).as_deref(), Some(reason));
}

// ---------------------------------------------------------------------------------------------------------------------
// The dumb twin
// ---------------------------------------------------------------------------------------------------------------------

/// Tries every permutation of every selection of operations that has all answered ones.
fn brute_force(history: &History<Op, Ret>) -> bool {
    let operations: Vec<_> = history.iter().collect();
    assert!(operations.len() <= 7, "that would take too long");
    (0..1_u32 << operations.len()).any(|selection| {
        let chosen = |index: usize| selection >> index & 1 == 1;
        let complete = (0..operations.len()).all(|index| chosen(index) || operations[index].answer().is_none());
        let order: Vec<usize> = (0..operations.len()).filter(|&index| chosen(index)).collect();
        complete && any_permutation(order, 0, &|order| legal(order.iter().map(|&index| operations[index])))
    })
}

fn any_permutation(mut order: Vec<usize>, from: usize, good: &impl Fn(&[usize]) -> bool) -> bool {
    if from == order.len() {
        return good(&order);
    }
    (from..order.len()).any(|index| {
        order.swap(from, index);
        let found = any_permutation(order.clone(), from + 1, good);
        order.swap(from, index);
        found
    })
}

/// Whether operations done one by one in this order give the answers that were given, and none
/// comes before one that was answered before it was asked for.
fn legal<'a>(order: impl Iterator<Item = &'a netsplit_check::operations::Operation<Op, Ret>>) -> bool {
    let order: Vec<_> = order.collect();
    let mut store = BTreeMap::new();
    order.iter().enumerate().all(|(index, operation)| {
        let value = store.entry(key(operation.op)).or_insert(0);
        let (next, ret) = step(*value, operation.op);
        *value = next;
        let too_late = |later: &&netsplit_check::operations::Operation<Op, Ret>| {
            later.answer().is_some_and(|(answered, _)| answered < operation.asked_event)
        };
        operation.answer().is_none_or(|(_, told)| *told == ret) && !order[index + 1..].iter().any(too_late)
    })
}

// ---------------------------------------------------------------------------------------------------------------------
// Random histories
// ---------------------------------------------------------------------------------------------------------------------

/// What a random history looks like.
#[derive(Clone, Copy, Debug)]
struct Shape {
    clients: u32,
    operations: u32,
    keys: u32,
    /// Values come from `0..values`; few values make coincidences.
    values: u32,
    lies: u32,
}

/// Clients of a real store: each operation takes effect at a random moment between question and
/// answer, some clients crash, and then up to `shape.lies` answers are changed. The tape decides.
fn record(shape: Shape, tape: &[u8]) -> Vec<Event> {
    #[derive(Clone, Copy)]
    enum Client {
        Idle,
        Asked(Op),
        Took(Ret),
    }
    let mut tape = tape.iter().copied();
    let mut draw = move |below: u32| tape.next().map(|byte| u32::from(byte) % below);
    let mut clients = vec![Client::Idle; shape.clients as usize];
    // Clients get new names after a crash.
    let mut names: Vec<u32> = (0..shape.clients).collect();
    let (mut events, mut asked) = (Vec::new(), 0);
    let mut store: BTreeMap<char, u32> = BTreeMap::new();
    while let Some(who) = draw(shape.clients) {
        let (client, name) = (&mut clients[who as usize], &mut names[who as usize]);
        let Some(luck) = draw(16) else { break };
        match *client {
            Client::Idle if asked < shape.operations => {
                let Some(at) = draw(shape.keys) else { break };
                let key = char::from(b'x' + at as u8);
                let (Some(one), Some(two)) = (draw(shape.values), draw(shape.values)) else { break };
                let op = match luck {
                    0..6 => Op::Get(key),
                    6..12 => Op::Put(key, one),
                    12..14 => Op::Add(key, one),
                    _ => Op::Cas(key, one, two),
                };
                asked += 1;
                events.push(Event::Ask(*name, op));
                *client = Client::Asked(op);
            }
            Client::Idle => {}
            Client::Asked(_) | Client::Took(_) if luck == 0 => {
                // Half of the crashes are known as such; the others look like clients that wait.
                if name.is_multiple_of(2) {
                    events.push(Event::GiveUp(*name));
                }
                *name += shape.clients;
                // What a crashed client asked for may happen later, or not at all.
                *client = Client::Idle;
            }
            Client::Asked(op) => {
                let value = store.entry(key(op)).or_insert(0);
                let (next, ret) = step(*value, op);
                *value = next;
                *client = Client::Took(ret);
            }
            Client::Took(ret) => {
                events.push(Event::Answer(*name, ret));
                *client = Client::Idle;
            }
        }
    }
    let answers: Vec<usize> =
        (0..events.len()).filter(|&index| matches!(events[index], Event::Answer(_, Ret::Number(_)))).collect();
    for lie in 0..shape.lies {
        if answers.is_empty() {
            break;
        }
        let at = answers[mix(u64::from(lie) + events.len() as u64) as usize % answers.len()];
        if let Event::Answer(_, Ret::Number(number)) = &mut events[at] {
            *number = (*number + 1) % shape.values.max(2);
        }
    }
    events
}

/// Holds all checkers against each other after every event. Returns how it ended.
fn agree(events: &[Event]) -> &'static str {
    let tight = Limits { configurations_max: 1, search_states_max: AMPLE, ..Limits::default() };
    let limits = [Limits { states_max: AMPLE, configurations_max: u32::MAX, search_states_max: 0 }, tight];
    let mut words: Vec<&'static str> = Vec::new();
    for (round, limits) in limits.into_iter().enumerate() {
        let mut index = 0;
        tell(&mut Incremental::<Kv>::new(limits), events, 2, |checker| {
            let live = word(&checker.judgement());
            if round == 0 {
                let history = checker.history();
                let batch = word(&check::<Kv>(history, AMPLE));
                assert_eq!(live, batch, "the incremental checker and the batch, after {:?}", &events[..=index]);
                let plain = word(&check::<Store<false>>(history, AMPLE));
                assert_eq!(batch, plain, "with and without knowing reads, after {:?}", &events[..=index]);
                if history.len() <= 6 {
                    let brute = if brute_force(history) { "linearizable" } else { "violated" };
                    assert_eq!(batch, brute, "the batch and brute force, after {:?}", &events[..=index]);
                }
                words.push(batch);
            } else {
                assert_eq!(live, words[index], "one configuration kept, after {:?}", &events[..=index]);
            }
            index += 1;
        });
    }
    let mut index = 0;
    tell(&mut Incremental::<Store<false>>::new(limits[0]), events, 2, |checker| {
        assert_eq!(word(&checker.judgement()), words[index], "without knowing reads, after {:?}", &events[..=index]);
        index += 1;
    });
    let mut checker = Incremental::<Kv>::new(limits[0]);
    tell(&mut checker, events, 2, |_| {});
    examine(&checker, events, &words);
    words.last().copied().unwrap_or("linearizable")
}

/// Whether a violation's witness is what it says it is.
fn examine(checker: &Incremental<Kv>, events: &[Event], words: &[&str]) {
    let Some((at, witness)) = checker.violation() else { return };
    let history = checker.history();
    let find = |id: &OpId| history.iter().find(|operation| operation.id == *id).unwrap();
    let answer = find(&witness.answer);
    let (event, told) = answer.answer().unwrap();
    let first = words.iter().position(|word| *word == "violated").unwrap();
    assert_eq!(event as usize, first, "the answer at which it showed");
    // As it was when the answer came.
    let prefix = |events: &[Event]| {
        let mut checker = Incremental::<Kv>::default();
        tell(&mut checker, events, 2, |_| {});
        checker
    };
    let then = prefix(&events[..=first]);
    let order: Vec<_> =
        witness.order.iter().map(|id| then.history().iter().find(|operation| operation.id == *id).unwrap()).collect();
    assert!(legal(order.iter().copied()), "{witness:?}");
    assert!(order.iter().all(|operation| key(operation.op) == *at));
    assert!(!witness.stuck.is_empty());
    for stuck in &witness.stuck {
        assert!(!witness.order.contains(stuck));
        let next = find(stuck);
        assert!(!legal(order.iter().copied().chain([next])), "{stuck:?} could come next in {witness:?}");
    }
    // The answers called possible are, and the others are not.
    if !witness.possible.is_empty() && *told != Ret::Done {
        for number in 0..12 {
            let mut changed = events[..=first].to_vec();
            let Event::Answer(_, ret) = &mut changed[first] else { panic!("an answer is an answer") };
            *ret = Ret::Number(number);
            let possible = witness.possible.contains(&number.to_string());
            let verdict = word(&check::<Kv>(prefix(&changed).history(), AMPLE));
            assert_eq!(verdict == "linearizable", possible, "{number} in {witness:?}");
        }
    }
}

fn tape(len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), len / 2..len)
}

fn shape(clients: u32, operations: u32) -> impl Strategy<Value = Shape> {
    (1..=clients, 1..=2_u32, 2..=9_u32, 0..=2_u32).prop_map(move |(clients, keys, values, lies)| Shape {
        clients,
        operations,
        keys,
        values,
        lies,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn short_histories_agree_with_brute_force(shape in shape(5, 6), tape in tape(90)) {
        let events = record(shape, &tape);
        let verdict = agree(&events);
        prop_assert!(shape.lies > 0 || verdict == "linearizable", "a real store is linearizable");
    }

    #[test]
    fn the_incremental_checker_agrees_with_the_batch(shape in shape(6, 30), tape in tape(220)) {
        let events = record(shape, &tape);
        let verdict = agree(&events);
        prop_assert!(shape.lies > 0 || verdict == "linearizable", "a real store is linearizable");
    }
}

#[test]
fn random_histories_are_not_vacuous() {
    let (mut violated, mut given_up, mut open, mut answered) = (0, 0, 0, 0);
    for seed in 0..500_u64 {
        let tape: Vec<u8> = (0..200).map(|at| mix(seed << 32 | at) as u8).collect();
        let shape = Shape { clients: 5, operations: 30, keys: 2, values: 5, lies: (seed % 2) as u32 };
        let mut checker = Incremental::<Kv>::default();
        tell(&mut checker, &record(shape, &tape), 2, |_| {});
        violated += u32::from(checker.violation().is_some());
        for operation in checker.history().iter() {
            match operation.end {
                End::Open => open += 1,
                End::GivenUp { .. } => given_up += 1,
                End::Answered { .. } => answered += 1,
            }
        }
    }
    assert!((150..=250).contains(&violated), "{violated} of 500 violated");
    assert!(given_up > 200 && open > 400 && answered > 5000, "{given_up} {open} {answered}");
}

// ---------------------------------------------------------------------------------------------------------------------
// Known examples
// ---------------------------------------------------------------------------------------------------------------------

#[test]
fn a_stale_read() {
    wrong(
        &["a put x 1", "a done", "a put x 2", "a done", "b get x", "b 1"],
        "get x returned 1 at step 6, but put x=2 had been answered before it was asked, at step 4; only 2 was possible",
    );
    // It is the first of several changes that made it wrong.
    wrong(
        &["a put x 1", "a done", "a put x 2", "a done", "a put x 3", "a done", "b get x", "b 1"],
        "get x returned 1 at step 8, but put x=2 had been answered before it was asked, at step 4; only 3 was possible",
    );
    // Asked for in time.
    right(&["a put x 1", "a done", "b get x", "a put x 2", "a done", "b 1"]);
    // Another key is another matter.
    right(&["a put x 1", "a done", "a put y 2", "a done", "b get x", "b 1"]);
}

#[test]
fn a_read_of_what_nobody_wrote() {
    wrong(&["a put x 1", "b get x", "b 7", "a done"], "get x returned 7 at step 3, but only 0 or 1 was possible");
}

#[test]
fn a_read_from_the_future() {
    wrong(&["b get x", "b 1", "a put x 1", "a done"], "get x returned 1 at step 2, but only 0 was possible");
}

#[test]
fn a_lost_update() {
    wrong(
        &["a add x 1", "b add x 1", "a 1", "b 1"],
        "add x+1 returned 1 at step 4, but add x+1 had returned 1 while it was under way, at step 3; only 2 was possible",
    );
    right(&["a add x 1", "b add x 1", "a 2", "b 1"]);
    wrong(
        &["a cas x 0 1", "b cas x 0 2", "a 1", "b 1"],
        "cas x:0->2 returned 1 at step 4, but cas x:0->1 had returned 1 while it was under way, at step 3; \
         only 0 was possible",
    );
}

#[test]
fn a_new_old_inversion() {
    wrong(
        &["a put x 1", "b get x", "b 1", "c get x", "c 0", "a done"],
        "get x returned 0 at step 5, but get x had returned 1 before it was asked, at step 3; only 1 was possible",
    );
    // Reads under way at the same time may see either.
    right(&["a put x 1", "b get x", "c get x", "b 1", "c 0", "a done"]);
}

#[test]
fn readers_disagree_about_the_order_of_two_writes() {
    let lines = [
        "a put x 1",
        "b put x 2",
        "c get x",
        "c 1",
        "d get x",
        "d 2",
        "c get x",
        "c 2",
        "d get x",
        "d 1",
        "a done",
        "b done",
    ];
    wrong(
        &lines,
        "get x returned 1 at step 10, but get x had returned 2 before it was asked, at step 6; only 2 was possible",
    );
}

#[test]
fn an_open_write_that_was_read_has_happened() {
    right(&["a put x 1", "a gives up", "b get x", "b 1", "b get x", "b 1"]);
    right(&["a put x 1", "a gives up", "b get x", "b 0", "b get x", "b 1"]);
    wrong(
        &["a put x 1", "a gives up", "b get x", "b 1", "b get x", "b 0"],
        "get x returned 0 at step 6, but get x had returned 1 before it was asked, at step 4; only 1 was possible",
    );
    // The same when nobody knows that the client has crashed.
    wrong(
        &["a put x 1", "b get x", "b 1", "b get x", "b 0"],
        "get x returned 0 at step 5, but get x had returned 1 before it was asked, at step 3; only 1 was possible",
    );
}

#[test]
fn an_open_write_does_not_come_back_after_it_was_overwritten() {
    let lines =
        ["a put x 1", "a gives up", "b get x", "b 1", "b put x 2", "b done", "c get x", "c 2", "c get x", "c 1"];
    wrong(
        &lines,
        "get x returned 1 at step 10, but put x=2 had been answered before it was asked, at step 6; only 2 was possible",
    );
    // Unless nobody had seen it before.
    right(&["a put x 1", "a gives up", "b put x 2", "b done", "c get x", "c 2", "c get x", "c 1"]);
}

#[test]
fn open_reads_and_open_writes_without_traces_do_no_harm() {
    right(&["a get x", "a gives up", "b put x 1", "c put x 2", "b gives up", "d get x", "d 0", "d get x", "d 0"]);
    right(&[]);
    right(&["a put x 1"]);
}

#[test]
fn events_of_one_step_have_an_order() {
    let one_step = |first_answer: bool| {
        let mut history = History::default();
        let at = At { step: 1, time_us: 1 };
        history.invoke(id(0, 1), at, Op::Put('x', 1));
        if first_answer {
            history.answer(id(0, 1), at, Ret::Done);
            history.invoke(id(1, 1), at, Op::Get('x'));
        } else {
            history.invoke(id(1, 1), at, Op::Get('x'));
            history.answer(id(0, 1), at, Ret::Done);
        }
        history.answer(id(1, 1), at, Ret::Number(0));
        word(&check::<Kv>(&history, AMPLE))
    };
    assert_eq!(one_step(true), "violated");
    assert_eq!(one_step(false), "linearizable");
}

#[test]
fn clients_may_be_told_less_than_the_model_knows() {
    /// A store whose clients hear of sums only whether they are even.
    struct Parity;
    impl Model for Parity {
        type Op = u32;
        type Ret = u32;
        type State = u32;
        type Key = ();
        fn key(_op: &u32) {}
        fn init((): &()) -> u32 {
            0
        }
        fn step(state: &u32, op: &u32) -> (u32, u32) {
            (state + op, state + op)
        }
        fn same(expected: &u32, observed: &u32) -> bool {
            expected % 2 == observed % 2
        }
        fn op_words(op: &u32) -> String {
            format!("add {op}")
        }
        fn ret_words(ret: &u32) -> String {
            ret.to_string()
        }
    }
    let verdict = |answers: [u32; 3]| {
        let mut checker = Incremental::<Parity>::default();
        let at = At { step: 1, time_us: 1 };
        for client in 0..3 {
            checker.invoke(id(client, 1), at, client + 1);
        }
        for client in 0..3 {
            checker.answer(id(client, 1), at, answers[client as usize]);
        }
        let outcome = word(&checker.judgement());
        assert_eq!(outcome, word(&check::<Parity>(checker.history(), AMPLE)));
        outcome
    };
    // One, two and three are added; the sum is even in the end.
    assert_eq!(verdict([1, 1, 0]), "linearizable");
    assert_eq!(verdict([1, 1, 1]), "violated");
}

#[test]
fn a_violation_says_what_was_placed_and_what_is_stuck() {
    let events = read(&["a put x 1", "a done", "a put x 2", "a done", "b get x", "b 1", "a put x 9", "a done"]);
    let mut checker = Incremental::<Kv>::default();
    tell(&mut checker, &events, 1, |_| {});
    let (key, witness) = checker.violation().unwrap();
    assert_eq!(*key, 'x');
    let (put_1, put_2, get) = (id(97, 1), id(97, 3), id(98, 5));
    assert_eq!(witness.order, [put_1, put_2]);
    assert_eq!((witness.answer, witness.at), (get, At { step: 6, time_us: 60 }));
    assert_eq!((&*witness.stuck, witness.blamed), (&[get][..], Some(put_2)));
    assert_eq!(witness.possible, ["2"]);
}

// ---------------------------------------------------------------------------------------------------------------------
// Budgets
// ---------------------------------------------------------------------------------------------------------------------

/// Ten clients with a thousand operations each, on one key or several. Each client waits a random
/// time, and every operation takes effect at a random moment. Values are never written twice.
fn busy(seed: u64, clients: u32, operations_each: u32, keys: u32, puts_of_16: u32, crashes: bool) -> Vec<Event> {
    let mut left = vec![operations_each; clients as usize];
    let mut doing: Vec<Option<(Op, Option<Ret>)>> = vec![None; clients as usize];
    let mut names: Vec<u32> = (0..clients).collect();
    let mut store = BTreeMap::new();
    let (mut events, mut draws) = (Vec::new(), seed << 32);
    let mut draw = |below: u32| {
        draws += 1;
        (mix(draws) >> 16) as u32 % below
    };
    let mut value = 0;
    while left.iter().any(|&left| left > 0) || doing.iter().any(Option::is_some) {
        let who = draw(clients);
        let at = who as usize;
        match doing[at] {
            None if left[at] > 0 => {
                left[at] -= 1;
                let key = char::from(b'a' + draw(keys) as u8);
                value += 1;
                let op = if draw(16) < puts_of_16 { Op::Put(key, value) } else { Op::Get(key) };
                events.push(Event::Ask(names[at], op));
                doing[at] = Some((op, None));
            }
            None => {}
            Some(_) if crashes && draw(100) == 0 => {
                events.push(Event::GiveUp(names[at]));
                names[at] += clients;
                doing[at] = None;
            }
            Some((op, None)) => {
                let state = store.entry(key(op)).or_insert(0);
                let (next, ret) = step(*state, op);
                *state = next;
                doing[at] = Some((op, Some(ret)));
            }
            Some((_, Some(ret))) => {
                events.push(Event::Answer(names[at], ret));
                doing[at] = None;
            }
        }
    }
    events
}

/// States that a check needed.
#[derive(Debug)]
struct Cost {
    batch: u64,
    live: u64,
    /// The most states for one event.
    live_most: u64,
    /// How often the incremental checker had to search a whole history.
    searches: u64,
}

/// Checks a history both ways and compares the verdicts. The batch gets two million states a key.
fn cost(events: &[Event], expected: &str) -> Cost {
    let mut checker = Incremental::<Kv>::default();
    let (mut before, mut live_most) = (0, 0);
    tell(&mut checker, events, 1, |checker| {
        live_most = live_most.max(checker.explored() - before);
        before = checker.explored();
    });
    assert_eq!(word(&checker.judgement()), expected);
    let outcome = check::<Kv>(checker.history(), 2_000_000);
    assert_eq!(word(&outcome), expected);
    let batch = match outcome {
        Judgement::Linearizable { explored } | Judgement::Unknown { explored } => explored,
        Judgement::Violated { .. } => 0,
    };
    Cost { batch, live: checker.explored(), live_most, searches: checker.searches() }
}

/// Ten clients with a thousand operations each; the bounds leave a quarter of room above what was
/// measured.
fn ten_clients(keys: u32, puts_of_16: u32, crashes: bool, bounds: [u64; 4]) {
    let cost = cost(&busy(0, 10, 1000, keys, puts_of_16, crashes), "linearizable");
    println!("{keys} keys, {puts_of_16} puts of 16, crashes {crashes}: {cost:?}");
    let measured = [cost.batch, cost.live, cost.live_most, cost.searches];
    assert!(measured.iter().zip(&bounds).all(|(measured, bound)| measured <= bound), "{cost:?}, not {bounds:?}");
}

#[test]
fn ten_clients_on_ten_keys() {
    ten_clients(10, 8, false, [22_000, 27_000, 220, 0]);
}

#[test]
fn ten_clients_on_ten_keys_some_of_which_crash() {
    ten_clients(10, 8, true, [48_000, 1_420_000, 2_100, 0]);
}

#[test]
fn ten_clients_that_mostly_read_one_key() {
    ten_clients(1, 2, false, [38_000, 73_000, 2_100, 0]);
}

#[test]
fn ten_clients_that_only_write_one_key() {
    ten_clients(1, 16, false, [10_000, 14_300_000, 2_100, 0]);
}

#[test]
fn ten_clients_on_one_key() {
    ten_clients(1, 8, false, [151_000, 6_800_000, 170_000, 4]);
}

#[test]
fn ten_clients_on_one_key_some_of_which_crash_are_too_many() {
    // The limit of both: some two hundred writes that may happen at any time, and ten clients on
    // the same register. Neither guesses.
    let cost = cost(&busy(0, 10, 1000, 1, 8, true), "unknown");
    assert!(cost.live_most <= 1_002_100, "{cost:?}");
}

#[test]
fn five_clients_of_which_some_crash_are_always_judged() {
    let mut searches = 0;
    for seed in 0..6 {
        let mut events = busy(seed, 5, 300, 2, 8, true);
        searches += cost(&events, "linearizable").searches;
        // A stale read, three quarters into the run.
        let late = events.len() * 3 / 4;
        let stale = events[late..].iter_mut().find_map(|event| match event {
            Event::Answer(_, Ret::Number(number)) if *number > 40 => Some(number),
            _ => None,
        });
        *stale.unwrap() -= 40;
        searches += cost(&events, "violated").searches;
    }
    assert!((1..=60).contains(&searches), "{searches} searches");
}

#[test]
fn a_budget_that_does_not_suffice_gives_no_verdict() {
    let events = busy(0, 4, 50, 2, 8, false);
    let none = Limits { states_max: 0, search_states_max: 0, configurations_max: 1 };
    let mut checker = Incremental::<Kv>::new(none);
    let mut words = Vec::new();
    tell(&mut checker, &events, 1, |checker| words.push(word(&checker.judgement())));
    let turn = words.iter().position(|word| *word == "unknown").unwrap();
    assert!(words[..turn].iter().all(|word| *word == "linearizable"), "no verdict is taken back before");
    assert!(words[turn..].iter().all(|word| *word == "unknown"), "what is lost stays lost");
    assert_eq!(checker.unknown_keys(), 2);
    // The history is complete all the same, and a larger budget tells.
    assert_eq!(checker.history().len(), 200);
    assert_eq!(word(&check::<Kv>(checker.history(), 100)), "unknown");
    assert_eq!(word(&check::<Kv>(checker.history(), AMPLE)), "linearizable");
}

#[test]
fn a_key_that_is_unknown_hides_no_violation_of_another() {
    let mut events = busy(0, 8, 40, 1, 8, false);
    events.extend(read(&["Z put z 1", "Z done", "Z get z", "Z 0"]));
    let mut checker = Incremental::<Kv>::default();
    tell(&mut checker, &events, 1, |_| {});
    assert_eq!(word(&check::<Kv>(checker.history(), 100)), "violated");
}

#[test]
fn a_double_answer_can_be_told_in_time() {
    let mut checker = Incremental::<Kv>::default();
    let at = At { step: 1, time_us: 1 };
    checker.invoke(id(1, 1), at, Op::Get('x'));
    assert!(checker.history().is_open(id(1, 1)));
    assert!(!checker.answer(id(1, 1), at, Ret::Number(0)));
    assert!(!checker.history().is_open(id(1, 1)));
}
