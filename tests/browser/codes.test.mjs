// The field for the code of a mail: what people paste and type, what a wrong code does, and what a screen reader learns.

import assert from 'node:assert/strict';

import { accessibilityFaults, assertAccessible } from './harness.mjs';
import { codeOf, fillRegistration, isSignedIn, overflow, suite, wrongOf } from './helpers.mjs';

const { scenario, mailTo } = suite({}, undefined, { byMail: true });

const SMALL = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true };

// The form that needs a code and a password, so that nothing is sent by itself.
async function asksForCode(visitor, options) {
  const page = await visitor('/forgot', options);
  await page.locator('#email').fill('nobody@example.org');
  await page.getByTestId('forgot-button').click();
  await page.getByTestId('code-form').waitFor();
  return page;
}

// The form that needs nothing but the code of a new account.
async function asksForActivation(visitor, email, options) {
  const page = await visitor('/register', options);
  await fillRegistration(page, email);
  await page.getByTestId('register-button').click();
  await page.getByTestId('code-form').waitFor();
  return { page, code: codeOf(await mailTo(email, '/activate#')) };
}

// Copies a text in the page and pastes it into the field with the keys of a keyboard.
async function pastes(page, text) {
  await page.evaluate((text) => {
    const source = document.body.appendChild(document.createElement('textarea'));
    source.id = 'source';
    source.value = text;
    source.select();
  }, text);
  await page.keyboard.press('Control+C');
  await page.evaluate(() => document.getElementById('source').remove());
  await page.locator('#mail-code').focus();
  await page.keyboard.press('Control+V');
}

const watch = (page, path) => {
  const sent = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith(path)) sent.push(request.postDataJSON());
  });
  return sent;
};

scenario('a_code_is_taken_however_it_is_pasted', async ({ visitor }) => {
  const page = await asksForCode(visitor);
  const field = page.locator('#mail-code');
  const sent = watch(page, '/auth/password/reset');
  for (const text of [
    '123456', '123 456', ' 123-456 ', '1 2 3 4 5 6', 'Your code is 123 456. It is valid for 24 hours.',
    'Code : 123456\nOuvrez le lien avant 24 heures.',
  ]) {
    await field.fill('99');
    await pastes(page, text);
    assert.equal(await field.inputValue(), '123456', text);
    // Password managers and phones write into the field without a paste.
    await field.fill('');
    await field.fill(text.replace('\n', ' '));
    assert.equal(await field.inputValue(), '123456', text);
  }
  await pastes(page, 'no code at all');
  assert.equal(await field.inputValue(), '');
  assert.deepEqual(sent, [], 'a form that needs more than the code waits for its button');
});

scenario('only_digits_are_typed_and_a_short_code_is_told_at_the_field', async ({ visitor }) => {
  const page = await asksForCode(visitor, SMALL);
  const sent = watch(page, '/auth/password/reset');
  const field = page.getByRole('textbox', { name: 'Code from the mail' });
  await field.pressSequentially('1a2-3');
  assert.equal(await field.inputValue(), '123');
  await page.locator('#password').fill('correct-Horse7-battery');
  await page.getByTestId('reset-button').click();
  await page.getByTestId('short-code').getByText('Enter the six digits of the code.').waitFor();
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  await page.waitForFunction(() => document.activeElement?.id === 'mail-code');
  assert.deepEqual(sent, []);
  await field.press('End');
  await field.pressSequentially('45678');
  assert.equal(await field.inputValue(), '123456');
  // A digit that is typed in the middle replaces the next one.
  await field.evaluate((it) => it.setSelectionRange(1, 1));
  await field.press('9');
  assert.equal(await field.inputValue(), '193456');
  assert.equal(await field.evaluate((it) => it.selectionStart), 2);
  await field.press('Backspace');
  assert.equal(await field.inputValue(), '13456');
  assert.equal(await overflow(page), 0);
  assertAccessible(await accessibilityFaults(page));
});

scenario('the_last_digit_sends_the_form_and_a_wrong_code_is_not_sent_again_by_itself', async ({ visitor }) => {
  const { page, code } = await asksForActivation(visitor, 'typed@example.org');
  const sent = watch(page, '/auth/activate');
  const field = page.locator('#mail-code');
  const wrong = wrongOf(code);
  await field.pressSequentially(wrong);
  await page.getByTestId('no-proof').waitFor();
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  const described = await field.getAttribute('aria-describedby');
  assert.match(await page.locator(`#${described.split(' ')[0]}`).textContent(), /wrong/);
  assert.equal(sent.length, 1);
  // The wrong code is selected, so that the next digits replace it. The same code again is not sent.
  await field.pressSequentially(wrong);
  assert.equal(await field.inputValue(), wrong);
  await Promise.all([page.waitForResponse('**/auth/activate'), field.press('Enter')]);
  assert.deepEqual(sent.map((body) => body.code), [wrong, wrong]);
  await pastes(page, `Code : ${code.slice(0, 3)} ${code.slice(3)}`);
  await isSignedIn(page);
  assert.deepEqual(sent.map((body) => body.code), [wrong, wrong, code]);
  page.faults.length = 0;
});

scenario('the_field_says_what_it_takes_to_browsers_and_screen_readers', async ({ visitor }) => {
  const { page } = await asksForActivation(visitor, 'read@example.org');
  const field = page.getByRole('textbox', { name: 'Code from the mail' });
  const told = await field.evaluate((it) => ({
    autocomplete: it.autocomplete, inputmode: it.inputMode, required: it.getAttribute('aria-required'),
    hint: it.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id).textContent).join(' ').trim(),
  }));
  assert.deepEqual(told, {
    autocomplete: 'one-time-code', inputmode: 'numeric', required: 'true',
    hint: 'Six digits, which you can also paste. The form is sent when the last digit is entered.',
  });
  assert.equal(await page.locator('.code').getByRole('textbox').count(), 1, 'one field, not six');
});

scenario('each_digit_stands_in_its_box', async ({ visitor }) => {
  for (const options of [{}, SMALL]) {
    const page = await asksForCode(visitor, options);
    await page.locator('#mail-code').pressSequentially('123456');
    const { boxes, between, step, scrolled } = await page.locator('.code').evaluate((it) => {
      const input = it.querySelector('input');
      const lefts = [...it.querySelectorAll('i')].map((box) => box.getBoundingClientRect().left);
      const style = getComputedStyle(input);
      const pen = document.createElement('canvas').getContext('2d');
      pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      return {
        boxes: lefts.length,
        between: lefts[1] - lefts[0],
        step: pen.measureText('0').width + parseFloat(style.letterSpacing),
        scrolled: input.scrollLeft,
      };
    });
    assert.equal(boxes, 6);
    assert.ok(Math.abs(step - between) < 0.5, `a digit takes ${step} pixels, a box ${between}`);
    assert.equal(scrolled, 0);
  }
});

scenario('a_code_that_is_pasted_during_a_request_is_sent_after_it', async ({ visitor }) => {
  const { page, code } = await asksForActivation(visitor, 'quick@example.org');
  const sent = watch(page, '/auth/activate');
  let go;
  const held = new Promise((resolve) => { go = resolve; });
  await page.route('**/auth/activate', async (route) => {
    if (sent.length === 1) await held;
    return route.continue();
  });
  const field = page.locator('#mail-code');
  await field.pressSequentially(wrongOf(code));
  await page.locator('[data-testid="activate-button"]:disabled').waitFor();
  await pastes(page, code);
  assert.equal(await field.inputValue(), code);
  assert.equal(sent.length, 1);
  go();
  await isSignedIn(page);
  assert.deepEqual(sent.map((body) => body.code), [wrongOf(code), code]);
  page.faults.length = 0;
});
