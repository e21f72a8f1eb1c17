// A network that goes, a translator at work, and the memory of the map.

import assert from 'node:assert/strict';

import {
  ARENA, THEATRE, acceptTerms, checkoutIsOpen, choose, hallIsOpen, holdSeats, isStill, openRow,
  secondsLeft, suite,
} from './helpers.mjs';

const { scenario, row } = suite();

scenario('a_lost_network_is_said_at_once_with_the_time_that_is_left', async ({ visitor }) => {
  const page = await visitor(`/events/${THEATRE}`, { alone: true });
  await hallIsOpen(page);
  await page.context().setOffline(true);
  const bar = page.getByTestId('offline');
  await bar.getByText('No connection. What you see may be old.').waitFor({ timeout: 1_000 });
  await page.context().setOffline(false);
  await bar.waitFor({ state: 'detached' });
  await holdSeats(page, 'Stalls', 'A', (await row(THEATRE, 'Stalls', 'A')).slice(0, 1));
  await checkoutIsOpen(page);
  await page.context().setOffline(true);
  await bar.getByText(/^No connection\. Your seats stay held for \d+:\d\d\.$/).waitFor();
  await page.context().setOffline(false);
  await bar.waitFor({ state: 'detached' });
});

scenario('a_network_that_leads_nowhere_is_noticed_while_seats_are_held', async ({ visitor }) => {
  const page = await visitor(`/events/${THEATRE}`, { alone: true });
  await holdSeats(page, 'Stalls', 'B', (await row(THEATRE, 'Stalls', 'B')).slice(0, 1));
  await checkoutIsOpen(page);
  await page.route('**/healthz', (route) => route.abort());
  await page.getByTestId('offline').waitFor();
  await page.unroute('**/healthz');
  await page.getByTestId('offline').waitFor({ state: 'detached' });
});

const refusal = (status, type, seconds) => (route) => route.fulfill({
  status,
  headers: { 'Retry-After': `${seconds}` },
  contentType: 'application/problem+json',
  body: JSON.stringify({ type: `/problems/${type}`, title: 'Too many requests', status, detail: '' }),
});

// The server's refusal when it has no room.
const noRoom = refusal(503, 'overloaded', 1);

scenario('a_server_without_room_is_said_and_asked_again_with_the_same_key', async ({ visitor }) => {
  const page = await visitor(`/events/${THEATRE}`);
  await openRow(page, 'Stalls', 'F');
  const seats = (await row(THEATRE, 'Stalls', 'F')).slice(0, 1);
  await choose(page, seats);
  await page.route('**/reservations', noRoom, { times: 2 });
  await page.getByTestId('hold-button').click();
  const bar = page.getByTestId('full');
  await bar.getByText('This page tries again by itself.').waitFor();
  await checkoutIsOpen(page);
  await bar.waitFor({ state: 'detached' });

  const keys = [];
  await page.route(/\/bookings\/confirm$/, async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    await (keys.length > 1 ? route.continue() : noRoom(route));
  });
  await page.locator('#email').fill('comes.back@example.org');
  await acceptTerms(page);
  await page.getByTestId('pay-button').click();
  await page.getByText('Booked for').first().waitFor();
  assert.deepEqual([keys.length, keys[0]], [2, keys[1]]);
  // The refusals of this test are not the server's.
  page.faults.length = 0;
});

scenario('a_short_limit_is_waited_for_and_a_long_one_is_told', async ({ visitor }) => {
  const page = await visitor(`/events/${THEATRE}`);
  await openRow(page, 'Stalls', 'G');
  await choose(page, (await row(THEATRE, 'Stalls', 'G')).slice(0, 1));
  await page.route('**/reservations', refusal(429, 'too-many-requests', 60), { times: 1 });
  await page.getByTestId('hold-button').click();
  await page.locator('[role=alert]').filter({ hasText: /\S/ }).first().waitFor();
  assert.equal(await page.getByTestId('full').count(), 0);
  await page.route('**/reservations', refusal(429, 'too-many-requests', 1), { times: 1 });
  await page.getByTestId('hold-button').click();
  await page.getByTestId('full').waitFor();
  await checkoutIsOpen(page);
  // The refusals of this test are not the server's.
  page.faults.length = 0;
});

scenario('a_payment_without_an_answer_promises_no_more_than_the_time_that_is_left',
  async ({ visitor }) => {
    const page = await visitor(`/events/${THEATRE}`);
    await holdSeats(page, 'Stalls', 'C', (await row(THEATRE, 'Stalls', 'C')).slice(0, 1));
    await checkoutIsOpen(page);
    // The waits between the tries are not what is tested.
    await page.evaluate(() => {
      const later = window.setTimeout.bind(window);
      window.setTimeout = (act, wait, ...rest) => later(act, wait >= 1_000 ? 10 : wait, ...rest);
    });
    await page.route(/\/bookings\/confirm$/, (route) => route.abort());
    await page.locator('#email').fill('nobody.answers@example.org');
    await acceptTerms(page);
    await page.getByTestId('pay-button').click();
    const message = page.getByTestId('pay-message');
    await message.getByText(/We have no answer yet\..*Your seats stay held for \d+:\d\d\.$/).waitFor();
    assert.doesNotMatch(await message.textContent(), /safe/);
    // The countdown goes on, because nobody knows whether the server has begun the payment.
    assert.ok(await secondsLeft(page) > 0);
    const before = await message.textContent();
    await page.waitForFunction((text) =>
      document.querySelector('[data-testid="pay-message"]').textContent !== text, before);
  });

// Acts as a browser's translator does: each text becomes another text in elements of its own.
const translate = (page) => page.evaluate(() => {
  const seen = new WeakSet();
  const work = () => {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walk.nextNode()) found.push(walk.currentNode);
    for (const node of found.filter((it) => it.data.trim() && !seen.has(it))) {
      const [outer, inner] = [document.createElement('font'), document.createElement('font')];
      const text = document.createTextNode(`«${node.data}»`);
      seen.add(text);
      inner.append(text);
      outer.append(inner);
      node.replaceWith(outer);
    }
  };
  work();
  new MutationObserver(work).observe(document.body,
    { childList: true, subtree: true, characterData: true });
});

scenario('a_translated_page_goes_on_working', async ({ visitor }) => {
  const seats = (await row(THEATRE, 'Stalls', 'D')).slice(0, 3);
  const price = (count) => `€${(seats[0].price.amount * count / 100).toFixed(2)}`;
  const page = await visitor(`/events/${THEATRE}`, { alone: true });
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'D');
  await choose(page, seats.slice(0, 1));
  await translate(page);
  const total = page.locator('.hold-bar .total');
  const button = page.getByTestId('hold-button');
  await total.getByText(`«${price(1)}»`).waitFor();
  await choose(page, seats.slice(1));
  await total.getByText(`«${price(3)}»`).waitFor();
  assert.equal((await total.textContent()).trim(), `«${price(3)}»`);
  await button.getByText('«Hold 3 places»').waitFor();
  await button.click();
  await checkoutIsOpen(page);
  const timer = page.getByTestId('countdown').getByRole('timer');
  const first = await timer.textContent();
  assert.match(first, /^«\d+:\d\d»$/);
  await page.waitForFunction((text) =>
    document.querySelector('[role="timer"]').textContent !== text, first);
  await page.locator('#email').fill('ada@example');
  await page.getByTestId('pay-button').click();
  await page.getByText('«Enter an address such as name@example.org.»').waitFor();
});

const MAX_BYTES = 96 * 1024 * 1024;

for (const [name, size, deviceScaleFactor] of [
  ['phone', { width: 390, height: 844 }, 3], ['desk', { width: 1920, height: 1080 }, 3],
]) {
  scenario(`the_canvases_of_a_map_stay_within_96_MiB_on_a_${name}`, async ({ visitor }) => {
    const page = await visitor(`/events/${ARENA}`, {
      alone: true, viewport: size, deviceScaleFactor,
      prepare: (it) => it.addInitScript(() => {
        window.canvases = [];
        const create = document.createElement.bind(document);
        document.createElement = (tag, ...rest) => {
          const element = create(tag, ...rest);
          if (String(tag).toLowerCase() === 'canvas') window.canvases.push(element);
          return element;
        };
      }),
    });
    await hallIsOpen(page);
    await isStill(page);
    const bytes = () => page.evaluate(() => [...new Set([
      ...window.canvases, ...document.querySelectorAll('canvas'),
    ])].reduce((sum, { width, height }) => sum + 4 * width * height, 0));
    let most = await bytes();
    const map = page.getByTestId('seat-map');
    await map.focus();
    for (const key of ['+', '+', '+', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowDown', '+', '+',
      'ArrowLeft', 'ArrowLeft', 'ArrowLeft', 'ArrowUp', '-', '-', '0']) {
      await page.keyboard.press(key);
      await isStill(page);
      most = Math.max(most, await bytes());
    }
    assert.ok(most > 0 && most <= MAX_BYTES, `${(most / 1024 / 1024).toFixed(1)} MiB`);
    // The hall is shown sharp and complete: the canvas is not blank.
    assert.ok(await map.evaluate((it) => {
      const { data } = it.getContext('2d').getImageData(0, 0, it.width, it.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }) > 20);
  });
}
