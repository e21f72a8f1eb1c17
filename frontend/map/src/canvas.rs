//! The seat map as a component: the canvas, the minimap, the zoom buttons, and the events of pointer and keyboard.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::{ev, html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{PointerEvent, ResizeObserver, WheelEvent};

use super::{
    input::{self, Gesture, Move, ZOOM_STEP},
    live::LiveSeats,
    model::Hall,
    overlay::SectionLabel,
    stage::{Handle, MapStage},
};
use ui::{
    browser,
    components::erased::{act, follow},
    components::icon::{Icon, Sign},
    i18n::use_i18n,
    js::member,
    state::theme::Appearance,
    tx,
};

/// The seat under the pointer, and its place on the canvas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pointed {
    /// The index of the seat in the hall's arrays.
    pub seat: usize,
    /// The seat's centre, in CSS pixels from the left edge.
    pub x: f32,
    /// The seat's upper edge, in CSS pixels from the top.
    pub y: f32,
}

#[component]
pub fn MapCanvas(
    hall: StoredValue<Rc<Hall>, LocalStorage>,
    /// The states of the seats.
    live: StoredValue<Rc<RefCell<LiveSeats>>, LocalStorage>,
    /// Receives the stage when the canvas is on the page.
    stage: RwSignal<Option<Handle>, LocalStorage>,
    /// The indexes of the seats that this visitor has chosen or holds.
    #[prop(into)]
    mine: Signal<Vec<usize>>,
    /// Names and details of the sections, in the order of the hall.
    #[prop(into)]
    labels: Signal<Vec<SectionLabel>>,
    /// Receives the seat under the pointer.
    pointed: RwSignal<Option<Pointed>>,
    /// Called with the index of a seat that the visitor picks.
    #[prop(into)]
    on_pick: Callback<usize>,
) -> impl IntoView {
    let i18n = use_i18n();
    let appearance = Appearance::expect();
    let (frame, canvas, small) = (
        NodeRef::<html::Div>::new(),
        NodeRef::<html::Canvas>::new(),
        NodeRef::<html::Canvas>::new(),
    );
    let near = RwSignal::new(false);
    let hot = RwSignal::new(false);

    follow(move || {
        let (Some(frame), Some(canvas), Some(small)) = (frame.get(), canvas.get(), small.get())
        else {
            return;
        };
        let handle = Handle::new(canvas, small, hall.get_value(), live.get_value(), near);
        if let Some(handle) = handle.clone() {
            follow_size(&frame, handle);
        }
        stage.set(handle);
        request_animation_frame(|| browser::mark("map-interactive"));
    });
    follow(move || {
        let seats = mine.get();
        stage.with(|stage| stage.as_ref().map(|stage| stage.update(|it| it.set_mine(seats))));
    });
    follow(move || {
        let labels = labels.get();
        stage.with(|stage| stage.as_ref().map(|stage| stage.update(|it| it.set_labels(labels))));
    });
    follow(move || {
        appearance.changes.track();
        stage.with(|stage| stage.as_ref().map(|stage| stage.update(MapStage::repaint)));
    });
    // The typeface may load after the first frame. Then the labels are drawn again with it.
    if let Ok(ready) = member(&member(&document(), "fonts"), "ready").dyn_into::<js_sys::Promise>()
    {
        leptos::task::spawn_local(async move {
            let _ = wasm_bindgen_futures::JsFuture::from(ready).await;
            if let Some(Some(stage)) = stage.try_get_untracked() {
                stage.update(MapStage::repaint);
            }
        });
    }

    let with_stage = move |act: &dyn Fn(&Handle)| {
        stage.with_untracked(|stage| stage.as_ref().map(act));
    };
    let step = move |factor: f32| {
        with_stage(&|stage| stage.update(|it| it.zoom_step(factor)));
    };
    let gesture = StoredValue::new_local(Rc::new(RefCell::new(Gesture::default())));
    let touch = StoredValue::new_local(Rc::new(Cell::new(false)));

    let point = move |event: &PointerEvent| {
        let (x, y) = place(event);
        with_stage(&|handle| {
            let seat = handle.look(|it| it.seat_at(x, y));
            let changed = handle.look(|_| pointed.get_untracked().map(|it| it.seat)) != seat;
            if !changed {
                return;
            }
            handle.update(|it| it.point_at(seat));
            hot.set(seat.is_some());
            pointed.set(seat.map(|seat| {
                let (x, y) = handle.look(|it| it.on_screen(seat));
                Pointed { seat, x, y: y - handle.look(|it| it.radius_px_of(seat)) }
            }));
        });
    };
    let leave = move || {
        with_stage(&|handle| {
            handle.update(|it| it.point_at(None));
        });
        pointed.set(None);
        hot.set(false);
    };
    let down = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        let (x, y) = place(&event);
        touch.get_value().set(event.pointer_type() != "mouse");
        gesture.get_value().borrow_mut().down(event.pointer_id(), x, y);
        if let Some(canvas) = canvas.get_untracked() {
            let _ = canvas.set_pointer_capture(event.pointer_id());
        }
    };
    let moved = move |event: PointerEvent| {
        let (x, y) = place(&event);
        let gesture = gesture.get_value();
        let step = gesture.borrow_mut().moved(event.pointer_id(), x, y);
        if step != Move::Nothing {
            leave();
            with_stage(&|handle| handle.update(|it| input::apply(it, step)));
        } else if !gesture.borrow().is_active() && event.pointer_type() == "mouse" {
            point(&event);
        }
    };
    let up = move |event: PointerEvent| {
        let picked = gesture.get_value().borrow_mut().up(event.pointer_id());
        let Some((x, y)) = picked else { return };
        let is_touch = touch.get_value().get();
        let seat = stage.with_untracked(|stage| {
            stage.as_ref().and_then(|handle| input::pick(handle, x, y, is_touch))
        });
        if let Some(seat) = seat {
            on_pick.run(seat);
        }
    };
    let wheel = move |event: WheelEvent| {
        event.prevent_default();
        leave();
        let factor = input::wheel_factor(event.delta_y(), event.delta_mode(), event.ctrl_key());
        #[allow(clippy::cast_precision_loss, reason = "pixels")]
        let (x, y) = (event.offset_x() as f32, event.offset_y() as f32);
        with_stage(&|stage| stage.update(|it| it.zoom(factor, x, y)));
    };
    let key = move |event: ev::KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        with_stage(&|stage| {
            if input::key(stage, &event.key()) {
                event.prevent_default();
            }
        });
    };
    let jump = move |event: PointerEvent| {
        let Some(small) = small.get_untracked() else { return };
        let (width, height) = (small.client_width().max(1), small.client_height().max(1));
        #[allow(clippy::cast_precision_loss, reason = "pixels")]
        let part = |at: i32, of: i32| at as f32 / of as f32;
        let (x, y) = (part(event.offset_x(), width), part(event.offset_y(), height));
        with_stage(&|stage| stage.update(|it| it.jump(x, y)));
    };

    view! {
        <div class="map-frame" node_ref=frame>
            <canvas
                node_ref=canvas
                class="map-canvas"
                class:is-hot=hot
                data-testid="seat-map"
                tabindex="0"
                role="application"
                aria-label=tx!(i18n, map.label)
                aria-describedby="map-help"
                on:pointerdown=down
                on:pointermove=moved
                on:pointerup=up
                on:pointercancel=act(move |event: PointerEvent| {
                    gesture.get_value().borrow_mut().cancel(event.pointer_id());
                })
                on:pointerleave=act(move |_| leave())
                on:wheel=wheel
                on:keydown=key
            ></canvas>
            <p id="map-help" class="visually-hidden">{tx!(i18n, map.help)}</p>
            <div class="map-tools" role="group" aria-label=tx!(i18n, map.tools)>
                <button
                    type="button"
                    class="tool"
                    aria-label=tx!(i18n, map.zoom_in)
                    on:click=act(move |_| step(ZOOM_STEP))
                >
                    <Icon sign=Sign::Plus/>
                </button>
                <button
                    type="button"
                    class="tool"
                    aria-label=tx!(i18n, map.zoom_out)
                    on:click=act(move |_| step(1.0 / ZOOM_STEP))
                >
                    <Icon sign=Sign::Minus/>
                </button>
                <button
                    type="button"
                    class="tool"
                    aria-label=tx!(i18n, map.fit)
                    on:click=act(move |_| {
                        with_stage(&|stage| stage.update(MapStage::fit));
                    })
                >
                    <Icon sign=Sign::Fit/>
                </button>
            </div>
            <canvas
                node_ref=small
                class="minimap"
                class:is-shown=near
                aria-hidden="true"
                on:pointerdown=jump
            ></canvas>
        </div>
    }
}

#[allow(clippy::cast_precision_loss, reason = "pixels")]
fn place(event: &PointerEvent) -> (f32, f32) {
    (event.offset_x() as f32, event.offset_y() as f32)
}

fn follow_size(frame: &web_sys::HtmlElement, handle: Handle) {
    #[allow(clippy::cast_precision_loss, reason = "pixels")]
    let measure = {
        let frame = frame.clone();
        move || {
            let (width, height) = (frame.client_width() as f32, frame.client_height() as f32);
            handle.update(|it| it.resize(width, height));
        }
    };
    measure();
    let observer_callback = Closure::<dyn FnMut()>::new(measure);
    let Ok(observer) = ResizeObserver::new(observer_callback.as_ref().unchecked_ref()) else {
        return;
    };
    observer.observe(frame);
    let kept = StoredValue::new_local((observer, observer_callback));
    on_cleanup(move || {
        let _ = kept.try_with_value(|(observer, _)| observer.disconnect());
    });
}
