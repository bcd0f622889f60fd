// The consent page: who asks, for what, and what is remembered.

import assert from 'node:assert/strict';

import { arrive, elements, finish, paths, signIn, signInSilently, signInToApp } from './harness/pages.mjs';
import { startWorld, users } from './harness/world.mjs';

const world = await startWorld();

world.scenario('the page names the app that asks', async ({ page }) => {
  await page.goto((await world.app.begin({ prompt: 'consent' })).url);
  await signIn(page, users.alice);
  await arrive(page, paths.consent);
  assert.match(await page.innerText('h1'), /Paper Trail/);
});

world.scenario('permissions are in the words of their API', async ({ page }) => {
  await page.goto((await world.app.begin({ scope: 'openid notes:read notes:write', prompt: 'consent' })).url);
  await signIn(page, users.alice);
  await arrive(page, paths.consent);
  const asked = page.getByRole('list', { name: 'If you allow it, this app can:' });
  assert.match(await asked.innerText(), /Read the notes on the board[^]*At \W?Notes\W?: notes:read[^]*Add notes/);
});

world.scenario('cancel is access_denied, and nothing is remembered', async (visit) => {
  const { page } = visit;
  const { url, checks } = await world.app.begin({ prompt: 'consent' });
  await page.goto(url);
  await signIn(page, users.bob);
  await arrive(page, paths.consent);
  await page.click(elements.cancel);
  const { searchParams } = await arrive(page, '/callback');
  assert.equal(searchParams.get('error'), 'access_denied');
  assert.equal(searchParams.get('state'), checks.expectedState);
  assert.equal(searchParams.get('iss'), world.doorward.issuer);
  assert.equal((await signInSilently(visit)).error, 'consent_required');
});

world.scenario('a yes is remembered for the same request', async (visit) => {
  await signInToApp(visit, users.alice);
  const { url, checks } = await world.app.begin();
  await visit.page.goto(url);
  assert.ok((await world.app.redeem(await arrive(visit.page, '/callback'), checks)).access_token);
});

world.scenario('prompt=consent asks although it was answered before', async (visit) => {
  await signInToApp(visit, users.alice);
  const { url, checks } = await world.app.begin({ prompt: 'consent' });
  await visit.page.goto(url);
  await arrive(visit.page, paths.consent);
  assert.ok((await world.app.redeem(await finish(visit.page), checks)).access_token);
});

world.scenario('who lacks a role reads which, and the app gets access_denied', async ({ page }) => {
  const { url, checks } = await world.app.begin({ scope: 'openid notes:delete' });
  await page.goto(url);
  await signIn(page, users.bob);
  await arrive(page, paths.roleMissing);
  assert.match(await page.innerText('main'), /Delete the notes of everybody[^]*eraser/);
  await page.click(elements.back);
  const { searchParams } = await arrive(page, '/callback');
  assert.equal(searchParams.get('error'), 'access_denied');
  assert.equal(searchParams.get('state'), checks.expectedState);
}, { javaScriptEnabled: false });

world.scenario('consenting needs no script', async ({ page }) => {
  const { url, checks } = await world.app.begin({ prompt: 'consent' });
  await page.goto(url);
  await signIn(page, users.alice);
  await arrive(page, paths.consent);
  assert.ok((await world.app.redeem(await finish(page), checks)).access_token);
}, { javaScriptEnabled: false });
