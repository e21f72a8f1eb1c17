//! How often this node has heard of a change.

use std::sync::atomic::{AtomicU64, Ordering};

use holdfast_domain::ids::EventId;

/// The number of counters. Events that share one hear of each other's changes, and read once more than they need.
const COUNTERS: usize = 1_024;

/// The object whose change a node hears of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The seats or places of this event.
    Places(EventId),
    /// Anything of any event.
    Anything,
}

/// How often a node had heard of changes of an event at one moment. Both numbers only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChangeCounts {
    /// Of the event's seats and places.
    pub places: u64,
    /// The changes that any event may be concerned by, such as a new seating plan.
    pub anything: u64,
}

impl ChangeCounts {
    /// The later of two moments.
    pub fn max(self, other: Self) -> Self {
        Self { places: self.places.max(other.places), anything: self.anything.max(other.anything) }
    }
}

/// The counters of a node.
#[derive(Debug)]
pub struct Heard {
    places: Box<[AtomicU64]>,
    anything: AtomicU64,
}

impl Default for Heard {
    fn default() -> Self {
        let places = (0..COUNTERS).map(|_| AtomicU64::new(0)).collect();
        Self { places, anything: AtomicU64::new(0) }
    }
}

impl Heard {
    pub fn hear(&self, news: News) {
        let counter = match news {
            News::Places(event) => self.counter(event),
            News::Anything => &self.anything,
        };
        counter.fetch_add(1, Ordering::SeqCst);
    }

    /// The numbers of an event.
    pub fn of(&self, event: EventId) -> ChangeCounts {
        ChangeCounts {
            places: self.counter(event).load(Ordering::SeqCst),
            anything: self.anything.load(Ordering::SeqCst),
        }
    }

    fn counter(&self, event: EventId) -> &AtomicU64 {
        // Some ids are random in every part, and others begin with the time.
        let (_, random) = event.0.as_u64_pair();
        &self.places[usize::try_from(random % COUNTERS as u64).unwrap_or_default()]
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_event_hears_of_its_own_places_and_of_anything() {
        let heard = Heard::default();
        let [one, other] = [1, 2].map(|id| EventId(Uuid::from_u128(id)));
        heard.hear(News::Places(one));
        heard.hear(News::Places(one));
        heard.hear(News::Anything);
        assert_eq!(heard.of(one), ChangeCounts { places: 2, anything: 1 });
        assert_eq!(heard.of(other), ChangeCounts { places: 0, anything: 1 });
        let (early, late) = (heard.of(other), heard.of(one));
        assert_eq!((early.max(late), late.max(early)), (late, late));
    }
}
