//! Reaches the stage from the page and draws a frame after each change, and only then.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::{GetUntracked, RwSignal, Set, request_animation_frame};
use web_sys::HtmlCanvasElement;

use super::Stage;
use crate::{live::Live, model::Hall};

/// A stage and the frame that may be on its way.
#[derive(Clone)]
pub struct Handle {
    stage: Rc<RefCell<Stage>>,
    pending: Rc<Cell<bool>>,
    /// Whether one is near enough for the minimap to help.
    near: RwSignal<bool>,
}

impl Handle {
    /// Takes a canvas over.
    pub fn new(
        canvas: HtmlCanvasElement,
        minimap: HtmlCanvasElement,
        hall: Rc<Hall>,
        live: Rc<RefCell<Live>>,
        near: RwSignal<bool>,
    ) -> Option<Self> {
        let stage = Stage::new(canvas, minimap, hall, live)?;
        Some(Self { stage: Rc::new(RefCell::new(stage)), pending: Rc::default(), near })
    }

    /// Changes something and draws a frame after it.
    pub fn update<T>(&self, change: impl FnOnce(&mut Stage) -> T) -> T {
        let result = change(&mut self.stage.borrow_mut());
        self.wake();
        result
    }

    /// Looks without changing.
    pub fn look<T>(&self, look: impl FnOnce(&Stage) -> T) -> T {
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
            let is_near = handle.look(Stage::is_near);
            if handle.near.try_get_untracked().is_some_and(|near| near != is_near) {
                handle.near.set(is_near);
            }
        });
    }
}
