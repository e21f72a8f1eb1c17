//! The viewers of this node, in parts that get their frames one after the other. One frame for all of them at once
//! would be thousands of writes, and every hold that comes meanwhile would wait for them.
//!
//! The node writes a limited number of frames in a second, and the parts take turns: with few viewers, each part has a
//! frame every 25 ms, with 10,000 every 500 ms. The caller gives the time.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use holdfast_contract::live::{SILENCE_SECS, stream_events};
use holdfast_domain::ids::EventId;
use tokio::sync::broadcast;

use super::frame::{Frame, message};

/// The maximum number of viewers of a part.
const PART: usize = 500;
/// The shortest time between two frames of a part.
const MIN_TICK: Duration = Duration::from_millis(25);
/// How many frames this node writes in a second, counted once for each viewer. Holds use the same cores.
const MAX_WRITES_PER_SECOND: u32 = 20_000;
/// How many messages a viewer may lag behind before the server ends its stream. The viewer then reconnects with the
/// number of its last change.
const VIEWER_BUFFER: usize = 256;
/// How often a silent stream sends a message, so that proxies keep it open and the viewer knows that it is.
const HEARTBEAT: Duration = Duration::from_secs(SILENCE_SECS as u64);
/// The maximum number of viewers of one node.
pub const MAX_VIEWERS: usize = 10_000;

/// A message that all viewers of a part get.
#[derive(Debug, Clone)]
pub enum ViewerMessage {
    Frame(Frame),
    Heartbeat(Bytes),
}

/// A part of the viewers of an event.
pub type AudiencePart = (EventId, usize);

/// All viewers of this node.
#[derive(Debug, Default)]
pub struct Audience {
    parts: BTreeMap<AudiencePart, Followed>,
    /// Until when the node has written enough, on the clock that never goes back.
    busy_until: Duration,
}

#[derive(Debug)]
struct Followed {
    /// The number of the last change that was sent.
    seen: i64,
    /// Whether the log may contain more.
    is_behind: bool,
    /// When the last frame was sent.
    framed_at: Option<Duration>,
    /// When the last message of any kind was sent.
    spoke_at: Duration,
    sender: broadcast::Sender<ViewerMessage>,
}

impl Followed {
    /// When the part may have its next frame.
    fn due(&self) -> Option<Duration> {
        self.is_behind.then(|| self.framed_at.map_or(Duration::ZERO, |at| at + MIN_TICK))
    }

    fn say(&mut self, sent: ViewerMessage, now: Duration) {
        self.spoke_at = now;
        // It is no error when nobody listens: the next look removes the part.
        self.sender.send(sent).ok();
    }

    fn viewers(&self) -> usize {
        self.sender.receiver_count()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("too many viewers")]
pub struct Full;

/// A viewer who has joined the audience.
#[derive(Debug)]
pub struct Joined {
    pub heard: broadcast::Receiver<ViewerMessage>,
    /// The number after which `heard` has every change.
    pub after: i64,
}

impl Audience {
    /// Joins the viewers of an event. A new part begins after `last`, a number that the log has reached.
    ///
    /// # Errors
    /// When the node has [`MAX_VIEWERS`] viewers already.
    pub fn join(&mut self, event: EventId, last: i64, now: Duration) -> Result<Joined, Full> {
        if self.parts.values().map(Followed::viewers).sum::<usize>() >= MAX_VIEWERS {
            return Err(Full);
        }
        let has_room = |number: &usize| {
            self.parts.get(&(event, *number)).is_none_or(|part| part.viewers() < PART)
        };
        let number = (0..).find(has_room).unwrap_or_default();
        let part = self.parts.entry((event, number)).or_insert_with(|| Followed {
            seen: last,
            is_behind: true,
            framed_at: None,
            spoke_at: now,
            sender: broadcast::channel(VIEWER_BUFFER).0,
        });
        Ok(Joined { heard: part.sender.subscribe(), after: part.seen })
    }

    /// A number that has been sent to viewers of the event. `None` without viewers.
    pub fn reached(&self, event: EventId) -> Option<i64> {
        self.parts
            .range((event, 0)..)
            .next()
            .filter(|(part, _)| part.0 == event)
            .map(|it| it.1.seen)
    }

    /// The number of the last change that was sent to the part. `None` when the part is gone.
    pub fn seen(&self, part: AudiencePart) -> Option<i64> {
        self.parts.get(&part).map(|followed| followed.seen)
    }

    /// Notes that the log may contain more of these events.
    pub fn fell_behind(&mut self, which: impl Fn(EventId) -> bool) {
        for (_, followed) in self.parts.iter_mut().filter(|(part, _)| which(part.0)) {
            followed.is_behind = true;
        }
    }

    /// When the next frame is due; `otherwise` if none is before.
    pub fn next(&self, otherwise: Duration) -> Duration {
        let due = self.parts.values().filter_map(Followed::due).min();
        due.map_or(otherwise, |at| at.max(self.busy_until).min(otherwise))
    }

    /// The events that may have frames now. The caller reads how far their logs are, and calls [`Self::due`]. Forgets the
    /// parts that nobody watches.
    pub fn waiting(&mut self, now: Duration) -> Vec<EventId> {
        self.parts.retain(|_, followed| followed.viewers() > 0);
        let mut events = Vec::new();
        if now < self.busy_until {
            return events;
        }
        for (part, followed) in &mut self.parts {
            if followed.due().is_some_and(|at| at <= now) {
                // A wake-up from here on counts again.
                followed.is_behind = false;
                if events.last() != Some(&part.0) {
                    events.push(part.0);
                }
            }
        }
        events
    }

    /// The parts whose turn it is, of these events with the last numbers of their logs; the caller sends them their
    /// frames now. Sends heartbeats. A part that has everything costs nothing, so that a crowd that waits for its sale
    /// keeps no other event waiting.
    pub fn due(&mut self, now: Duration, lasts: &[(EventId, i64)]) -> Vec<AudiencePart> {
        let mut writes = self.heartbeats(now);
        let mut late: Vec<(Option<Duration>, AudiencePart)> = Vec::new();
        for (event, last) in lasts {
            let of_event = self.parts.range((*event, 0)..=(*event, usize::MAX));
            let late_ones = of_event.filter(|(_, followed)| followed.seen < *last);
            late.extend(late_ones.map(|(part, followed)| (followed.framed_at, *part)));
        }
        late.sort_unstable();
        let (mut due, mut frames) = (Vec::new(), 0);
        for (_, part) in late {
            let Some(followed) = self.parts.get_mut(&part) else { continue };
            let is_early = followed.framed_at.is_some_and(|at| now < at + MIN_TICK);
            if frames >= PART || is_early {
                followed.is_behind = true;
                continue;
            }
            frames += followed.viewers();
            due.push(part);
        }
        writes += frames;
        let writes = u32::try_from(writes).unwrap_or(u32::MAX);
        self.busy_until = now + Duration::from_secs(1) * writes / MAX_WRITES_PER_SECOND;
        due
    }

    /// Sends heartbeats to silent parts, to one part's number of viewers at a time. Returns to how many.
    fn heartbeats(&mut self, now: Duration) -> usize {
        let mut writes = 0;
        for followed in self.parts.values_mut().filter(|it| now >= it.spoke_at + HEARTBEAT) {
            if writes >= PART {
                break;
            }
            writes += followed.viewers();
            let heartbeat = message(stream_events::HEARTBEAT, None, "{}");
            followed.say(ViewerMessage::Heartbeat(heartbeat), now);
        }
        writes
    }

    pub fn send(&mut self, part: AudiencePart, frame: Frame, now: Duration) {
        if let Some(followed) = self.parts.get_mut(&part) {
            followed.seen = frame.last;
            followed.framed_at = Some(now);
            followed.say(ViewerMessage::Frame(frame), now);
        }
    }

    /// Ends every viewer's channel.
    pub fn end(&mut self) {
        self.parts.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use uuid::Uuid;

    use super::*;

    /// When the busy second begins.
    const START: Duration = Duration::from_secs(60);

    fn event(number: u128) -> EventId {
        EventId(Uuid::from_u128(number))
    }

    fn frame(last: i64) -> Frame {
        Frame { first: 1, last, event: false, bytes: Bytes::new() }
    }

    /// The parts whose turn it is, when the logs of all events have this last number.
    fn turn(audience: &mut Audience, now: Duration, last: i64) -> Vec<AudiencePart> {
        let waiting: Vec<_> =
            audience.waiting(now).into_iter().map(|event| (event, last)).collect();
        if now < audience.busy_until { Vec::new() } else { audience.due(now, &waiting) }
    }

    /// Sends what is due during a second in which everything changes all the time. Returns how many frames each part
    /// got, and the largest number of writes at once.
    fn busy_second(audience: &mut Audience) -> (HashMap<AudiencePart, usize>, usize) {
        let (mut frames, mut most) = (HashMap::new(), 0);
        for ms in 0..1_000 {
            let now = START + Duration::from_millis(ms);
            audience.fell_behind(|_| true);
            let due = turn(audience, now, i64::MAX);
            most = most.max(due.iter().map(|part| audience.parts[part].viewers()).sum());
            for part in due {
                *frames.entry(part).or_default() += 1;
                audience.send(part, frame(1), now);
            }
        }
        (frames, most)
    }

    #[test]
    fn a_node_writes_a_limited_number_of_frames_and_the_parts_take_turns() {
        for (viewers, ticks) in
            [(1_usize, 38..=40), (400, 38..=40), (5_000, 4..=5), (10_000, 2..=3)]
        {
            let mut audience = Audience::default();
            let places: Vec<_> =
                (0..viewers).map(|_| audience.join(event(1), 0, START).expect("a place")).collect();
            assert_eq!(audience.parts.len(), viewers.div_ceil(PART));
            let (frames, most) = busy_second(&mut audience);
            assert_eq!(frames.len(), audience.parts.len(), "{viewers} viewers: all get frames");
            assert!(frames.values().all(|count| ticks.contains(count)), "{viewers}: {frames:?}");
            let writes: usize = frames.values().sum::<usize>() * viewers / frames.len();
            assert!(writes <= 20_000 + PART && most <= 2 * PART, "{viewers}: {writes}, {most}");
            assert_eq!(places.len(), viewers);
        }
    }

    #[test]
    fn a_large_event_does_not_keep_a_small_one_waiting_for_long() {
        let mut audience = Audience::default();
        let join = |audience: &mut Audience, of| audience.join(event(of), 0, START);
        let _crowd: Vec<_> = (0..5_000).map(|_| join(&mut audience, 1)).collect();
        let _few: Vec<_> = (2..20).map(|of| join(&mut audience, of)).collect();
        let (frames, _) = busy_second(&mut audience);
        assert!((2..20).all(|of| frames[&(event(of), 0)] >= 3), "{frames:?}");
    }

    #[test]
    fn a_crowd_that_waits_keeps_no_event_waiting_and_gets_its_heartbeats() {
        for crowd in [500, 1_500, 6_000] {
            let mut audience = Audience::default();
            let join = |audience: &mut Audience, of| audience.join(event(of), 0, Duration::ZERO);
            let mut places: Vec<_> =
                (0..crowd).map(|_| join(&mut audience, 1).expect("a place")).collect();
            let _other = join(&mut audience, 2);
            let mut frames = 0;
            for ms in (0..40_000).step_by(5) {
                let now = Duration::from_millis(ms);
                audience.fell_behind(|of| of == event(2) || ms % 250 == 0);
                let waiting: Vec<_> = audience.waiting(now);
                let lasts = waiting.into_iter().map(|of| (of, if of == event(2) { 9 } else { 0 }));
                let lasts: Vec<_> = lasts.collect();
                if now < audience.busy_until {
                    continue;
                }
                for part in audience.due(now, &lasts) {
                    assert_eq!(part.0, event(2));
                    frames += 1;
                    audience.send(part, frame(1), now);
                }
            }
            assert!(frames > 1_000, "{crowd}: {frames} frames in 40 s");
            for place in &mut places {
                let mut heard = 0;
                while matches!(place.heard.try_recv(), Ok(ViewerMessage::Heartbeat(_))) {
                    heard += 1;
                }
                assert_eq!(heard, 2, "{crowd}");
            }
        }
    }

    #[test]
    fn the_first_change_after_a_quiet_time_is_sent_at_once() {
        let mut audience = Audience::default();
        let mut place = audience.join(event(1), 7, Duration::ZERO).expect("a place");
        assert_eq!(
            (place.after, audience.reached(event(1)), audience.reached(event(2))),
            (7, Some(7), None)
        );
        let now = Duration::from_secs(5);
        assert_eq!(turn(&mut audience, now, 8), [(event(1), 0)]);
        audience.send((event(1), 0), frame(8), now);
        assert!(
            matches!(place.heard.try_recv(), Ok(ViewerMessage::Frame(frame)) if frame.last == 8)
        );
        let (later, end) = (now + Duration::from_secs(9), Duration::from_secs(60));
        assert!(turn(&mut audience, later, 8).is_empty());
        assert_eq!(audience.next(end), end);
        audience.fell_behind(|of| of == event(1));
        assert!(audience.next(end) <= later);
        assert_eq!(turn(&mut audience, later, 9), [(event(1), 0)]);
        // Silence ends with a heartbeat.
        turn(&mut audience, now + HEARTBEAT, 8);
        assert!(matches!(place.heard.try_recv(), Ok(ViewerMessage::Heartbeat(_))));
        drop(place);
        turn(&mut audience, end, 8);
        assert_eq!(audience.reached(event(1)), None);
    }

    #[test]
    fn a_node_takes_a_limited_number_of_viewers() {
        let mut audience = Audience::default();
        let mut places: Vec<_> = (0..MAX_VIEWERS)
            .map(|of| audience.join(event(of as u128 % 3), 0, Duration::ZERO))
            .collect();
        assert!(places.iter().all(Result::is_ok));
        assert!(audience.join(event(1), 0, Duration::ZERO).is_err());
        places.pop();
        assert!(audience.join(event(1), 0, Duration::ZERO).is_ok());
    }
}
