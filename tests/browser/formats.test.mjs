// Money, dates and languages that the browser does not know, or knows otherwise than the server.

import assert from 'node:assert/strict';

import { THEATRE, hallIsOpen, suite } from './helpers.mjs';

const { scenario, event } = suite();

// A page that sees this event otherwise than the server tells it.
async function seen(visitor, changes, path = `/events/${THEATRE}`, options = {}) {
  const original = await event(THEATRE);
  const changed = (it) => (it.id === original.id ? { ...it, ...changes } : it);
  return visitor(path, { ...options, alone: true, prepare: async (page) => {
    await page.route(/\/api\/v1\/events(\/[^/]+|\?.*)$/, async (route) => {
      const response = await route.fetch();
      const body = await response.json();
      const json = body.items ? { ...body, items: body.items.map(changed) } : changed(body);
      await route.fulfill({ response, json });
    });
    await options.prepare?.(page);
  } });
}

scenario('a_zone_that_the_browser_does_not_know_is_named_beside_the_time', async ({ visitor }) => {
  const zone = { time_zone: 'Europe/Berln', starts_at: '2026-12-05T18:30:00.000Z' };
  const list = await seen(visitor, zone, '/');
  const card = list.getByTestId('event-card').filter({ hasText: 'Tempest' });
  await card.locator('time').getByText('18:30 UTC (Europe/Berln)').waitFor();
  assert.ok(await list.getByTestId('event-card').count() > 1);
  const hall = await seen(visitor, zone);
  await hallIsOpen(hall);
  await hall.locator('.event-heading time').getByText('18:30 UTC (Europe/Berln)').waitFor();
});

scenario('a_time_of_day_that_comes_twice_names_the_zone', async ({ visitor }) => {
  const when = async (starts_at) => {
    const page = await seen(visitor, { time_zone: 'Europe/Paris', starts_at });
    await hallIsOpen(page);
    return page.locator('.event-heading time').textContent();
  };
  assert.match(await when('2026-10-25T00:30:00.000Z'), /2:30 CEST$/);
  assert.match(await when('2026-10-25T01:30:00.000Z'), /2:30 CET$/);
  assert.match(await when('2026-10-25T02:30:00.000Z'), /3:30$/);
});

for (const languages of [['en-US@posix'], ['en_US'], ['en_US.UTF-8', 'de'], ['', 'x', 'en-']]) {
  scenario(`a_browser_that_speaks_${languages.join('_')}_sees_every_page`, async ({ visitor }) => {
    const speak = (page) => page.addInitScript((wanted) => {
      Object.defineProperty(navigator, 'languages', { get: () => wanted });
    }, languages);
    const list = await visitor('/', { alone: true, prepare: speak });
    await list.getByTestId('event-card').first().locator('.card-side').getByText('€').waitFor();
    await list.getByRole('link', { name: 'The Tempest: premiere' }).click();
    await hallIsOpen(list);
    await list.locator('.event-heading time').getByText(/\d:\d\d/).waitFor();
  });
}

for (const [currency, amount, words] of [
  ['HUF', 250_000, /2,500/], ['IDR', 150_000_000, /1,500,000/], ['COP', 9_000_000, /90,000/],
  ['JPY', 2_500, /2,500/], ['KWD', 12_500, /12\.5/], ['BAD!', 2_500, /BAD! 25\.00/],
]) {
  scenario(`a_price_in_${currency}_is_what_the_server_charges`, async ({ visitor }) => {
    const price = { amount, currency };
    const list = await seen(visitor, { price_range: { min: price, max: price } }, '/');
    const card = list.getByTestId('event-card').filter({ hasText: 'Tempest' });
    const told = (await card.locator('.card-side strong').textContent()).replace(/[\u00a0\u202f]/g, ' ');
    assert.match(told, words);
    assert.doesNotMatch(told, /\d[,.]\d{3}[,.]\d{3}[,.]\d{3}|250,000|150,000,000|9,000,000/);
  });
}
