// Links to bookings: from the mail into another browser, the code that changes the booking, and the page that mails links.

import assert from 'node:assert/strict';

import {
  PHONE, THEATRE, codeOf, emailOf, holdSeats, isConfirmed, overflow, pay, signIn, suite, title, wrongOf,
} from './helpers.mjs';

const { scenario, mailTo, newAccount, row } = suite({}, undefined, { byMail: true });

const FIRST = '/bookings/HF-';
const linkOf = (mail) => mail.links.find((link) => link.includes(FIRST));

// Buys two seats of this row as a guest. Returns the page, its reference and the path of the mail's link.
async function bought(visitor, name) {
  const page = await visitor(`/events/${THEATRE}`);
  await holdSeats(page, 'Stalls', name, (await row(THEATRE, 'Stalls', name)).slice(0, 2));
  await pay(page);
  const reference = await isConfirmed(page);
  const link = linkOf(await mailTo(emailOf(page), FIRST));
  const { pathname, hash } = new URL(link);
  assert.equal(pathname, `/bookings/${reference}`);
  return { page, reference, path: pathname + hash };
}

scenario('the_link_of_the_mail_opens_the_booking_on_another_device', async ({ visitor }) => {
  const { reference, path } = await bought(visitor, 'A');
  const phone = await visitor(path, PHONE);
  assert.equal(await isConfirmed(phone), reference);
  assert.equal(await phone.getByTestId('ticket').count(), 2);
  assert.equal(new URL(phone.url()).hash, '', 'the address does not keep the token');
  assert.equal(await overflow(phone), 0);
  await phone.reload();
  assert.equal(await isConfirmed(phone), reference);
});

scenario('the_holder_of_a_link_cancels_with_the_code_of_a_mail', async ({ visitor }) => {
  const { page: buyer, path } = await bought(visitor, 'B');
  const page = await visitor(path);
  await page.getByTestId('cancel-booking').click();
  const question = page.getByRole('dialog', { name: 'Cancel this booking?' });
  await question.getByTestId('cancel-line').first().uncheck();
  await page.getByTestId('question-confirm').click();
  await question.getByTestId('code-asked').waitFor();
  const field = question.getByRole('textbox', { name: 'Code from the mail' });
  assert.match(await field.getAttribute('aria-describedby'), /\bcode-asked\b/);
  await page.waitForFunction(() => document.activeElement?.id === 'mail-code');
  await page.getByTestId('question-confirm').click();
  await question.getByTestId('short-code').waitFor();
  const code = codeOf(await mailTo(emailOf(buyer), '', 2));
  await field.fill(wrongOf(code));
  await page.getByTestId('question-confirm').click();
  await question.getByText('The code is wrong or has expired, or too many were tried.').waitFor();
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  assert.equal(await question.locator('.notice').count(), 0, 'it is told once');
  await page.waitForFunction(() => document.activeElement?.id === 'mail-code');
  await field.fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await page.getByTestId('question-confirm').click();
  await question.waitFor({ state: 'detached' });
  await page.getByTestId('booking-refunded').waitFor();
  assert.equal(await page.getByTestId('ticket').getByText(/^(Cancelled|Refunded)$/).count(), 1);
  // For a quarter of an hour, no other code is asked for.
  await page.getByTestId('cancel-booking').click();
  await page.getByTestId('question-confirm').click();
  await title(page, 'Cancelled');
  page.faults.length = 0;
});

scenario('a_wrong_code_is_told_in_french_on_a_french_page', async ({ visitor }) => {
  const { page: buyer, path } = await bought(visitor, 'G');
  const page = await visitor(path, { ...PHONE, locale: 'fr-FR' });
  await page.getByTestId('cancel-booking').click();
  await page.getByTestId('question-confirm').click();
  const question = page.getByRole('dialog', { name: 'Annuler cette réservation ?' });
  await question.getByTestId('code-asked').waitFor();
  await question.locator('#mail-code').fill(wrongOf(codeOf(await mailTo(emailOf(buyer), '', 2))));
  await page.getByTestId('question-confirm').click();
  await question.getByText('Le code est faux ou a expiré, ou trop de codes ont été essayés.').waitFor();
  assert.equal(await overflow(page), 0);
  page.faults.length = 0;
});

scenario('a_buyer_passes_the_booking_on_and_has_the_mail_sent_again', async ({ visitor }) => {
  const { page, reference } = await bought(visitor, 'C');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(() => { navigator.share = undefined; });
  await page.getByTestId('share-booking').click();
  await page.getByTestId('share-told').getByText(/The link is copied/).waitFor();
  const copied = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  const friend = await visitor(copied.pathname + copied.hash);
  assert.equal(await isConfirmed(friend), reference);
  await page.getByTestId('mail-booking').click();
  await page.getByTestId('share-told').getByText('The mail is on its way.').waitFor();
  const again = await mailTo(emailOf(page), FIRST, 2);
  assert.ok(again.subject.includes(reference));
});

scenario('who_closes_the_dialog_for_sharing_copies_nothing', async ({ visitor }) => {
  const { page } = await bought(visitor, 'H');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(async () => {
    await navigator.clipboard.writeText('before');
    navigator.share = () => Promise.reject(new DOMException('', 'AbortError'));
  });
  const asked = page.waitForResponse(/\/bookings\/[^/]+\/link$/);
  await page.getByTestId('share-booking').click();
  await asked;
  await page.locator('[data-testid="share-booking"]:enabled').waitFor();
  assert.equal(await page.getByTestId('share-told').textContent(), '');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'before');
});

scenario('a_lost_link_comes_by_mail', async ({ visitor }) => {
  const { page: buyer, reference } = await bought(visitor, 'D');
  const page = await visitor(`/bookings/${reference}`, PHONE);
  await title(page, 'Sign in to see this');
  await page.getByTestId('find-booking').click();
  await title(page, 'Find your bookings');
  await page.locator('#email').fill('nobody');
  await page.getByTestId('find-button').click();
  await page.locator('#email[aria-invalid="true"]').waitFor();
  await page.locator('#email').fill(emailOf(buyer));
  await page.locator('#reference').fill(reference.toLowerCase());
  await page.getByTestId('find-button').click();
  await page.getByTestId('find-sent').waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
  assert.equal(await overflow(page), 0);
  const { pathname, hash } = new URL(linkOf(await mailTo(emailOf(buyer), FIRST, 2)));
  // Another mail is asked for at the address, which is kept.
  await page.getByTestId('find-again').click();
  await page.waitForFunction(() => document.activeElement?.id === 'email');
  assert.equal(await page.locator('#email').inputValue(), emailOf(buyer));
  await page.goto(new URL(pathname + hash, page.url()).href);
  assert.equal(await isConfirmed(page), reference);
  page.faults.length = 0;
});

scenario('a_link_that_is_over_says_so_and_leads_to_a_new_one', async ({ visitor }) => {
  const { path } = await bought(visitor, 'E');
  const page = await visitor('/');
  await page.route('**/api/v1/bookings/reference/*', (route) => route.fulfill({
    status: 410,
    contentType: 'application/problem+json',
    body: JSON.stringify({ type: '/problems/link-expired', title: 'The link has expired', status: 410, detail: '' }),
  }));
  await page.goto(new URL(path, page.url()).href);
  await title(page, 'This link has expired');
  await page.getByTestId('find-booking').click();
  await title(page, 'Find your bookings');
  page.faults.length = 0;
});

scenario('signing_in_on_another_device_takes_the_booking_along', async ({ visitor }) => {
  const { page: buyer, reference } = await bought(visitor, 'F');
  await newAccount(emailOf(buyer));
  const page = await visitor('/login?next=/bookings');
  await signIn(page, emailOf(buyer));
  await page.getByTestId('booking-row').getByText(reference).waitFor();
});
