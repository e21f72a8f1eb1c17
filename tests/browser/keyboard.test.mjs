// A whole purchase without a mouse, through the list: section → row → seat.

import assert from 'node:assert/strict';

import { THEATRE, emailOf, hallIsOpen, isConfirmed, seatSays, suite } from './helpers.mjs';

const TABS_MAX = 120;

const { scenario, row } = suite();

// Presses Tab until the wanted element has the focus. The focus must be visible at every stop.
async function tabTo(page, locator) {
  const target = await locator.elementHandle();
  for (let n = 0; n < TABS_MAX; n += 1) {
    await page.keyboard.press('Tab');
    const { there, seen, name } = await target.evaluate((it) => {
      const at = document.activeElement;
      const ring = (element, part) => {
        const style = getComputedStyle(element, part);
        return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
      };
      const label = at.closest('label');
      return {
        there: at === it,
        seen: at === document.body || ring(at) || ring(at, '::after') ||
          (label !== null && ring(label)),
        name: at.outerHTML.slice(0, 120),
      };
    });
    assert.ok(seen, `the focus is not seen on ${name}`);
    if (there) {
      return;
    }
  }
  assert.fail(`not reached with ${TABS_MAX} tabs: ${locator}`);
}

// Waits until the heading of the new page has the focus.
async function isFocused(page, name) {
  await page.waitForFunction((text) => document.activeElement.matches('h1')
    && document.activeElement.textContent.trim() === text, name);
}

scenario('everything_from_the_list_to_the_tickets_goes_by_keyboard', async ({ visitor }) => {
  const seats = (await row(THEATRE, 'Stalls', 'A')).slice(0, 2);
  const page = await visitor('/');
  await page.getByTestId('event-card').first().waitFor();
  await tabTo(page, page.getByRole('link', { name: 'The Tempest: premiere' }));
  await page.keyboard.press('Enter');
  await hallIsOpen(page);
  await isFocused(page, 'The Tempest: premiere');

  await tabTo(page, page.getByTestId('section-Stalls'));
  await page.keyboard.press('Enter');
  await page.getByTestId('row-A').waitFor();
  await tabTo(page, page.getByTestId('row-A'));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByTestId(`seat-${seats[0].seat_id}`));
  await page.keyboard.press('Space');
  await seatSays(page, seats[0], 'Selected');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await seatSays(page, seats[1], 'Selected');
  // From a seat, three keys hold.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.ok(await page.getByTestId('hold-button').evaluate((it) => it === document.activeElement));
  await page.keyboard.press('Enter');

  await page.getByTestId('pay-button').waitFor();
  await isFocused(page, 'Checkout');
  await tabTo(page, page.locator('#email'));
  await page.keyboard.type(emailOf(page));
  await tabTo(page, page.locator('input[value="pm_card_visa"]'));
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.ok(await page.locator('input[value="pm_card_authenticationRequired"]').isChecked());
  await tabTo(page, page.locator('#accepted-terms'));
  await page.keyboard.press('Space');
  await tabTo(page, page.getByTestId('pay-button'));
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  // The first button of the dialog already has the focus.
  assert.ok(await page.getByTestId('second-step-approve')
    .evaluate((it) => it === document.activeElement));
  await page.keyboard.press('Enter');
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), seats.length);
});

scenario('the_skip_link_goes_past_the_header', async ({ visitor }) => {
  const page = await visitor('/');
  await page.getByTestId('event-card').first().waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  assert.ok(await page.evaluate(() =>
    document.getElementById('main').contains(document.activeElement)));
});

scenario('a_chosen_seat_is_given_up_by_keyboard', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'B');
  const page = await visitor(`/events/${THEATRE}`);
  await hallIsOpen(page);
  await page.getByTestId('section-Stalls').press('Enter');
  await page.getByTestId('row-B').press('Enter');
  await page.getByTestId(`seat-${seat.seat_id}`).press('Enter');
  await seatSays(page, seat, 'Selected');
  await tabTo(page, page.getByTestId('section-Stalls'));
  await page.getByRole('button', { name: 'Remove Stalls, row B, seat 1' }).press('Enter');
  await page.getByText('Choose seats on the map or from the list.').waitFor();
  assert.ok(await page.getByTestId('hold-button').isDisabled());
});

scenario('the_map_moves_by_keys', async ({ visitor }) => {
  const page = await visitor(`/events/${THEATRE}`);
  await hallIsOpen(page);
  const map = page.getByTestId('seat-map');
  const look = () => map.evaluate((it) => it.toDataURL());
  const whole = await look();
  await map.focus();
  for (const key of ['+', 'ArrowLeft', 'ArrowDown']) {
    const before = await look();
    await page.keyboard.press(key);
    await page.waitForFunction((picture) =>
      document.querySelector('[data-testid="seat-map"]').toDataURL() !== picture, before);
  }
  await page.keyboard.press('0');
  await page.waitForFunction((picture) =>
    document.querySelector('[data-testid="seat-map"]').toDataURL() === picture, whole);
});
