// A new account: registered in one browser, and activated there or in another one by the mail that came.

import assert from 'node:assert/strict';

import {
  NEW_PASSWORD, PHONE, acceptTerms, codeOf, fillRegistration, isSignedIn, overflow, signIn, suite,
  tokenOf, wrongOf } from './helpers.mjs';

const { scenario, api, mailTo, newAccount, activate } = suite({}, undefined, { byMail: true });

async function register(page, email, name = 'Ada') {
  await fillRegistration(page, email, { name });
  await page.getByTestId('register-button').click();
  await page.getByTestId('code-form').getByText(email).waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
}

const linkOf = async (email) => `/activate#${tokenOf(await mailTo(email, '/activate#'))}`;

const signedInAs = (page, name) => page.getByTestId('signed-in').getByText(name).waitFor();

scenario('the_link_signs_in_in_the_browser_that_has_registered', async ({ visitor }) => {
  const page = await visitor('/register');
  await register(page, 'link@example.org');
  await page.goto(new URL(await linkOf('link@example.org'), page.url()).href);
  await isSignedIn(page);
  await signedInAs(page, 'Ada');
  assert.equal(new URL(page.url()).hash, '', 'the token stays in no history');
});

scenario('another_browser_chooses_a_password_and_a_name', async ({ visitor }) => {
  const email = 'other@example.org';
  await register(await visitor('/register'), email, 'Mallory');
  const page = await visitor(await linkOf(email), { ...PHONE, alone: true });
  await page.getByTestId('owner-asked').waitFor();
  assert.equal(await page.locator('[aria-invalid="true"]').count(), 0, 'nothing was wrong');
  await page.locator('#first_name').fill('Grace');
  await page.locator('#password').fill('short');
  await acceptTerms(page);
  assert.equal(await overflow(page), 0);
  await page.getByTestId('activate-button').click();
  await page.locator('#password[aria-invalid="true"]').waitFor();
  await page.locator('#password').fill('correct-Horse7-battery');
  await page.getByTestId('activate-button').click();
  await isSignedIn(page);
  await signedInAs(page, 'Grace');
  const { status } = await api('POST', '/auth/login', { email, password: NEW_PASSWORD });
  assert.equal(status, 401, 'the password of the registration counts');
  page.faults.length = 0;
});

scenario('a_wrong_code_is_told_and_the_mail_comes_once_more', async ({ visitor }) => {
  const email = 'code@example.org';
  const page = await visitor('/register');
  await register(page, email);
  const code = codeOf(await mailTo(email, '/activate#'));
  await page.locator('#mail-code').fill(wrongOf(code));
  await page.getByTestId('no-proof').waitFor();
  await page.getByTestId('ask-again').click();
  await page.getByTestId('asked').waitFor();
  await page.locator('#mail-code').fill(code);
  await isSignedIn(page);
  page.faults.length = 0;
});

scenario('who_comes_back_later_asks_for_the_mail_and_a_used_link_is_told', async ({ visitor }) => {
  const email = 'later@example.org';
  const page = await visitor('/register');
  await register(page, email);
  await page.goto(new URL('/login', page.url()).href);
  await page.getByTestId('activate-link').click();
  await page.locator('#email').fill(email);
  await page.getByTestId('ask-button').click();
  await activate(page, email);
  await isSignedIn(page);
  const again = await visitor(await linkOf(email), { alone: true });
  await again.getByTestId('no-proof').waitFor();
  await again.getByTestId('ask-link').click();
  await again.getByTestId('ask-button').waitFor();
  again.faults.length = 0;
  page.faults.length = 0;
});

scenario('a_form_that_asks_for_more_than_the_code_waits_for_its_button', async ({ visitor }) => {
  const email = 'more@example.org';
  await register(await visitor('/register'), email, 'Mallory');
  const page = await visitor('/activate', { alone: true });
  await page.locator('#email').fill(email);
  await page.getByTestId('ask-button').click();
  await page.locator('#mail-code-help').getByText('The form is sent when the last digit is entered.').waitFor();
  await activate(page, email);
  await page.getByTestId('owner-asked').waitFor();
  await page.waitForFunction(() =>
    document.getElementById('mail-code-help').textContent === 'Six digits, which you can also paste.');
  page.faults.length = 0;
});

scenario('who_has_forgotten_the_password_before_the_activation_activates', async ({ visitor }) => {
  const email = 'forgets@example.org';
  await register(await visitor('/register'), email, 'Mallory');
  const page = await visitor('/forgot');
  await page.locator('#email').fill(email);
  await page.getByTestId('forgot-button').click();
  await page.getByTestId('code-form').waitFor();
  const code = codeOf(await mailTo(email, '/activate#'));
  await page.locator('#mail-code').fill(code);
  await page.locator('#password').fill('correct-Horse7-battery');
  await page.getByTestId('reset-button').click();
  await page.getByTestId('owner-asked').waitFor();
  await page.locator('#first_name').fill('Grace');
  assert.equal(await page.locator('[aria-invalid="true"]').count(), 0, 'nothing was wrong');
  await acceptTerms(page);
  await page.locator('#mail-code').fill(wrongOf(code));
  await page.getByTestId('activate-button').click();
  await page.locator('#mail-code[aria-invalid="true"]').waitFor();
  assert.equal(await page.getByTestId('no-proof').count(), 1, 'it is told at the code alone');
  await page.locator('#mail-code').fill(code);
  await page.getByTestId('activate-button').click();
  await isSignedIn(page);
  await signedInAs(page, 'Grace');
  page.faults.length = 0;
});

scenario('a_known_address_sees_the_same_page_and_gets_a_mail_that_says_so', async ({ visitor }) => {
  const email = 'known@example.org';
  await newAccount(email);
  const page = await visitor('/register');
  await register(page, email, 'Mallory');
  const mail = await mailTo(email, '/login');
  assert.equal(mail.subject, 'You have an account');
  const entry = await visitor('/login');
  await signIn(entry, email);
  await signedInAs(entry, 'Ada');
});
