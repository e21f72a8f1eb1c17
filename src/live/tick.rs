//! How often viewers get a frame.

use std::time::Duration;

/// The shortest time between two frames of an event.
pub const MIN_TICK: Duration = Duration::from_millis(25);
/// The longest time between two frames of an event that changes.
pub const MAX_TICK: Duration = Duration::from_millis(500);
/// How many frames this node writes in a second. A frame is one write for each viewer, and holds use the same cores.
const MAX_WRITES_PER_SECOND: u32 = 20_000;

/// The time between two frames of an event, when the events that change now have this many viewers on this node.
pub fn tick(viewers: usize) -> Duration {
    let viewers = u32::try_from(viewers).unwrap_or(u32::MAX);
    let tick = Duration::from_secs(1).saturating_mul(viewers) / MAX_WRITES_PER_SECOND;
    tick.clamp(MIN_TICK, MAX_TICK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_writes_at_most_twenty_thousand_frames_in_a_second_up_to_its_longest_tick() {
        for viewers in [0, 1, 500, 501, 5_000, 10_000] {
            let writes = viewers as f64 / tick(viewers).as_secs_f64();
            assert!(writes <= 20_000.5, "{viewers} viewers: {writes}/s");
        }
        assert_eq!(tick(500), MIN_TICK);
        assert_eq!(tick(5_000), Duration::from_millis(250));
        assert_eq!(tick(usize::MAX), MAX_TICK);
    }
}
