// The stream of changes in the browser: tabs that share it, tabs that nobody sees, and a server that does not give it.

import assert from 'node:assert/strict';

import { THEATRE, hallIsOpen, openRow, seatIsFree, seatSays, suite } from './helpers.mjs';

const { scenario, row, holdByApi, url } = suite();

const hall = `/events/${THEATRE}`;
// More than the connections that a browser opens to one server over HTTP/1.1.
const TABS = 8;
const STREAM = /\/stream\?/;

// The streams that this page asks for, and those that have ended.
function streamsOf(page) {
  const [asked, ended] = [[], []];
  for (const [name, list] of [['request', asked], ['requestfailed', ended], ['requestfinished', ended]]) {
    page.on(name, (request) => {
      if (STREAM.test(request.url())) list.push(request.url());
    });
  }
  return { asked, ended };
}

async function until(is) {
  for (let tries = 0; tries < 300 && !is(); tries += 1) {
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  assert.ok(is());
}

// Another tab of the same browser.
async function tabBeside(page) {
  const tab = await page.context().newPage();
  const { asked } = streamsOf(tab);
  await tab.goto(url() + hall);
  await hallIsOpen(tab);
  return { tab, asked };
}

const isLive = (page) => page.locator('[data-testid="stream-status"][data-state="live"]')
  .waitFor({ state: 'attached' });

// Acts as the browser does when another tab covers this one, or uncovers it.
const hide = (page, hidden) => page.evaluate((isHidden) => {
  Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}, hidden);

scenario('tabs_of_one_browser_share_a_stream_and_hand_it_on', async ({ visitor }) => {
  const [first, second, third] = await row(THEATRE, 'Stalls', 'A');
  let streams;
  const page = await visitor(hall, { alone: true, prepare: (it) => { streams = streamsOf(it); } });
  await isLive(page);
  const beside = await tabBeside(page);
  const last = await tabBeside(page);
  await isLive(beside.tab);
  await isLive(last.tab);
  await openRow(beside.tab, 'Stalls', 'A');
  await openRow(last.tab, 'Stalls', 'A');
  await holdByApi(THEATRE, [first]);
  await seatSays(beside.tab, first, 'Held');
  await seatSays(last.tab, first, 'Held');
  assert.deepEqual([streams.asked.length, beside.asked.length, last.asked.length], [1, 0, 0]);
  // The tab with the connection is closed: another one takes it over, and misses nothing.
  await page.close();
  await holdByApi(THEATRE, [second]);
  await seatSays(beside.tab, second, 'Held');
  await seatSays(last.tab, second, 'Held');
  assert.equal(beside.asked.length + last.asked.length, 1);
  await holdByApi(THEATRE, [third]);
  await seatSays(last.tab, third, 'Held');
});

scenario('a_tab_that_opens_later_knows_what_the_others_have_heard', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'B');
  const page = await visitor(hall, { alone: true });
  await isLive(page);
  // The new tab reads the state before the hold, and looks at the stream only afterwards.
  const tab = await page.context().newPage();
  let answer;
  const held = new Promise((resolve) => { answer = resolve; });
  await tab.route(/\/seats\?state=only/, async (route) => {
    const before = await route.fetch();
    await held;
    await route.fulfill({ response: before });
  }, { times: 1 });
  await tab.goto(url() + hall);
  await openRow(page, 'Stalls', 'B');
  await holdByApi(THEATRE, [seat]);
  await seatSays(page, seat, 'Held');
  answer();
  await hallIsOpen(tab);
  await openRow(tab, 'Stalls', 'B');
  await seatSays(tab, seat, 'Held');
});

scenario('many_tabs_of_one_browser_all_open', async ({ visitor }) => {
  const page = await visitor(hall, { alone: true });
  await hallIsOpen(page);
  for (let opened = 1; opened < TABS; opened += 1) {
    const { tab, asked } = await tabBeside(page);
    await isLive(tab);
    assert.deepEqual(asked, []);
  }
});

scenario('a_hidden_tab_has_no_stream_and_reads_the_state_when_it_returns', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'C');
  let streams;
  const page = await visitor(hall, { alone: true, prepare: (it) => { streams = streamsOf(it); } });
  await openRow(page, 'Stalls', 'C');
  await isLive(page);
  await hide(page, true);
  await until(() => streams.ended.length === 1);
  await holdByApi(THEATRE, [seat]);
  await seatIsFree(page, seat);
  const reads = page.waitForRequest(/\/seats\?state=only/);
  await hide(page, false);
  await reads;
  await seatSays(page, seat, 'Held');
  await until(() => streams.asked.length === 2);
});

scenario('a_short_look_at_another_tab_keeps_the_stream', async ({ visitor }) => {
  const page = await visitor(hall, { alone: true });
  await isLive(page);
  const { asked, ended } = streamsOf(page);
  await hide(page, true);
  await hide(page, false);
  await page.waitForTimeout(6_000);
  assert.deepEqual([asked, ended], [[], []]);
});

scenario('a_stream_that_cannot_be_opened_is_told', async ({ visitor }) => {
  const page = await visitor(hall, {
    alone: true,
    prepare: (it) => it.route(STREAM, (route) => route.fulfill({ status: 404 })),
  });
  const status = page.getByTestId('stream-status');
  await status.getByText('Reconnecting.').waitFor();
  await page.unroute(STREAM);
  await isLive(page);
  await status.getByText('Reconnecting.').waitFor({ state: 'detached' });
});

scenario('a_stream_that_is_silent_beyond_its_heartbeat_is_told_and_opened_again', async ({ visitor }) => {
  const page = await visitor(hall, { alone: true, prepare: (it) => it.clock.install() });
  await isLive(page);
  const opened = page.waitForRequest(STREAM);
  await page.route(STREAM, (route) => route.abort());
  await page.clock.fastForward(34_000);
  assert.equal(await page.getByTestId('stream-status').getAttribute('data-state'), 'live');
  await page.clock.fastForward(2_000);
  await opened;
  await page.getByTestId('stream-status').getByText('Reconnecting.').waitFor();
});
