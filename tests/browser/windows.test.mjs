// Windows of unusual sizes, long words, other writing directions, forced colours, and forms in the page's language.

import assert from 'node:assert/strict';

import {
  THEATRE, acceptTerms, choose, coloursOf, fillRegistration, hallIsOpen, isSignedIn, openRow,
  overflow, suite,
} from './helpers.mjs';

const { scenario, activate, event, row } = suite({}, undefined, { byMail: true });

for (const viewport of [
  { width: 390, height: 844 }, { width: 844, height: 390 }, { width: 640, height: 400 },
  { width: 1280, height: 480 },
]) {
  scenario(`the_hold_button_stays_in_a_window_of_${viewport.width}_by_${viewport.height}`,
    async ({ visitor }) => {
      const page = await visitor(`/events/${THEATRE}`, { viewport });
      await hallIsOpen(page);
      const button = page.getByTestId('hold-button');
      const inSight = async (when) => {
        const box = await button.boundingBox();
        assert.ok(box.y >= 0 && box.y + box.height <= viewport.height, `${when}: ${JSON.stringify(box)}`);
        assert.ok(box.x >= 0 && box.x + box.width <= viewport.width, `${when}: ${JSON.stringify(box)}`);
      };
      await inSight('at first');
      assert.equal(await overflow(page), 0);
      await openRow(page, 'Stalls', 'A');
      await choose(page, (await row(THEATRE, 'Stalls', 'A')).slice(0, 2));
      await inSight('with seats chosen');
      await page.mouse.wheel(0, 2000);
      await inSight('at the end of the page');
      const map = await page.getByTestId('seat-map').boundingBox();
      assert.ok(map.height >= 120, `the map has ${map.height} px`);
    });
}

scenario('long_words_wrap_and_titles_have_the_direction_of_their_writing', async ({ visitor }) => {
  const original = await event(THEATRE);
  const word = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen'.repeat(2);
  for (const [name, direction] of [[word, 'ltr'], ['ליל הסערה', 'rtl']]) {
    const page = await visitor('/', {
      alone: true, viewport: { width: 390, height: 844 },
      prepare: (it) => it.route(/\/api\/v1\/events(\/[^/]+|\?.*)$/, async (route) => {
        const response = await route.fetch();
        const body = await response.json();
        const changed = (one) => (one.id === original.id
          ? { ...one, name, place: name, description: name } : one);
        const json = body.items ? { ...body, items: body.items.map(changed) } : changed(body);
        await route.fulfill({ response, json });
      }),
    });
    const link = page.getByRole('link', { name });
    await link.waitFor();
    const runs = (locator) => locator.evaluate((it) => getComputedStyle(it).direction);
    assert.equal(await overflow(page), 0);
    assert.equal(await runs(link), direction);
    const place = page.locator('.fact > span', { hasText: name });
    assert.equal(await runs(place), direction);
    await link.click();
    await hallIsOpen(page);
    assert.equal(await overflow(page), 0);
    assert.equal(await runs(page.getByRole('heading', { level: 1 })), direction);
    assert.equal(await runs(place), direction);
    assert.equal(await runs(page.locator('.about p')), direction);
  }
});

scenario('the_legend_keeps_its_colours_where_colours_are_forced', async ({ visitor, browser }) => {
  const page = await visitor(`/events/${THEATRE}`, { forcedColors: 'active' });
  await hallIsOpen(page);
  const swatches = await page.locator('.swatch').all();
  const colours = new Set();
  for (const swatch of swatches) {
    colours.add(await swatch.evaluate((it) => getComputedStyle(it).backgroundColor));
    assert.ok(await coloursOf(browser, await swatch.screenshot()) > 1, 'a swatch is blank');
  }
  assert.equal(colours.size, swatches.length);
});

scenario('faults_of_a_form_are_told_in_the_language_of_the_page', async ({ visitor }) => {
  const page = await visitor('/register', { locale: 'fr-FR' });
  await page.locator('#email').fill('ada');
  await acceptTerms(page);
  await page.locator('#password').fill('short');
  await page.getByTestId('register-button').click();
  const says = (field, words) => page.locator(`#${field}-help`, { hasText: words }).waitFor();
  await says('email', 'Saisissez une adresse comme');
  await page.locator('#email').fill('ada@example.org');
  await page.getByTestId('register-button').click();
  await says('first_name', 'Saisissez au plus 100 caractères');
  await page.locator('#first_name').fill('Ada');
  await page.getByTestId('register-button').click();
  await says('password', 'Au moins 8 caractères');
});

scenario('a_person_with_one_name_registers', async ({ visitor }) => {
  const page = await visitor('/register');
  await page.getByLabel('Last name (optional)').waitFor();
  await fillRegistration(page, 'suharto@example.org', { name: 'Suharto' });
  await page.getByTestId('register-button').click();
  await activate(page, 'suharto@example.org');
  await isSignedIn(page);
  await page.getByTestId('signed-in').getByText('Suharto').waitFor();
});
