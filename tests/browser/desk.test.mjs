// The desk: the organizer's events, the sagas that need attention, and who may see which page.

import assert from 'node:assert/strict';

import { THEATRE, bearerOf, enterAs, refusedRefund, signIn, suite, title, tokenOf } from './helpers.mjs';

const DAY_MS = 86_400_000;
const ORGANIZER = 'organizer@demo.test';
const ADMIN = 'admin@demo.test';
const CUSTOMER = 'customer@demo.test';

const steps = suite({}, undefined, { byMail: true });
const { scenario, api } = steps;


const deskOf = (visitor, email, path = '/desk') =>
  visitor(path, { prepare: (page) => enterAs(page, steps.url(), email) });

scenario('a_visitor_signs_in_and_is_back_at_the_desk', async ({ visitor }) => {
  const page = await visitor('/desk/attention');
  await title(page, 'Sign in to see your desk');
  await page.locator('main').getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, ADMIN);
  await page.waitForURL('**/desk/attention');
  await title(page, 'Needs attention');
});

scenario('an_organizer_sees_their_events_and_drafts', async ({ visitor }) => {
  const bearer = await bearerOf(api, ORGANIZER);
  const at = (days) => new Date(Date.now() + days * DAY_MS).toISOString();
  const { status, body: draft } = await api('POST', '/events', {
    name: 'Spring concert', category: 'concert', place: 'Erfurt', time_zone: 'Europe/Berlin',
    starts_at: at(30), ends_at: at(31), sale_starts_at: at(1), currency: 'EUR',
    max_per_user: 4, max_per_order: 4,
  }, bearer);
  assert.equal(status, 201, JSON.stringify(draft));
  const page = await deskOf(visitor, ORGANIZER);
  const rows = page.getByTestId('desk-event');
  await rows.filter({ hasText: 'Spring concert' }).getByText('Draft').waitFor();
  const { body: theatre } = await api('GET', `/events/${THEATRE}`);
  await rows.filter({ hasText: theatre.name }).getByText('On sale').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Needs attention' }).count(), 0);
  // The header of every page has a link to the desk. Only the organizer of a draft can open its page.
  await page.getByRole('link', { name: 'Spring concert' }).click();
  await page.waitForURL(`**/events/${draft.slug}`);
  await title(page, 'Spring concert');
  await page.getByTestId('desk-link').click();
  await title(page, 'My events');
});

scenario('an_organizer_without_events_is_told_what_comes_here', async ({ visitor }) => {
  const page = await visitor('/desk', { prepare: async (it) => {
    await enterAs(it, steps.url(), ORGANIZER);
    await it.route('**/api/v1/auth/refresh', async (route) => {
      const response = await route.fetch();
      const session = await response.json();
      session.profile.organizations = [];
      await route.fulfill({ response, json: session });
    });
  } });
  await page.getByRole('heading', { name: 'No events yet' }).waitFor();
});

scenario('a_buyer_is_told_that_the_desk_is_not_theirs', async ({ visitor }) => {
  const page = await deskOf(visitor, CUSTOMER);
  await title(page, 'This is not for your account');
  await page.getByText(CUSTOMER).waitFor();
  await page.getByRole('link', { name: 'All events' }).click();
  await page.getByTestId('event-card').first().waitFor();
});

scenario('an_organizer_does_not_see_what_needs_attention', async ({ visitor }) => {
  const page = await deskOf(visitor, ORGANIZER, '/desk/attention');
  await title(page, 'This is not for your account');
  assert.equal(await page.getByTestId('retry-saga').count(), 0);
});

scenario('a_list_that_does_not_come_is_asked_for_again', async ({ visitor }) => {
  let broken = true;
  const page = await visitor('/desk/attention', { prepare: async (it) => {
    await enterAs(it, steps.url(), ADMIN);
    await it.route('**/api/v1/admin/sagas?*', (route) => (broken ? route.abort() : route.continue()));
  } });
  await title(page, 'This did not load');
  broken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Nothing needs attention' }).waitFor();
});

scenario('a_refund_that_is_stuck_is_seen_and_sent_on_again', async ({ visitor }) => {
  const reference = await refusedRefund(steps, 'R');
  const page = await deskOf(visitor, ADMIN);
  await page.getByRole('link', { name: 'Needs attention' }).click();
  const saga = page.getByTestId('saga').filter({ hasText: reference });
  await saga.getByText('refund-refused').waitFor();
  await saga.getByRole('heading', { name: `Refund ${reference}` }).waitFor();
  await saga.getByTestId('retry-saga').click();
  await page.getByTestId('attention-told').getByText(reference).waitFor();
  // The gateway refuses again, so the saga returns to the list.
  await page.waitForFunction(async ([id, look]) => {
    document.querySelector(look)?.click();
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    return document.querySelector('[data-testid="saga"]')?.textContent.includes(id);
  }, [reference, '[data-testid="look-again"]']);
});

scenario('an_administrator_finds_a_user_and_changes_and_suspends_the_account', async ({ visitor }) => {
  await steps.newAccount('countess@example.org', { first_name: 'Augusta', last_name: 'King' });
  const page = await deskOf(visitor, ADMIN);
  await page.getByRole('link', { name: 'Users' }).click();
  await title(page, 'Users');
  const users = page.getByTestId('user');
  await users.filter({ hasText: ADMIN }).getByText('This is you.').waitFor();
  assert.equal(await users.filter({ hasText: ADMIN }).getByTestId('edit-user').count(), 0);
  await page.getByLabel('Address or name').fill('king august');
  await page.getByTestId('search-users').click();
  await users.filter({ hasText: ADMIN }).waitFor({ state: 'detached' });
  const found = users.filter({ hasText: 'countess@example.org' });
  await found.getByTestId('edit-user').click();
  await found.getByTestId('user-role').selectOption('organizer');
  await found.getByTestId('user-suspended').check();
  await found.getByLabel('Reason, for the audit log').fill('asked for it');
  await found.getByTestId('save-user').click();
  await page.locator('[data-testid=user][data-status=suspended]').waitFor();
  await found.getByText('Organizer').first().waitFor();
  const credentials = { email: 'countess@example.org', password: 'Demo-pass-1' };
  assert.equal((await api('POST', '/auth/login', credentials)).status, 401);
  await found.getByTestId('edit-user').click();
  // Only an active user gets a role.
  await found.getByTestId('user-role').selectOption('controller');
  await found.getByTestId('save-user').click();
  await found.locator('.notice').getByText('The account is suspended.').waitFor();
  await found.getByTestId('user-suspended').uncheck();
  await found.getByTestId('save-user').click();
  await page.locator('[data-testid=user][data-status=active]').waitFor();
  await found.getByText('Controller').first().waitFor();
  await page.getByLabel('Address or name').fill('nobody at all');
  await page.getByTestId('search-users').click();
  await page.getByRole('heading', { name: 'Nobody found' }).waitFor();
  page.faults.length = 0;
});

scenario('an_application_is_approved_and_its_owner_invites_a_member', async ({ visitor }) => {
  const owner = 'founder@example.org';
  const member = 'colleague@example.org';
  await steps.newAccount(owner, { first_name: 'Flora' });
  await steps.newAccount(member, { first_name: 'Colette' });
  const founder = await visitor('/account', { prepare: (it) => enterAs(it, steps.url(), owner) });
  await founder.getByTestId('apply-link').click();
  await title(founder, 'Apply as an organizer');
  await founder.locator('#name').fill('Parc Theatre');
  await founder.locator('#legal_name').fill('Parc Theatre Ltd');
  await founder.locator('#contact_email').fill('hello@parc.example');
  await founder.locator('#website').fill('javascript:alert(1)');
  await founder.getByTestId('apply-button').click();
  await founder.locator('#website[aria-invalid="true"]').waitFor();
  await founder.locator('#website').fill('https://parc.example');
  await founder.getByTestId('apply-button').click();
  await founder.getByTestId('applied').waitFor();

  const admin = await deskOf(visitor, ADMIN, '/desk/organizations');
  const applied = admin.getByTestId('organization').filter({ hasText: 'Parc Theatre Ltd' });
  await applied.getByTestId('decide').click();
  await applied.locator('#decision-reason').press('Enter');
  await applied.getByTestId('refuse').click();
  await applied.locator('#decision-reason[aria-invalid="true"]').waitFor();
  await applied.getByTestId('approve').click();
  await applied.getByTestId('show-members').waitFor();

  // The founder's browser knows the role from before the approval.
  const desk = founder;
  await desk.goto(`${steps.url()}/desk/organizations`);
  await title(desk, 'Organizations');
  const mine = desk.getByTestId('organization').filter({ hasText: 'Parc Theatre' });
  await mine.getByTestId('show-members').click();
  await mine.getByTestId('member').filter({ hasText: owner }).waitFor();
  await mine.getByTestId('remove-member').click();
  await desk.getByTestId('question-confirm').click();
  await mine.getByText('The organization would have no owner.').waitFor();
  await mine.locator('#invite-email').fill(member);
  await mine.getByTestId('invite-role').selectOption('viewer');
  await mine.getByTestId('invite-button').click();
  await mine.getByTestId('invitation').filter({ hasText: member }).waitFor();

  const token = tokenOf(await steps.mailTo(member, '/invitation#'));
  const stranger = await visitor(`/invitation#${token}`, { prepare: (it) => enterAs(it, steps.url(), CUSTOMER) });
  await stranger.getByTestId('accept-button').click();
  await stranger.getByText('The invitation is for another address.').waitFor();
  const invited = await visitor(`/invitation#${token}`, { prepare: (it) => enterAs(it, steps.url(), member) });
  await invited.getByTestId('accept-button').click();
  await invited.getByTestId('joined').getByText('You are a member now.').waitFor();
  await invited.getByTestId('joined').getByRole('link').click();
  await title(invited, 'My events');

  await desk.reload();
  await mine.getByTestId('edit-organization').click();
  await mine.locator('#edit-name').fill('');
  await mine.getByTestId('save-organization').click();
  await mine.locator('#edit-name[aria-invalid="true"]').waitFor();
  await mine.locator('#edit-name').fill('Parc Theatre & Co');
  await mine.getByTestId('save-organization').click();
  await mine.getByRole('heading', { name: 'Parc Theatre & Co' }).waitFor();

  const page = await visitor('/organizations/parc-theatre');
  await title(page, 'Parc Theatre & Co');
  await page.getByRole('link', { name: 'https://parc.example' }).waitFor();
  assert.equal(await page.getByText('Ltd').count(), 0, 'the name in contracts is not public');
  for (const it of [founder, admin, desk, stranger]) it.faults.length = 0;
});
