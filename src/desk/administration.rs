//! The work of administrators: sagas that need attention, messages, and the audit log. This slice owns no table.

mod api;
mod messages_api;

use poem_openapi::OpenApi;

use crate::{
    kernel::base::Base,
    shop::bookings::Bookings,
    slice::{SharedParts, Slice},
};

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Administration {
    pub base: Base,
    pub bookings: Bookings,
}

impl Slice for Administration {
    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static {
        let SharedParts { access, sagas, .. } = shared;
        let (base, bookings) = (self.base.clone(), self.bookings);
        (
            api::AdministrationApi { access: access.clone(), base, sagas, bookings },
            messages_api::MessagesApi { access, base: self.base },
        )
    }
}
