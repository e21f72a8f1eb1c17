// The first requests of a page start while the program is loading, and each is sent only once.

import assert from 'node:assert/strict';

import { THEATRE, enterAs, hallIsOpen, suite } from './helpers.mjs';

const { scenario, event } = suite();

// The API addresses that the page requests, in order. The program is delivered only after the page has requested
// `awaited` of them.
async function watchFirst(page, awaited) {
  const asked = [];
  let enough;
  const heard = new Promise((resolve) => { enough = resolve; });
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (!pathname.startsWith('/api/v1/') || pathname.endsWith('/stream')) return;
    asked.push(pathname.slice('/api/v1'.length) + search);
    if (asked.length === awaited) enough();
  });
  await page.route('**/*.wasm', async (route) => {
    await heard;
    await route.continue();
  });
  return asked;
}

const once = (asked, addresses) => assert.deepEqual([...asked].sort(), [...addresses].sort());

scenario('the_list_is_asked_for_beside_the_program_and_once', async ({ visitor }) => {
  let asked;
  const page = await visitor('/', { prepare: async (it) => { asked = await watchFirst(it, 1); } });
  await page.getByTestId('event-card').first().waitFor();
  once(asked, ['/events?limit=100']);
});

scenario('an_event_and_its_hall_are_asked_for_beside_the_program_and_once', async ({ visitor }) => {
  const { id } = await event(THEATRE);
  const addresses = [`/events/${THEATRE}`, `/events/${id}/seats`, `/events/${id}/seats?state=only`,
    `/events/${id}/sections`, `/events/${id}/offers?limit=100`];
  let asked;
  const page = await visitor(`/events/${THEATRE}`, {
    prepare: async (it) => { asked = await watchFirst(it, addresses.length); },
  });
  await hallIsOpen(page);
  once(asked, addresses);
  // Later the page sends its own requests.
  await page.getByRole('link', { name: 'Holdfast' }).click();
  await page.getByTestId('event-card').first().waitFor();
  once(asked, [...addresses, '/events?limit=100']);
});

scenario('what_an_account_asks_for_first_is_asked_as_that_account', async ({ visitor, url }) => {
  const headers = [];
  let renewals = 0;
  const page = await visitor('/', { prepare: async (it) => {
    await enterAs(it, url, 'customer@demo.test');
    it.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname === '/api/v1/events') headers.push(request.headers());
      renewals += Number(pathname === '/api/v1/auth/refresh');
    });
  } });
  await page.getByTestId('event-card').first().waitFor();
  assert.match(headers[0].authorization, /^Bearer e/);
  assert.deepEqual([headers.length, renewals], [1, 1]);
});

scenario('a_session_that_is_over_is_forgotten_before_anything_is_asked_for', async ({ visitor }) => {
  const headers = [];
  const page = await visitor('/', { prepare: async (it) => {
    await it.addInitScript(() => {
      const profile = { id: crypto.randomUUID(), email: 'a@b.fr', first_name: 'A', last_name: 'B',
        role: 'customer', locale: 'en', organizations: [] };
      localStorage.setItem('holdfast.session', JSON.stringify({ profile }));
    });
    it.on('request', (request) => {
      if (new URL(request.url()).pathname === '/api/v1/events') headers.push(request.headers());
    });
  } });
  await page.getByTestId('event-card').first().waitFor();
  assert.equal(headers[0].authorization, undefined);
  assert.equal(await page.evaluate(() => localStorage.getItem('holdfast.session')), null);
});
