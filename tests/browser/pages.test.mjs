// Every page, light and dark, on a phone and on a desktop: without violations that axe-core finds, without horizontal
// scrolling, and with a screenshot. The screenshots are saved in tests/browser/out, or with SCREENSHOTS=update in
// docs/screenshots, which a plain run does not change.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';

import { accessibilityFaults, assertAccessible } from './harness.mjs';
import {
  ARENA, OUT, SPORTS_HALL, THEATRE, checkoutIsOpen, choose, coloursOf, emailOf, enterAs,
  fillRegistration, giveBack, hallIsOpen, isStill, openRow, overflow, pay, refusedRefund, suite,
} from './helpers.mjs';

const THEMES = ['light', 'dark'];
const SIZES = [
  { viewport: { width: 1280, height: 800 } },
  { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
];
const COLOURS_MIN = 20;

const FOLDER = process.env.SCREENSHOTS === 'update'
  ? new URL('../../docs/screenshots/', import.meta.url).pathname : OUT;

// Prepares a hall with taken seats, a purchase to show, and a refund that needs attention.
let booking;
const { scenario, row, api, event, holdByApi, url } = suite({}, async (steps) => {
  await mkdir(FOLDER, { recursive: true });
  const front = await steps.row(THEATRE, 'Stalls', 'C');
  const middle = await steps.row(THEATRE, 'Stalls', 'D');
  await steps.buyByApi(THEATRE, front.slice(2, 10));
  await steps.buyByApi(THEATRE, middle.slice(8, 16));
  await steps.holdByApi(THEATRE, front.slice(14, 19));
  await steps.holdByApi(THEATRE, middle.slice(18, 22));
  const circle = await steps.row(THEATRE, 'Circle', 'AA');
  booking = await steps.buyByApi(THEATRE, circle.slice(3, 5));
  await refusedRefund(steps, 'H');
});

// Stops the timer of the page that would navigate away after three seconds, so that it can be inspected.
const stays = (page) => page.addInitScript(() => {
  const AWAY_MS = 3_000;
  const later = window.setTimeout.bind(window);
  window.setTimeout = (act, wait, ...rest) => (wait === AWAY_MS ? 0 : later(act, wait, ...rest));
});

const asBuyer = (page) => page.addInitScript((token) => {
  localStorage.setItem('holdfast.guest', token);
}, booking.guest_token);

const asAdmin = (page) => enterAs(page, url(), 'admin@demo.test');

// Makes the lists of the desk empty.
const asAdminOfNothing = async (page) => {
  await asAdmin(page);
  await page.route(/\/api\/v1\/(events|admin\/sagas)\?/, (route) =>
    route.fulfill({ json: { items: [], next: null } }));
};

async function hallWithSeats(page) {
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'C');
  const seats = await row(THEATRE, 'Stalls', 'C');
  await choose(page, seats.slice(10, 12));
}

async function ownCheckout(page) {
  const { id } = await event(THEATRE);
  const { body: map } = await api('GET', `/events/${id}/seats?state=only`);
  const gone = new Set(map.seats.map(([seat]) => seat));
  // One row has too few seats for all the pictures.
  const rows = await Promise.all(['F', 'G'].map((name) => row(THEATRE, 'Stalls', name)));
  const free = rows.map((seats) => seats.filter((it) => !gone.has(it.seat_id)));
  const reservation = await holdByApi(THEATRE, free.find(({ length }) => length >= 2).slice(0, 2));
  // A program whose page is left while it loads reports that in the console.
  await page.getByTestId('event-card').first().waitFor();
  await page.evaluate((it) => localStorage.setItem('holdfast.guest', it), reservation.guest_token);
  await page.goto(`${url()}/checkout/${reservation.id}`);
  await checkoutIsOpen(page);
}

const heading = async (page) => {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' });
};

// For each name: the address, and the steps before the page is inspected.
const PAGES = {
  events: ['/', (page) => page.getByTestId('event-card').first().waitFor()],
  event: [`/events/${THEATRE}`, hallIsOpen],
  'event-seats': [`/events/${THEATRE}`, hallWithSeats],
  'event-general': [`/events/${SPORTS_HALL}`, async (page) => {
    await hallIsOpen(page);
    await page.getByTestId('ga-plus').first().click();
  }],
  'event-arena': [`/events/${ARENA}`, hallIsOpen],
  checkout: ['/', ownCheckout],
  'checkout-declined': ['/', async (page) => {
    await ownCheckout(page);
    await pay(page, 'pm_card_chargeDeclined');
    await page.getByTestId('pay-message').waitFor();
  }],
  'checkout-second-step': ['/', async (page) => {
    await ownCheckout(page);
    await pay(page, 'pm_card_authenticationRequired');
    await page.getByTestId('second-step-approve').waitFor();
  }],
  'checkout-sign-in': ['/', async (page) => {
    await ownCheckout(page);
    await page.getByTestId('sign-in-here').click();
    await page.locator('#sign-in-email').fill(emailOf(page));
    await page.locator('#sign-in-password').fill('Wrong-1234');
    await page.getByTestId('login-button').click();
    await page.locator('dialog .notice').waitFor();
  }],
  'checkout-ended': ['/', async (page) => {
    await ownCheckout(page);
    await giveBack(page);
    await page.getByTestId('hold-ended').waitFor();
  }, stays],
  confirmation: [() => `/bookings/${booking.reference}`,
    (page) => page.getByTestId('ticket').first().waitFor(), asBuyer],
  'confirmation-cancel': [() => `/bookings/${booking.reference}`, async (page) => {
    await page.route('**/bookings/*/cancel', (route) => route.fulfill({
      status: 403,
      contentType: 'application/problem+json',
      body: JSON.stringify({ type: '/problems/code-required', title: '', status: 403, detail: '' }),
    }));
    await page.getByTestId('cancel-booking').click();
    await page.getByTestId('question-confirm').click();
    await page.getByTestId('code-asked').waitFor();
    page.faults.length = 0;
  }, asBuyer],
  'find-booking': ['/find-booking', heading],
  bookings: ['/bookings', (page) => page.getByTestId('booking-row').waitFor(), asBuyer],
  'bookings-cancelled': ['/bookings?when=cancelled', (page) => page.getByTestId('none-cancelled').waitFor(), asBuyer],
  'bookings-found': ['/bookings?reference=HF-', (page) => page.getByTestId('booking-row').waitFor(), asBuyer],
  'bookings-signed-out': ['/bookings', heading],
  'booking-signed-out': ['/bookings/HF-00000000', heading],
  login: ['/login', async (page) => {
    await page.locator('#email').fill(emailOf(page));
    await page.locator('#password').fill('Wrong-1234');
    await page.getByTestId('login-button').click();
    await page.locator('.notice').waitFor();
  }],
  register: ['/register', heading],
  'register-code': ['/register', async (page) => {
    await fillRegistration(page, `ada-${emailOf(page)}`);
    await page.getByTestId('register-button').click();
    await page.getByTestId('code-form').waitFor();
  }],
  activate: ['/activate', heading],
  forgot: ['/forgot', heading],
  'forgot-code': ['/forgot', async (page) => {
    await page.locator('#email').fill('nobody@example.org');
    await page.getByTestId('forgot-button').click();
    await page.getByTestId('code-form').waitFor();
    await page.locator('#mail-code').fill('123456');
    await page.locator('#password').fill('correct-Horse7-battery');
    await page.getByTestId('reset-button').click();
    await page.getByTestId('no-proof').waitFor();
  }],
  reset: ['/reset#token', heading],
  account: ['/account', (page) => page.getByTestId('session').first().waitFor(),
    (page) => enterAs(page, url(), 'customer@demo.test')],
  terms: ['/terms', heading],
  privacy: ['/privacy', heading],
  cookies: ['/cookies', heading],
  imprint: ['/imprint', heading],
  'register-terms': ['/register', async (page) => {
    await page.getByTestId('register-button').click();
    await page.locator('#accepted-terms[aria-invalid="true"]').waitFor();
  }],
  'account-toast': ['/account', async (page) => {
    await page.getByTestId('session').first().waitFor();
    await page.getByTestId('profile-button').click();
    await page.getByTestId('toast').waitFor();
  }, (page) => enterAs(page, url(), 'customer@demo.test')],
  settings: ['/settings', heading],
  'settings-account': ['/settings', heading, (page) => enterAs(page, url(), 'customer@demo.test')],
  'desk-signed-out': ['/desk', heading],
  desk: ['/desk', (page) => page.getByTestId('desk-event').first().waitFor(), asAdmin],
  'desk-empty': ['/desk', heading, asAdminOfNothing],
  email: ['/email#token', heading],
  apply: ['/apply', heading, (page) => enterAs(page, url(), 'customer@demo.test')],
  invitation: ['/invitation#token', heading],
  organization: ['/organizations/demo', heading],
  'desk-organizations': ['/desk/organizations', async (page) => {
    await page.getByTestId('show-members').click();
    await page.getByTestId('member').first().waitFor();
  }, (page) => enterAs(page, url(), 'organizer@demo.test')],
  'desk-users': ['/desk/users', (page) => page.getByTestId('user').first().waitFor(), asAdmin],
  'desk-attention': ['/desk/attention', (page) => page.getByTestId('saga').waitFor(), asAdmin],
  'desk-attention-empty': ['/desk/attention', heading, asAdminOfNothing],
  'not-found': ['/nowhere', heading],
};

for (const size of SIZES) {
  const { width } = size.viewport;
  for (const theme of THEMES) {
    for (const [name, [path, act, prepare]] of Object.entries(PAGES)) {
      scenario(`${name}_is_accessible_and_drawn_${theme}_at_${width}`,
        async ({ visitor, browser }) => {
          const page = await visitor(typeof path === 'string' ? path : path(), {
            ...size, colorScheme: theme, reducedMotion: 'reduce', prepare,
          });
          await act(page);
          if (!name.startsWith('checkout-')) {
            await isStill(page);
          }
          // Elements with a fixed position appear at the top of a full-page screenshot only if nothing is scrolled.
          await page.evaluate(() => window.scrollTo(0, 0));
          const whole = !name.startsWith('event')
            && !['checkout-second-step', 'checkout-sign-in', 'confirmation-cancel'].includes(name);
          const picture = await page.screenshot({
            path: `${FOLDER}${name}-${theme}-${width}.png`, fullPage: whole,
          });
          assert.ok(await coloursOf(browser, picture) > COLOURS_MIN, 'the picture is blank');
          assert.equal(await overflow(page), 0, 'scrolls sideways');
          assertAccessible(await accessibilityFaults(page));
        });
    }
  }
}
