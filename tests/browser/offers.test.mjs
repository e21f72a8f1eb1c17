// Offers with a window of their own: seen before and after it, chosen only in it.

import assert from 'node:assert/strict';

import { SPORTS_HALL, THEATRE, choose, hallIsOpen, openRow, suite } from './helpers.mjs';

const DAY_MS = 86_400_000;
const NAME = 'Early bird';

const { scenario, api, advance, event, row } = suite();

// An offer that sells from tomorrow to the day after.
async function offers(slug, rest) {
  const { body: session } = await api('POST', '/auth/login',
    { email: 'organizer@demo.test', password: 'Demo-pass-1' });
  const { id } = await event(slug);
  const at = (days) => new Date(Date.now() + days * DAY_MS).toISOString();
  const { status, body } = await api('POST', `/events/${id}/offers`, {
    name: NAME, price_minor: 100, sale_starts_at: at(1), sale_ends_at: at(2), ...rest,
  }, { Authorization: `Bearer ${session.access_token}` });
  assert.equal(status, 201, JSON.stringify(body));
}

scenario('an_offer_is_chosen_in_its_window_alone', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'C');
  await offers(THEATRE, { category: seat.category });
  const { body: sections } = await api('GET', `/events/${(await event(SPORTS_HALL)).id}/sections`);
  const standing = sections.items.find(({ kind }) => kind === 'general');
  await offers(SPORTS_HALL, { section_id: standing.id });

  const look = async (words, isOpen, locale) => {
    const hall = await visitor(`/events/${THEATRE}`, { locale });
    await hallIsOpen(hall);
    await openRow(hall, 'Stalls', 'C');
    await choose(hall, [seat]);
    const option = hall.locator('option', { hasText: NAME });
    await option.waitFor({ state: 'attached' });
    assert.match(await option.textContent(), words);
    assert.equal(await option.isDisabled(), !isOpen);
    const field = await visitor(`/events/${SPORTS_HALL}`, { locale });
    const line = field.locator('.stepper-row', { hasText: NAME });
    await line.waitFor();
    assert.match(await line.textContent(), words);
    assert.equal(await line.getByTestId('ga-plus').count(), isOpen ? 1 : 0);
    const { price_range: range } = await event(SPORTS_HALL);
    assert.equal(range.min.amount === 100, isOpen);
  };
  await look(/On sale from/, false, 'en-GB');
  await look(/En vente à partir du/, false, 'fr-FR');
  await advance(DAY_MS + 60_000);
  await look(/^(?!.*sale)/, true, 'en-GB');
  await advance(DAY_MS);
  await look(/The sale has ended/, false, 'en-GB');
  await look(/La vente est terminée/, false, 'fr-FR');
});
