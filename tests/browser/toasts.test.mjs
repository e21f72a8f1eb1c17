// The short messages that something is done: who hears them, how they go, and what they never cover.

import assert from 'node:assert/strict';

import { accessibilityFaults, assertAccessible } from './harness.mjs';
import { PHONE, bearerOf, enterAs, overflow, suite } from './helpers.mjs';

const SHOWN_MS = 6_000;
// How far a toast at its lowest place is above the edge of the window.
const MARGIN_PX = 16;

const { scenario, api, newAccount, url } = suite();

// The account page of a new user, who is also signed in elsewhere.
async function accountOf(visitor, email, options) {
  await newAccount(email);
  await bearerOf(api, email);
  const page = await visitor('/account', { ...options, prepare: (it) => enterAs(it, url(), email) });
  await page.getByTestId('session').first().waitFor();
  return page;
}

const toast = (page) => page.getByTestId('toast');

async function saves(page, name) {
  await page.locator('#first_name').fill(name);
  await page.getByTestId('profile-button').click();
  await page.getByTestId('signed-in').getByText(name).waitFor();
}

scenario('a_toast_is_heard_and_closed_by_keys_which_give_the_focus_back', async ({ visitor }) => {
  const page = await accountOf(visitor, 'heard@example.org');
  const rack = page.getByTestId('toasts');
  assert.equal(await rack.getAttribute('role'), 'status', 'the region is there before the text');
  await saves(page, 'Augusta');
  await page.getByRole('status').getByText('Your profile is saved.').waitFor();
  assertAccessible(await accessibilityFaults(page));
  await page.keyboard.press('Escape');
  await toast(page).waitFor({ state: 'detached' });

  await saves(page, 'Grace');
  await page.locator('#last_name').focus();
  await toast(page).getByRole('button', { name: 'Close' }).focus();
  await page.keyboard.press('Enter');
  await toast(page).waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.id), 'last_name');
});

scenario('a_toast_goes_by_itself_unless_somebody_looks_at_it', async ({ visitor }) => {
  const page = await accountOf(visitor, 'goes@example.org', { alone: true });
  await page.clock.install();
  await saves(page, 'Augusta');
  await toast(page).waitFor();
  await toast(page).hover();
  await page.clock.runFor(2 * SHOWN_MS);
  assert.equal(await toast(page).count(), 1);
  await page.mouse.move(5, 300);
  await page.clock.runFor(2 * SHOWN_MS);
  await toast(page).waitFor({ state: 'detached' });
});

scenario('at_most_three_toasts_are_shown_and_none_twice', async ({ visitor }) => {
  const page = await accountOf(visitor, 'three@example.org');
  await saves(page, 'Augusta');
  await saves(page, 'Grace');
  assert.equal(await toast(page).count(), 1, 'the same text stands there once');
  await page.getByTestId('end-session').first().click();
  await toast(page).getByText('The other device is signed out.').waitFor();
  const saved = page.waitForEvent('download');
  await page.getByTestId('export-button').click();
  await saved;
  await toast(page).getByText('Your data is saved as a file.').waitFor();
  await page.getByTestId('end-others').click();
  await toast(page).getByText('All other devices are signed out.').waitFor();
  assert.deepEqual((await toast(page).locator('p').allTextContents()).sort(),
    ['All other devices are signed out.', 'The other device is signed out.', 'Your data is saved as a file.']);
  await page.keyboard.press('Escape');
  assert.equal(await toast(page).count(), 2);
});

for (const colorScheme of ['light', 'dark']) {
  scenario(`a_toast_covers_no_primary_button_of_a_phone_${colorScheme}`, async ({ visitor }) => {
    const page = await accountOf(visitor, `${colorScheme}@example.org`, { ...PHONE, colorScheme, reducedMotion: 'reduce' });
    const uncovers = () => page.waitForFunction(() => {
      const places = (selector) => [...document.querySelectorAll(selector)].map((it) => it.getBoundingClientRect());
      const buttons = places('main .button.primary');
      return places('.toast').every((toast) =>
        buttons.every((button) => button.bottom <= toast.top || button.top >= toast.bottom));
    });
    const button = page.getByTestId('profile-button');
    await page.locator('#first_name').fill('Augusta');
    // The button stands at the lower edge of the window.
    const end = await button.evaluate((it) => it.getBoundingClientRect().bottom);
    await page.setViewportSize({ width: PHONE.viewport.width, height: Math.ceil(end) + MARGIN_PX });
    await button.click();
    await toast(page).waitFor();
    // A toast at its lowest place would cover the button.
    const { top, bottom } = await button.evaluate((it) => {
      const { top, bottom } = it.getBoundingClientRect();
      return { top, bottom };
    });
    const { height } = await toast(page).boundingBox();
    const lowest = page.viewportSize().height - MARGIN_PX;
    assert.ok(bottom > lowest - height && top < lowest, `the button is at ${top} to ${bottom}`);
    await uncovers();
    await page.evaluate(() => window.scrollBy(0, 120));
    await uncovers();
    assert.equal(await overflow(page), 0);
    assert.equal(await toast(page).evaluate((it) => getComputedStyle(it).animationName), 'none');
    assertAccessible(await accessibilityFaults(page));
  });
}

scenario('the_desk_says_that_an_invitation_is_on_its_way', async ({ visitor }) => {
  const page = await visitor('/desk/organizations', { prepare: (it) => enterAs(it, url(), 'organizer@demo.test') });
  await page.getByTestId('show-members').click();
  await page.locator('#invite-email').fill('invited.toast@example.org');
  await page.getByTestId('invite-button').click();
  await page.getByRole('status').getByText('The invitation is on its way.').waitFor();
  await page.getByTestId('invitation').filter({ hasText: 'invited.toast@example.org' }).getByTestId('withdraw').click();
  await page.getByRole('status').getByText('The invitation is withdrawn.').waitFor();
});
