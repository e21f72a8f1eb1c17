// The places that the visitor has chosen but not yet held: they stay chosen over a reload, the way back, a change of
// language and a sign-in, as far as they are still free.

import assert from 'node:assert/strict';

import {
  SPORTS_HALL, THEATRE, checkoutIsOpen, choose, hallIsOpen, hold, openRow, seatSays, signIn, suite,
} from './helpers.mjs';

const { scenario, row, holdByApi } = suite();

const holdSays = (page, words) =>
  page.getByTestId('hold-button').getByText(words, { exact: true }).waitFor();

// A visitor who has chosen two seats of a row.
async function chosenIn(visitor, name) {
  const seats = (await row(THEATRE, 'Stalls', name)).slice(0, 2);
  const page = await visitor(`/events/${THEATRE}`);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', name);
  await choose(page, seats);
  return { page, seats };
}

async function isChosen(page, name, seats) {
  await hallIsOpen(page);
  await openRow(page, 'Stalls', name);
  for (const seat of seats) {
    await seatSays(page, seat, 'Selected');
  }
  await holdSays(page, `Hold ${seats.length} places`);
  assert.equal(await page.getByTestId('notice').count(), 0);
}

scenario('a_selection_survives_reload_back_and_language', async ({ visitor }) => {
  const { page, seats } = await chosenIn(visitor, 'A');
  await page.reload();
  await isChosen(page, 'A', seats);
  await page.getByRole('link', { name: 'Holdfast' }).click();
  await page.getByTestId('event-card').first().waitFor();
  await page.goBack();
  await isChosen(page, 'A', seats);
  await page.getByTestId('language').click();
  await holdSays(page, 'Réserver 2 places');
  await page.reload();
  await holdSays(page, 'Réserver 2 places');
  await page.getByTestId('language').click();
  await hold(page);
  await checkoutIsOpen(page);
  // Held places are no longer a selection.
  await page.goBack();
  await hallIsOpen(page);
  await holdSays(page, 'Hold seats');
  assert.equal(await page.getByTestId('notice').count(), 0);
});

scenario('what_is_held_after_one_has_left_the_page_is_no_longer_a_selection', async ({ visitor }) => {
  const { page } = await chosenIn(visitor, 'D');
  let answer;
  const answered = new Promise((resolve) => { answer = resolve; });
  await page.route('**/reservations', async (route) => {
    await answered;
    await route.continue();
  });
  await page.getByTestId('hold-button').click();
  await page.getByRole('link', { name: 'Holdfast' }).click();
  await page.getByTestId('event-card').first().waitFor();
  answer();
  await page.getByTestId('countdown').waitFor();
  await page.goBack();
  await hallIsOpen(page);
  await page.getByText('You hold 2 places.').waitFor();
  await holdSays(page, 'Hold seats');
  assert.equal(await page.getByTestId('notice').count(), 0);
});

scenario('a_selection_survives_signing_in_and_is_held_by_the_user', async ({ visitor }) => {
  const { page, seats } = await chosenIn(visitor, 'B');
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, 'customer@demo.test');
  await isChosen(page, 'B', seats);
  await hold(page);
  await page.getByText('Booked for customer@demo.test').waitFor();
});

scenario('a_selection_is_without_what_others_took_and_says_so', async ({ visitor }) => {
  const { page, seats: [taken, free] } = await chosenIn(visitor, 'C');
  await page.goto(new URL('/login', page.url()).href);
  await holdByApi(THEATRE, [taken]);
  await page.goto(new URL(`/events/${THEATRE}`, page.url()).href);
  await page.getByTestId('notice')
    .getByText(`No longer selected: Stalls, row C, seat ${taken.label}.`).waitFor();
  await hallIsOpen(page);
  await holdSays(page, 'Hold 1 place');
  await openRow(page, 'Stalls', 'C');
  await seatSays(page, free, 'Selected');
  await seatSays(page, taken, 'Held');
  // The message was said once.
  await page.reload();
  await hallIsOpen(page);
  await holdSays(page, 'Hold 1 place');
  assert.equal(await page.getByTestId('notice').count(), 0);
});

scenario('places_stay_chosen_and_belong_to_their_event', async ({ visitor }) => {
  const page = await visitor(`/events/${SPORTS_HALL}`);
  await hallIsOpen(page);
  const stepper = page.getByRole('group', { name: 'Stehplatz', exact: true });
  await stepper.getByTestId('ga-plus').click();
  await stepper.getByTestId('ga-plus').click();
  await holdSays(page, 'Hold 2 places');
  await page.goto(new URL(`/events/${THEATRE}`, page.url()).href);
  await hallIsOpen(page);
  await holdSays(page, 'Hold seats');
  await page.goBack();
  await hallIsOpen(page);
  await holdSays(page, 'Hold 2 places');
  // All but one place of the section are gone.
  await page.route('**/sections', async (route) => {
    const response = await route.fetch();
    const sections = await response.json();
    for (const { kind, counts } of sections.items) {
      if (kind === 'general') counts.available = 1;
    }
    await route.fulfill({ response, json: sections });
  });
  await page.reload();
  await page.getByTestId('notice').getByText(/^No longer selected: 2 × .*Stehplatz\.$/).waitFor();
  await holdSays(page, 'Hold seats');
});
