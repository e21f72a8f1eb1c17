// Starts the real server on a port of its own with a fresh SQLite store, and Chromium before it.
//
// HOLDFAST_BIN names the program, CHROMIUM the browser; scripts/test.sh sets both. A missing one
// fails the test: nothing here skips. HOLDFAST_SEEDED is a data folder with the demo in it, which
// each server gets a copy of; without it each server makes its own.
//
//   const holdfast = await startHoldfast();            // seeded; await holdfast.stop()
//   const holdfast = await startHoldfast({}, null);    // over an empty store, which it seeds itself
//   const browser = await openBrowser();               // await browser.close()
//   const page = await visit(browser, holdfast.url);   // a visitor of their own: no shared storage
//   await holdfast.advance(601_000);                   // the database's clock, so every node's
//   assertAccessible(await accessibilityFaults(page));

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import axe from 'axe-core';
import { chromium } from 'playwright-core';

const READY_MS = 60_000;
const STOP_MS = 10_000;
const PORT_TRIES = 5;
const LOG_LINES_MAX = 40;
// How long one step of a page may take: generous, for the machine may be busy.
const STEP_MS = 15_000;

// What must not reach the server from the shell of whoever runs the tests.
const OURS = ['DATABASE_URL', 'REDIS_URLS', 'JWT_SECRET', 'HOLDFAST_CONFIG', 'PUBLIC_URL'];

export async function startHoldfast(settings = {}, seeded = process.env.HOLDFAST_SEEDED) {
  const program = process.env.HOLDFAST_BIN ?? 'target/debug/holdfast';
  assert.ok(existsSync(program), `${program} is not here; run scripts/test.sh browser`);
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-browser-'));
  if (seeded) {
    await cp(seeded, folder, { recursive: true });
  }
  // A port that was free a moment ago may be somebody else's by now.
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
  for (const name of OURS) {
    delete env[name];
    delete env[`${name}_FILE`];
  }
  const child = spawn(program, ['serve'], {
    env: {
      ...env,
      HOLDFAST_ENV: 'development',
      HOLDFAST_BIND: `127.0.0.1:${port}`,
      HOLDFAST_DATA_DIR: folder,
      PUBLIC_URL: url,
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
    // False when it has ended, by itself or because it took too long.
    async isReady() {
      const deadline = Date.now() + READY_MS;
      while (!(await answers(`${url}/readyz`))) {
        if (ended || Date.now() > deadline) {
          child.kill('SIGKILL');
          return false;
        }
        await pause(20);
      }
      // Whoever took the port in between would answer, too, while ours ends.
      return !ended;
    },
  };
}

function handle({ url, child, end, log }, folder) {
  return {
    url,
    pid: child.pid,
    log,
    // Moves the database's clock; the server allows it in development alone.
    async advance(milliseconds) {
      const answer = await call(`${url}/api/development/clock`, 'POST',
        { advance_ms: milliseconds });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
    },
    // The same interface that the pages use: what a second buyer does, or what is really true.
    api: (method, path, body, headers) => call(`${url}/api/v1${path}`, method, body, headers),
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await end;
      clearTimeout(late);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
// No processes in reserve, and no second, better compilation of a program that runs for seconds.
const THRIFTY = ['--renderer-process-limit=1', '--js-flags=--liftoff-only'];

// `asUsersHave` is for what measures: with nothing that only saves the tests time.
export function openBrowser({ asUsersHave = false } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: asUsersHave ? FLAGS : [...FLAGS, ...THRIFTY],
  });
}

// A page of a new visitor. `page.faults` collects what a user would never be shown: uncaught
// errors, broken rules of the Content-Security-Policy and other console errors (save the network's
// own word about a 4xx, which is an answer), answers of 5xx, and files of the page that are not there.
// `prepare` gets the page before it goes anywhere; `context` is one that was opened elsewhere.
// `page.leave()` closes what was opened here; `page.answer` is what the server answered.
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

// What axe-core finds wrong on the page as it stands, one line a node.
export async function accessibilityFaults(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    resultTypes: ['violations'],
    // Of WCAG 2.2, off by default.
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
