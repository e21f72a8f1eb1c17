//! The work of administrators: sagas that need attention, messages, users, and the audit log. This slice owns no table.

mod api;
mod messages_api;
mod personal;
mod users_api;

use std::sync::Arc;

use poem_openapi::OpenApi;

use crate::{
    identity::accounts::Accounts,
    kernel::{base::Base, personal::PersonalData},
    shop::bookings::Bookings,
    slice::{SharedParts, Slice},
};

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Administration {
    pub base: Base,
    pub bookings: Bookings,
    pub accounts: Accounts,
}

impl Slice for Administration {
    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static {
        let SharedParts { access, sagas, .. } = shared;
        let (base, bookings) = (self.base.clone(), self.bookings);
        (
            api::AdministrationApi { access: access.clone(), base, sagas, bookings },
            messages_api::MessagesApi { access: access.clone(), base: self.base },
            users_api::UsersApi { access, accounts: self.accounts },
        )
    }

    fn personal(&self) -> Vec<Arc<dyn PersonalData>> {
        vec![Arc::new(self.clone())]
    }
}
