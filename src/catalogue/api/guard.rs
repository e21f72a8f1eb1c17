//! What every route begins with: who may see and who may manage an event, and how a change is run.

use std::sync::Arc;

use holdfast_contract::problem::ProblemType;
use holdfast_domain::{
    access::{Action, Relation, allows},
    event::Status,
    ids::OrganizationId,
};

use crate::{
    accounts::membership,
    catalogue::{Catalogue, event_key::EventKey, reads::Seen, store, store::events::Moment},
    failpoint,
    http::{auth::Caller, idempotency::MAKE, problem::ApiProblem},
};

impl Catalogue {
    /// Runs a change to its end although the client may go, and has it numbered at once.
    pub(super) async fn carry_out<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, ApiProblem>
    where
        T: Send + 'static,
        E: Send + 'static,
        ApiProblem: From<E>,
    {
        let done = self.base.tasks.run(work).await??;
        failpoint::reach(MAKE, failpoint::Moment::AfterRecord);
        self.relay.nudge();
        Ok(done)
    }

    /// The event, where the caller may see it: drafts do not exist for strangers.
    pub(super) async fn visible(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Arc<Moment>, ApiProblem> {
        let missing = || ApiProblem::not_found("event");
        let key = EventKey::parse(id).ok_or_else(missing)?;
        let moment = self.reads.moment(key).await?.ok_or_else(missing)?;
        let draft = store::events::status(&moment.row)? == Status::Draft;
        if draft && !self.allowed(caller, &moment, Action::ManageEvent).await? {
            return Err(missing());
        }
        Ok(moment)
    }

    /// The event, where the caller may do this to it.
    pub(super) async fn allowed_to(
        &self,
        caller: &Caller,
        id: &str,
        action: Action,
    ) -> Result<Arc<Moment>, ApiProblem> {
        let moment = self.visible(caller, id).await?;
        caller.user()?;
        if self.allowed(caller, &moment, action).await? {
            return Ok(moment);
        }
        Err(ApiProblem::new(ProblemType::Forbidden, "This event belongs to somebody else."))
    }

    /// The event, where the caller may manage it.
    pub(super) async fn managed(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Arc<Moment>, ApiProblem> {
        self.allowed_to(caller, id, Action::ManageEvent).await
    }

    /// The organization for which the caller may make events: the one that is named, else their only one.
    pub(super) async fn organization(
        &self,
        caller: &Caller,
        named: Option<OrganizationId>,
    ) -> Result<OrganizationId, ApiProblem> {
        let user = caller.user()?;
        let forbidden = || {
            ApiProblem::new(
                ProblemType::Forbidden,
                "Only a manager of an organization may create its events.",
            )
        };
        let organization = match named {
            Some(named) => named,
            None => {
                if !allows(caller.role(), Relation::Member, Action::CreateEvent) {
                    return Err(forbidden());
                }
                let own = membership::organizations_of(&self.base.db, user.id).await?;
                let [only] = own.as_slice() else {
                    let message = "name one of your organizations";
                    return Err(ApiProblem::field("organization_id", message));
                };
                *only
            }
        };
        let relation = membership::relation(&self.base.db, organization, user.id).await?;
        if !allows(caller.role(), relation, Action::CreateEvent) {
            return Err(forbidden());
        }
        if relation == Relation::Stranger
            && !membership::exists(&self.base.db, organization).await?
        {
            return Err(ApiProblem::field("organization_id", "does not exist"));
        }
        Ok(organization)
    }

    async fn allowed(
        &self,
        caller: &Caller,
        moment: &Moment,
        action: Action,
    ) -> Result<bool, ApiProblem> {
        let Some(user) = caller.user else { return Ok(false) };
        // Who may do it as a stranger may do it anyway, and nobody is asked.
        if allows(Some(user.role), Relation::Stranger, action) {
            return Ok(true);
        }
        let organization = OrganizationId(moment.row.organization_id);
        let relation = membership::relation(&self.base.db, organization, user.id).await?;
        Ok(allows(Some(user.role), relation, action))
    }

    /// What there is to see of an event.
    pub(super) async fn seen(&self, caller: &Caller, id: &str) -> Result<Seen, ApiProblem> {
        let moment = self.visible(caller, id).await?;
        Ok(self.reads.seen(moment).await?)
    }
}
