//! Limits on requests: who is counted, what passes and what is refused, over several nodes and while Redis fails.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, future::join_all, stream};
use holdfast::{
    http::{
        limits::settings::RateLimits,
        proxies::{ProxyHeader, TrustedProxies},
    },
    settings::{Config, RedisUrls},
};
use holdfast_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    answer::Answer,
    fixture::{self, Like, account, seats},
    harness::TestApp,
    redis_nodes::Nodes,
};

/// The calls of a trial, and how many of them may pass in a minute.
const CALLS: usize = 60;
const LIMIT: u32 = 10;
/// The time after which one more passes.
const ONE_MORE: Duration = Duration::from_secs(60 / LIMIT as u64);
/// A request that changes something and costs little: it is refused with 401, because no reservation is a stranger's.
const CHEAP: &str = "/reservations/019a0000-0000-7000-8000-000000000000/extend";

/// The address of the tests is a trusted proxy, so that each test has addresses of its own: all tests share Redis.
fn behind_a_proxy(config: &mut Config) {
    config.network.trusted_proxies = TrustedProxies::parse(["127.0.0.1"]).expect("an address");
}

fn limited(config: &mut Config) {
    behind_a_proxy(config);
    config.limits.requests = LIMIT;
}

/// The node, and a second one where nodes share Redis.
async fn nodes(change: fn(&mut Config)) -> Vec<TestApp> {
    let first = TestApp::with(change).await;
    if first.app.config.redis.urls.is_empty() {
        return vec![first];
    }
    let second = first.another_node().await;
    vec![first, second]
}

async fn call(
    app: &TestApp,
    method: Method,
    path: &str,
    body: Option<&Value>,
    from: &str,
) -> Answer {
    app.as_nobody().send(method, path, body, &[("X-Forwarded-For", from)]).await
}

/// Sends the cheap request from this address to the nodes by turns. Returns how many passed, and how many may have passed.
async fn trial(apps: &[TestApp], from: &str) -> (usize, std::ops::RangeInclusive<usize>) {
    let (start, body) = (Instant::now(), json!({}));
    let calls =
        (0..CALLS).map(|n| call(&apps[n % apps.len()], Method::POST, CHEAP, Some(&body), from));
    let answers = join_all(calls).await;
    let drained = start.elapsed().as_secs() / ONE_MORE.as_secs();
    let passed = answers.iter().filter(|answer| answer.status == 401).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!(passed + refused, CALLS);
    (passed, LIMIT as usize..=LIMIT as usize + usize::try_from(drained).expect("few"))
}

async fn assert_limited(apps: &[TestApp], from: &str) {
    let (passed, allowed) = trial(apps, from).await;
    assert!(allowed.contains(&passed), "{passed} of {CALLS} calls passed");
}

async fn finish(apps: Vec<TestApp>) {
    for app in apps {
        app.finish().await;
    }
}

#[tokio::test]
async fn a_refused_request_did_nothing_and_says_when_to_come_again() {
    let app = TestApp::with(|config| {
        behind_a_proxy(config);
        config.limits.guests = 2;
    })
    .await;
    let event = fixture::event(&app, Like::default()).await;
    let hold = async |seat, from| {
        call(&app, Method::POST, &event.reservations(), Some(&seats(&[seat])), from).await
    };
    let first = hold(1, "192.0.2.10").await;
    assert_eq!(first.status, 201, "{}", first.text);
    let policies = first.header("RateLimit-Policy").expect("the policies");
    assert_eq!(policies, r#""guests";q=2;w=60"#);
    let levels = first.header("RateLimit").expect("the levels");
    assert_eq!(levels, r#""guests";r=1;t=30"#);
    assert_eq!(hold(2, "192.0.2.10").await.status, 201);

    let refused = hold(3, "192.0.2.10").await;
    refused.assert_problem(429, "/problems/too-many-requests");
    let (wait, problem) = (refused.header("Retry-After").expect("a time"), refused.problem());
    assert!((1..=30).contains(&wait.parse::<u64>().expect("seconds")), "{wait}");
    assert_eq!((problem.limit, problem.remaining), (Some(2), Some(0)));
    assert!(refused.header("RateLimit").expect("levels").contains(r#""guests";r=0"#));
    assert_eq!(app.number("SELECT COUNT(*) FROM reservations").await, 2);

    assert_eq!(hold(3, "192.0.2.11").await.status, 201, "another address");
    let known = app.as_guest(&first.guest_token()).post(&event.reservations(), &seats(&[4])).await;
    assert_eq!(known.status, 201, "a guest who is known already is none: {}", known.text);
    app.finish().await;
}

#[tokio::test]
async fn reads_of_strangers_have_a_limit_of_their_own() {
    let app = TestApp::with(|config| {
        limited(config);
        config.limits.reads = 3;
    })
    .await;
    for (method, path) in [
        (Method::GET, "/events"),
        (Method::HEAD, "/events"),
        // It changes nothing that a stranger has.
        (Method::POST, "/auth/refresh"),
    ] {
        let answer = call(&app, method, path, None, "192.0.2.30").await;
        assert_eq!(answer.header("RateLimit-Policy"), Some(r#""reads";q=3;w=60"#), "{path}");
        assert_ne!(answer.status, 429);
    }
    assert_eq!(call(&app, Method::GET, "/events", None, "192.0.2.30").await.status, 429);
    let other = call(&app, Method::POST, CHEAP, Some(&json!({})), "192.0.2.30").await;
    assert_eq!(other.status, 401, "{}", other.text);
    // Nothing of this is for whoever asks whether the program lives, or for the gateway.
    for _ in 0..5 {
        assert_eq!(app.get("/healthz").await.status, 200);
        let webhook =
            call(&app, Method::POST, "/payments/webhooks/stripe", Some(&json!({})), "192.0.2.30")
                .await;
        assert_ne!(webhook.status, 429);
        assert_eq!(webhook.header("RateLimit"), None);
    }
    app.finish().await;
}

/// What an address may not do any more costs its user nothing.
#[tokio::test]
async fn a_request_that_is_refused_for_its_address_is_not_counted_for_its_user() {
    let app = TestApp::with(|config| {
        behind_a_proxy(config);
        config.limits.proofs = 2;
        config.limits.known = 4;
    })
    .await;
    let ada = account(&app, "ada", Role::Customer, None).await;
    let headers = [("X-Forwarded-For", "192.0.2.91")];
    for n in 0..5 {
        let body = json!({});
        let answer =
            app.as_user(&ada).send(Method::PUT, "/auth/password", Some(&body), &headers).await;
        assert_eq!(answer.status == 429, n > 1, "{}", answer.text);
    }
    for status in [200, 200, 429] {
        assert_eq!(app.as_user(&ada).get("/auth/profile").await.status, status);
    }
    app.finish().await;
}

/// Every route at which somebody could guess a secret, make accounts or have mails sent.
#[tokio::test]
async fn routes_that_abusers_look_for_are_strict_about_the_address_whoever_sends() {
    let app = TestApp::with(|config| {
        behind_a_proxy(config);
        config.limits.proofs = 1;
        config.limits.registrations = 1;
        config.limits.mails = 1;
    })
    .await;
    let ada = account(&app, "ada", Role::Customer, None).await;
    let booking = "/bookings/019a0000-0000-7000-8000-000000000000";
    let routes = [
        (Method::POST, "/auth/login", "proofs"),
        (Method::POST, "/auth/activate", "proofs"),
        (Method::POST, "/auth/password/reset", "proofs"),
        (Method::POST, "/auth/email/confirm", "proofs"),
        (Method::PUT, "/auth/password", "proofs"),
        (Method::DELETE, "/auth/profile", "proofs"),
        (Method::POST, &format!("{booking}/code/proof"), "proofs"),
        (Method::POST, "/auth/register", "registrations"),
        (Method::POST, "/auth/activate/mail", "mails"),
        (Method::POST, "/auth/password/forgot", "mails"),
        (Method::POST, "/auth/email", "mails"),
        (Method::POST, "/bookings/lookup", "mails"),
        (Method::POST, "/organizations/019a0000-0000-7000-8000-000000000000/invitations", "mails"),
        (Method::POST, &format!("{booking}/mail"), "mails"),
        (Method::POST, &format!("{booking}/code"), "mails"),
    ];
    for (n, (method, path, limit)) in routes.into_iter().enumerate() {
        let from = format!("198.51.100.{n}");
        let headers = [("X-Forwarded-For", from.as_str())];
        let send = async |caller: crate::support::harness::CallerOf<'_>| {
            caller.send(method.clone(), path, Some(&json!({})), &headers).await
        };
        let first = send(app.as_nobody()).await;
        assert_ne!(first.status, 429, "{path}: {}", first.text);
        assert!(
            first.header("RateLimit").is_some_and(|it| it.contains(&format!("\"{limit}\";r=0"))),
            "{path}"
        );
        for caller in [app.as_nobody(), app.as_user(&ada)] {
            send(caller).await.assert_problem(429, "/problems/too-many-requests");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn an_address_is_what_a_trusted_proxy_says_and_a_network_of_ipv6() {
    let app = TestApp::with(limited).await;
    let apps = [app];
    assert_limited(&apps, "2001:db8:1:1::1").await;
    let refused = async |from| {
        call(&apps[0], Method::POST, CHEAP, Some(&json!({})), from).await.status == 429
    };
    assert!(refused("2001:db8:1:1:ffff::2").await, "the same network");
    assert!(!refused("2001:db8:1:2::1").await, "another network");
    // Whatever stands before the address that the proxy saw was written by the caller.
    assert!(refused("192.0.2.99, 2001:db8:1:1::3").await);
    let [app] = apps;
    app.finish().await;

    let standard = TestApp::with(|config| {
        limited(config);
        config.network.proxy_header = ProxyHeader::Forwarded;
    })
    .await;
    let from = async |header: &str, value: &str| {
        let headers = [(header, value), ("X-Forwarded-For", "192.0.2.98")];
        standard.as_nobody().send(Method::POST, CHEAP, Some(&json!({})), &headers).await.status
    };
    for _ in 0..LIMIT {
        assert_eq!(from("Forwarded", "for=192.0.2.40;proto=https").await, 401);
    }
    assert_eq!(from("Forwarded", "for=192.0.2.97, for=\"192.0.2.40:4711\"").await, 429);
    assert_eq!(from("Forwarded", "for=192.0.2.41").await, 401);
    standard.finish().await;

    // Nobody's proxy: the header says nothing, and all calls come from the address of the connection.
    let direct = TestApp::with(|config| config.limits.requests = LIMIT + 1).await;
    let calls = (0..CALLS).map(|n| async move { format!("203.0.113.{n}") });
    let mut refused = 0;
    for from in join_all(calls).await {
        let answer = call(&direct, Method::POST, CHEAP, Some(&json!({})), &from).await;
        refused += usize::from(answer.status == 429);
    }
    assert!(refused > 0, "callers chose their addresses");
    direct.finish().await;
}

#[tokio::test]
async fn without_limits_nothing_is_counted() {
    let app = TestApp::with(|config| {
        limited(config);
        config.limits.rate_limits = RateLimits::Off;
    })
    .await;
    for _ in 0..LIMIT + 2 {
        let answer = call(&app, Method::POST, CHEAP, Some(&json!({})), "192.0.2.50").await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("RateLimit"), None);
    }
    app.finish().await;
}

/// Tests that count exactly. On a busy machine, Redis may not answer in time, and each node would count alone.
mod alone {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn of_sixty_calls_over_two_nodes_as_many_pass_as_the_limit_says() {
        let apps = nodes(limited).await;
        assert_limited(&apps, "192.0.2.1").await;
        assert_limited(&apps, "192.0.2.2").await;
        finish(apps).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_trial_sees_a_limiter_that_lets_everything_pass() {
        let apps = nodes(|config| {
            limited(config);
            config.sabotage.limiter_says_yes = true;
        })
        .await;
        assert_eq!(trial(&apps, "192.0.2.3").await.0, CALLS);
        finish(apps).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn users_and_guests_are_counted_by_name_on_every_node() {
        let apps = nodes(|config| {
            limited(config);
            config.limits.known = 5;
        })
        .await;
        let (first, last) = (&apps[0], &apps[apps.len() - 1]);
        let event = fixture::event(first, Like::default()).await;
        let ada = account(first, "ada", Role::Customer, None).await;
        let bob = account(first, "bob", Role::Customer, None).await;
        let guest =
            call(first, Method::POST, &event.reservations(), Some(&seats(&[1])), "192.0.2.20")
                .await;
        let guest = guest.guest_token();
        for app in [first, last, first, last, first] {
            assert_eq!(app.as_user(&ada).get("/auth/profile").await.status, 200);
            assert_eq!(app.as_guest(&guest).get("/bookings/me").await.status, 200);
        }
        for app in [first, last] {
            for caller in [app.as_user(&ada), app.as_guest(&guest)] {
                let refused = caller.get("/bookings/me").await;
                refused.assert_problem(429, "/problems/too-many-requests");
                assert_eq!(refused.header("RateLimit-Policy"), Some(r#""user";q=5;w=60"#));
            }
            assert_eq!(app.as_user(&bob).get("/auth/profile").await.status, 200, "others go on");
        }
        // A made-up token is no name: its requests are counted for the address.
        assert_limited(&apps, "192.0.2.21").await;
        let headers = [("Authorization", "Bearer made.up"), ("X-Forwarded-For", "192.0.2.21")];
        let forged = first.as_nobody().send(Method::POST, CHEAP, Some(&json!({})), &headers).await;
        forged.assert_problem(429, "/problems/too-many-requests");
        finish(apps).await;
    }

    /// With the settings as they are shipped, a university gets its guests: a hold of a stranger is counted as a new guest, and not
    /// among the few other requests.
    #[tokio::test]
    async fn by_default_an_address_becomes_three_hundred_guests() {
        let app = TestApp::with(|config| {
            behind_a_proxy(config);
            config.limits.requests = 100;
            config.limits.guests = 300;
        })
        .await;
        let (path, wish) =
            ("/events/019a0000-0000-7000-8000-000000000000/reservations", seats(&[1]));
        let calls = (0..320).map(|_| call(&app, Method::POST, path, Some(&wish), "192.0.2.90"));
        let answers: Vec<Answer> = stream::iter(calls).buffered(16).collect().await;
        let passed = answers.iter().filter(|answer| answer.status == 404).count();
        assert!((300..320).contains(&passed), "{passed} passed");
        app.finish().await;
    }

    /// Redis is emptied, hangs, dies and comes back: whoever sends too much is refused all the same, and nobody waits.
    #[tokio::test(flavor = "multi_thread")]
    async fn limits_hold_while_redis_is_emptied_hangs_and_dies() {
        let first = TestApp::with(limited).await;
        if first.app.config.redis.urls.is_empty() {
            return first.finish().await;
        }
        let mut redis = Nodes::start();
        let urls = RedisUrls::parse(&redis.urls().join(",")).expect("independent nodes");
        let of_redis = |config: &mut Config| config.redis.urls = urls.clone();
        let apps =
            vec![first.another_node_with(of_redis).await, first.another_node_with(of_redis).await];
        assert_limited(&apps, "192.0.2.60").await;
        redis.flush().await;
        assert_limited(&apps, "192.0.2.60").await;

        // Each node counts alone, so that twice as many pass.
        let alone = async |from: &str| {
            let began = Instant::now();
            for app in &apps {
                assert_limited(std::slice::from_ref(app), from).await;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        };
        redis.signal("-STOP", 3);
        alone("192.0.2.61").await;
        redis.restart();
        back(&apps, "192.0.2.70").await;
        redis.kill(3);
        alone("192.0.2.62").await;
        redis.restart();
        back(&apps, "192.0.2.80").await;
        assert_limited(&apps, "192.0.2.62").await;
        finish(apps).await;
        first.finish().await;
    }

    /// Waits until both nodes count in Redis again, for every address of the tests: a call at one node is seen at the other.
    async fn back(apps: &[TestApp], from: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let body = json!({});
        let remaining = async |app: &TestApp| {
            let answer = call(app, Method::POST, CHEAP, Some(&body), from).await;
            let level = answer.header("RateLimit").expect("a level").to_owned();
            let rest = level.split_once(";r=").expect("what remains").1;
            rest.split(';').next().expect("a number").parse::<u32>().expect("a number")
        };
        loop {
            let seen = (remaining(&apps[0]).await, remaining(&apps[1]).await);
            if seen.1 < seen.0 {
                return;
            }
            assert!(Instant::now() < deadline, "a node counts alone for too long: {seen:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
