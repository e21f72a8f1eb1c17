// A forgotten password: by the link and by the code of the mail that development shows.

import assert from 'node:assert/strict';

import { DEMO_PASSWORD, PHONE, overflow, signIn, suite, wrongOf } from './helpers.mjs';

const NEW = 'correct-Horse7-battery';

const { scenario, api, url, mailTo, newAccount } = suite({}, undefined, { byMail: true });

// Asks for the mail on the page to which the sign-in page leads.
async function forgets(page, email) {
  await page.getByTestId('forgot-link').click();
  await page.locator('#email').fill(email);
  await page.getByTestId('forgot-button').click();
  await page.getByTestId('code-form').waitFor();
  return mailTo(email, '/reset#');
}

scenario('the_link_of_the_mail_sets_a_password_once', async ({ visitor }) => {
  const email = 'link@example.org';
  await newAccount(email);
  const page = await visitor('/login');
  const mail = await forgets(page, email);
  const link = mail.links.find((it) => it.includes('/reset#'));
  const address = url() + new URL(link).pathname + new URL(link).hash;
  await page.goto(address);
  await page.locator('#password').fill('short');
  await page.getByTestId('reset-button').click();
  await page.getByText('At least 8 characters').first().waitFor();
  assert.equal(new URL(page.url()).hash, '', 'the token stays in no history');
  await page.locator('#password').fill(NEW);
  await page.getByTestId('reset-button').click();
  await page.getByTestId('password-set').waitFor();
  await page.getByTestId('password-set').getByRole('link').click();
  await signIn(page, email, NEW);

  await page.goto(address);
  await page.locator('#password').fill(NEW);
  await page.getByTestId('reset-button').click();
  await page.getByTestId('no-proof').waitFor();
  page.faults.length = 0;
});

scenario('the_code_of_the_mail_sets_a_password_on_a_phone', async ({ visitor }) => {
  const email = 'code@example.org';
  await newAccount(email, { locale: 'fr' });
  const page = await visitor('/login', PHONE);
  const mail = await forgets(page, email);
  assert.match(mail.subject, /mot de passe/);
  const [code] = mail.text.match(/\b\d{6}\b/);
  await page.locator('#mail-code').fill(wrongOf(code));
  await page.locator('#password').fill(NEW);
  await page.getByTestId('reset-button').click();
  await page.getByTestId('no-proof').waitFor();
  assert.equal(await overflow(page), 0);
  await page.locator('#mail-code').fill(code);
  await page.getByTestId('reset-button').click();
  await page.getByTestId('password-set').waitFor();
  assert.equal(await overflow(page), 0);
  page.faults.length = 0;
});
