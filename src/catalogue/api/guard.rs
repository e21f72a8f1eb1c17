//! How the catalogue's routes read an event, and how they run a change.

use std::sync::Arc;

use crate::{
    access::{Managed, Visible},
    catalogue::{
        Catalogue,
        reads::{Pace, PresentEvent},
        store::events::EventSnapshot,
    },
    http::{auth::Caller, problem::ApiProblem},
    kernel::{failpoint, idempotency::MAKE},
    live::News,
};

impl Catalogue {
    /// Runs a change to its end even if the client hangs up, and asks the relay to number it at once.
    pub(super) async fn carry_out<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, ApiProblem>
    where
        T: Send + 'static,
        E: Send + 'static,
        ApiProblem: From<E>,
    {
        let relay = self.relay.clone();
        let work = async move {
            let done = work.await;
            relay.nudge(News::Anything);
            done
        };
        let done = self.base.tasks.run(work).await??;
        failpoint::reach(MAKE, failpoint::HaltMoment::AfterRecord);
        Ok(done)
    }

    /// The event with this id or slug as it is now, if the caller may see it.
    pub(super) async fn look(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Arc<EventSnapshot>, ApiProblem> {
        let visible = self.access.visible(caller, id).await?;
        let pace = self.reads.pace_of(caller.role());
        if let Some(moment) = self.reads.moment(visible.event(), pace).await? {
            return Ok(moment);
        }
        // Another node may have deleted the event, and another event may use its slug.
        self.moment(self.access.visible_now(caller, id).await?).await
    }

    /// The event as it is now with the number of places left, if the caller may see it.
    pub(super) async fn seen(&self, caller: &Caller, id: &str) -> Result<PresentEvent, ApiProblem> {
        let moment = self.look(caller, id).await?;
        Ok(self.reads.seen(moment, self.reads.pace_of(caller.role())).await?)
    }

    /// The event as it is now.
    pub(super) async fn moment(&self, event: Visible) -> Result<Arc<EventSnapshot>, ApiProblem> {
        if let Some(moment) = self.reads.moment(event.event(), Pace::EXACT).await? {
            return Ok(moment);
        }
        self.access.forget(event.event()).await;
        Err(ApiProblem::not_found("event"))
    }

    /// The event with this id or slug, if the caller may change it.
    pub(super) async fn managed(&self, caller: &Caller, id: &str) -> Result<Managed, ApiProblem> {
        self.access.permit(caller, id).await
    }
}
