// The pages in French: all our texts, and the message for each type of problem.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { THEATRE, choose, hallIsOpen, hold, isConfirmed, openRow, pay, suite } from './helpers.mjs';

const PACKAGES = ['ui', 'map', 'shop', 'account', 'desk'];
const texts = (language) => Object.fromEntries(PACKAGES.map((name) => [name, JSON.parse(
  readFileSync(new URL(`../../frontend/${name}/locales/${language}.json`, import.meta.url)))]));
const fr = texts('fr');
const en = texts('en');

const FRENCH = { locale: 'fr-FR' };

const { scenario, row, holdByApi } = suite();

// English texts of ours that a French page must not contain. Each is long enough not to occur in French too.
const LETTERS_MIN = 12;
const all = PACKAGES.flatMap((name) => Object.entries(en[name]).flatMap(([group, words]) =>
  Object.entries(words).map(([key, text]) => (
    { key: `${group}.${key}`, text, french: fr[name][group][key] }))));
const sentences = all
  .filter(({ text, french }) => text !== french)
  .flatMap(({ text }) => text.split(/\{\{.*?\}\}/))
  .map((text) => text.trim())
  .filter((text) => text.length >= LETTERS_MIN);
const keys = all.map(({ key }) => key);

// The page's texts for eyes and for screen readers.
async function spoken(page) {
  return page.evaluate(() => {
    const labels = [...document.querySelectorAll('[aria-label], [title], [placeholder]')].flatMap(
      (it) => ['aria-label', 'title', 'placeholder'].map((name) => it.getAttribute(name) ?? ''));
    return [document.title, document.body.textContent, ...labels].join('\n');
  });
}

async function assertFrench(page) {
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'fr');
  const text = await spoken(page);
  for (const sentence of sentences) {
    assert.ok(!text.includes(sentence), `“${sentence}” is not French, on ${page.url()}`);
  }
  for (const key of keys) {
    assert.ok(!text.includes(key), `the key ${key} is shown on ${page.url()}`);
  }
  assert.doesNotMatch(text, /\{\{|\}\}|<Money>|undefined/);
}

scenario('the_switch_translates_the_page_and_is_kept', async ({ visitor }) => {
  const page = await visitor('/');
  await page.getByRole('heading', { level: 1, name: en.shop.events.title }).waitFor();
  await page.getByTestId('language').click();
  await page.getByRole('heading', { level: 1, name: fr.shop.events.title }).waitFor();
  await page.getByTestId('event-card').first().waitFor();
  await assertFrench(page);
  await page.reload();
  await page.getByRole('heading', { level: 1, name: fr.shop.events.title }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'fr');
  await page.getByTestId('language').click();
  await page.getByRole('heading', { level: 1, name: en.shop.events.title }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
});

scenario('a_french_browser_gets_french_pages', async ({ visitor }) => {
  const page = await visitor('/', FRENCH);
  await page.getByTestId('event-card').first().waitFor();
  await assertFrench(page);
  for (const [path, title] of [
    ['/login', fr.ui.common.sign_in], ['/register', fr.account.register.title],
    ['/find-booking', fr.account.find.title],
    ['/terms', 'Conditions de vente'], ['/privacy', 'Protection des données'],
    ['/desk', fr.desk.desk.signed_out],
    ['/nowhere', fr.ui.not_found.title],
  ]) {
    await page.goto(new URL(path, page.url()).href);
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    await assertFrench(page);
  }
});

scenario('a_purchase_in_french_says_nothing_in_english', async ({ visitor }) => {
  const seats = (await row(THEATRE, 'Stalls', 'A')).slice(0, 2);
  const page = await visitor(`/events/${THEATRE}`, FRENCH);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'A');
  await choose(page, seats);
  await page.getByRole('button', { name: 'Réserver 2 places' }).waitFor();
  // 2 × 89 euros in French notation, with narrow and other spaces.
  assert.match(await page.locator('.hold-bar').textContent(), /178,00\s*€/);
  await assertFrench(page);
  await hold(page);
  await page.getByRole('heading', { level: 1, name: fr.shop.checkout.title }).waitFor();
  await assertFrench(page);
  await pay(page, 'pm_card_chargeDeclined');
  await page.getByTestId('pay-message').getByText(fr.shop.pay.declined).waitFor();
  await assertFrench(page);
  await pay(page, 'pm_card_authenticationRequired');
  await page.getByRole('heading', { name: fr.shop.step.title }).waitFor();
  await assertFrench(page);
  await page.getByTestId('second-step-approve').click();
  await isConfirmed(page);
  await page.getByRole('heading', { level: 1, name: fr.shop.booking.confirmed }).waitFor();
  await assertFrench(page);
});

scenario('a_conflict_is_told_in_french', async ({ visitor }) => {
  const [lost, kept] = await row(THEATRE, 'Stalls', 'B');
  const page = await visitor(`/events/${THEATRE}`, FRENCH);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'B');
  await choose(page, [lost, kept]);
  await holdByApi(THEATRE, [lost]);
  const message = page.getByTestId('conflict-message');
  await message.waitFor();
  assert.match(await message.textContent(),
    /Stalls, rang B, place 1 vient d’être prise\. L’autre reste sélectionnée\./);
});

// The message for a problem depends on its type: the server's English detail is never shown.
const login = /\/auth\/login$/;
for (const [type, status, text] of [
  ['too-many-requests', 429, fr.ui.problem.too_many],
  ['unavailable', 503, fr.ui.problem.unavailable],
  ['not-found', 404, fr.ui.problem.not_found],
  ['a-type-of-tomorrow', 422, null],
]) {
  scenario(`the_problem_${type}_has_french_words`, async ({ visitor }) => {
    const detail = 'Only the developers read this.';
    const page = await visitor('/login', {
      ...FRENCH,
      prepare: (it) => it.route(login, (route) => route.fulfill({
        status,
        contentType: 'application/problem+json',
        body: JSON.stringify({ type: `/problems/${type}`, title: 'English', status, detail }),
      })),
    });
    await page.locator('#email').fill('a@example.org');
    await page.locator('#password').fill('Wrong-1234');
    await page.getByTestId('login-button').click();
    const told = page.getByRole('alert');
    await (text ? told.getByText(text) : told.filter({ hasText: /\S/ })).waitFor();
    assert.ok(!(await told.textContent()).includes(detail));
    await assertFrench(page);
    // This test caused the 503 itself.
    page.faults = page.faults.filter((fault) => fault !== '503 /api/v1/auth/login');
  });
}

scenario('a_wrong_password_is_refused_in_french', async ({ visitor }) => {
  const page = await visitor('/login', FRENCH);
  await page.locator('#email').fill('nobody@example.org');
  await page.locator('#password').fill('Wrong-1234');
  await page.getByTestId('login-button').click();
  await page.getByRole('alert').getByText(fr.ui.problem.invalid_credentials).waitFor();
  await assertFrench(page);
});
