// Return addresses: where a visitor is led after signing in.

import assert from 'node:assert/strict';

import { DEMO_PASSWORD, suite } from './helpers.mjs';

let answer;
const { scenario } = suite({}, async ({ api }) => {
  answer = (await api('POST', '/auth/login',
    { email: 'customer@demo.test', password: DEMO_PASSWORD })).body;
});

// Signs in with this return address and returns where the browser wants to go. No page is loaded there.
async function ledTo(visitor, next) {
  const page = await visitor(`/login?next=${encodeURIComponent(next)}`);
  const home = new URL('/', page.url()).href;
  await page.route('**/auth/login', (route) => route.fulfill({ json: answer }));
  const led = new Promise((resolve) => {
    page.route((url) => !url.pathname.startsWith('/api/'), (route) => {
      if (!route.request().isNavigationRequest()) return route.continue();
      resolve(route.request().url());
      return route.fulfill({ contentType: 'text/html', body: '<title>There</title>' });
    });
  });
  await page.locator('#email').fill('customer@demo.test');
  await page.locator('#password').fill('any');
  await page.getByTestId('login-button').click();
  const address = await led;
  return address === home ? '/' : address.replace(home, '/');
}

scenario('no_return_address_leads_to_another_site', async ({ visitor }) => {
  for (const next of [
    '//evil.test', '///evil.test/', 'https://evil.test/', 'https:evil.test', '\\\\evil.test',
    '/\\evil.test/', '/\t/evil.test/', '/\n/evil.test/', '/a/..//evil.test/', '/events/..//evil.test/',
    '/.//evil.test/', '/%2e%2e//evil.test/', 'javascript:alert(1)', 'data:text/html,x', '\u0000//evil.test',
    'http://', '/no-such-page/at/all', '',
  ]) {
    assert.equal(await ledTo(visitor, next), '/', JSON.stringify(next));
  }
});

scenario('a_return_address_of_ours_is_followed_as_the_browser_reads_it', async ({ visitor }) => {
  for (const [next, there] of [
    ['/desk/attention?page=2', '/desk/attention?page=2'],
    ['/checkout/1,2#pay', '/checkout/1,2'],
    ['/events/../desk', '/desk'],
    ['/events/gala%20night', '/events/gala%20night'],
  ]) {
    const address = await ledTo(visitor, next);
    assert.equal(address.split('#')[0], there, next);
  }
});

scenario('a_page_whose_path_begins_with_two_slashes_is_told_and_leads_on', async ({ visitor }) => {
  const page = await visitor('/a/..//evil.test/');
  await page.getByRole('heading', { level: 1, name: 'Nothing is here' }).waitFor();
  await page.getByTestId('language').click();
  await page.getByRole('link', { name: 'Tous les événements' }).click();
  await page.getByTestId('event-card').first().waitFor();
});
