//! What administrators see and do: sagas that need attention, and the audit. It owns no table.

mod api;

use poem_openapi::OpenApi;

use crate::{
    kernel::base::Base,
    shop::bookings::Bookings,
    slice::{Shared, Slice},
};

/// The administration; cheap to clone.
#[derive(Debug, Clone)]
pub struct Administration {
    /// Database, tasks.
    pub base: Base,
    /// Finds the references of bookings.
    pub bookings: Bookings,
}

impl Slice for Administration {
    fn routes(self, shared: Shared) -> impl OpenApi + 'static {
        let Shared { access, sagas, .. } = shared;
        api::AdministrationApi { access, base: self.base, sagas, bookings: self.bookings }
    }
}
