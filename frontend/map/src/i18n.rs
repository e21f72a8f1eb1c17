//! The texts of the map.

ui::texts!();
