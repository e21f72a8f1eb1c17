// A real mail server (aiosmtpd) for the browser tests, so that they follow links and codes of mails that arrived.
//
//   const mails = await startMailServer();   // mails.settings, await mails.to('ada@example.org'), mails.stop()
//
// SMTP_PYTHON names a Python with aiosmtpd; scripts/test.sh sets it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const SCRIPT = new URL('../smtp/server.py', import.meta.url).pathname;

export async function startMailServer() {
  const python = process.env.SMTP_PYTHON;
  assert.ok(python, 'SMTP_PYTHON is not set: run scripts/test.sh browser');
  const child = spawn(python, [SCRIPT, ''], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: first } = await lines.next();
  const port = /^port (\d+)$/.exec(first)[1];
  const taken = [];
  (async () => {
    for await (const line of lines) {
      const mail = JSON.parse(line);
      if (mail.step === 'ok') taken.unshift(mail);
    }
  })();
  return {
    // The settings of a server that sends its mails here.
    settings: { SMTP_URL: `smtp://127.0.0.1:${port}?tls=none`, MAIL_FROM: 'Box office <tickets@example.org>' },
    // The mails to this address that have arrived, newest first: `{ subject, text, links }`.
    to: (email) => taken.filter((mail) => mail.to.includes(email)),
    stop: () => child.stdin.end(),
  };
}
