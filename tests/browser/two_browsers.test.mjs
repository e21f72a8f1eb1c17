// Two buyers of one event: one seat with one winner, and changes while both look at the page.

import assert from 'node:assert/strict';

import {
  THEATRE, choose, hallIsOpen, holdSeats, openRow, seatButton, seatIsFree, seatSays, suite,
} from './helpers.mjs';

const HOLD_MS = 600_000;
// On one machine a change takes some milliseconds; a busy machine gets more time.
const SEEN_WITHIN_MS = 3_000;

const { scenario, advance, row, seatStatus, holdByApi } = suite({ EXPIRY_PASS_SECONDS: '1' });

const hall = `/events/${THEATRE}`;

async function openedAt(visitor, name) {
  const page = await visitor(hall);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', name);
  return page;
}

scenario('two_browsers_one_seat_one_winner', async ({ visitor }) => {
  const [wanted, ...others] = await row(THEATRE, 'Stalls', 'A');
  const pages = [await openedAt(visitor, 'A'), await openedAt(visitor, 'A')];
  const own = [others.slice(0, 2), others.slice(2, 4)];
  for (const [n, page] of pages.entries()) {
    await choose(page, [wanted, ...own[n]]);
  }

  // Neither request leaves before both have been sent. Otherwise the first result would reach the other browser, which
  // would then request fewer seats.
  let sent = 0;
  let allSent;
  const everyoneSent = new Promise((resolve) => { allSent = resolve; });
  for (const page of pages) {
    await page.route('**/reservations', async (route) => {
      sent += 1;
      if (sent === pages.length) allSent();
      await everyoneSent;
      await route.continue();
    }, { times: 1 });
  }
  await Promise.all(pages.map((page) => page.getByTestId('hold-button').click()));
  const ends = await Promise.all(pages.map((page) => Promise.race([
    page.waitForURL(/\/checkout\//).then(() => 'held'),
    page.getByTestId('conflict-message').waitFor().then(() => 'refused'),
  ])));
  assert.deepEqual(ends.toSorted(), ['held', 'refused']);

  const loser = ends.indexOf('refused');
  const message = await pages[loser].getByTestId('conflict-message').textContent();
  assert.match(message, /Stalls, row A, seat 1 was just taken\./);
  assert.match(message, /Your other 2 are still selected\./);
  await seatSays(pages[loser], wanted, 'Held');
  for (const seat of own[loser]) {
    await seatSays(pages[loser], seat, 'Selected');
    assert.equal(await seatStatus(THEATRE, seat.seat_id), 'available');
  }
  // The remaining seats can be held with one more click.
  await pages[loser].getByTestId('hold-button').click();
  await pages[loser].waitForURL(/\/checkout\//);
});

scenario('a_hold_shows_in_the_other_browser_at_once', async ({ visitor }) => {
  const [seat, near] = await row(THEATRE, 'Stalls', 'B');
  const viewer = await openedAt(visitor, 'B');
  await choose(viewer, [near]);
  const buyer = await openedAt(visitor, 'B');
  await choose(buyer, [seat]);
  const answered = buyer.waitForResponse((it) => it.url().endsWith('/reservations'));
  await buyer.getByTestId('hold-button').click();
  assert.equal((await answered).status(), 201);
  const since = performance.now();
  await seatSays(viewer, seat, 'Held');
  const seen = performance.now() - since;
  console.log(`a hold was seen in the other browser ${seen.toFixed(0)} ms after its answer`);
  assert.ok(seen < SEEN_WITHIN_MS, `seen after ${seen} ms`);
  // The page shows no message about seats outside the visitor's choice.
  await seatSays(viewer, near, 'Selected');
  assert.equal(await viewer.getByTestId('conflict-message').count(), 0);
});

scenario('a_chosen_seat_that_another_holds_is_named_before_the_button_is_pressed',
  async ({ visitor }) => {
    const [lost, kept] = await row(THEATRE, 'Stalls', 'C');
    const page = await openedAt(visitor, 'C');
    await choose(page, [lost, kept]);
    await holdByApi(THEATRE, [lost]);
    const message = page.getByTestId('conflict-message');
    await message.waitFor();
    assert.match(await message.textContent(),
      /Stalls, row C, seat 1 was just taken\. Your other one is still selected\./);
    await seatSays(page, kept, 'Selected');
    assert.match(await page.getByTestId('hold-button').textContent(), /Hold 1 place/);
  });

scenario('a_press_on_its_way_when_a_seat_is_lost_takes_nothing', async ({ visitor }) => {
  const [lost, kept] = await row(THEATRE, 'Stalls', 'H');
  const page = await openedAt(visitor, 'H');
  await choose(page, [lost, kept]);
  const button = page.getByTestId('hold-button');
  await button.focus();
  const asked = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/reservations')) asked.push(request.postData());
  });
  // The test clicks at the moment when the loss appears, and then as often as an impatient hand could.
  await page.evaluate(() => {
    const LATER_MS = [0, 50, 100, 200];
    const watch = new MutationObserver(() => {
      if (!document.querySelector('[data-testid="conflict-message"]')) return;
      watch.disconnect();
      const press = () => document.querySelector('[data-testid="hold-button"]').click();
      window.presses = Promise.all(LATER_MS.map((wait) => new Promise((done) => {
        setTimeout(() => { press(); done(); }, wait);
      })));
    });
    watch.observe(document.body, { childList: true, subtree: true });
  });
  await holdByApi(THEATRE, [lost]);
  await page.getByTestId('conflict-message').waitFor();
  assert.equal(await button.getAttribute('aria-disabled'), 'true');
  await page.evaluate(() => window.presses);
  await page.locator('[data-testid="hold-button"][aria-disabled="false"]').waitFor();
  assert.deepEqual(asked, []);
  assert.equal(await seatStatus(THEATRE, kept.seat_id), 'available');
  // The message is still shown. The next press, with the focus that never moved, holds the remaining seats.
  assert.ok(await page.getByTestId('conflict-message').isVisible());
  assert.ok(await button.evaluate((it) => it === document.activeElement));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/checkout\//);
  assert.equal(asked.length, 1);
});

scenario('a_browser_without_the_stream_learns_of_the_loss_by_the_refusal', async ({ visitor }) => {
  const [lost, kept, other] = await row(THEATRE, 'Stalls', 'D');
  const page = await visitor(hall, {
    prepare: (it) => it.route(/\/stream\?/, (route) => route.abort()),
  });
  await openRow(page, 'Stalls', 'D');
  await choose(page, [lost, kept, other]);
  await holdByApi(THEATRE, [lost]);
  await page.getByTestId('hold-button').click();
  const message = page.getByTestId('conflict-message');
  await message.waitFor();
  assert.match(await message.textContent(),
    /Stalls, row D, seat 1 was just taken\. Your other 2 are still selected\./);
  await seatSays(page, lost, 'Held');
  await seatSays(page, kept, 'Selected');
  assert.equal(await seatStatus(THEATRE, kept.seat_id), 'available');
});

scenario('a_held_seat_cannot_be_chosen', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'E');
  await holdByApi(THEATRE, [seat]);
  const page = await openedAt(visitor, 'E');
  await seatSays(page, seat, 'Held');
  // The button says that it is disabled. The test clicks it nevertheless.
  await seatButton(page, seat).click({ force: true });
  assert.equal(await seatButton(page, seat).getAttribute('aria-pressed'), 'false');
  assert.ok(await page.getByTestId('hold-button').isDisabled());
});

scenario('a_lapsed_hold_turns_free_in_the_other_browser', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'F');
  const viewer = await openedAt(visitor, 'F');
  const buyer = await visitor(hall);
  await holdSeats(buyer, 'Stalls', 'F', [seat]);
  await seatSays(viewer, seat, 'Held');
  await advance(HOLD_MS + 1);
  await seatIsFree(viewer, seat);
  // The seat really is free: the other visitor can hold it.
  await choose(viewer, [seat]);
  await viewer.getByTestId('hold-button').click();
  await viewer.waitForURL(/\/checkout\//);
});

scenario('a_broken_stream_is_told_and_joined_again_without_a_loss', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'G');
  const page = await visitor(hall, {
    // The first connection ends at once. The browser reconnects after the time that the server told it.
    prepare: (it) => it.route(/\/stream\?/, (route) => route.fulfill({
      contentType: 'text/event-stream', body: 'retry: 5000\n\n',
    }), { times: 1 }),
  });
  await openRow(page, 'Stalls', 'G');
  const status = page.getByTestId('stream-status');
  await status.getByText('Reconnecting.').waitFor();
  await holdByApi(THEATRE, [seat]);
  await status.getByText('Reconnecting.').waitFor({ state: 'detached' });
  await seatSays(page, seat, 'Held');
});
