// The steps of which the browser tests consist.
//
//   const { scenario, api, advance } = suite();        // one server and one browser a file
//   scenario('name_of_the_fact', async ({ visitor }) => {
//     const page = await visitor('/events/theatre-premiere');
//   });
//
// Each visitor is a separate person without shared storage. When a scenario ends, the page of every visitor is checked
// for faults. When a scenario fails, screenshots of all pages are saved in tests/browser/out. A test that changes a
// whole context (`page.clock`) must use `visitor(path, { alone: true })`, which gives it a context of its own.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { lendContexts } from './contexts.mjs';
import { openBrowser, startHoldfast, visit } from './harness.mjs';
import { startMailServer } from './mail_server.mjs';

export const THEATRE = 'theatre-premiere';
export const SPORTS_HALL = 'erfurt-handball';
export const ARENA = 'arena-concert';

// What a visitor with a phone has.
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

export const OUT = new URL('./out/', import.meta.url).pathname;

const SCENARIO_MS = 90_000;
const SEATS_LIMIT = 1000;
const SHOWN_MS = 300;

// `settings` are the server's settings, or a function that returns them. `prepare` gets the returned object when the
// server runs.
// `browserName` is one of BROWSER_NAMES in harness.mjs. `asUsersHave`: the browser is the users' Chromium, and each
// visitor has an empty cache. `byMail`: mails go through a real mail server, from which the tests take them; otherwise the
// server keeps them.
export function suite(settings, prepare, { asUsersHave = false, browserName, byMail = false } = {}) {
  const shared = {};
  before(async () => {
    const given = typeof settings === 'function' ? await settings() : settings;
    shared.mails = byMail ? await startMailServer() : null;
    shared.holdfast = await startHoldfast({ ...given, ...shared.mails?.settings });
    shared.browser = await openBrowser(asUsersHave ? 'chromium' : browserName);
    shared.contexts = lendContexts(shared.browser, shared.holdfast.url);
    await prepare?.(steps);
  });
  after(async () => {
    await shared.browser?.close();
    await shared.holdfast?.stop();
    shared.mails?.stop();
  });

  const api = (...call) => shared.holdfast.api(...call);

  async function keptMails(email) {
    const answer = await fetch(`${shared.holdfast.url}/api/development/mails?to=${encodeURIComponent(email)}`);
    return (await answer.json()).items;
  }

  function scenario(name, act) {
    test(name, { timeout: SCENARIO_MS }, async () => {
      const pages = [];
      const lent = [];
      const visitor = async (path, { alone = asUsersHave, prepare: act, ...options } = {}) => {
        const found = alone ? null : await shared.contexts.lend(options);
        const page = await visit(shared.browser, shared.holdfast.url + path,
          { ...options, prepare: act, context: found?.context });
        pages.push(page);
        if (found) lent.push(found);
        return page;
      };
      try {
        await act({ visitor, browser: shared.browser, url: shared.holdfast.url });
        for (const page of pages) {
          assert.deepEqual(page.faults, [], `faults on ${page.url()}`);
        }
      } catch (error) {
        await mkdir(OUT, { recursive: true });
        for (const [n, page] of pages.entries()) {
          await page.screenshot({ path: `${OUT}failed-${name}-${n + 1}.png` }).catch(() => {});
        }
        throw error;
      } finally {
        await Promise.all(pages.map((page) => page.leave()));
        await Promise.all(lent.map(({ giveBack }) => giveBack()));
      }
    });
  }

  const steps = {
    scenario,
    api,
    advance: (milliseconds) => shared.holdfast.advance(milliseconds),
    url: () => shared.holdfast.url,
    browser: () => shared.browser,

    // An event as the server returns it.
    event: async (slug) => (await api('GET', `/events/${slug}`)).body,

    // The seats of one row, in order.
    async row(slug, section, row) {
      const { body: event } = await api('GET', `/events/${slug}`);
      const { body: sections } = await api('GET', `/events/${event.id}/sections`);
      const { id } = sections.items.find(({ name }) => name === section);
      const { body } = await api('GET',
        `/events/${event.id}/sections/${id}/seats?limit=${SEATS_LIMIT}`);
      const seats = body.items.filter((seat) => seat.row === row);
      assert.ok(seats.length > 0, `${section} has no row ${row}`);
      return seats;
    },

    // The status of a seat at the server, which shows a state for a quarter of a second.
    async seatStatus(slug, seatId) {
      await new Promise((resolve) => { setTimeout(resolve, SHOWN_MS); });
      const { body: event } = await api('GET', `/events/${slug}`);
      const { body } = await api('GET', `/events/${event.id}/seats?state=only`);
      return body.seats.find(([id]) => id === seatId)?.[1] ?? 'available';
    },

    // Holds seats through the API, as another buyer.
    async holdByApi(slug, seats, headers) {
      const { body: event } = await api('GET', `/events/${slug}`);
      const { status, body } = await api('POST', `/events/${event.id}/reservations`,
        { seats: seats.map(({ seat_id }) => ({ seat_id })) }, headers);
      assert.equal(status, 201, JSON.stringify(body));
      return body;
    },

    // The latest mail to this address with a link to this page, or with any text, once there are as many.
    async mailTo(email, path = '', many = 1) {
      for (let looks = 0; looks < 100; looks += 1) {
        const items = shared.mails ? shared.mails.to(email) : await keptMails(email);
        const mails = items.filter(({ links }) => path === '' || links.some((link) => link.includes(path)));
        if (mails.length >= many) return mails[0];
        await new Promise((resolve) => { setTimeout(resolve, 100); });
      }
      throw new Error(`${many} mails to ${email} that lead to ${path} do not come`);
    },

    // Makes an account through the API, and activates it by the link of its mail.
    async newAccount(email, { password = DEMO_PASSWORD, first_name = 'Ada', last_name = 'Lovelace', locale = 'en' } = {}) {
      const account = { email, password, first_name, last_name, locale };
      assert.equal((await api('POST', '/auth/register', account)).status, 204);
      const mail = await steps.mailTo(email, '/activate#');
      const answer = await api('POST', '/auth/activate', { token: tokenOf(mail), password, first_name, last_name, locale });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
    },

    // Enters the code of the mail about a new account, on the page on which somebody has just registered. The last digit
    // sends the form.
    async activate(page, email) {
      await page.getByTestId('code-form').waitFor();
      await page.locator('#mail-code').fill(codeOf(await steps.mailTo(email, '/activate#')));
    },

    // Buys through the API, as another buyer.
    async buyByApi(slug, seats) {
      const reservation = await steps.holdByApi(slug, seats);
      const { status, body } = await api('POST', '/bookings/confirm', {
        reservation_ids: [reservation.id],
        payment: { method: 'pm_card_visa' },
        email: `other.${reservation.id}@example.org`,
      }, {
        'X-Guest-Token': reservation.guest_token,
        'Idempotency-Key': crypto.randomUUID(),
      });
      assert.equal(status, 201, JSON.stringify(body));
      return { ...body, guest_token: reservation.guest_token };
    },
  };
  return steps;
}

// ------------------------------------------------------------------------- the event page

// Waits until the page is complete and receives changes.
export async function hallIsOpen(page) {
  await page.getByTestId('seat-list').waitFor();
  await page.locator('[data-testid="stream-status"][data-state="live"]')
    .waitFor({ state: 'attached' });
}

export async function openRow(page, section, row) {
  await unfold(page.getByTestId(`section-${section}`));
  await unfold(page.getByTestId(`row-${row}`));
}

async function unfold(button) {
  if ((await button.getAttribute('aria-expanded')) !== 'true') {
    await button.click();
  }
}

export const seatButton = (page, { seat_id: id }) => page.getByTestId(`seat-${id}`);

// Waits until the list shows this status for a seat: "Held", "Selected", …
export async function seatSays(page, seat, word) {
  await page.locator(`[data-testid="seat-${seat.seat_id}"][aria-label*="${word}"]`).waitFor();
}

// Waits until the list shows no status for a seat, so that the seat is free.
export async function seatIsFree(page, seat) {
  await page.locator(`[data-testid="seat-${seat.seat_id}"][aria-disabled="false"]`
    + '[aria-pressed="false"]').waitFor();
}

export async function choose(page, seats) {
  for (const seat of seats) {
    await seatButton(page, seat).click();
    await page.locator(`[data-testid="seat-${seat.seat_id}"][aria-pressed="true"]`).waitFor();
  }
}

export async function hold(page) {
  await page.getByTestId('hold-button').click();
  await page.waitForURL(/\/checkout\//);
}

// Leads a page from the hall to the checkout with these seats of one row.
export async function holdSeats(page, section, row, seats) {
  await hallIsOpen(page);
  await openRow(page, section, row);
  await choose(page, seats);
  await hold(page);
}

// ------------------------------------------------------------------------- checkout

export async function checkoutIsOpen(page) {
  await page.waitForURL(/\/checkout\//);
  await page.getByTestId('pay-button').waitFor();
}

// A separate e-mail address for each visitor: a buyer is known by the address, and the limit per buyer follows it.
const addresses = new WeakMap();
let visitors = 0;
export function emailOf(page) {
  if (!addresses.has(page)) {
    visitors += 1;
    addresses.set(page, `ada.${visitors}@example.org`);
  }
  return addresses.get(page);
}

// Ticks the field with which a form asks for the acceptance of the terms.
export const acceptTerms = (page) => page.locator('#accepted-terms').check();

export async function pay(page, method = 'pm_card_visa') {
  await checkoutIsOpen(page);
  const email = page.locator('#email');
  if ((await email.count()) > 0) {
    await email.fill(emailOf(page));
  }
  await page.getByTestId(`method-${method}`).click();
  await acceptTerms(page);
  await page.getByTestId('pay-button').click();
}

// Waits for the confirmation and returns the booking's reference.
export async function isConfirmed(page) {
  await page.waitForURL(/\/bookings\/HF-/);
  const reference = await page.getByTestId('booking-reference').textContent();
  assert.match(reference.trim(), /^HF-/);
  return reference.trim();
}

// The page's confirm requests in order, each with its key and its body.
export function watchConfirms(page) {
  const sent = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/bookings/confirm')) {
      sent.push({ key: request.headers()['idempotency-key'], body: request.postData() });
    }
  });
  return sent;
}

export const guestHeaders = async (page) => ({
  'X-Guest-Token': await page.evaluate(() => localStorage.getItem('holdfast.guest')),
});

// Gives the held seats back. The page asks first.
export async function giveBack(page) {
  await page.getByTestId('cancel-button').click();
  await page.getByTestId('question-confirm').click();
}

export function reservationId(page) {
  return new URL(page.url()).pathname.split('/').at(-1);
}

// Converts "9:07" to seconds.
export async function secondsLeft(page) {
  const text = await page.getByTestId('countdown').getByRole('timer').textContent();
  const [, minutes, seconds] = text.match(/^(\d+):(\d\d)$/);
  return Number(minutes) * 60 + Number(seconds);
}

// ------------------------------------------------------------------------- accounts

export const DEMO_PASSWORD = 'Demo-pass-1';
// The password of accounts that tests register.
export const NEW_PASSWORD = 'Holdfast-2026-x';

// Fills in the form that creates an account.
export async function fillRegistration(page, email, { name = 'Ada', password = NEW_PASSWORD } = {}) {
  await page.locator('#first_name').fill(name);
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await acceptTerms(page);
}

// The header of an account for the API.
export async function bearerOf(api, email, password = DEMO_PASSWORD) {
  const { status, body } = await api('POST', '/auth/login', { email, password });
  assert.equal(status, 200, JSON.stringify(body));
  return { Authorization: `Bearer ${body.access_token}` };
}

// Signs an account in before the visitor's first page is loaded: the browser has the cookie of the session, and its
// storage says who is signed in.
export async function enterAs(page, url, email, password = DEMO_PASSWORD) {
  const answer = await page.context().request.post(`${url}/api/v1/auth/login`, { data: { email, password } });
  assert.equal(answer.status(), 200, await answer.text());
  const { profile } = await answer.json();
  await page.addInitScript((profile) => {
    // Only the first page of the visit: signing out clears the storage.
    if (document.cookie.includes('begun')) return;
    document.cookie = 'begun=1';
    localStorage.setItem('holdfast.session', JSON.stringify({ profile }));
  }, profile);
}

// The token of the link in a mail about an account.
export const tokenOf = (mail) => mail.links.find((link) => link.includes('#')).split('#')[1];

// The code in a mail.
export const codeOf = (mail) => mail.text.match(/^Code\s?: (\d{6})$/m)[1];

// A code that is not this one.
export const wrongOf = (code) => (code === '000000' ? '000001' : '000000');

// Ends the session at the server, as another device or an administrator does. The page does not know it, and has no
// access token any more.
export async function sessionEnds(page) {
  await page.evaluate(async () => {
    await fetch('/api/v1/auth/logout', { method: 'POST' });
    window.holdfastAccess.give(null, 0, null);
  });
}

// Fills in the form of the account program and waits until it has led to the next page.
export async function signIn(page, email, password = DEMO_PASSWORD) {
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.getByTestId('login-button').click();
  await isSignedIn(page);
}

// Waits until the visitor is signed in and another program's page is shown.
export async function isSignedIn(page) {
  await page.waitForURL((url) => !['/login', '/register'].includes(url.pathname));
  await page.getByTestId('signed-in').waitFor();
}

// A purchase whose refund fails, so that it needs attention. Returns the booking's reference.
export async function refusedRefund({ api, row, holdByApi }, name) {
  const reservation = await holdByApi(THEATRE, (await row(THEATRE, 'Stalls', name)).slice(0, 1));
  const guest = { 'X-Guest-Token': reservation.guest_token };
  const { status, body: booking } = await api('POST', '/bookings/confirm', {
    reservation_ids: [reservation.id],
    payment: { method: 'pm_sim_refund_fails' },
    email: `refund.${reservation.id}@example.org`,
  }, { ...guest, 'Idempotency-Key': crypto.randomUUID() });
  assert.equal(status, 201, JSON.stringify(booking));
  const cancelled = await api('POST', `/bookings/${booking.id}/cancel`, undefined, guest);
  assert.equal(cancelled.status, 200, JSON.stringify(cancelled.body));
  const bearer = await bearerOf(api, 'admin@demo.test');
  const LOOKS_MAX = 100;
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const { body } = await api('GET', '/admin/sagas?status=needs_attention', undefined, bearer);
    if (body.items.some((saga) => saga.booking_reference === booking.reference)) {
      return booking.reference;
    }
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  throw new Error(`the refund of ${booking.reference} never needed attention`);
}

// ------------------------------------------------------------------------- looking

// Waits until nothing on the page's canvases moves any more.
export async function isStill(page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const frame = () => new Promise(requestAnimationFrame);
    // A quarter of the size is enough to see movement, and no picture has to be encoded.
    const SMALLER = 4;
    const small = new OffscreenCanvas(1, 1);
    const context = small.getContext('2d', { willReadFrequently: true });
    const seen = (canvas) => {
      small.width = Math.ceil(canvas.width / SMALLER);
      small.height = Math.ceil(canvas.height / SMALLER);
      context.drawImage(canvas, 0, 0, small.width, small.height);
      const { data } = context.getImageData(0, 0, small.width, small.height);
      return new Uint32Array(data.buffer).reduce((sum, dot) => Math.imul(sum ^ dot, 0x01000193), 0);
    };
    const look = () => [...document.querySelectorAll('canvas')].map((it) =>
      (it.width * it.height ? seen(it) : '')).join();
    const LOOKS_MAX = 100;
    const SAME_NEEDED = 6;
    let before = null;
    for (let looks = 0, same = 0; looks < LOOKS_MAX && same < SAME_NEEDED; looks += 1) {
      await frame();
      await frame();
      const now = look();
      same = now === before ? same + 1 : 0;
      before = now;
    }
  });
}

// A picture with only one colour, or nearly so, shows nothing. One page of a browser checks all pictures.
const lookers = new WeakMap();
export async function coloursOf(browser, png) {
  if (!lookers.has(browser)) {
    lookers.set(browser, browser.newPage());
  }
  const page = await lookers.get(browser);
  return page.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    const colours = new Set();
    for (let at = 0; at < data.length; at += 4) {
      colours.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    }
    return colours.size;
  }, png.toString('base64'));
}

// Waits for a page by its heading.
export const title = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();

// How many pixels the page is wider than its window.
export function overflow(page) {
  return page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
