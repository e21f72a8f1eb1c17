// The list of events over a store that the server seeded itself. The tests in pages and phone check how the page looks.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openBrowser, startHoldfast, visit } from './harness.mjs';

let holdfast;
let browser;
before(async () => {
  holdfast = await startHoldfast({}, null);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await holdfast?.stop();
});

test('start_page_lists_the_seeded_events', async () => {
  const page = await visit(browser, holdfast.url);
  const { body } = await holdfast.api('GET', '/events');
  assert.ok(body.items.length >= 3);
  for (const event of body.items) {
    await page.getByText(event.name).first().waitFor();
  }
  assert.deepEqual(page.faults, []);
});
