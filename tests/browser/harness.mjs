// Starts the real server on its own port with a fresh SQLite store, and Chromium or Firefox in front of it.
//
// HOLDFAST_BIN names the program, CHROMIUM and FIREFOX the browsers, and CHROMIUM_SHELL a thriftier Chromium;
// scripts/test.sh sets them. If one of them is missing, the test fails; nothing is skipped. Without CHROMIUM_SHELL, CHROMIUM
// takes its place. HOLDFAST_SEEDED names a data folder with the demo data, which each server
// copies. Without it, each server seeds its own store. When a server has stopped, `holdfast check` must find no breach
// in its store.
//
//   const holdfast = await startHoldfast();            // seeded; await holdfast.stop()
//   const holdfast = await startHoldfast({}, null);    // over an empty store, which it seeds itself
//   const browser = await openBrowser();               // the thrifty Chromium; await browser.close()
//   const firefox = await openBrowser('firefox');
//   const page = await visit(browser, holdfast.url);   // a visitor of their own: no shared storage
//   await holdfast.advance(601_000);                   // the database's clock, so every node's
//   assertAccessible(await accessibilityFaults(page));

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import axe from 'axe-core';
import { chromium, firefox } from 'playwright-core';

const READY_MS = 60_000;
const STOP_MS = 10_000;
const CHECK_MS = 60_000;
const PORT_TRIES = 5;
const LOG_LINES_MAX = 40;
// How long one step of a page may take. It is generous, because the machine may be busy.
const STEP_MS = 15_000;

// Every setting. A setting in the shell of the person who runs the tests must not reach the server. RUST_LOG only
// chooses what is logged.
const SETTINGS = [...readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
  .matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name).filter((name) => name !== 'RUST_LOG');

// Every visitor of the tests comes from one address.
const UNLIMITED = Object.fromEntries(['ADDRESS_READS', 'ADDRESS_REQUESTS', 'USER_REQUESTS', 'GUESTS', 'PROOFS', 'REGISTRATIONS', 'MAILS']
  .map((name) => [`${name}_PER_MINUTE`, '1000000']));

export async function startHoldfast(settings = {}, seeded = process.env.HOLDFAST_SEEDED) {
  const program = process.env.HOLDFAST_BIN ?? 'target/debug/holdfast';
  assert.ok(existsSync(program), `${program} is not here; run scripts/test.sh browser`);
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-browser-'));
  if (seeded) {
    await cp(seeded, folder, { recursive: true });
  }
  // Another program may have taken a port that was free a moment ago.
  for (let tries = 1; ; tries += 1) {
    const node = launch(program, folder, await freePort(), settings);
    if (await node.isReady()) {
      return handle(node, folder);
    }
    if (tries === PORT_TRIES || !node.log().includes('in use')) {
      throw new Error(`the server is not ready:\n${node.log()}`);
    }
  }
}

function launch(program, folder, port, settings) {
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env };
  for (const name of SETTINGS) {
    delete env[name];
    delete env[`${name}_FILE`];
  }
  Object.assign(env, {
    HOLDFAST_ENV: 'development',
    HOLDFAST_BIND: `127.0.0.1:${port}`,
    HOLDFAST_DATA_DIR: folder,
    PUBLIC_URL: url,
    ...UNLIMITED,
    ...settings,
  });
  const child = spawn(program, ['serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      lines.push(...text.split('\n').filter(Boolean));
      lines.splice(0, lines.length - LOG_LINES_MAX);
    });
  }
  let ended = false;
  const end = new Promise((resolve) => child.once('close', () => { ended = true; resolve(); }));
  return {
    url,
    child,
    end,
    log: () => lines.join('\n'),
    check: () => breaches(program, env),
    // False if the server has ended, by itself or because its start took too long.
    async isReady() {
      const deadline = Date.now() + READY_MS;
      while (!(await answers(`${url}/readyz`))) {
        if (ended || Date.now() > deadline) {
          child.kill('SIGKILL');
          return false;
        }
        await pause(20);
      }
      // Another program that took the port in between would also respond while our server ends.
      return !ended;
    },
  };
}

function handle({ url, child, end, log, check }, folder) {
  return {
    url,
    pid: child.pid,
    log,
    // Moves the database's clock. The server allows it only in development.
    async advance(milliseconds) {
      const answer = await call(`${url}/api/development/clock`, 'POST',
        { advance_ms: milliseconds });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
    },
    // The API that the pages use, for the actions of a second buyer and for the true state.
    api: (method, path, body, headers) => call(`${url}/api/v1${path}`, method, body, headers),
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await end;
      clearTimeout(late);
      try {
        assert.equal(await check(), null, 'the store breaks an invariant');
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

// The output of `holdfast check`, or null if every invariant holds.
function breaches(program, env) {
  return new Promise((resolve) => {
    execFile(program, ['check'], { env, timeout: CHECK_MS }, (error, stdout, stderr) => {
      resolve(error && `${error.message}\n${stdout}\n${stderr}`);
    });
  });
}

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
// The browser starts no spare processes, and no second, optimizing compilation of a program that runs for seconds.
const THRIFTY = ['--renderer-process-limit=1', '--js-flags=--liftoff-only'];

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

// The browsers as users have them, by the names that tests use.
const BROWSERS = {
  chromium: () => chromium.launch({ executablePath: CHROMIUM, args: FLAGS }),
  // The channel makes Playwright speak WebDriver BiDi, which the Firefox of a distribution understands. Playwright's own
  // protocol needs a Firefox of its own.
  firefox: () => firefox.launch({
    channel: 'moz-firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
  }),
};
export const BROWSER_NAMES = Object.keys(BROWSERS);

// Opens a browser as users have it, or without a name the same engine as thrifty as possible.
export function openBrowser(name) {
  return name ? BROWSERS[name]() : chromium.launch({
    executablePath: process.env.CHROMIUM_SHELL ?? CHROMIUM, args: [...FLAGS, ...THRIFTY],
  });
}

// Opens a page of a new visitor. `page.faults` collects what a user must never see: uncaught errors, violations of the
// Content-Security-Policy, other console errors (except the network's message about a 4xx, which is a normal response),
// 5xx responses, and missing files of the page. `prepare` gets the page before it opens an address. `context` is a
// context that the caller opened. `page.leave()` closes what this function opened; `page.answer` is the server's
// response.
export async function visit(browser, url, { prepare, context: known, ...options } = {}) {
  const context = known ?? await browser.newContext({ locale: 'en-GB', ...options });
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  page.leave = () => (known ? page : context).close();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      page.faults.push(message.text());
    }
  });
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    const missing = response.status() === 404 && !pathname.startsWith('/api/')
      && !response.request().isNavigationRequest();
    if (response.status() >= 500 || missing) {
      page.faults.push(`${response.status()} ${pathname}`);
    }
  });
  await prepare?.(page);
  page.answer = await page.goto(url);
  return page;
}

// The violations that axe-core finds on the current page, one line for each node.
export async function accessibilityFaults(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    resultTypes: ['violations'],
    // A rule of WCAG 2.2 that is off by default.
    rules: { 'target-size': { enabled: true } },
  }));
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}`));
}

export function assertAccessible(faults) {
  assert.deepEqual(faults, []);
}

async function call(address, method, body, headers = {}) {
  const answer = await fetch(address, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null };
}

async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
