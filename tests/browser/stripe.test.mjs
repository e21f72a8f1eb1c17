// Paying through Stripe's Payment Element. A stub replaces Stripe.js, so that nothing leaves the machine. The simulated
// gateway behind it knows payment methods by the names that are typed as card numbers.

import assert from 'node:assert/strict';

import {
  THEATRE, acceptTerms, checkoutIsOpen, emailOf, holdSeats, isConfirmed, suite, watchConfirms,
} from './helpers.mjs';
import { STRIPE, answered } from './stripe_stub.mjs';

const KEY = 'pk_test_of_the_shop';

const { scenario, api, row: rowOf } = suite();

const CARD = { name: 'card', at_once: false, currencies: [] };

// A visitor of a shop that takes payments through Stripe. `script` is the response for Stripe.js.
const throughStripe = (script, types) => async (page) => {
  await page.route('**/api/v1/payments/config', (route) => route.fulfill({
    json: { provider: 'stripe', publishable_key: KEY, method_types: types },
  }));
  // The server names Stripe in its Content-Security-Policy only if it uses Stripe itself.
  await page.route((url) => /^.(events|checkout)./.test(url.pathname), async (route) => {
    const answer = await route.fetch();
    const headers = answer.headers();
    headers['content-security-policy'] = headers['content-security-policy']
      .replace("'wasm-unsafe-eval'", `'wasm-unsafe-eval' ${STRIPE}`);
    await route.fulfill({ response: answer, headers });
  });
  await page.route(`${STRIPE}**`, script);
};

async function atCheckout(visitor, name, { script = answered, types = [CARD] } = {}) {
  const seats = (await rowOf(THEATRE, 'Stalls', name)).slice(0, 2);
  const page = await visitor(`/events/${THEATRE}`, { prepare: throughStripe(script, types) });
  await holdSeats(page, 'Stalls', name, seats);
  await checkoutIsOpen(page);
  await page.locator('#email').fill(emailOf(page));
  await acceptTerms(page);
  return { page, seats, confirms: watchConfirms(page), card: page.getByLabel('Card number') };
}

const payButton = (page) => page.getByTestId('pay-button');

scenario('a_card_typed_into_stripes_element_buys', async ({ visitor }) => {
  const { page, seats, confirms, card } = await atCheckout(visitor, 'A');
  await card.fill('pm_card_visa');
  const saw = await page.evaluate(() => window.stripeSaw);
  assert.equal(saw.key, KEY);
  assert.equal(saw.locale, 'en');
  assert.equal(saw.kind, 'payment');
  const { appearance, ...options } = saw.options;
  assert.equal(appearance.theme, 'stripe');
  assert.deepEqual(options, {
    mode: 'payment',
    amount: seats.reduce((sum, seat) => sum + seat.price.amount, 0),
    currency: 'eur',
    captureMethod: 'manual',
    paymentMethodCreation: 'manual',
    paymentMethodTypes: ['card'],
  });
  await payButton(page).click();
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), seats.length);
  assert.deepEqual(JSON.parse(confirms[0].body).payment, { method: 'pm_card_visa' });
});

scenario('what_stripe_says_of_a_card_stands_beside_it', async ({ visitor }) => {
  const { page, confirms, card } = await atCheckout(visitor, 'B');
  await card.waitFor();
  await payButton(page).click();
  await page.getByTestId('card-trouble').getByText('Your card number is incomplete.').waitFor();
  assert.ok(await card.evaluate((it) => it === document.activeElement));
  assert.equal(confirms.length, 0);
  await card.fill('pm_card_visa');
  await payButton(page).click();
  await isConfirmed(page);
});

scenario('a_card_that_is_declined_keeps_seats_and_form', async ({ visitor }) => {
  const { page, confirms, card } = await atCheckout(visitor, 'C');
  await card.fill('pm_card_chargeDeclined');
  await payButton(page).click();
  await page.getByTestId('pay-message').getByText(/declined/).waitFor();
  await card.fill('pm_card_visa');
  await payButton(page).click();
  await isConfirmed(page);
  assert.equal(new Set(confirms.map(({ key }) => key)).size, 2);
});

scenario('the_second_step_is_stripes', async ({ visitor }) => {
  const { page, confirms, card } = await atCheckout(visitor, 'D');
  await card.fill('pm_card_authenticationRequired');
  await payButton(page).click();
  await isConfirmed(page);
  const { actions } = await page.evaluate(() => window.stripeSaw);
  assert.equal(actions.length, 1);
  assert.equal(confirms.length, 1);
});

scenario('a_second_step_that_fails_is_told_in_stripes_words', async ({ visitor }) => {
  const { page, card } = await atCheckout(visitor, 'E');
  await page.evaluate(() => { window.stripeOutcome = 'failure'; });
  await card.fill('pm_card_authenticationRequired');
  await payButton(page).click();
  await page.getByTestId('card-trouble').getByText(/unable to authenticate/).waitFor();
  await page.getByTestId('pay-message').getByText(/Nothing was charged/).waitFor();
  await page.getByTestId('bank-again').waitFor({ state: 'detached' });
  await card.fill('pm_card_visa');
  await payButton(page).click();
  await isConfirmed(page);
});

scenario('a_reload_at_the_second_step_takes_it_up_again', async ({ visitor }) => {
  const { page, confirms, card } = await atCheckout(visitor, 'F');
  // The bank's question is never answered in this page.
  await page.route('**/payments/simulated/*/complete', (route) => route.abort(), { times: 1 });
  await card.fill('pm_card_authenticationRequired');
  await payButton(page).click();
  await page.getByTestId('bank-again').waitFor();
  await page.goto(page.url());
  await isConfirmed(page);
  assert.equal(new Set(confirms.map(({ key }) => key)).size, 1);
});

scenario('a_blocked_stripe_is_told_and_can_be_tried_again', async ({ visitor }) => {
  let blocked = true;
  const { page, card } = await atCheckout(visitor, 'G', {
    script: (route) => (blocked ? route.abort() : answered(route)),
  });
  await page.getByTestId('card-missing').getByText(/Your seats stay held/).waitFor();
  assert.ok(await payButton(page).isDisabled());
  blocked = false;
  await page.getByTestId('card-again').click();
  await card.fill('pm_card_visa');
  assert.equal(await page.getByTestId('card-missing').count(), 0);
  await payButton(page).click();
  await isConfirmed(page);
});

scenario('what_takes_another_currency_is_not_offered', async ({ visitor }) => {
  const franc = { name: 'twint', at_once: true, currencies: ['CHF'] };
  const { page, card } = await atCheckout(visitor, 'J', { types: [CARD, franc] });
  await card.waitFor();
  const { paymentMethodTypes, captureMethod } = await page.evaluate(() => window.stripeSaw.options);
  assert.deepEqual([paymentMethodTypes, captureMethod], [['card'], 'manual']);
  const { page: without } = await atCheckout(visitor, 'K', { types: [franc] });
  await without.getByText(/payment service is not reachable/).waitFor();
  assert.ok(await payButton(without).isDisabled());
});

scenario('a_shop_without_stripe_never_asks_for_it', async ({ visitor }) => {
  const seats = (await rowOf(THEATRE, 'Stalls', 'H')).slice(0, 1);
  const asked = [];
  const page = await visitor(`/events/${THEATRE}`, {
    async prepare(it) { it.on('request', (request) => asked.push(request.url())); },
  });
  await holdSeats(page, 'Stalls', 'H', seats);
  await checkoutIsOpen(page);
  assert.ok(asked.length > 0);
  assert.deepEqual(asked.filter((url) => url.includes('stripe')), []);
  const { body: config } = await api('GET', '/payments/config');
  assert.equal(config.provider, 'simulated');
});
