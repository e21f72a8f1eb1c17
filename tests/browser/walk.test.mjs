// The buyer's whole way from the list of events to a cancelled booking, in each browser, in a wide and a narrow window.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BROWSER_NAMES } from './harness.mjs';
import {
  THEATRE, coloursOf, hallIsOpen, holdSeats, isConfirmed, isStill, overflow, pay, suite,
} from './helpers.mjs';

const WINDOWS = [
  { viewport: { width: 1280, height: 800 }, name: 'A' },
  { viewport: { width: 390, height: 844 }, name: 'B' },
];
// A hall that is drawn has at least the colours of its categories, its text and its background.
const COLOURS_MIN = 20;

for (const browserName of BROWSER_NAMES) {
  describe(browserName, () => {
    const { scenario, browser, row, seatStatus } = suite({}, null, { browserName });

    const allAre = async (seats, status) => {
      for (const seat of seats) assert.equal(await seatStatus(THEATRE, seat.seat_id), status);
    };
    const fits = async (page) => assert.equal(await overflow(page), 0, page.url());

    for (const { viewport, name } of WINDOWS) {
      const title = `a_buyer_buys_and_cancels_in_${browserName}_of_${viewport.width}`;
      scenario(title, async ({ visitor }) => {
        const seats = (await row(THEATRE, 'Stalls', name)).slice(0, 2);
        const page = await visitor('/', { viewport });
        await page.getByRole('link', { name: 'The Tempest: premiere' }).click();
        await hallIsOpen(page);
        await isStill(page);
        await fits(page);
        const drawn = await page.getByTestId('seat-map').screenshot();
        assert.ok(await coloursOf(browser(), drawn) >= COLOURS_MIN, 'the map shows nothing');

        await holdSeats(page, 'Stalls', name, seats);
        await pay(page, 'pm_card_chargeDeclined');
        await page.getByTestId('pay-message').getByText(/declined\. Nothing was charged/).waitFor();
        await fits(page);
        await allAre(seats, 'held');
        await pay(page);

        const reference = await isConfirmed(page);
        assert.equal(await page.getByTestId('ticket').count(), seats.length);
        await fits(page);
        await allAre(seats, 'sold');
        await page.reload();
        assert.equal(await isConfirmed(page), reference);

        await page.getByTestId('cancel-booking').click();
        await page.getByTestId('question-confirm').click();
        await page.getByRole('heading', { name: 'Cancelled', level: 1 }).waitFor();
        await fits(page);
        await allAre(seats, 'available');
      });
    }
  });
}
