//! The second step (3-D Secure) as the simulated gateway plays it.

use holdfast_contract::bookings::SimulatedOutcome;
use leptos::prelude::*;

use super::basket::{Basket, Busy};
use ui::{
    components::erased::{act, known, part},
    components::{
        dialog::Dialog,
        icon::{Icon, Sign},
    },
    i18n::use_i18n,
    tx,
};

/// The question of the simulated bank, shown while the gateway waits for the buyer.
#[component]
pub fn SecondStep(basket: Basket) -> impl IntoView {
    let i18n = use_i18n();
    let secret = known(move || match basket.busy.get() {
        Busy::SecondStep(secret) => Some(secret),
        Busy::Idle | Busy::Changing | Busy::Paying => None,
    });
    part(move || {
        secret.get().map(|secret| {
            let answer = move |outcome: SimulatedOutcome| basket.complete(secret.clone(), outcome);
            let (yes, no) = (answer.clone(), answer);
            view! {
                <Dialog title=tx!(i18n, step.title)>
                    <p>{tx!(i18n, step.text)}</p>
                    <div class="row-actions">
                        <button
                            type="button"
                            class="button primary"
                            data-testid="second-step-approve"
                            on:click=act(move |_| yes(SimulatedOutcome::Success))
                        >
                            <Icon sign=Sign::Check/>
                            <span>{tx!(i18n, step.approve)}</span>
                        </button>
                        <button
                            type="button"
                            class="button secondary"
                            data-testid="second-step-refuse"
                            on:click=act(move |_| no(SimulatedOutcome::Failure))
                        >
                            {tx!(i18n, step.refuse)}
                        </button>
                    </div>
                </Dialog>
            }
        })
    })
}
