// A shop that really pays through Stripe's API: the server uses the fake Stripe, and the page a stub of Stripe.js,
// under the Content-Security-Policy that the server sends.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after } from 'node:test';

import {
  THEATRE, acceptTerms, checkoutIsOpen, emailOf, holdSeats, isConfirmed, suite,
} from './helpers.mjs';
import { STRIPE, answered } from './stripe_stub.mjs';

const KEY = 'pk_test_browser';
const SECRET = 'whsec_browser';

let fake;
async function withFakeStripe() {
  const program = join(dirname(process.env.HOLDFAST_BIN ?? 'target/debug/holdfast'), 'fake-stripe');
  assert.ok(existsSync(program), `${program} is not here; run scripts/test.sh browser`);
  const child = spawn(program, {
    env: { ...process.env, FAKE_STRIPE_BIND: '127.0.0.1:0' }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (line) => resolve(line.trim()));
    child.once('close', () => reject(new Error('the fake Stripe ended')));
  });
  fake = { child, url };
  return {
    DEFAULT_PAYMENT_PROVIDER: 'stripe',
    STRIPE_API_BASE: url,
    STRIPE_SECRET_KEY: 'sk_test_browser',
    STRIPE_PUBLISHABLE_KEY: KEY,
    STRIPE_WEBHOOK_SECRET: SECRET,
    STRIPE_METHOD_TYPES: 'card,ideal,twint',
  };
}
after(() => fake?.child.kill('SIGTERM'));

const askFake = (path, body) => fetch(`${fake.url}/_fake${path}`, {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
});

const { scenario, row, seatStatus } = suite(withFakeStripe, async ({ url }) => {
  const hook = { url: `${url()}/api/v1/payments/webhooks/stripe`, secret: SECRET, hold: false };
  assert.ok((await askFake('/webhooks', hook)).ok);
});

async function atCheckout(visitor, name) {
  const seats = (await row(THEATRE, 'Stalls', name)).slice(0, 2);
  const page = await visitor(`/events/${THEATRE}`, {
    async prepare(it) {
      await it.route(`${STRIPE}**`, answered);
      // Replaces the page of the buyer's bank: it reports the buyer's choice to the fake.
      await it.exposeFunction('stripeBank', async (secret, outcome) => {
        const [intent] = secret.split('_secret_');
        await askFake(`/payment_intents/${intent}/second_step`, { outcome });
      });
    },
  });
  await holdSeats(page, 'Stalls', name, seats);
  await checkoutIsOpen(page);
  await page.locator('#email').fill(emailOf(page));
  await acceptTerms(page);
  return { page, seats, card: page.getByLabel('Card number') };
}

const paysWith = async (page, card, method) => {
  await card.fill(method);
  await page.getByTestId('pay-button').click();
};

scenario('a_card_is_charged_by_stripe', async ({ visitor }) => {
  const { page, seats, card } = await atCheckout(visitor, 'A');
  assert.equal(await page.evaluate(() => window.stripeSaw.key), KEY);
  await paysWith(page, card, 'pm_card_visa');
  await isConfirmed(page);
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'sold');
});

scenario('a_method_that_takes_money_at_once_is_offered_and_buys', async ({ visitor }) => {
  const { page, seats, card } = await atCheckout(visitor, 'E');
  const { paymentMethodTypes, captureMethod } = await page.evaluate(() => window.stripeSaw.options);
  // The theatre's prices are in euros, which TWINT does not support.
  assert.deepEqual([paymentMethodTypes, captureMethod], [['card', 'ideal'], 'automatic']);
  await paysWith(page, card, 'pm_ideal');
  await isConfirmed(page);
  assert.equal((await page.evaluate(() => window.stripeSaw.actions)).length, 1);
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'sold');
});

scenario('a_bank_that_says_no_to_such_a_method_keeps_the_seats', async ({ visitor }) => {
  const { page, seats, card } = await atCheckout(visitor, 'F');
  await paysWith(page, card, 'pm_ideal_declined');
  await page.getByTestId('pay-message').getByText(/declined.*still held/s).waitFor();
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'held');
  await paysWith(page, card, 'pm_card_visa');
  await isConfirmed(page);
});

scenario('stripe_declines_and_another_card_buys', async ({ visitor }) => {
  const { page, card } = await atCheckout(visitor, 'B');
  await paysWith(page, card, 'pm_card_chargeDeclined');
  await page.getByTestId('pay-message').getByText(/declined/).waitFor();
  await paysWith(page, card, 'pm_card_visa');
  await isConfirmed(page);
});

scenario('stripes_second_step_buys', async ({ visitor }) => {
  const { page, card } = await atCheckout(visitor, 'C');
  await paysWith(page, card, 'pm_card_authenticationRequired');
  await isConfirmed(page);
  assert.equal((await page.evaluate(() => window.stripeSaw.actions)).length, 1);
});

scenario('stripes_second_step_that_fails_keeps_the_seats', async ({ visitor }) => {
  const { page, card } = await atCheckout(visitor, 'D');
  await page.evaluate(() => { window.stripeOutcome = 'failure'; });
  await paysWith(page, card, 'pm_card_authenticationRequired');
  await page.getByTestId('card-trouble').getByText(/unable to authenticate/).waitFor();
  await page.getByTestId('pay-message').getByText(/Nothing was charged/).waitFor();
  await paysWith(page, card, 'pm_card_visa');
  await isConfirmed(page);
});
