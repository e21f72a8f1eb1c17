//! Access to the stage from the page. It draws a frame after each change, and no other frames.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::{GetUntracked, RwSignal, Set, request_animation_frame};
use web_sys::HtmlCanvasElement;

use super::MapStage;
use crate::{live::LiveSeats, model::Hall};

/// A stage, and whether a frame is already requested.
#[derive(Clone)]
pub struct Handle {
    stage: Rc<RefCell<MapStage>>,
    pending: Rc<Cell<bool>>,
    /// Whether the map is zoomed in far enough for the minimap to help.
    near: RwSignal<bool>,
}

impl Handle {
    /// Creates the stage on a canvas of the page.
    pub fn new(
        canvas: HtmlCanvasElement,
        minimap: HtmlCanvasElement,
        hall: Rc<Hall>,
        live: Rc<RefCell<LiveSeats>>,
        near: RwSignal<bool>,
    ) -> Option<Self> {
        let stage = MapStage::new(canvas, minimap, hall, live)?;
        Some(Self { stage: Rc::new(RefCell::new(stage)), pending: Rc::default(), near })
    }

    /// Changes the stage and requests a frame.
    pub fn update<T>(&self, change: impl FnOnce(&mut MapStage) -> T) -> T {
        let result = change(&mut self.stage.borrow_mut());
        self.wake();
        result
    }

    /// Reads the stage without changing it.
    pub fn look<T>(&self, look: impl FnOnce(&MapStage) -> T) -> T {
        look(&self.stage.borrow())
    }

    fn wake(&self) {
        if self.pending.replace(true) {
            return;
        }
        let handle = self.clone();
        request_animation_frame(move || {
            handle.pending.set(false);
            if handle.stage.borrow_mut().frame() {
                handle.wake();
            }
            let is_near = handle.look(MapStage::is_near);
            if handle.near.try_get_untracked().is_some_and(|near| near != is_near) {
                handle.near.set(is_near);
            }
        });
    }
}
