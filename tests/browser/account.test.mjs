// The account page: where one is signed in, and what one has allowed.

import assert from 'node:assert/strict';
import * as oidc from 'openid-client';

import { elements, paths, signIn, signInSilently, signInToApp } from './harness/pages.mjs';
import { startWorld, users, Visit } from './harness/world.mjs';

const world = await startWorld();
const account = `${world.doorward.issuer}${paths.account}`;

world.scenario('a stranger is asked to sign in first', async ({ page }) => {
  await page.goto(account);
  await signIn(page, users.bob);
  await page.waitForURL(account);
  assert.equal(await page.innerText(elements.accountUsername), users.bob.username);
});

world.scenario('sessions elsewhere can be ended', async (visit) => {
  const elsewhere = await Visit.open(world, {});
  try {
    await signInToApp(elsewhere, users.alice);
    await signInToApp(visit, users.alice);
    await visit.page.goto(account);
    await visit.page.click(elements.endOtherSessions);
    await visit.page.locator(elements.endOtherSessions).waitFor({ state: 'detached' });
    assert.equal((await signInSilently(elsewhere)).error, 'login_required');
    assert.equal((await signInSilently(visit)).error, null, 'this session goes on');
  } finally {
    await elsewhere.close();
  }
});

world.scenario('what was allowed to an app can be taken back', async (visit) => {
  const request = { scope: 'openid offline_access', prompt: 'consent' };
  const tokens = await signInToApp(visit, users.bob, request);
  await visit.page.goto(account);
  assert.match(await visit.page.innerText('main'), /Paper Trail/);
  await visit.page.locator(elements.revokeApp).first().click();
  await visit.page.waitForURL((url) => url.pathname.startsWith(paths.account));
  assert.doesNotMatch(await visit.page.innerText('main'), /Paper Trail/);
  const again = oidc.refreshTokenGrant(world.app.configuration, tokens.refresh_token);
  await assert.rejects(again, { error: 'invalid_grant' });
});
