// The library `oidc-client-ts` in a real page of another origin: redirects, PKCE and CORS as in life.

import assert from 'node:assert/strict';

import { arrive, elements, paths, signIn } from './harness/pages.mjs';
import { startWorld, users } from './harness/world.mjs';

const world = await startWorld();

world.scenario('a page signs in, renews and signs out', async ({ page }) => {
  const first = await signInFromThePage(page);
  assert.equal(first.profile.email, users.alice.email, 'UserInfo was read across origins');
  assert.ok(first.refresh_token);

  await page.click('#renew');
  const renewed = await says(page, 'renewed');
  assert.notEqual(renewed.access_token, first.access_token);
  assert.notEqual(renewed.refresh_token, first.refresh_token, 'a public client gets a new one each time');
  assert.equal(renewed.profile.sub, first.profile.sub);

  await page.click('#leave');
  await page.waitForURL((url) => url.pathname === paths.logout || url.pathname === '/spa/');
  if (await page.locator(elements.signOut).count()) await page.click(elements.signOut);
  await arrive(page, '/spa/');
  assert.equal(await says(page, 'signed out'), undefined);
});

world.scenario('a page that is refused hears why', async ({ page }) => {
  await page.goto(world.app.page);
  await page.click('#go');
  await arrive(page, paths.login);
  await page.click(elements.cancel);
  await arrive(page, '/spa/');
  await page.waitForFunction(() => document.querySelector('[role="status"]').textContent.startsWith('failed'));
});

world.scenario('the documents of the issuer can be read from any origin', async ({ page }) => {
  await page.goto(world.app.page);
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/jwks']) {
    const status = await page.evaluate(async (url) => (await fetch(url)).status, world.doorward.issuer + path);
    assert.equal(status, 200, path);
  }
});

world.scenario('the pages of a person cannot be read from another origin', async ({ page }) => {
  await signInFromThePage(page);
  for (const path of [paths.account, paths.login]) {
    const read = page.evaluate((url) => fetch(url, { credentials: 'include' }), world.doorward.issuer + path);
    await assert.rejects(read, /Failed to fetch/, path);
  }
});

async function signInFromThePage(page) {
  await page.goto(world.app.page);
  await page.click('#go');
  await signIn(page, users.alice);
  await arrive(page, paths.consent);
  await page.click(elements.allow);
  await arrive(page, '/spa/');
  return says(page, 'signed in');
}

/** Waits for the page's word, and reads the user that it shows. */
async function says(page, word) {
  const status = page.locator('[role="status"]');
  await status.filter({ hasText: /\S/ }).waitFor();
  assert.equal(await status.innerText(), word);
  const text = await page.locator('pre').textContent();
  return text ? JSON.parse(text) : undefined;
}
