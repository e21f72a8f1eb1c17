// The hall page: its legend, its map and the list of seats show the same facts.

import assert from 'node:assert/strict';

import {
  ARENA, SPORTS_HALL, THEATRE, hallIsOpen, isStill, openRow, seatSays, suite,
} from './helpers.mjs';

const PICKS_MAX = 12;
const STEP_PX = 10;

const { scenario, api, event, row } = suite();

for (const slug of [THEATRE, SPORTS_HALL, ARENA]) {
  scenario(`the_legend_of_${slug}_names_the_price_of_each_category`, async ({ visitor }) => {
    const { id } = await event(slug);
    const { body: offers } = await api('GET', `/events/${id}/offers?limit=100`);
    const page = await visitor(`/events/${slug}`);
    await hallIsOpen(page);
    const legend = page.locator('.legend-categories');
    for (const { category, price } of offers.items.filter((offer) => offer.category)) {
      const entry = legend.getByRole('listitem').filter({
        has: page.getByText(category, { exact: true }),
      });
      assert.match(await entry.textContent(), new RegExp(`€${price.amount / 100}$`));
    }
  });
}

scenario('a_click_on_the_map_chooses_a_seat_and_another_gives_it_up', async ({ visitor }) => {
  const page = await visitor(`/events/${THEATRE}`, { viewport: { width: 1280, height: 800 } });
  await hallIsOpen(page);
  await isStill(page);
  const { x, y, width, height } = await page.getByTestId('seat-map').boundingBox();
  const button = page.getByTestId('hold-button');
  // There is nothing to choose between two seats, so the test tries a few places.
  let place;
  for (let n = 0; n < PICKS_MAX && await button.isDisabled(); n += 1) {
    place = [x + width / 2, y + height / 2 + 5 * n];
    await page.mouse.click(...place);
    await isStill(page);
  }
  assert.match(await button.textContent(), /Hold 1 place/);
  await page.mouse.click(...place);
  await page.getByText('Choose seats on the map or from the list.').waitFor();
});

// Waits until the page has shown what the last event changed.
const nextFrame = (page) => page.evaluate(() => new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
}));

// Opens the theatre with a layout that differs from the server's.
const withLayout = (visitor, change) => visitor(`/events/${THEATRE}`, {
  viewport: { width: 1280, height: 800 },
  prepare: (page) => page.route('**/events/*/seats', async (route) => {
    const response = await route.fetch();
    const layout = await response.json();
    change(layout);
    await route.fulfill({ response, json: layout });
  }),
});

scenario('a_seat_is_hit_within_the_radius_of_the_plan', async ({ visitor }) => {
  const page = await withLayout(visitor, (layout) => {
    const [section] = layout.sections;
    const [row] = section.rows;
    const two = {
      labels: ['large', 'small'], guids: ['large', 'small'], x: [0, 500], y: [0, 0], kinds: [],
      categories: [[2, 0]], radii: [[1, 400], [1, 100]],
    };
    layout.areas = [];
    layout.sections = [{ ...section, rows: [{ ...row, ...two }] }];
  });
  await hallIsOpen(page);
  await isStill(page);
  const { x, y, width, height } = await page.getByTestId('seat-map').boundingBox();
  const tip = page.locator('.tip strong');
  const hits = { large: 0, small: 0 };
  for (let right = 0; right < width; right += STEP_PX) {
    await page.mouse.move(x + right, y + height / 2);
    await nextFrame(page);
    const said = await tip.count() > 0 ? await tip.textContent() : '';
    for (const name of Object.keys(hits)) hits[name] += Number(said.endsWith(name));
  }
  const times = hits.large / hits.small;
  assert.ok(times > 3 && times < 5, `the large seat was hit ${times} times as often`);
});

scenario('a_category_without_a_name_is_called_standard', async ({ visitor }) => {
  const page = await withLayout(visitor, (layout) => {
    layout.categories[0].name = '';
  });
  await hallIsOpen(page);
  const legend = page.locator('.legend-categories');
  await legend.getByText('Standard', { exact: true }).waitFor();
});

scenario('the_minimap_is_shown_whenever_one_is_near', async ({ visitor }) => {
  const page = await visitor(`/events/${THEATRE}`, { viewport: { width: 1280, height: 800 } });
  await hallIsOpen(page);
  const minimap = page.locator('.minimap');
  assert.ok(!(await minimap.isVisible()));
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await minimap.waitFor();
  await page.getByRole('button', { name: 'Show the whole hall' }).click();
  await minimap.waitFor({ state: 'hidden' });
  // The list also leads the map to a section.
  await page.getByTestId('section-Stalls').click();
  await minimap.waitFor();
});

scenario('a_price_in_the_list_is_the_price_in_the_summary', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Boxes', 'Box 1');
  const page = await visitor(`/events/${THEATRE}`);
  await hallIsOpen(page);
  await openRow(page, 'Boxes', 'Box 1');
  await seatSays(page, seat, `€${(seat.price.amount / 100).toFixed(2)}`);
  await page.getByTestId(`seat-${seat.seat_id}`).click();
  await page.locator('.hold-bar').getByText(`€${(seat.price.amount / 100).toFixed(2)}`).waitFor();
});
