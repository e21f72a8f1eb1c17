// The legal documents of a shop with texts of its own, and the forms that ask for the acceptance of its terms.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { accessibilityFaults, assertAccessible } from './harness.mjs';
import {
  NEW_PASSWORD, PHONE, THEATRE, acceptTerms, checkoutIsOpen, emailOf, holdSeats, isConfirmed,
  isSignedIn, overflow, suite, title, watchConfirms,
} from './helpers.mjs';

const OLD = '2026-06-01';
const PRESENT = '2026-11-01';

const file = (title, text) => `---\nversion: ${PRESENT}\ntitle: ${title}\n---\n${text}\n`;

let folder;
const { scenario, row, activate } = suite(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-legal-'));
  for (const [name, title, text] of [
    ['terms.en', 'Our terms', '# Seats\n\nA [link](https://example.org) <script>alert(1)</script>'],
    ['terms.fr', 'Nos conditions', '# Places\n\nTexte'],
    ['imprint.en', 'Who we are', 'The shop'],
  ]) {
    await writeFile(join(folder, `${name}.md`), file(title, text));
  }
  return { HOLDFAST_LEGAL_DIR: folder };
});
after(() => rm(folder, { recursive: true, force: true }));

const complaint = (page) => page.locator('#accepted-terms[aria-invalid="true"]').waitFor();

// The page shows the documents that it was opened with, as if another version had come since.
const openedWithOldTerms = (page) => page.route(/\/(register|events\/[^/]+|checkout\/[^/]+)$/, async (route) => {
  if (route.request().resourceType() !== 'document') return route.continue();
  const answer = await route.fetch();
  return route.fulfill({ response: answer, body: (await answer.text()).replaceAll(PRESENT, OLD) });
});

scenario('documents_are_shown_in_the_language_of_the_page_and_linked_below_it', async ({ visitor }) => {
  const page = await visitor('/');
  await page.getByTestId('event-card').first().waitFor();
  const links = page.getByRole('contentinfo').getByRole('link');
  assert.deepEqual(await links.allTextContents(), ['Terms', 'Imprint']);
  await links.first().click();
  await title(page, 'Our terms');
  assert.equal(await page.title(), 'Our terms · Holdfast');
  assert.match(await page.getByTestId('legal-version').textContent(), new RegExp(PRESENT));
  await page.getByRole('heading', { level: 2, name: 'Seats' }).waitFor();
  assert.match(await page.getByRole('main').textContent(), /<script>alert\(1\)<\/script>/);
  await page.getByTestId('language').click();
  await title(page, 'Nos conditions');
  // The router leads to a document of the same program. It exists in English alone.
  await page.getByRole('contentinfo').getByRole('link', { name: 'Mentions légales' }).click();
  await title(page, 'Who we are');
  assert.equal(await page.locator('.prose').getAttribute('lang'), 'en');
  await page.getByText('Ce texte n’est pas disponible dans votre langue.').waitFor();
});

scenario('a_document_that_the_shop_does_not_have_is_no_page', async ({ visitor }) => {
  const page = await visitor('/privacy');
  assert.equal(page.answer.status(), 404);
  await title(page, 'Nothing is here');
});

scenario('who_registers_accepts_the_terms_at_their_field', async ({ visitor }) => {
  const page = await visitor('/register', PHONE);
  const email = 'accepts@example.org';
  await page.locator('#first_name').fill('Ada');
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(NEW_PASSWORD);
  await page.getByTestId('register-button').click();
  await complaint(page);
  await page.getByText('Read and accept the terms of sale.').waitFor();
  assert.ok(await page.locator('#accepted-terms').evaluate((it) => it === document.activeElement));
  assert.equal(await overflow(page), 0);
  assertAccessible(await accessibilityFaults(page));
  // The text opens in another tab, so that nothing that was typed is lost.
  const opened = page.waitForEvent('popup');
  await page.getByRole('link', { name: 'terms of sale (opens in a new tab)', exact: true }).click();
  await title(await opened, 'Our terms');
  await (await opened).close();
  await acceptTerms(page);
  const sent = page.waitForRequest(/\/auth\/register$/);
  await page.getByTestId('register-button').click();
  assert.deepEqual((await sent).postDataJSON().accepted, { terms: PRESENT, language: 'en' });
  await activate(page, email);
  await isSignedIn(page);
});

scenario('who_pays_accepts_the_terms_and_other_terms_are_asked_for_anew', async ({ visitor }) => {
  const page = await visitor(`/events/${THEATRE}`, { prepare: openedWithOldTerms });
  await holdSeats(page, 'Stalls', 'A', (await row(THEATRE, 'Stalls', 'A')).slice(0, 2));
  await checkoutIsOpen(page);
  const confirms = watchConfirms(page);
  // Everything that is missing is told at once, and the first of it has the focus.
  await page.getByTestId('pay-button').click();
  await page.locator('#email[aria-invalid="true"]').waitFor();
  await complaint(page);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'email');
  await page.locator('#email').fill(emailOf(page));
  await page.getByTestId('pay-button').click();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'accepted-terms');
  assert.equal(confirms.length, 0);
  await acceptTerms(page);
  const present = page.waitForResponse(/\/api\/v1\/legal$/);
  await page.getByTestId('pay-button').click();
  await page.getByTestId('pay-message').waitFor();
  await complaint(page);
  await present;
  assert.ok(!await page.locator('#accepted-terms').isChecked(), 'the visitor decides anew');
  assertAccessible(await accessibilityFaults(page));
  await acceptTerms(page);
  await page.getByTestId('pay-button').click();
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), 2);
  const said = confirms.map(({ body }) => JSON.parse(body).accepted);
  assert.deepEqual(said, [OLD, PRESENT].map((terms) => ({ terms, language: 'en' })));
});
