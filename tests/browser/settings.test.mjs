// The page of settings: the language and the colours stay, the language also on other devices, and the mails are named.

import assert from 'node:assert/strict';

import { DEMO_PASSWORD, PHONE, enterAs, overflow, signIn, suite, title } from './helpers.mjs';

const { scenario, newAccount, url } = suite();

const themeOf = (page) => page.evaluate(() => document.documentElement.dataset.theme);

scenario('a_guests_choices_stay_in_the_browser', async ({ visitor }) => {
  const page = await visitor('/settings');
  await title(page, 'Settings');
  const sent = [];
  page.on('request', (request) => request.method() === 'PATCH' && sent.push(request.url()));
  assert.ok(await page.getByRole('radio', { name: 'English' }).isChecked());
  await page.getByRole('radio', { name: 'Français' }).check();
  await title(page, 'Réglages');
  await page.getByRole('group', { name: 'Couleurs' }).getByRole('radio', { name: 'Sombres' }).check();
  assert.equal(await themeOf(page), 'dark');
  await page.reload();
  await title(page, 'Réglages');
  assert.ok(await page.getByTestId('language-fr').isChecked());
  assert.ok(await page.getByTestId('colours-dark').isChecked());
  assert.equal(await themeOf(page), 'dark');
  // The buttons of the header change the same choices.
  await page.getByTestId('theme').click();
  assert.ok(await page.getByTestId('colours-auto').isChecked());
  await page.getByTestId('language').click();
  await title(page, 'Settings');
  assert.ok(await page.getByTestId('language-en').isChecked());
  assert.deepEqual(sent, [], 'a guest has no account in which to save anything');
});

scenario('the_language_of_an_account_is_there_on_another_device', async ({ visitor }) => {
  const email = 'languages@example.org';
  await newAccount(email);
  const page = await visitor('/account', { ...PHONE, prepare: (it) => enterAs(it, url(), email) });
  await page.getByTestId('settings-link').click();
  await title(page, 'Settings');
  await page.getByTestId('mail-language').getByText('English').waitFor();
  await page.getByTestId('mails').getByText('there is nothing to switch off').waitFor();
  await page.getByTestId('language-fr').check();
  await page.getByTestId('toast').getByText('Votre langue est enregistrée.').waitFor();
  await page.getByTestId('mail-language').getByText('Français').waitFor();
  assert.equal(await overflow(page), 0);

  // A browser in which nobody has chosen a language takes it at the sign-in.
  const other = await visitor('/login?next=/settings', { alone: true });
  await signIn(other, email, DEMO_PASSWORD);
  await title(other, 'Réglages');
  assert.ok(await other.getByTestId('language-fr').isChecked());

  // A choice in a browser stays, whatever the account says.
  const third = await visitor('/login?next=/settings', { alone: true });
  await third.getByTestId('language').click();
  await third.getByTestId('language').click();
  await signIn(third, email, DEMO_PASSWORD);
  await title(third, 'Settings');
  await third.getByTestId('mail-language').getByText('Français').waitFor();
});

scenario('the_next_user_of_a_browser_gets_the_language_of_their_own_account', async ({ visitor }) => {
  await newAccount('french@example.org', { locale: 'fr' });
  await newAccount('english@example.org');
  const page = await visitor('/login?next=/settings', { alone: true });
  await signIn(page, 'french@example.org', DEMO_PASSWORD);
  await title(page, 'Réglages');
  await page.getByTestId('sign-out').click();
  await page.goto(`${url()}/login?next=/settings`);
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await signIn(page, 'english@example.org', DEMO_PASSWORD);
  await title(page, 'Settings');
});

scenario('two_quick_choices_save_the_last_one', async ({ visitor }) => {
  const email = 'quick@example.org';
  await newAccount(email);
  const page = await visitor('/settings', { prepare: (it) => enterAs(it, url(), email) });
  let go;
  const held = new Promise((resolve) => { go = resolve; });
  const sent = [];
  await page.route('**/auth/profile', async (route) => {
    if (route.request().method() === 'PATCH') {
      sent.push(route.request().postDataJSON().locale);
      if (sent.length === 1) await held;
    }
    return route.continue();
  });
  await page.getByTestId('language-fr').check();
  await page.getByTestId('language-en').check();
  go();
  await page.getByTestId('toast').waitFor();
  await page.waitForFunction(() => JSON.parse(localStorage.getItem('holdfast.session')).profile.locale === 'en');
  assert.deepEqual(sent, ['fr', 'en']);
  await page.getByTestId('mail-language').getByText('English').waitFor();
});
