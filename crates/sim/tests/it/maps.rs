//! Maps and sets in vectors against B-trees, which say the same whatever is done to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use proptest::prelude::*;
use sim::{Map, Set};

/// Everything that is written to a hasher, call by call.
#[derive(Default, PartialEq, Debug)]
struct Written(Vec<(&'static str, Vec<u8>)>);

macro_rules! written {
    ($($method:ident: $number:ty),*) => {
        impl Hasher for Written {
            fn finish(&self) -> u64 {
                0
            }
            fn write(&mut self, bytes: &[u8]) {
                self.0.push(("bytes", bytes.to_vec()));
            }
            $(fn $method(&mut self, number: $number) {
                self.0.push((stringify!($number), number.to_le_bytes().to_vec()));
            })*
        }
    };
}
written!(write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64, write_usize: usize, write_isize: isize);

fn written(value: &impl Hash) -> Written {
    let mut written = Written::default();
    value.hash(&mut written);
    written
}

/// What may be seen of a map or a set as a whole.
fn same(one: &(impl Hash + Debug), other: &(impl Hash + Debug)) -> Result<(), TestCaseError> {
    prop_assert_eq!(written(one), written(other));
    prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
    prop_assert_eq!(format!("{one:#?}"), format!("{other:#?}"));
    Ok(())
}

/// A key: few of them, so that they meet, and as text, so that they are looked up by what they borrow as.
fn key() -> impl Strategy<Value = String> {
    (0..24u32).prop_map(|number| format!("k{number}"))
}

#[derive(Clone, Debug)]
enum Act {
    Insert(String, u16),
    Remove(String),
    Change(String, u16),
    Entry(String, u16),
    Default(String),
    All(u16),
    PopFirst,
    Retain(u16),
    Extract(String, u16),
    Extend(Vec<(String, u16)>),
    Clear,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (key(), any::<u16>()).prop_map(|(key, value)| Act::Insert(key, value)),
        2 => key().prop_map(Act::Remove),
        1 => (key(), any::<u16>()).prop_map(|(key, value)| Act::Change(key, value)),
        2 => (key(), any::<u16>()).prop_map(|(key, value)| Act::Entry(key, value)),
        1 => key().prop_map(Act::Default),
        1 => any::<u16>().prop_map(Act::All),
        1 => Just(Act::PopFirst),
        1 => (1..5u16).prop_map(Act::Retain),
        1 => (key(), 1..5u16).prop_map(|(from, every)| Act::Extract(from, every)),
        1 => prop::collection::vec((key(), any::<u16>()), 0..12).prop_map(Act::Extend),
        1 => Just(Act::Clear),
    ]
}

proptest! {
    #[test]
    fn a_map_does_what_a_b_tree_does(acts in prop::collection::vec(act(), 0..60), asked in key(), other in key()) {
        let (mut map, mut model) = (Map::<String, u16>::new(), BTreeMap::<String, u16>::new());
        for act in acts {
            match act {
                Act::Insert(key, value) => prop_assert_eq!(map.insert(key.clone(), value), model.insert(key, value)),
                Act::Remove(key) => prop_assert_eq!(map.remove(&key), model.remove(&key)),
                Act::Change(key, value) => {
                    let (one, two) = (map.get_mut(key.as_str()), model.get_mut(key.as_str()));
                    prop_assert_eq!(&one, &two);
                    one.into_iter().chain(two).for_each(|known| *known = value);
                }
                Act::Entry(key, value) => {
                    let one = map.entry(key.clone()).or_insert(value);
                    let two = model.entry(key).or_insert(value);
                    prop_assert_eq!(&one, &two);
                    (*one, *two) = (one.wrapping_add(1), two.wrapping_add(1));
                }
                Act::Default(key) => prop_assert_eq!(map.entry(key.clone()).or_default(), model.entry(key).or_default()),
                Act::All(value) => {
                    map.values_mut().for_each(|known| *known ^= value);
                    model.values_mut().for_each(|known| *known ^= value);
                }
                Act::PopFirst => prop_assert_eq!(map.pop_first(), model.pop_first()),
                Act::Retain(every) => {
                    map.retain(|_, value| value.is_multiple_of(every));
                    model.retain(|_, value| value.is_multiple_of(every));
                }
                Act::Extract(from, every) => {
                    let goes = |_: &String, value: &mut u16| value.is_multiple_of(every);
                    let one: Vec<_> = map.extract_if(from.clone().., goes).collect();
                    prop_assert_eq!(one, model.extract_if(from.., goes).collect::<Vec<_>>());
                }
                Act::Extend(entries) => {
                    map.extend(entries.clone());
                    model.extend(entries);
                }
                Act::Clear => {
                    map.clear();
                    model.clear();
                }
            }
            same(&map, &model)?;
            prop_assert!(map.iter().eq(&model) && (&map).into_iter().rev().eq(model.iter().rev()));
            prop_assert!(map.keys().eq(model.keys()) && map.values().rev().eq(model.values().rev()));
            prop_assert_eq!((map.len(), map.is_empty(), map.iter().len()), (model.len(), model.is_empty(), model.len()));
            prop_assert_eq!(map.first_key_value(), model.first_key_value());
            prop_assert_eq!(map.last_key_value(), model.last_key_value());
            prop_assert_eq!((map.get(&asked), map.contains_key(&asked)), (model.get(&asked), model.contains_key(&asked)));
        }
        let (low, high) = if asked <= other { (&asked, &other) } else { (&other, &asked) };
        prop_assert!(map.range(low..=high).eq(model.range(low.clone()..=high.clone())));
        prop_assert!(map.range(low..).eq(model.range(low.clone()..)));
        prop_assert!(map.range(..high).rev().eq(model.range(..high.clone()).rev()));
        prop_assert_eq!(map.range(high..low).count(), 0, "where a B-tree would panic");
        prop_assert_eq!(model.get(&asked).map(|_| map[asked.as_str()]), model.get(&asked).copied());
        prop_assert!(map.clone().into_keys().eq(model.keys().cloned()) && map.clone().into_values().eq(model.into_values()));
    }

    #[test]
    fn whatever_is_collected_is_in_order(entries in prop::collection::vec((key(), any::<u16>()), 0..40)) {
        let map: Map<String, u16> = entries.iter().cloned().collect();
        let model: BTreeMap<String, u16> = entries.iter().cloned().collect();
        same(&map, &model)?;
        prop_assert!(map.into_iter().eq(model));
        let keys = || entries.iter().map(|(key, _)| key.clone());
        same(&keys().collect::<Set<_>>(), &keys().collect::<BTreeSet<_>>())?;
    }

    #[test]
    fn maps_compare_as_b_trees_do(
        one in prop::collection::vec((0..4u8, 0..3u8), 0..4),
        two in prop::collection::vec((0..4u8, 0..3u8), 0..4),
    ) {
        let maps = |entries: &[(u8, u8)]| (entries.iter().copied().collect(), entries.iter().copied().collect());
        let ((a, x), (b, y)): ((Map<_, _>, BTreeMap<_, _>), (Map<_, _>, BTreeMap<_, _>)) = (maps(&one), maps(&two));
        prop_assert_eq!((a.cmp(&b), a == b), (x.cmp(&y), x == y));
        let sets = |entries: &[(u8, u8)]| (entries.iter().copied().collect(), entries.iter().copied().collect());
        let ((a, x), (b, y)): ((Set<_>, BTreeSet<_>), (Set<_>, BTreeSet<_>)) = (sets(&one), sets(&two));
        prop_assert_eq!((a.cmp(&b), a == b), (x.cmp(&y), x == y));
        prop_assert!(a.intersection(&b).eq(x.intersection(&y)) && a.difference(&b).eq(x.difference(&y)));
    }

    #[test]
    fn a_set_does_what_a_b_tree_does(acts in prop::collection::vec((any::<bool>(), 0..24u32), 0..60), every in 2..5u32) {
        let (mut set, mut model) = (Set::new(), BTreeSet::new());
        for (comes, item) in acts {
            if comes {
                prop_assert_eq!(set.insert(item), model.insert(item));
            } else {
                prop_assert_eq!(set.remove(&item), model.remove(&item));
            }
            same(&set, &model)?;
            prop_assert!(set.iter().eq(&model) && (0..24).all(|item| set.contains(&item) == model.contains(&item)));
            prop_assert_eq!((set.len(), set.is_empty()), (model.len(), model.is_empty()));
        }
        set.extend(&[7, 3, 3]);
        model.extend(&[7, 3, 3]);
        set.retain(|item| item.is_multiple_of(every));
        model.retain(|item| item.is_multiple_of(every));
        same(&set, &model)?;
        set.clear();
        prop_assert_eq!(set, Set::default());
    }
}
