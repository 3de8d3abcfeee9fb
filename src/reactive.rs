//! Signals, memos, effects and stored values whose machinery is compiled once, whatever they hold.
//!
//! The framework compiles its machinery anew for each type and each closure, a kilobyte or two at a time, and the page has
//! hundreds of them. Here a value lies behind a pointer that knows its type, and a closure is boxed: what is generic is a few
//! instructions. Names and meaning are the framework's; import these beside its prelude and they take their place.

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::reactive::graph::{Source as _, ToAnySource as _};

/// A value of some type.
#[derive(Clone)]
struct Held {
    value: Arc<dyn Any + Send + Sync>,
    same: fn(&Self, &Self) -> bool,
}

impl Held {
    fn new<T: Send + Sync + 'static>(value: T, same: fn(&Self, &Self) -> bool) -> Self {
        Self { value: Arc::new(value), same }
    }

    /// One that no other equals.
    fn unique<T: Send + Sync + 'static>(value: T) -> Self {
        Self::new(value, |_, _| false)
    }

    fn comparable<T: PartialEq + Send + Sync + 'static>(value: T) -> Self {
        Self::new(value, |one, other| one.get::<T>() == other.get::<T>())
    }

    /// The value. Whoever holds one made it of that type.
    fn get<T: 'static>(&self) -> &T {
        self.value.downcast_ref().expect("a value has the type that it was made of")
    }

    /// The value, to be changed; somebody who reads it at the same time keeps what it was.
    fn get_mut<T: Clone + Send + Sync + 'static>(&mut self) -> &mut T {
        if Arc::get_mut(&mut self.value).is_none() {
            self.value = Arc::new(self.get::<T>().clone());
        }
        let value = Arc::get_mut(&mut self.value).and_then(|value| value.downcast_mut());
        value.expect("nobody else has it")
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        (self.same)(self, other)
    }
}

/// Reading, which is the same for signals and memos.
macro_rules! reads {
    ($kind:ident) => {
        impl<T> Clone for $kind<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $kind<T> {}

        impl<T: 'static> $kind<T> {
            /// Looks at the value, and is told when it changes.
            pub fn with<R>(self, look: impl FnOnce(&T) -> R) -> R {
                look(self.0.get().get())
            }

            /// Looks at the value.
            pub fn with_untracked<R>(self, look: impl FnOnce(&T) -> R) -> R {
                look(self.0.get_untracked().get())
            }

            /// The value; whoever asks is told when it changes.
            pub fn get(self) -> T
            where
                T: Clone,
            {
                self.with(T::clone)
            }

            /// The value.
            pub fn get_untracked(self) -> T
            where
                T: Clone,
            {
                self.with_untracked(T::clone)
            }
        }
    };
}

/// A value that tells its readers when it is set, as [`leptos::prelude::RwSignal`].
pub struct RwSignal<T>(leptos::prelude::RwSignal<Held>, PhantomData<fn() -> T>);

reads!(RwSignal);

impl<T: Send + Sync + 'static> RwSignal<T> {
    /// With its first value.
    pub fn new(value: T) -> Self {
        Self(leptos::prelude::RwSignal::new(Held::unique(value)), PhantomData)
    }

    /// Sets it.
    pub fn set(self, value: T) {
        self.0.set(Held::unique(value));
    }

    /// Whoever asks is told when it changes.
    pub fn track(self) {
        self.0.track();
    }

    /// Looks at the value; nothing once whatever it belongs to is gone.
    pub fn try_with_untracked<R>(self, look: impl FnOnce(&T) -> R) -> Option<R> {
        Some(look(self.0.try_get_untracked()?.get()))
    }

    /// Changes it, and tells its readers.
    pub fn update(self, change: impl FnOnce(&mut T))
    where
        T: Clone,
    {
        self.update_untracked(change);
        self.notify();
    }

    /// Changes it, and tells nobody.
    pub fn update_untracked(self, change: impl FnOnce(&mut T))
    where
        T: Clone,
    {
        let mut change = Some(change);
        edit(self.0, &mut |held| {
            if let Some(change) = change.take() {
                change(held.get_mut());
            }
        });
    }

    /// Tells its readers that it has changed.
    pub fn notify(self) {
        self.0.notify();
    }

    /// Nobody reads it any more.
    pub fn drop_readers(self) {
        self.0.to_any_source().clear_subscribers();
    }
}

fn edit(signal: leptos::prelude::RwSignal<Held>, change: &mut dyn FnMut(&mut Held)) {
    signal.update_untracked(|held| change(held));
}

/// What follows from signals and changes when it does, as [`leptos::prelude::Memo`].
pub struct Memo<T>(leptos::prelude::Memo<Held>, PhantomData<fn() -> T>);

reads!(Memo);

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    /// Worked out from what it was before, when somebody asks and what it has looked at has changed.
    pub fn new(work_out: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        let work_out = move |before: Option<&Held>| Held::comparable(work_out(before.map(Held::get)));
        Self(memo(Box::new(work_out)), PhantomData)
    }
}

type WorkOut = Box<dyn Fn(Option<&Held>) -> Held + Send + Sync>;

fn memo(work_out: WorkOut) -> leptos::prelude::Memo<Held> {
    leptos::prelude::Memo::new(work_out)
}

/// What is done whenever a signal that it has looked at changes, as [`leptos::prelude::Effect`].
pub struct Effect;

impl Effect {
    /// Does it soon, and again after every change; it is given what it came to the last time.
    #[expect(
        clippy::new_ret_no_self,
        reason = "it lives as long as what is around the call, and nobody has to hold it"
    )]
    pub fn new<T: 'static>(act: impl Fn(Option<T>) -> T + 'static) {
        let mut last = None;
        effect(Box::new(move || last = Some(act(last.take()))));
    }
}

fn effect(mut act: Box<dyn FnMut()>) {
    leptos::prelude::Effect::new(move |_: Option<()>| act());
}

/// A value that nobody is told about, as [`leptos::prelude::StoredValue`].
pub struct StoredValue<T>(leptos::prelude::StoredValue<Rc<dyn Any>, LocalStorage>, PhantomData<fn() -> T>);

impl<T> Clone for StoredValue<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for StoredValue<T> {}

impl<T: 'static> StoredValue<T> {
    /// With its first value.
    pub fn new(value: T) -> Self {
        Self(leptos::prelude::StoredValue::new_local(Rc::new(RefCell::new(value))), PhantomData)
    }

    fn with<R>(held: &Rc<dyn Any>, look: impl FnOnce(&RefCell<T>) -> R) -> R {
        look(held.downcast_ref().expect("a value has the type that it was made of"))
    }

    /// Looks at it.
    pub fn with_value<R>(self, look: impl FnOnce(&T) -> R) -> R {
        Self::with(&self.0.get_value(), |value| look(&value.borrow()))
    }

    /// Looks at it; nothing once whatever it belongs to is gone.
    pub fn try_with_value<R>(self, look: impl FnOnce(&T) -> R) -> Option<R> {
        Some(Self::with(&self.0.try_get_value()?, |value| look(&value.borrow())))
    }

    /// The value.
    pub fn get_value(self) -> T
    where
        T: Clone,
    {
        self.with_value(T::clone)
    }

    /// Changes it, unless whatever it belongs to is gone.
    pub fn update_value(self, change: impl FnOnce(&mut T)) {
        self.try_update_value(change);
    }

    /// Changes it; nothing once whatever it belongs to is gone.
    pub fn try_update_value<R>(self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        Some(Self::with(&self.0.try_get_value()?, |value| change(&mut value.borrow_mut())))
    }

    /// Sets it, unless whatever it belongs to is gone.
    pub fn set_value(self, value: T) {
        self.update_value(|held| *held = value);
    }

    /// Whether whatever it belongs to is gone.
    pub fn is_disposed(self) -> bool {
        self.0.is_disposed()
    }
}
