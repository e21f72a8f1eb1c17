//! The texts of the desk.

ui::texts!();
