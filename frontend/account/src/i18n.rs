//! The texts of the account program.

ui::texts!();
