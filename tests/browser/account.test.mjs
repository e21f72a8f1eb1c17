// The account page: the password, and the devices on which the user is signed in.

import assert from 'node:assert/strict';

import { DEMO_PASSWORD, bearerOf, enterAs, overflow, signIn, suite } from './helpers.mjs';

const NEW = 'correct-Horse7-battery';
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const { scenario, api, newAccount, url } = suite();

// The account page of a new user, who is also signed in elsewhere.
async function accountOf(visitor, email, options) {
  await newAccount(email);
  await bearerOf(api, email);
  const page = await visitor('/bookings', { ...options, prepare: (it) => enterAs(it, url(), email) });
  await page.getByTestId('account-link').click();
  await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
  await page.getByTestId('session').first().waitFor();
  return page;
}

scenario('a_user_signs_out_on_other_devices', async ({ visitor }) => {
  const page = await accountOf(visitor, 'devices@example.org');
  // The registration and the sign-in by the API, and this browser.
  assert.equal(await page.getByTestId('session').count(), 3);
  await page.getByTestId('session').filter({ hasText: 'This device' }).getByText('127.0.0.1').waitFor();
  await page.getByTestId('end-session').first().click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=session]').length === 2);
  await page.getByTestId('end-others').click();
  await page.getByTestId('end-others').waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=session]').length === 1);
  await page.reload();
  await page.getByTestId('session').getByText('This device').waitFor();
});

scenario('a_user_changes_the_password_on_a_phone', async ({ visitor }) => {
  const page = await accountOf(visitor, 'changes@example.org', PHONE);
  const change = async (current, password) => {
    await page.locator('#current-password').fill(current);
    await page.locator('#password').fill(password);
    await page.getByTestId('reset-button').click();
  };
  await change('Wrong-pass-1', NEW);
  await page.getByTestId('no-proof').waitFor();
  await change(DEMO_PASSWORD, 'Password1');
  await page.getByText('This password is too easy to guess.').waitFor();
  await change(DEMO_PASSWORD, NEW);
  await page.getByTestId('password-changed').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=session]').length === 1);
  assert.equal(await overflow(page), 0);
  await page.getByTestId('sign-out').click();
  await page.getByRole('heading', { name: 'Sign in to see your account' }).waitFor();
  await page.locator('main').getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, 'changes@example.org', NEW);
  await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
  page.faults.length = 0;
});

scenario('a_user_changes_the_names_and_the_language_of_mails', async ({ visitor }) => {
  const email = 'renamed@example.org';
  const page = await accountOf(visitor, email);
  await page.locator('#first_name').fill('');
  await page.getByTestId('profile-button').click();
  await page.locator('#first_name[aria-invalid="true"]').waitFor();
  await page.locator('#first_name').fill('Augusta');
  await page.locator('#last_name').fill('');
  await page.locator('#locale').selectOption('fr');
  await page.getByTestId('profile-button').click();
  await page.getByTestId('profile-saved').waitFor();
  await page.getByTestId('signed-in').getByText('Augusta').waitFor();
  await page.reload();
  await page.getByTestId('profile-button').waitFor();
  assert.deepEqual([await page.locator('#first_name').inputValue(), await page.locator('#last_name').inputValue(),
    await page.locator('#locale').inputValue()], ['Augusta', '', 'fr']);
  page.faults.length = 0;
});
