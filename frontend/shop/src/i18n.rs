//! The texts of the shop.

ui::texts!();
