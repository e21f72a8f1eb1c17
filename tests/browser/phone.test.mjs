// A whole purchase on a phone, only with taps.

import assert from 'node:assert/strict';

import {
  PHONE, SPORTS_HALL, THEATRE, checkoutIsOpen, emailOf, hallIsOpen, isConfirmed, isStill, overflow,
  suite,
} from './helpers.mjs';

const TAPS_MAX = 12;

const { scenario, row, holdByApi } = suite();

async function opened(visitor, slug) {
  const page = await visitor(`/events/${slug}`, PHONE);
  await hallIsOpen(page);
  await isStill(page);
  return page;
}

scenario('a_phone_buys_with_taps_and_the_button_never_moves', async ({ visitor }) => {
  const page = await visitor('/', PHONE);
  await page.getByRole('link', { name: 'The Tempest: premiere' }).tap();
  await hallIsOpen(page);
  assert.equal(await overflow(page), 0);
  const button = page.getByTestId('hold-button');
  const place = await button.boundingBox();
  assert.ok(place.y + place.height <= PHONE.viewport.height, 'the button is on the screen');
  const stays = async (when) => assert.deepEqual(await button.boundingBox(), place, when);

  const seats = (await row(THEATRE, 'Stalls', 'A')).slice(0, 3);
  await page.getByTestId('section-Stalls').tap();
  await stays('with a section open');
  await page.getByTestId('row-A').tap();
  for (const seat of seats) {
    await page.getByTestId(`seat-${seat.seat_id}`).tap();
    await page.locator(`[data-testid="seat-${seat.seat_id}"][aria-pressed="true"]`).waitFor();
    await stays('with a seat chosen');
  }
  // A message appears above the button and does not move it.
  await holdByApi(THEATRE, [seats[2]]);
  await page.getByTestId('conflict-message').waitFor();
  await stays('with a message');
  await page.evaluate(() => window.scrollTo(0, 0));
  await stays('at the top of the page');
  await button.tap();

  await checkoutIsOpen(page);
  assert.equal(await overflow(page), 0);
  await page.locator('#email').tap();
  await page.keyboard.type(emailOf(page));
  await page.getByTestId('method-pm_card_visa').tap();
  await page.locator('#accepted-terms').tap();
  await page.getByTestId('pay-button').tap();
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), 2);
  assert.equal(await overflow(page), 0);
});

scenario('taps_on_the_map_come_nearer_and_then_choose', async ({ visitor }) => {
  const page = await opened(visitor, THEATRE);
  const map = await page.getByTestId('seat-map').boundingBox();
  const button = page.getByTestId('hold-button');
  // Taps near the middle of the hall. A tap between two seats chooses none, so the test tries a few places.
  for (let n = 0; n < TAPS_MAX && await button.isDisabled(); n += 1) {
    await page.touchscreen.tap(map.x + map.width / 2 + 9 * (n % 3), map.y + map.height / 2 + 7 * n);
    await isStill(page);
  }
  assert.ok(await button.isEnabled(), 'no tap chose a seat');
  assert.match(await button.textContent(), /Hold 1 place/);
  await button.tap();
  await checkoutIsOpen(page);
});

scenario('two_fingers_zoom_the_map_and_not_the_page', async ({ visitor }) => {
  const page = await opened(visitor, SPORTS_HALL);
  const canvas = page.getByTestId('seat-map');
  const before = await canvas.evaluate((it) => it.toDataURL());
  const { x, y, width, height } = await canvas.boundingBox();
  const [left, top] = [x + width / 2, y + height / 2];
  const touch = await page.context().newCDPSession(page);
  const fingers = (apart) => [
    { x: left - apart, y: top, id: 1 }, { x: left + apart, y: top, id: 2 },
  ];
  const send = (type, touchPoints) =>
    touch.send('Input.dispatchTouchEvent', { type, touchPoints });
  await send('touchStart', fingers(30));
  for (const apart of [50, 70, 90, 110]) {
    await send('touchMove', fingers(apart));
  }
  await send('touchEnd', []);
  await isStill(page);
  assert.notEqual(await canvas.evaluate((it) => it.toDataURL()), before);
  assert.equal(await page.evaluate(() => window.visualViewport.scale), 1);
  assert.ok(await page.getByTestId('hold-button').isDisabled(), 'a pinch chooses nothing');
});

for (const path of ['/', `/events/${SPORTS_HALL}`, '/login', '/register', '/cookies', '/desk', '/nowhere']) {
  scenario(`the_page_${path.split('/').at(1) || 'start'}_fits_a_phone_of_360`, async ({ visitor }) => {
    const page = await visitor(path, { ...PHONE, viewport: { width: 360, height: 740 } });
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' });
    assert.equal(await overflow(page), 0);
  });
}
