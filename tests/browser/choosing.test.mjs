// The choice of a visitor: for how many persons, while the event sells, and after a change of an offer or the plan.

import assert from 'node:assert/strict';

import {
  SPORTS_HALL, THEATRE, bearerOf, checkoutIsOpen, choose, hallIsOpen, hold, openRow, seatSays,
  suite,
} from './helpers.mjs';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const { scenario, api, advance, event, row } = suite();

async function asOrganizer(method, path, wish) {
  const bearer = await bearerOf(api, 'organizer@demo.test');
  const { status, body } = await api(method, path, wish, bearer);
  assert.ok(status < 300, JSON.stringify(body));
  return body;
}

async function standing() {
  const { id } = await event(SPORTS_HALL);
  const { body } = await api('GET', `/events/${id}/sections`);
  return { event: id, section: body.items.find(({ kind }) => kind === 'general').id };
}

async function standingOffer(offer) {
  const { event: id, section } = await standing();
  return asOrganizer('POST', `/events/${id}/offers`, { section_id: section, ...offer });
}

const stepper = (page, name) => page.getByRole('group', { name, exact: true });

async function more(page, name, times) {
  for (let n = 0; n < times; n += 1) {
    await stepper(page, name).getByTestId('ga-plus').click();
  }
}

const holdSays = (page, words) =>
  page.getByTestId('hold-button').getByText(words, { exact: true }).waitFor();

scenario('a_ticket_for_two_counts_as_two_persons', async ({ visitor }) => {
  const { max_per_order: limit } = await event(SPORTS_HALL);
  await standingOffer({ name: 'For two', price_minor: 2000, admits: 2 });
  const seats = (await row(SPORTS_HALL, 'Block A', '1')).slice(0, 3);
  const page = await visitor(`/events/${SPORTS_HALL}`);
  await hallIsOpen(page);
  await openRow(page, 'Block A', '1');
  await choose(page, seats);
  const pairs = Math.floor((limit - seats.length) / 2);
  await more(page, 'For two', pairs);
  await holdSays(page, `Hold ${seats.length + 2 * pairs} places`);
  await more(page, 'For two', 1);
  await page.getByTestId('notice').getByText(`At most ${limit} places per buyer.`).waitFor();
  await hold(page);
  await checkoutIsOpen(page);
  await page.goto(new URL(`/events/${SPORTS_HALL}`, page.url()).href);
  await page.getByText(`You hold ${seats.length + 2 * pairs} places.`).waitFor();
});

scenario('places_that_are_held_already_count', async ({ visitor }) => {
  const { max_per_order: order, max_per_user: user } = await event(THEATRE);
  const seats = await row(THEATRE, 'Stalls', 'J');
  const page = await visitor(`/events/${THEATRE}`);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'J');
  const first = Math.min(order, user - 1);
  await choose(page, seats.slice(0, first));
  await hold(page);
  await checkoutIsOpen(page);
  await page.getByRole('link', { name: 'Holdfast' }).click();
  await page.getByRole('link', { name: 'The Tempest: premiere' }).click();
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'J');
  const room = user - first;
  await choose(page, seats.slice(first, first + room));
  await page.getByTestId(`seat-${seats[first + room].seat_id}`).click();
  await page.getByTestId('notice')
    .getByText(`At most ${user} places per buyer. You hold ${first} already.`).waitFor();
});

// A page that sees the event with these changes.
async function seen(visitor, slug, changes) {
  return visitor(`/events/${slug}`, { alone: true, prepare: (page) =>
    page.route(`**/api/v1/events/${slug}`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...await response.json(), ...changes } });
    }) });
}

for (const [status, changes, why] of [
  ['cancelled', { status: 'cancelled' }, /^Cancelled$/],
  ['upcoming', { status: 'upcoming',
    sale_starts_at: new Date(Date.now() + DAY_MS).toISOString() }, /^On sale from /],
  ['completed', { status: 'completed' }, /^The sale has ended$/],
]) {
  scenario(`nothing_can_be_chosen_in_an_event_that_is_${status}`, async ({ visitor }) => {
    const [seat] = await row(SPORTS_HALL, 'Block A', '2');
    const page = await seen(visitor, SPORTS_HALL, changes);
    await hallIsOpen(page);
    await page.getByTestId('offer-closed').first().waitFor();
    assert.equal(await page.getByTestId('ga-plus').count(), 0);
    for (const text of await page.getByTestId('offer-closed').allTextContents()) {
      assert.match(text, why);
    }
    await openRow(page, 'Block A', '2');
    const button = page.getByTestId(`seat-${seat.seat_id}`);
    assert.equal(await button.getAttribute('aria-disabled'), 'true');
    if (status === 'upcoming') {
      await page.locator('.banner').getByText(/^On sale from /).waitFor();
    }
  });
}

scenario('a_sale_that_begins_while_one_waits_opens_the_page', async ({ visitor }) => {
  const begins = { status: 'upcoming', sale_starts_at: new Date(Date.now() + 4_000).toISOString() };
  const page = await seen(visitor, SPORTS_HALL, begins);
  await page.getByTestId('offer-closed').first().waitFor();
  await page.locator('.banner').waitFor();
  await page.getByTestId('ga-plus').first().waitFor();
  await page.locator('.banner').waitFor({ state: 'detached' });
});

scenario('places_of_an_offer_that_ended_go_to_the_next_offer', async ({ visitor }) => {
  const { body: states } = await api('GET', `/events/${(await standing()).event}/seats?state=only`);
  await standingOffer({
    name: 'Early bird', price_minor: 500,
    sale_ends_at: new Date(states.now * 1000 + 10 * MINUTE_MS).toISOString(),
  });
  const page = await visitor(`/events/${SPORTS_HALL}`);
  await hallIsOpen(page);
  await more(page, 'Early bird', 2);
  await page.locator('.hold-bar').getByText('€10.00').waitFor();
  // The page's own time stays behind, so the server is the first to know that the offer has ended.
  await advance(11 * MINUTE_MS);
  await page.getByTestId('hold-button').click();
  await page.getByTestId('notice').getByText('No longer on sale: Early bird.').waitFor();
  await page.getByTestId('notice').getByText('Your selection is now: Stehplatz · €12.00.').waitFor();
  await page.locator('.hold-bar').getByText('€24.00').waitFor();
  await page.locator('[data-testid="hold-button"][aria-disabled="false"]').waitFor();
  await hold(page);
  await checkoutIsOpen(page);
});

scenario('a_refused_offer_is_told_in_words', async ({ visitor }) => {
  const page = await visitor(`/events/${SPORTS_HALL}`);
  await hallIsOpen(page);
  await more(page, 'Stehplatz', 1);
  await page.route('**/reservations', (route) => route.fulfill({
    status: 409,
    json: { type: '/problems/not-on-sale', title: '', status: 409, reasons: ['offer_not_on_sale'] },
  }));
  await page.getByTestId('hold-button').click();
  await page.getByText('This kind of ticket is not on sale right now.').waitFor();
});

scenario('a_new_plan_keeps_the_selection_and_names_what_is_gone', async ({ visitor }) => {
  const seats = await row(THEATRE, 'Stalls', 'L');
  const [stays, goes] = [seats[0], seats.at(-1)];
  const page = await visitor(`/events/${THEATRE}`);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'L');
  await choose(page, [stays, goes]);
  const { id } = await event(THEATRE);
  const plan = (await api('GET', `/events/${id}/plan`, undefined,
    await bearerOf(api, 'organizer@demo.test'))).body;
  for (const zone of plan.zones) {
    for (const rows of zone.rows) {
      rows.seats = rows.seats.filter(({ seat_guid: guid }) => guid !== goes.seat_guid);
    }
  }
  await asOrganizer('PUT', `/events/${id}/plan`, plan);
  const told = page.getByTestId('notice');
  await told.getByText('The seating plan has changed.').waitFor();
  await told.getByText(`No longer selected: Stalls, row L, seat ${goes.label}.`).waitFor();
  await holdSays(page, 'Hold 1 place');
  await openRow(page, 'Stalls', 'L');
  await seatSays(page, stays, 'Selected');
  await page.locator('[data-testid="hold-button"][aria-disabled="false"]').waitFor();
  await hold(page);
  await checkoutIsOpen(page);
});
