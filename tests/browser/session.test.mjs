// The session of a signed-in user: it is renewed without a word, shared by the tabs, and ended by signing out.

import assert from 'node:assert/strict';

import { DEMO_PASSWORD, enterAs, sessionEnds, signIn, suite } from './helpers.mjs';

const CUSTOMER = 'customer@demo.test';
const COOKIE = 'holdfast-session';

// A token that has just replaced another one is not replaced so soon.
const BEYOND_GRACE_MS = 11_000;

const { scenario, api, url, advance } = suite();

const cookie = async (page) =>
  (await page.context().cookies()).find(({ name }) => name === COOKIE);

// The requests of the page that renew the session, with the status of each answer.
function renewals(page) {
  const found = [];
  page.on('response', (response) => {
    if (response.url().endsWith('/auth/refresh')) found.push(response.status());
  });
  return found;
}

// What scripts can read of the session.
const readable = (page) => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage },
  document.cookie]));

scenario('a_reload_stays_signed_in_and_no_script_can_read_a_token', async ({ visitor }) => {
  const page = await visitor('/login?next=/bookings');
  await signIn(page, CUSTOMER);
  await settled(page);
  const first = await cookie(page);
  assert.ok(first.httpOnly && first.expires === -1, JSON.stringify(first));
  assert.equal((await readable(page)).includes(first.value), false);
  await advance(BEYOND_GRACE_MS);
  await page.reload();
  await settled(page);
  await page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Your bookings');
  const second = await cookie(page);
  assert.notEqual(second.value, first.value);
  assert.doesNotMatch(await readable(page), /eyJ|hr1\./);
});

scenario('who_wants_to_be_remembered_is_remembered', async ({ visitor }) => {
  const page = await visitor('/login');
  await page.getByTestId('remember').check();
  await signIn(page, CUSTOMER);
  const days = ((await cookie(page)).expires - Date.now() / 1000) / 86_400;
  assert.ok(days > 29 && days < 31, `${days} days`);
});

// Leads to another page of the same program, which asks as the user. Returns the statuses of the renewals meanwhile.
async function renewalsOnTheWay(page) {
  const found = renewals(page);
  await page.getByTestId('event-card').first().getByRole('link').first().click();
  await page.getByTestId('hold-button').waitFor();
  await page.getByTestId('signed-in').waitFor();
  return found;
}

// Opens a page as the customer, and waits until it has its access token: no renewal is under way.
async function entered(visitor, path, { prepare, ...options } = {}) {
  const page = await visitor(path, { ...options, prepare: async (it) => {
    await prepare?.(it);
    await enterAs(it, url(), CUSTOMER);
  } });
  await settled(page);
  return page;
}

async function settled(page) {
  await page.getByTestId('signed-in').waitFor();
  assert.ok(await page.evaluate(() => window.holdfastAccess.token()), 'the page has no access token');
}

const given = (page, token, seconds) => page.evaluate(([token, seconds]) => {
  const { profile } = JSON.parse(localStorage.getItem('holdfast.session'));
  window.holdfastAccess.give(token, seconds, profile.id);
}, [token, seconds]);

scenario('a_token_that_is_about_to_expire_is_renewed_once_before_the_next_requests', async ({ visitor }) => {
  const page = await entered(visitor, '/');
  await page.getByTestId('event-card').first().waitFor();
  await given(page, 'expires', 59);
  assert.deepEqual(await renewalsOnTheWay(page), [200]);
});

scenario('an_access_token_that_is_refused_is_renewed_once_and_the_requests_repeated', async ({ visitor }) => {
  const page = await entered(visitor, '/');
  await page.getByTestId('event-card').first().waitFor();
  await given(page, `e30.e30.${'A'.repeat(43)}`, 600);
  assert.deepEqual(await renewalsOnTheWay(page), [200]);
  page.faults.length = 0;
});

// Opens another tab of the same browser.
async function otherTab(page, path = '/bookings') {
  const other = await page.context().newPage();
  await other.goto(url() + path);
  await settled(other);
  return other;
}

const renewed = (page) => page.evaluate(async () => (await window.holdfastAccess.renewed()).status);

scenario('two_tabs_renew_one_after_the_other', async ({ visitor }) => {
  const page = await entered(visitor, '/bookings');
  const other = await otherTab(page);
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const begun = page.waitForRequest('**/auth/refresh');
  await page.route('**/auth/refresh', async (route) => {
    await held;
    await route.continue();
  });
  const first = renewed(page);
  await begun;
  const asked = [];
  other.on('request', (request) => {
    if (request.url().endsWith('/auth/refresh')) asked.push(request);
  });
  const second = renewed(other);
  await other.waitForTimeout(500);
  assert.equal(asked.length, 0, 'the second tab does not wait for the first');
  release();
  assert.deepEqual(await Promise.all([first, second]), [200, 200]);
  assert.equal(asked.length, 1);
  // Signing out in one tab reaches the other.
  await page.getByTestId('sign-out').click();
  await other.getByRole('banner').getByRole('link', { name: 'Sign in' }).waitFor();
  await other.close();
});

scenario('two_tabs_without_locks_stay_signed_in', async ({ visitor }) => {
  const page = await entered(visitor, '/bookings', { alone: true, prepare: (it) => it.context()
    .addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined })) });
  const other = await otherTab(page);
  assert.deepEqual(await Promise.all([renewed(page), renewed(other)]), [200, 200]);
  await Promise.all([page, other].map((it) => it.reload()));
  for (const it of [page, other]) await it.getByTestId('signed-in').waitFor();
  await other.close();
});

scenario('an_answer_that_is_lost_is_asked_for_again', async ({ visitor }) => {
  const page = await entered(visitor, '/bookings');
  await advance(BEYOND_GRACE_MS);
  let lost = 0;
  await page.route('**/auth/refresh', async (route) => {
    if (lost > 0) return route.continue();
    lost += 1;
    // The server has replaced the cookie, and the browser does not get it.
    await api('POST', '/auth/refresh', undefined, { Cookie: route.request().headers().cookie
      ?? `${COOKIE}=${(await cookie(page)).value}` });
    return route.abort();
  });
  assert.equal(await renewed(page), 200);
  assert.equal(lost, 1);
  await page.reload();
  await page.getByTestId('signed-in').waitFor();
  page.faults.length = 0;
});

scenario('while_the_server_renews_nothing_a_valid_token_is_used_and_nobody_is_signed_out', async ({ visitor }) => {
  const page = await entered(visitor, '/');
  await page.getByTestId('event-card').first().waitFor();
  const token = await page.evaluate(() => window.holdfastAccess.token());
  await given(page, token, 30);
  const problem = { type: '/problems/unavailable', title: 'Try again', status: 503, detail: '' };
  await page.route('**/auth/refresh', (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', json: problem }));
  const asked = page.waitForRequest((request) => request.url().includes('/sections'));
  await page.getByTestId('event-card').first().getByRole('link').first().click();
  assert.equal((await asked).headers().authorization, `Bearer ${token}`);
  await page.getByTestId('hold-button').waitFor();
  // Without a valid token, the next page shows the hall all the same, and the user is still signed in.
  await page.reload();
  await page.getByTestId('hold-button').waitFor();
  await page.getByTestId('signed-in').waitFor();
  page.faults.length = 0;
});

scenario('who_was_signed_out_elsewhere_holds_nothing_as_a_guest', async ({ visitor }) => {
  const page = await entered(visitor, '/');
  await page.getByTestId('event-card').first().waitFor();
  await sessionEnds(page);
  const status = await page.evaluate(async () => {
    const request = new Request('/api/v1/events/x/reservations', { method: 'POST', body: '{}' });
    return (await window.holdfastAccess.send(request, true)).status;
  });
  assert.equal(status, 401);
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).waitFor();
  page.faults.length = 0;
});

scenario('an_answer_about_the_last_session_does_not_change_the_next', async ({ visitor }) => {
  const page = await entered(visitor, '/login');
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route('**/auth/refresh', async (route) => {
    await held;
    await route.continue();
  });
  const begun = page.waitForRequest('**/auth/refresh');
  const late = page.evaluate(async () => (await window.holdfastAccess.renewed().catch(() => ({ status: 0 }))).status);
  await begun;
  await page.getByTestId('sign-out').click();
  setTimeout(release, 1_000);
  await page.locator('#email').fill('organizer@demo.test');
  await page.locator('#password').fill(DEMO_PASSWORD);
  await page.getByTestId('login-button').click();
  await late.catch(() => {});
  await page.waitForURL((address) => address.pathname !== '/login');
  await page.getByTestId('signed-in').getByText('Olaf').waitFor();
  await page.reload();
  await page.getByTestId('signed-in').getByText('Olaf').waitFor();
  page.faults.length = 0;
});

scenario('signing_out_ends_the_session_at_the_server', async ({ visitor }) => {
  const page = await entered(visitor, '/bookings');
  const stolen = (await cookie(page)).value;
  const left = page.waitForResponse('**/auth/logout');
  await page.getByTestId('sign-out').click();
  assert.equal((await left).status(), 204);
  assert.equal(await cookie(page), undefined);
  const { status } = await api('POST', '/auth/refresh', undefined, { Cookie: `${COOKIE}=${stolen}` });
  assert.equal(status, 401);
});

scenario('a_sign_out_without_a_network_is_made_up_for', async ({ visitor }) => {
  const page = await entered(visitor, '/bookings');
  const stolen = (await cookie(page)).value;
  let broken = true;
  await page.route('**/auth/logout', (route) => (broken ? route.abort() : route.continue()));
  await page.getByTestId('sign-out').click();
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).waitFor();
  broken = false;
  const left = page.waitForResponse('**/auth/logout');
  await page.reload();
  assert.equal((await left).status(), 204);
  const { status } = await api('POST', '/auth/refresh', undefined, { Cookie: `${COOKIE}=${stolen}` });
  assert.equal(status, 401);
});

scenario('another_user_in_another_tab_is_the_user_of_this_one_too', async ({ visitor }) => {
  const page = await entered(visitor, '/bookings');
  const other = await page.context().newPage();
  await other.goto(url() + '/bookings');
  await other.getByTestId('sign-out').click();
  await other.goto(url() + '/login?next=/bookings');
  await signIn(other, 'organizer@demo.test');
  await other.close();
  await page.getByTestId('signed-in').getByText('Olaf').waitFor();
  const asked = await page.evaluate(async () => {
    const token = await window.holdfastAccess.token();
    const answer = await fetch('/api/v1/auth/profile', { headers: { Authorization: `Bearer ${token}` } });
    return (await answer.json()).email;
  });
  assert.equal(asked, 'organizer@demo.test');
});

scenario('who_has_no_session_any_more_signs_in_at_the_first_try', async ({ visitor }) => {
  const page = await entered(visitor, '/login?next=/bookings');
  // The browser was closed, and the cookie with it.
  await page.context().clearCookies();
  await page.evaluate(() => window.holdfastAccess.give(null, 0, null));
  await page.locator('#email').fill(CUSTOMER);
  await page.locator('#password').fill(DEMO_PASSWORD);
  await page.getByTestId('login-button').click();
  await page.waitForURL('**/bookings');
  await page.getByTestId('signed-in').waitFor();
  page.faults.length = 0;
});

scenario('the_cookie_decides_who_is_signed_in_and_no_renewal_answers_another_request', async ({ visitor }) => {
  const page = await entered(visitor, '/bookings');
  await page.getByTestId('signed-in').getByText('Clara').waitFor();
  // Somebody else has signed in, and the page was closed before it knew.
  const answer = await page.context().request.post(`${url()}/api/v1/auth/login`,
    { data: { email: 'organizer@demo.test', password: DEMO_PASSWORD } });
  assert.equal(answer.status(), 200);
  await page.evaluate(() => window.holdfastAccess.give(null, 0, null));
  const { email } = await page.evaluate(async () =>
    (await window.holdfastAccess.send(new Request('/api/v1/auth/profile'), true)).json());
  assert.equal(email, 'organizer@demo.test');
  await page.getByTestId('signed-in').getByText('Olaf').waitFor();
});
