import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessibilityFaults, assertAccessible, openBrowser, startHoldfast, visit } from './harness.mjs';

let holdfast;
let browser;
before(async () => {
  // What is seen here is what the server makes of an empty store.
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

for (const colorScheme of ['light', 'dark']) {
  test(`start_page_is_accessible_in_${colorScheme}`, async () => {
    const page = await visit(browser, holdfast.url, { colorScheme });
    await page.getByRole('heading', { level: 1 }).waitFor();
    assertAccessible(await accessibilityFaults(page));
  });
}

test('start_page_fits_a_phone', async () => {
  const page = await visit(browser, holdfast.url, { viewport: { width: 360, height: 740 } });
  await page.getByRole('heading', { level: 1 }).waitFor();
  const overflow = await page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(overflow, 0);
});
