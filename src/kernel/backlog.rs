//! Work that goes on after the answer to its request, so that the time of the answer does not tell what there was to do.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::tasks::Tasks;

/// The maximum number of pieces of work that wait or run on one node.
const MAX_PLACES: usize = 256;
/// How many of them run at once. They must not occupy the connections that holds need.
const MAX_TURNS: usize = 2;

/// Work for which no request waits: some of it runs, the rest waits, and more is refused. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Backlog {
    /// One permit for each piece of work that waits or runs.
    places: Arc<Semaphore>,
    /// One permit for each piece that runs.
    turns: Arc<Semaphore>,
}

/// Too much work waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much work waits")]
pub struct Full;

impl Default for Backlog {
    fn default() -> Self {
        let [places, turns] = [MAX_PLACES, MAX_TURNS].map(|most| Arc::new(Semaphore::new(most)));
        Self { places, turns }
    }
}

impl Backlog {
    /// Starts the work in a separate task as soon as it is its turn. Shutdown waits for the work.
    ///
    /// # Errors
    /// When too much work waits already.
    pub fn start(
        &self,
        tasks: &Tasks,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Full> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Full)?;
        let turns = Arc::clone(&self.turns);
        tasks.start(async move {
            let _place = place;
            // The semaphore is never closed.
            let _turn = turns.acquire().await.ok();
            work.await;
        });
        Ok(())
    }

    /// Whether no work waits or runs.
    pub fn is_idle(&self) -> bool {
        self.places.available_permits() == MAX_PLACES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn some_work_runs_the_rest_waits_and_more_is_refused() {
        let (backlog, tasks) = (Backlog::default(), Tasks::default());
        let (running, may_end) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let start = || {
            let (running, may_end) = (Arc::clone(&running), Arc::clone(&may_end));
            backlog.start(&tasks, async move {
                running.add_permits(1);
                may_end.acquire().await.expect("open").forget();
            })
        };
        for _ in 0..MAX_PLACES {
            assert_eq!(start(), Ok(()));
        }
        assert_eq!(start(), Err(Full));
        for _ in 0..MAX_PLACES {
            tokio::task::yield_now().await;
        }
        assert_eq!(running.available_permits(), MAX_TURNS);
        may_end.add_permits(MAX_PLACES);
        tasks.shut_down().await;
        assert_eq!(running.available_permits(), MAX_PLACES);
        assert!(backlog.is_idle());
        assert_eq!(start(), Ok(()));
    }
}
