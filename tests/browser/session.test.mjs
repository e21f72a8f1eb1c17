// The session of a signed-in user: it is renewed without a word, shared by the tabs, and ended by signing out.

import assert from 'node:assert/strict';

import { enterAs, signIn, suite } from './helpers.mjs';

const CUSTOMER = 'customer@demo.test';
const COOKIE = 'holdfast-session';

const { scenario, api, url } = suite();

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
  const first = await cookie(page);
  assert.ok(first.httpOnly && first.expires === -1, JSON.stringify(first));
  assert.equal((await readable(page)).includes(first.value), false);
  await page.reload();
  await page.getByTestId('signed-in').waitFor();
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

const given = (page, token, seconds) => page.evaluate(([token, seconds]) => {
  const { profile } = JSON.parse(localStorage.getItem('holdfast.session'));
  window.holdfastAccess.give(token, seconds, profile.id);
}, [token, seconds]);

scenario('a_token_that_is_about_to_expire_is_renewed_once_before_the_next_requests', async ({ visitor }) => {
  const page = await visitor('/', { prepare: (it) => enterAs(it, url(), CUSTOMER) });
  await page.getByTestId('event-card').first().waitFor();
  await given(page, 'expires', 59);
  assert.deepEqual(await renewalsOnTheWay(page), [200]);
});

scenario('an_access_token_that_is_refused_is_renewed_once_and_the_requests_repeated', async ({ visitor }) => {
  const page = await visitor('/', { prepare: (it) => enterAs(it, url(), CUSTOMER) });
  await page.getByTestId('event-card').first().waitFor();
  await given(page, `e30.e30.${'A'.repeat(43)}`, 600);
  assert.deepEqual(await renewalsOnTheWay(page), [200]);
  page.faults.length = 0;
});

scenario('two_tabs_renew_one_after_the_other', async ({ visitor }) => {
  const page = await visitor('/bookings', { prepare: (it) => enterAs(it, url(), CUSTOMER) });
  await page.getByTestId('signed-in').waitFor();
  const other = await page.context().newPage();
  const found = renewals(other);
  await other.goto(url() + '/bookings');
  await other.getByTestId('signed-in').waitFor();
  await Promise.all([page, other].map((it) => it.evaluate(() =>
    Promise.all([window.holdfastAccess.renewed(), window.holdfastAccess.renewed()]))));
  // Both tabs are still signed in, and so is the next page.
  await Promise.all([page, other].map((it) => it.reload()));
  for (const it of [page, other]) await it.getByTestId('signed-in').waitFor();
  assert.ok(found.every((status) => status === 200), JSON.stringify(found));
  // Signing out in one tab reaches the other.
  await page.getByTestId('sign-out').click();
  await other.getByRole('banner').getByRole('link', { name: 'Sign in' }).waitFor();
  await other.close();
});

scenario('signing_out_ends_the_session_at_the_server', async ({ visitor }) => {
  const page = await visitor('/bookings', { prepare: (it) => enterAs(it, url(), CUSTOMER) });
  await page.getByTestId('signed-in').waitFor();
  const stolen = (await cookie(page)).value;
  const left = page.waitForResponse('**/auth/logout');
  await page.getByTestId('sign-out').click();
  assert.equal((await left).status(), 204);
  assert.equal(await cookie(page), undefined);
  const { status } = await api('POST', '/auth/refresh', undefined, { Cookie: `${COOKIE}=${stolen}` });
  assert.equal(status, 401);
});

scenario('a_sign_out_without_a_network_is_made_up_for', async ({ visitor }) => {
  const page = await visitor('/bookings', { prepare: (it) => enterAs(it, url(), CUSTOMER) });
  await page.getByTestId('signed-in').waitFor();
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
  const page = await visitor('/bookings', { prepare: (it) => enterAs(it, url(), CUSTOMER) });
  await page.getByTestId('signed-in').waitFor();
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
