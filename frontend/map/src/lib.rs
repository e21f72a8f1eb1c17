//! The seat map of a hall on a canvas: how it looks, how it changes, and how visitors use it.
//!
//! `model` and `live` contain the seats in flat arrays, `view` and `geometry` calculate positions, `tiles` and `paint`
//! draw, `input` turns the input of fingers and keys into moves, and `canvas` puts everything on the page. This crate
//! never calls the server.

#![allow(missing_docs, reason = "components and their properties say what they are by their names")]

pub mod canvas;
pub mod colour;
pub mod geometry;
mod i18n;
pub mod input;
pub mod labels;
pub mod live;
pub mod minimap;
pub mod model;
pub mod overlay;
pub mod paint;
pub mod palette;
pub mod prices;
pub mod stage;
pub mod tiles;
pub mod view;
