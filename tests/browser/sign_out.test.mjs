// Signing out at the wish of an app. OpenID Connect RP-Initiated Logout 1.0.

import assert from 'node:assert/strict';

import { arrive, elements, paths, signInSilently, signInToApp } from './harness/pages.mjs';
import { startWorld, users } from './harness/world.mjs';

const world = await startWorld();

world.scenario('with a hint the user comes back to the app, signed out', async (visit) => {
  const { page } = visit;
  const tokens = await signInToApp(visit, users.alice);
  const url = world.app.endSession({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: world.app.afterSignOut,
    state: 'kept as it was',
  });
  await page.goto(url);
  await confirmIfAsked(page);
  const back = await arrive(page, '/bye');
  assert.deepEqual([...back.searchParams], [['state', 'kept as it was']]);
  assert.equal((await signInSilently(visit)).error, 'login_required');
});

world.scenario('without a hint the user is asked', async (visit) => {
  const { page } = visit;
  await signInToApp(visit, users.alice);
  await page.goto(`${world.doorward.issuer}${paths.logout}`);
  await page.click(elements.signOut);
  await arrive(page, paths.signedOut);
  assert.equal((await signInSilently(visit)).error, 'login_required');
});

world.scenario('who stays stays signed in', async (visit) => {
  const { page } = visit;
  await signInToApp(visit, users.alice);
  await page.goto(`${world.doorward.issuer}${paths.logout}`);
  await page.click(elements.stay);
  await page.waitForLoadState();
  assert.equal((await signInSilently(visit)).error, null);
});

world.scenario('an address that is not registered is never gone to', async (visit) => {
  const { page } = visit;
  const tokens = await signInToApp(visit, users.alice);
  const elsewhere = `${world.app.origin}/bye?elsewhere`;
  await page.goto(world.app.endSession({ id_token_hint: tokens.id_token, post_logout_redirect_uri: elsewhere }));
  await confirmIfAsked(page);
  assert.equal(new URL(page.url()).origin, world.doorward.issuer);
});

world.scenario('signing out needs no script', async (visit) => {
  await signInToApp(visit, users.bob);
  await visit.page.goto(`${world.doorward.issuer}${paths.logout}`);
  await visit.page.click(elements.signOut);
  await arrive(visit.page, paths.signedOut);
}, { javaScriptEnabled: false });

async function confirmIfAsked(page) {
  const button = page.locator(elements.signOut);
  if (await button.count()) await button.click();
}
