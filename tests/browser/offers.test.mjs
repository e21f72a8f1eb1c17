// Offers with their own sale window: they are shown before and after it, and can be chosen only in it.

import assert from 'node:assert/strict';

import {
  SPORTS_HALL, THEATRE, choose, hallIsOpen, hold, isStill, openRow, seatButton, seatSays, suite,
} from './helpers.mjs';

const DAY_MS = 86_400_000;
const NAME = 'Early bird';
const DESK = { width: 1280, height: 800 };
const PICKS_MAX = 12;

const { scenario, api, advance, event, row, holdByApi } = suite();

async function asOrganizer(method, path, wish) {
  const { body: session } = await api('POST', '/auth/login',
    { email: 'organizer@demo.test', password: 'Demo-pass-1' });
  const { status, body } = await api(method, path, wish,
    { Authorization: `Bearer ${session.access_token}` });
  assert.ok(status < 300, JSON.stringify(body));
}

const make = async (slug, offer) =>
  asOrganizer('POST', `/events/${(await event(slug)).id}/offers`, offer);
const change = ({ id, version }, patch) =>
  asOrganizer('PATCH', `/offers/${id}`, { version, ...patch });
const offersOf = async (slug) =>
  (await api('GET', `/events/${(await event(slug)).id}/offers`)).body;

// The server's time, which a test may have moved.
async function serverNow() {
  const { body } = await api('GET', `/events/${(await event(THEATRE)).id}/seats?state=only`);
  return body.now * 1000;
}

// An offer that is on sale from tomorrow to the day after.
function offers(slug, rest) {
  const at = (days) => new Date(Date.now() + days * DAY_MS).toISOString();
  return make(slug, {
    name: NAME, price_minor: 100, sale_starts_at: at(1), sale_ends_at: at(2), ...rest,
  });
}

scenario('an_offer_is_chosen_in_its_window_alone', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'C');
  await offers(THEATRE, { category: seat.category });
  const { body: sections } = await api('GET', `/events/${(await event(SPORTS_HALL)).id}/sections`);
  const standing = sections.items.find(({ kind }) => kind === 'general');
  await offers(SPORTS_HALL, { section_id: standing.id });

  const look = async (words, isOpen, locale) => {
    const hall = await visitor(`/events/${THEATRE}`, { locale });
    await hallIsOpen(hall);
    await openRow(hall, 'Stalls', 'C');
    await choose(hall, [seat]);
    const option = hall.locator('option', { hasText: NAME });
    await option.waitFor({ state: 'attached' });
    assert.match(await option.textContent(), words);
    assert.equal(await option.isDisabled(), !isOpen);
    const field = await visitor(`/events/${SPORTS_HALL}`, { locale });
    const line = field.locator('.stepper-row', { hasText: NAME });
    await line.waitFor();
    assert.match(await line.textContent(), words);
    assert.equal(await line.getByTestId('ga-plus').count(), isOpen ? 1 : 0);
    const { price_range: range } = await event(SPORTS_HALL);
    assert.equal(range.min.amount === 100, isOpen);
  };
  await look(/On sale from/, false, 'en-GB');
  await look(/En vente à partir du/, false, 'fr-FR');
  await advance(DAY_MS + 60_000);
  await look(/^(?!.*sale)/, true, 'en-GB');
  await advance(DAY_MS);
  await look(/The sale has ended/, false, 'en-GB');
  await look(/La vente est terminée/, false, 'fr-FR');
});

scenario('an_offer_that_ends_while_one_looks_is_given_up_and_said', async ({ visitor }) => {
  const now = await serverNow();
  const ends = { sale_ends_at: new Date(now + DAY_MS / 2).toISOString() };
  const [stays] = await row(THEATRE, 'Stalls', 'E');
  const [goes, watched] = await row(THEATRE, 'Boxes', 'Box 1');
  const { items } = await offersOf(THEATRE);
  assert.notEqual(stays.category, goes.category);
  for (const offer of items.filter(({ category }) => category === goes.category)) {
    await change(offer, ends);
  }
  await make(THEATRE, { name: 'Last days', category: stays.category, price_minor: 200, ...ends });

  const page = await visitor(`/events/${THEATRE}`);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'E');
  await choose(page, [stays]);
  const kind = page.getByRole('combobox', { name: /Stalls, row E/ });
  await kind.selectOption({ label: 'Last days · €2.00' });
  await openRow(page, 'Boxes', 'Box 1');
  await choose(page, [goes]);
  const total = (minor) => page.locator('.hold-bar .total-row').getByText(`€${(minor / 100).toFixed(2)}`);
  await total(200 + goes.price.amount).waitFor();

  // The page learns the new server time from the next change.
  await advance(DAY_MS / 2 + 60_000);
  await holdByApi(THEATRE, [(await row(THEATRE, 'Stalls', 'F'))[0]]);
  const said = await page.getByTestId('notice').textContent({ timeout: 15_000 });
  assert.match(said, /No longer on sale: .*Last days/);
  assert.match(said, /No longer selected: Boxes, row Box 1/);
  assert.equal(await page.getByTestId('hold-button').getAttribute('aria-disabled'), 'true');
  await seatSays(page, goes, 'The sale has ended');
  await seatSays(page, watched, 'The sale has ended');
  // The other seat is still chosen at its current price, and is held for that price.
  await total(stays.price.amount).waitFor();
  assert.match(await page.getByTestId('hold-button').textContent(), /Hold 1 place/);
  await hold(page);
  await page.getByText(`€${(stays.price.amount / 100).toFixed(2)}`).first().waitFor();
});

scenario('an_ended_offer_and_a_taken_seat_are_both_said_in_the_language_of_the_page', async ({ visitor }) => {
  const ends = { sale_ends_at: new Date(await serverNow() + DAY_MS).toISOString() };
  const [stays, goes] = await row(THEATRE, 'Stalls', 'G');
  await make(THEATRE, { name: 'Last hours', category: stays.category, price_minor: 150, ...ends });
  const page = await visitor(`/events/${THEATRE}`);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'G');
  await choose(page, [stays, goes]);
  const kinds = page.getByRole('combobox', { name: /Stalls, row G/ });
  for (const at of [0, 1]) {
    await kinds.nth(at).selectOption({ label: 'Last hours · €1.50' });
  }
  await page.getByTestId('hold-button').getByText('Hold 2 places').waitFor();
  await page.goto(new URL('/login', page.url()).href);
  await page.getByTestId('language').click();
  await advance(DAY_MS + 60_000);
  await holdByApi(THEATRE, [goes]);
  // The state that a page reads is at most a quarter of a second old.
  await page.waitForTimeout(300);
  await page.goto(new URL(`/events/${THEATRE}`, page.url()).href);
  const notice = page.locator('.notice');
  await notice.getByText(new RegExp(`Plus dans votre sélection\\s: Stalls, rang G, place ${goes.label}`)).waitFor();
  assert.match(await notice.textContent(), /Plus en vente\s: Last hours/);
  await page.getByTestId('hold-button').getByText('Réserver 1 place').waitFor();
  // A later loss joins the messages, because the visitor has done nothing since.
  await page.waitForTimeout(1_500);
  await holdByApi(THEATRE, [stays]);
  await notice.getByText(new RegExp(`place ${stays.label}\\b`)).waitFor();
  assert.match(await notice.textContent(), /Plus en vente\s: Last hours/);
});

scenario('a_seat_without_an_offer_on_sale_cannot_be_chosen_and_says_why', async ({ visitor }) => {
  const { items } = await offersOf(SPORTS_HALL);
  const [seat, other] = await row(SPORTS_HALL, 'Block A', '1');
  const from = { sale_starts_at: new Date(await serverNow() + DAY_MS).toISOString() };
  const viewer = await visitor(`/events/${SPORTS_HALL}`);
  await hallIsOpen(viewer);
  await openRow(viewer, 'Block A', '1');
  await choose(viewer, [other]);
  for (const offer of items.filter(({ category }) => category)) {
    await change(offer, from);
  }
  // A visitor whose page is already open gets a message.
  await viewer.getByTestId('notice').getByText(/No longer on sale: .*No longer selected: Block A/)
    .waitFor();
  assert.ok(await viewer.getByTestId('hold-button').isDisabled());

  for (const [locale, why] of [['en-GB', 'On sale from'], ['fr-FR', 'En vente à partir du']]) {
    const page = await visitor(`/events/${SPORTS_HALL}`, { locale, viewport: DESK });
    await hallIsOpen(page);
    await openRow(page, 'Block A', '1');
    await seatSays(page, seat, why);
    assert.equal(await seatButton(page, seat).getAttribute('aria-disabled'), 'true');
    const said = page.getByTestId('notice').getByText(why);
    const saysWhyAndChoosesNothing = async () => {
      await said.waitFor();
      assert.equal(await seatButton(page, seat).getAttribute('aria-pressed'), 'false');
      assert.ok(await page.getByTestId('hold-button').isDisabled());
      await page.locator('.notice button').click();
      await said.waitFor({ state: 'detached' });
    };
    await seatButton(page, seat).click({ force: true });
    await saysWhyAndChoosesNothing();
    await seatButton(page, seat).press('Enter');
    await saysWhyAndChoosesNothing();
    // On the map: row by row downwards from the middle of the part that the list shows, until the click hits a seat.
    await isStill(page);
    const { x, y, width, height } = await page.getByTestId('seat-map').boundingBox();
    for (let n = 0; n < PICKS_MAX && !(await said.isVisible()); n += 1) {
      await page.mouse.click(x + width / 2 + 3 * n, y + height / 2 + 5 * n);
      await isStill(page);
    }
    await saysWhyAndChoosesNothing();
  }
});
