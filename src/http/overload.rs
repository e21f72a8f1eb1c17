//! Overload: a request that would have to wait for too long is refused at once, before it costs anything: 503, the
//! problem `overloaded`, and `Retry-After` with a different time for each caller.
//!
//! Each class of requests has a lane of its own, so that readers do not keep buyers out, and what buyers pay for is
//! refused last. Everything else is never refused here: webhooks, cancellations, releases, signing in (which has its own
//! limit), health, and the steps of checkouts that have begun.

mod lane;
pub mod settings;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use holdfast_contract::problem::ProblemType;
use poem::{
    Endpoint, FromRequest, IntoResponse, Middleware, Request, RequestBody, Response, Result,
    http::Method,
};

use self::lane::Lane;
use super::{
    problem::ApiProblem,
    route::{RoutePattern, as_read, below_api},
};
use crate::kernel::ports::{Clock, Entropy};

/// The longest time in `Retry-After`, in seconds; the shortest is 1. Callers who were refused at the same time shall
/// not come back at the same time.
const MAX_RETRY_SECS: u8 = 4;

/// Requests that a node counts together, and refuses when it cannot keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// The name in the metrics.
    pub name: &'static str,
    /// How many requests a second a node is assumed to do, until it has been busy.
    pub assumed: u32,
    /// For how many times the node's patience such a request may wait.
    pub patience: u32,
}

/// Reads, unless a rule says otherwise. They have no effect, so that everybody can repeat them.
const READS: Class = Class { name: "reads", assumed: 2_000, patience: 1 };

/// The class of the requests of one route.
#[derive(Debug)]
pub struct RouteRule {
    pub route: RoutePattern,
    /// `None` for a read that is never refused here.
    pub class: Option<Class>,
}

/// The lanes of this node; a middleware. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Overload(Arc<Lanes>);

#[derive(Debug)]
struct Lanes {
    rules: Vec<&'static RouteRule>,
    all: Vec<(Class, Mutex<Lane>)>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Overload {
    /// Lets nobody in who would wait for longer than `patience`, or than the multiple of it that the class names.
    pub fn new(
        patience: Duration,
        rules: impl IntoIterator<Item = &'static RouteRule>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let rules: Vec<_> = rules.into_iter().collect();
        let classes = rules.iter().filter_map(|rule| rule.class).chain([READS]);
        let lane =
            |class: Class| (class, Mutex::new(Lane::new(patience * class.patience, class.assumed)));
        let all = classes.map(lane).collect();
        Self(Arc::new(Lanes { rules, all, clock, entropy }))
    }

    /// The class of a request; `None` for one that is never refused.
    pub fn class_of(&self, method: &Method, path: &str) -> Option<Class> {
        let path = below_api(path)?;
        match self.0.rules.iter().find(|rule| rule.route.is_for(method, path)) {
            Some(rule) => rule.class,
            None => (*as_read(method) == Method::GET).then_some(READS),
        }
    }

    fn enter(&self, class: Class) -> Result<Turn, ApiProblem> {
        if self.0.lane(class).enter() {
            let inside =
                Inside { lanes: Arc::clone(&self.0), class, has_left: AtomicBool::default() };
            return Ok(Turn(Some(Arc::new(inside))));
        }
        metrics::counter!("holdfast_overload_refused_total", "class" => class.name).increment(1);
        let mut drawn = [0];
        self.0.entropy.fill(&mut drawn);
        let wait_secs = 1 + drawn[0] % MAX_RETRY_SECS;
        let detail =
            format!("Too many requests at once. Nothing was done. Try again in {wait_secs} s.");
        Err(ApiProblem::new(ProblemType::Overloaded, detail).retry_after(wait_secs.into()))
    }
}

impl Lanes {
    fn lane(&self, class: Class) -> MutexGuard<'_, Lane> {
        let of_class = self.all.iter().find(|(of, _)| *of == class);
        let (_, lane) = of_class.expect("every class of a rule has a lane");
        lane.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request's place in its lane. The place ends with the response, or earlier: see [`Turn::within`].
#[derive(Debug, Clone, Default)]
pub struct Turn(Option<Arc<Inside>>);

#[derive(Debug)]
struct Inside {
    lanes: Arc<Lanes>,
    class: Class,
    has_left: AtomicBool,
}

impl Inside {
    fn leave(&self) {
        if !self.has_left.swap(true, Ordering::Relaxed) {
            self.lanes.lane(self.class).leave(self.lanes.clock.elapsed());
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Turn {
    /// Gives the place back after this time at the latest: from then on, the request waits for another system, which is
    /// no work of this node.
    pub async fn within<T>(&self, time: Duration, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        if let Ok(done) = tokio::time::timeout(time, work.as_mut()).await {
            return done;
        }
        self.end();
        work.await
    }

    /// Work that goes on when its caller has gone, and keeps the place until then.
    pub fn until_done<W: Future>(&self, work: W) -> impl Future<Output = W::Output> + use<W> {
        let turn = self.clone();
        async move {
            let done = work.await;
            drop(turn);
            done
        }
    }

    /// Gives the place back without counting the request among those that this node has done.
    pub fn withdraw(&self) {
        if let Some(inside) = &self.0
            && !inside.has_left.swap(true, Ordering::Relaxed)
        {
            inside.lanes.lane(inside.class).withdraw();
        }
    }

    fn end(&self) {
        if let Some(inside) = &self.0 {
            inside.leave();
        }
    }
}

impl<'a> FromRequest<'a> for Turn {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(request.extensions().get::<Self>().cloned().unwrap_or_default())
    }
}

/// The endpoint that [`Overload`] wraps.
#[derive(Debug)]
pub struct Guarded<E> {
    inner: E,
    overload: Overload,
}

impl<E: Endpoint> Middleware<E> for Overload {
    type Output = Guarded<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Guarded { inner, overload: self.clone() }
    }
}

impl<E: Endpoint> Endpoint for Guarded<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let class = self.overload.class_of(request.method(), request.uri().path());
        let Some(class) = class else {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        };
        let turn = match self.overload.enter(class) {
            Ok(turn) => turn,
            Err(refused) => return Ok(poem::Error::from(refused).into_response()),
        };
        request.extensions_mut().insert(turn.clone());
        let response = self.inner.call(request).await.map(IntoResponse::into_response);
        turn.end();
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        adapters::system::{SystemClock, SystemEntropy},
        http::route::{get, post},
    };

    const SLOW: Class = Class { name: "slow", assumed: 1, patience: 2 };
    const QUICK: Class = Class { name: "quick", assumed: 1, patience: 1 };
    const RULES: &[RouteRule] = &[
        RouteRule { route: post("a/*/b"), class: Some(SLOW) },
        RouteRule { route: post("a"), class: Some(QUICK) },
        RouteRule { route: get("a/*/stream"), class: None },
    ];

    fn overload() -> Overload {
        let (clock, entropy) = (Arc::new(SystemClock::default()), Arc::new(SystemEntropy));
        Overload::new(Duration::from_millis(1), RULES, clock, entropy)
    }

    #[test]
    fn a_rule_names_the_class_of_its_route_and_other_reads_are_reads() {
        let overload = overload();
        let class = |method: Method, path: &str| overload.class_of(&method, path);
        assert_eq!(class(Method::POST, "/api/v1/a/7/b"), Some(SLOW));
        assert_eq!(class(Method::POST, "/api/v1/a"), Some(QUICK));
        assert_eq!(class(Method::GET, "/api/v1/a"), Some(READS));
        assert_eq!(class(Method::HEAD, "/api/v1/a/7/b"), Some(READS));
        for (method, path) in [
            (Method::POST, "/api/v1/a/7/b/c"),
            (Method::POST, "/api/v1/a/7"),
            (Method::DELETE, "/api/v1/a"),
            (Method::GET, "/api/v1/a/7/stream"),
            (Method::HEAD, "/api/v1/a/7/stream"),
            (Method::GET, "/a"),
        ] {
            assert_eq!(class(method.clone(), path), None, "{method} {path}");
        }
    }

    #[tokio::test]
    async fn a_request_that_waits_for_another_system_gives_its_place_back() {
        let overload = overload();
        let mut turns = Vec::new();
        while let Ok(turn) = overload.enter(SLOW) {
            turns.push(turn);
        }
        assert_eq!(turns.len(), 32);
        let waiting = turns[0].within(Duration::from_millis(20), std::future::pending::<()>());
        assert!(tokio::time::timeout(Duration::from_millis(200), waiting).await.is_err());
        let next = overload.enter(SLOW).expect("one has left");
        assert!(overload.enter(SLOW).is_err());
        // The end of the response gives nothing back a second time.
        turns.remove(0).end();
        assert!(overload.enter(SLOW).is_err());
        drop(next);
        assert!(overload.enter(SLOW).is_ok());
        assert!(overload.enter(QUICK).is_ok(), "another class has its own lane");
    }

    #[tokio::test]
    async fn work_whose_caller_has_gone_keeps_its_place() {
        let overload = overload();
        let mut turns: Vec<Turn> = std::iter::from_fn(|| overload.enter(QUICK).ok()).collect();
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let work = tokio::spawn(turns[0].until_done(gone));
        // The connection ends, and with it the request.
        drop(turns.remove(0));
        assert!(overload.enter(QUICK).is_err());
        go.send(()).expect("the work waits");
        work.await.expect("it ends").expect("it was told");
        assert!(overload.enter(QUICK).is_ok());
    }
}
