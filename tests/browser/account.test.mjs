// The account page: the profile, the address, the password, the devices on which the user is signed in, and the data.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { DEMO_PASSWORD, PHONE, bearerOf, codeOf, enterAs, overflow, signIn, suite, tokenOf, wrongOf } from './helpers.mjs';

const NEW = 'correct-Horse7-battery';

const { scenario, api, mailTo, newAccount, url } = suite({}, undefined, { byMail: true });

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
  await page.getByTestId('toast').getByText('Your password is changed').waitFor();
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
  await page.getByTestId('toast').getByText('Your profile is saved.').waitFor();
  await page.getByTestId('signed-in').getByText('Augusta').waitFor();
  await page.reload();
  await page.getByTestId('profile-button').waitFor();
  assert.deepEqual([await page.locator('#first_name').inputValue(), await page.locator('#last_name').inputValue(),
    await page.locator('#locale').inputValue()], ['Augusta', '', 'fr']);
  page.faults.length = 0;
});

// Asks for another address on the account page.
async function wants(page, email) {
  await page.locator('#email').fill(email);
  await page.locator('#email-current-password').fill(DEMO_PASSWORD);
  await page.getByTestId('new-email-button').click();
  await page.getByTestId('email-code-form').getByText(email).waitFor();
}

scenario('a_code_gives_the_account_another_address_on_a_phone', async ({ visitor }) => {
  const page = await accountOf(visitor, 'before@example.org', PHONE);
  await page.locator('#email').fill('x');
  await page.locator('#email-current-password').fill(DEMO_PASSWORD);
  await page.getByTestId('new-email-button').click();
  await page.locator('#email[aria-invalid="true"]').waitFor();
  await page.locator('#email').fill('Before@example.org');
  await page.getByTestId('new-email-button').click();
  await page.locator('#same-email').getByText('This is your address already.').waitFor();
  await wants(page, 'after@example.org');
  const code = codeOf(await mailTo('after@example.org', '/email#'));
  await page.locator('#mail-code').fill(wrongOf(code));
  await page.getByTestId('no-proof').waitFor();
  assert.equal(await overflow(page), 0);
  await page.locator('#mail-code').fill(code);
  await page.getByTestId('toast').getByText('Your address is changed.').waitFor();
  await page.locator('main').getByText('after@example.org').waitFor();
  page.faults.length = 0;
});

scenario('the_link_of_the_mail_changes_the_address_and_the_former_one_takes_it_back', async ({ visitor }) => {
  const page = await accountOf(visitor, 'robbed@example.org');
  await wants(page, 'robber@example.org');
  const other = await visitor(`/email#${tokenOf(await mailTo('robber@example.org', '/email#'))}`);
  await other.getByRole('heading', { level: 1, name: 'Use this address' }).waitFor();
  await other.getByTestId('email-button').click();
  await other.getByTestId('email-done').waitFor();
  assert.equal(new URL(other.url()).hash, '', 'the token stays in no history');
  await page.reload();
  await page.locator('main').getByText('robber@example.org').waitFor();
  // The robber ends the owner's session, and the owner's browser does not know it yet.
  const robber = await bearerOf(api, 'robber@example.org');
  assert.equal((await api('DELETE', '/auth/sessions', undefined, robber)).status, 204);
  await page.goto(`${url()}/email#${tokenOf(await mailTo('robbed@example.org', '/email#'))}`);
  await page.getByRole('heading', { level: 1, name: 'Take the change back' }).waitFor();
  await page.getByTestId('email-button').click();
  await page.getByTestId('email-done').getByText('The account has this address again').waitFor();
  await page.locator('header').getByRole('link', { name: 'Sign in' }).waitFor();
  await page.goto(`${url()}/reset#${tokenOf(await mailTo('robbed@example.org', '/reset#'))}`);
  await page.locator('#password').fill(NEW);
  await page.getByTestId('reset-button').click();
  await page.getByTestId('password-set').getByRole('link').click();
  await signIn(page, 'robbed@example.org', NEW);
  page.faults.length = 0;
});

scenario('a_user_saves_their_data_and_erases_the_account', async ({ visitor }) => {
  const page = await accountOf(visitor, 'leaving@example.org');
  const [download] = await Promise.all([
    page.waitForEvent('download'), page.getByTestId('export-button').click(),
  ]);
  assert.equal(download.suggestedFilename(), 'holdfast-account.zip');
  const saved = await readFile(await download.path());
  assert.equal(saved.subarray(0, 2).toString(), 'PK');
  await page.getByTestId('toast').getByText('Your data is saved').waitFor();

  await page.getByTestId('erase').click();
  await page.locator('#erase-current-password').fill('Wrong-pass-1');
  await page.getByTestId('erase-button').click();
  await page.getByTestId('erasure-form').getByTestId('no-proof').waitFor();
  await page.getByTestId('keep-account').click();
  await page.getByTestId('erase').click();
  assert.equal(await page.locator('#erase-current-password').inputValue(), '', 'nothing typed is kept');
  await page.locator('#erase-current-password').fill(DEMO_PASSWORD);
  await page.getByTestId('erase-button').click();
  await page.getByTestId('account-erased').waitFor();
  const credentials = { email: 'leaving@example.org', password: DEMO_PASSWORD };
  assert.equal((await api('POST', '/auth/login', credentials)).status, 401);
  page.faults.length = 0;
});
