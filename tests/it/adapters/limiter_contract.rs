//! What every rate limiter does: the limiter in the process, and the one in Redis where the tests have Redis.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use holdfast::{
    adapters::{
        in_process_limiter::InProcessLimiter, redis_limiter::RedisLimiter, redis_nodes,
        system::SystemClock,
    },
    kernel::{
        ports::{RateLimiter, limiter::Count},
        tasks::Tasks,
    },
};
use holdfast_domain::rate::Quota;
use uuid::Uuid;

use crate::support::harness::TestApp;

async fn limiters() -> Vec<Arc<dyn RateLimiter>> {
    let app = TestApp::start().await;
    let urls = app.app.config.redis.urls.expose().to_vec();
    let clock = || Arc::new(SystemClock::default());
    let mut limiters: Vec<Arc<dyn RateLimiter>> = vec![Arc::new(InProcessLimiter::new(clock()))];
    if !urls.is_empty() {
        let nodes = redis_nodes::clients(&urls, None).expect("addresses");
        limiters.push(Arc::new(RedisLimiter::start(&nodes, clock(), Tasks::default())));
    }
    app.finish().await;
    limiters
}

fn count(name: &'static str, units: u32, window: Duration, cost: u32) -> Count {
    let units = NonZeroU32::new(units).expect("positive");
    Count { name, quota: Quota { units, window }, cost }
}

#[tokio::test]
async fn a_request_uses_all_its_counts_or_none() {
    const HOUR: Duration = Duration::from_hours(1);
    for limiter in limiters().await {
        let (sender, other) = (Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
        let (many, few) = (count("many", 100, HOUR, 1), count("few", 3, HOUR, 2));
        let both = [many.clone(), few.clone()];
        let first = limiter.count(&sender, &both).await;
        assert_eq!(first.refused, None);
        assert_eq!(first.levels.iter().map(|level| level.remaining).collect::<Vec<_>>(), [99, 1]);
        let more = first.levels[1].more_after;
        assert!(more <= HOUR / 3 && more > HOUR / 3 - Duration::from_mins(1), "{more:?}");

        let refused = limiter.count(&sender, &both).await;
        let (at, wait) = refused.refused.expect("the second has no room for two more");
        assert_eq!(at, 1);
        assert!(wait <= HOUR / 3 && wait > HOUR / 3 - Duration::from_mins(1), "{wait:?}");
        assert_eq!(refused.levels[0].remaining, 99, "the first was not used");
        let alone = limiter.count(&sender, &[many]).await;
        assert_eq!(alone.levels[0].remaining, 98);
        assert_eq!(limiter.count(&other, &both).await.refused, None);
        let too_much = limiter.count(&other, &[count("much", 3, HOUR, 4)]).await;
        assert!(too_much.refused.is_some(), "more than the quota has");
    }
}

#[tokio::test]
async fn units_drain_with_time() {
    const SECOND: Duration = Duration::from_secs(1);
    for limiter in limiters().await {
        let sender = Uuid::now_v7().to_string();
        let five = [count("five", 5, SECOND, 5)];
        assert_eq!(limiter.count(&sender, &five).await.refused, None);
        assert!(limiter.count(&sender, &five).await.refused.is_some());
        tokio::time::sleep(SECOND).await;
        assert_eq!(limiter.count(&sender, &five).await.refused, None);
    }
}

/// All senders of a crowd at once: none of them gets more than its quota.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_requests_gets_exactly_the_quota() {
    const HOUR: Duration = Duration::from_hours(1);
    for limiter in limiters().await {
        let senders: Vec<String> = (0..4).map(|_| Uuid::now_v7().to_string()).collect();
        let calls = (0..200).map(|n| {
            let (limiter, sender) = (Arc::clone(&limiter), senders[n % 4].clone());
            tokio::spawn(async move { limiter.count(&sender, &[count("few", 7, HOUR, 1)]).await })
        });
        let mut passed = 0;
        for counted in futures_util::future::join_all(calls).await {
            passed += usize::from(counted.expect("no panic").refused.is_none());
        }
        assert_eq!(passed, 4 * 7);
    }
}
