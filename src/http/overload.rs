//! Overload: a request that would have to wait for too long is refused at once, before it costs anything: 503, the
//! problem `overloaded`, and `Retry-After` with a different time for each caller.
//!
//! Each class of requests has a lane of its own, so that readers do not keep buyers out, and what buyers pay for is
//! refused last. Everything else is never refused here: webhooks, cancellations, releases, signing in (which has its own
//! limit), health, and the steps of checkouts that have begun.

mod lane;

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
use super::problem::ApiProblem;
use crate::kernel::ports::{Clock, Entropy};

const API: &str = "/api/v1/";
/// The longest time in `Retry-After`, in seconds; the shortest is 1. Callers who were refused at the same time shall
/// not come back at the same time.
const MAX_RETRY_SECS: u8 = 4;

/// The requests that may be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Reads,
    Holds,
    Checkouts,
}

impl Class {
    /// The class of a request; `None` for one that is never refused.
    fn of(method: &Method, path: &str) -> Option<Self> {
        let path: Vec<&str> = path.strip_prefix(API)?.split('/').collect();
        match (method, path.as_slice()) {
            (&Method::POST, ["events", _, "reservations"]) => Some(Self::Holds),
            (&Method::POST, ["bookings", "confirm"]) => Some(Self::Checkouts),
            // A stream stays open for hours, and has a limit of its own.
            (&Method::GET | &Method::HEAD, [.., "stream"]) => None,
            (&Method::GET | &Method::HEAD, _) => Some(Self::Reads),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Holds => "holds",
            Self::Checkouts => "checkouts",
        }
    }

    /// How many requests a second a node is assumed to do, until it has been busy.
    const fn assumed(self) -> u32 {
        match self {
            Self::Reads => 2_000,
            Self::Holds => 500,
            Self::Checkouts => 200,
        }
    }
}

/// The lanes of this node; a middleware. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Overload(Arc<Lanes>);

#[derive(Debug)]
struct Lanes {
    reads: Mutex<Lane>,
    holds: Mutex<Lane>,
    checkouts: Mutex<Lane>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Overload {
    /// Lets nobody in who would wait for longer than `patience`; a checkout may wait for twice as long.
    pub fn new(patience: Duration, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let lane = |class: Class, patience| Mutex::new(Lane::new(patience, class.assumed()));
        Self(Arc::new(Lanes {
            reads: lane(Class::Reads, patience),
            holds: lane(Class::Holds, patience),
            checkouts: lane(Class::Checkouts, patience * 2),
            clock,
            entropy,
        }))
    }

    fn enter(&self, class: Class) -> Result<Turn, ApiProblem> {
        if self.0.lane(class).enter() {
            let inside =
                Inside { lanes: Arc::clone(&self.0), class, has_left: AtomicBool::default() };
            return Ok(Turn(Some(Arc::new(inside))));
        }
        metrics::counter!("holdfast_overload_refused_total", "class" => class.name()).increment(1);
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
        let lane = match class {
            Class::Reads => &self.reads,
            Class::Holds => &self.holds,
            Class::Checkouts => &self.checkouts,
        };
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
        let Some(class) = Class::of(request.method(), request.uri().path()) else {
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
    use crate::adapters::system::{SystemClock, SystemEntropy};

    #[tokio::test]
    async fn a_request_that_waits_for_another_system_gives_its_place_back() {
        let (clock, entropy) = (Arc::new(SystemClock::default()), Arc::new(SystemEntropy));
        let overload = Overload::new(Duration::from_millis(1), clock, entropy);
        let mut turns = Vec::new();
        while let Ok(turn) = overload.enter(Class::Checkouts) {
            turns.push(turn);
        }
        assert_eq!(turns.len(), 32);
        let waiting = turns[0].within(Duration::from_millis(20), std::future::pending::<()>());
        assert!(tokio::time::timeout(Duration::from_millis(200), waiting).await.is_err());
        let next = overload.enter(Class::Checkouts).expect("one has left");
        assert!(overload.enter(Class::Checkouts).is_err());
        // The end of the response gives nothing back a second time.
        turns.remove(0).end();
        assert!(overload.enter(Class::Checkouts).is_err());
        drop(next);
        assert!(overload.enter(Class::Checkouts).is_ok());
        assert!(overload.enter(Class::Holds).is_ok(), "another class has its own lane");
    }

    #[tokio::test]
    async fn work_whose_caller_has_gone_keeps_its_place() {
        let (clock, entropy) = (Arc::new(SystemClock::default()), Arc::new(SystemEntropy));
        let overload = Overload::new(Duration::from_millis(1), clock, entropy);
        let mut turns: Vec<Turn> =
            std::iter::from_fn(|| overload.enter(Class::Holds).ok()).collect();
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let work = tokio::spawn(turns[0].until_done(gone));
        // The connection ends, and with it the request.
        drop(turns.remove(0));
        assert!(overload.enter(Class::Holds).is_err());
        go.send(()).expect("the work waits");
        work.await.expect("it ends").expect("it was told");
        assert!(overload.enter(Class::Holds).is_ok());
    }

    #[test]
    fn only_what_somebody_can_repeat_is_refused() {
        let class = |method: Method, path: &str| Class::of(&method, path);
        let (get, post) = (Method::GET, Method::POST);
        assert_eq!(class(post.clone(), "/api/v1/events/x/reservations"), Some(Class::Holds));
        assert_eq!(class(post.clone(), "/api/v1/bookings/confirm"), Some(Class::Checkouts));
        assert_eq!(class(get.clone(), "/api/v1/events"), Some(Class::Reads));
        assert_eq!(class(Method::HEAD, "/api/v1/events/x/seats"), Some(Class::Reads));
        for (method, path) in [
            (get.clone(), "/api/v1/events/x/stream"),
            (get.clone(), "/healthz"),
            (get.clone(), "/readyz"),
            (get.clone(), "/metrics"),
            (get, "/events/x"),
            (post.clone(), "/api/v1/payments/webhooks/stripe"),
            (post.clone(), "/api/v1/bookings/x/cancel"),
            (post.clone(), "/api/v1/reservations/x/extend"),
            (post, "/api/v1/auth/login"),
            (Method::DELETE, "/api/v1/reservations/x"),
        ] {
            assert_eq!(class(method.clone(), path), None, "{method} {path}");
        }
    }
}
