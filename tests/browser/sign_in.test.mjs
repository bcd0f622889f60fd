// Signing in with a password, and the ways it can fail.

import assert from 'node:assert/strict';

import { arrive, elements, finish, paths, signIn, signInToApp } from './harness/pages.mjs';
import { startWorld, users } from './harness/world.mjs';

const world = await startWorld();

world.scenario('a password brings the user back to the app', async (visit) => {
  const tokens = await signInToApp(visit, users.alice);
  const claims = tokens.claims();
  assert.equal(claims.iss, world.doorward.issuer);
  assert.equal(claims.aud, world.app.web.client_id);
  assert.ok(claims.sub);
  assert.equal(new URL(visit.page.url()).searchParams.get('iss'), world.doorward.issuer);
});

world.scenario('a wrong password and an unknown user look the same', async ({ page }) => {
  const seen = [];
  for (const username of [users.alice.username, 'nobody-of-that-name']) {
    await page.goto((await world.app.begin()).url);
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      signIn(page, { username, password: 'not-the-password' }),
    ]);
    await page.waitForSelector(elements.alert);
    seen.push({ status: answer.status(), text: await page.innerText('main') });
    assert.equal(new URL(page.url()).pathname, paths.login);
    assert.equal(await page.inputValue(elements.username), username);
    assert.equal(await page.inputValue(elements.password), '');
  }
  assert.deepEqual(seen[0], seen[1]);
});

world.scenario('after a wrong password the right one still finishes the request', async ({ page }) => {
  const { url, checks } = await world.app.begin();
  await page.goto(url);
  await signIn(page, { ...users.bob, password: 'not-the-password' });
  await page.waitForSelector(elements.alert);
  await signIn(page, users.bob);
  assert.ok((await world.app.redeem(await finish(page), checks)).access_token);
});

world.scenario('cancel on the sign-in page is access_denied', async ({ page }) => {
  const { url, checks } = await world.app.begin();
  await page.goto(url);
  await page.click(elements.cancel);
  const { searchParams } = await arrive(page, '/callback');
  assert.equal(searchParams.get('error'), 'access_denied');
  assert.equal(searchParams.get('state'), checks.expectedState);
  assert.equal(searchParams.get('iss'), world.doorward.issuer);
  assert.equal(searchParams.get('code'), null);
});

world.scenario('signing in needs no script', async (visit) => {
  assert.ok((await signInToApp(visit, users.alice)).access_token);
}, { javaScriptEnabled: false });

world.scenario('signing in needs no mouse', async ({ page }) => {
  const { url, checks } = await world.app.begin({ prompt: 'login consent' });
  await page.goto(url);
  await tabTo(page, elements.username);
  await page.keyboard.type(users.alice.username);
  await page.keyboard.press('Tab');
  assert.ok(await isFocused(page, elements.password), 'the password follows the username');
  await page.keyboard.type(users.alice.password);
  await page.keyboard.press('Enter');
  await arrive(page, paths.consent);
  await tabTo(page, elements.allow);
  await page.keyboard.press('Enter');
  assert.ok((await world.app.redeem(await arrive(page, '/callback'), checks)).access_token);
});

world.scenario('an app that is not known gets a page, never a redirect', async ({ page }) => {
  const unknown = new URLSearchParams({ client_id: 'unknown', response_type: 'code', redirect_uri: world.app.callback });
  await page.goto(`${world.doorward.issuer}/authorize?${unknown}`);
  assert.equal(new URL(page.url()).origin, world.doorward.issuer);
  assert.match(await page.innerText(elements.errorCode), /^(invalid_request|invalid_client|unauthorized_client)$/);
});

world.scenario('an app may send the user on to another origin', async ({ page }) => {
  await page.goto((await world.app.begin({ redirect_uri: world.app.onward, prompt: 'consent' })).url);
  await signIn(page, users.alice);
  await arrive(page, paths.consent);
  await page.click(elements.allow);
  await page.waitForURL(world.app.elsewhere);
});

world.scenario('login_hint fills in the username', async ({ page }) => {
  await page.goto((await world.app.begin({ login_hint: 'bob' })).url);
  await arrive(page, paths.login);
  assert.equal(await page.inputValue(elements.username), 'bob');
});

world.scenario('a restart in the middle of a sign-in loses nothing', async ({ page }) => {
  const { url, checks } = await world.app.begin();
  await page.goto(url);
  await arrive(page, paths.login);
  await world.doorward.halt();
  await world.doorward.start();
  await signIn(page, users.alice);
  assert.ok((await world.app.redeem(await finish(page), checks)).access_token);
});

world.scenario('the session cookie is out of reach of scripts and of other sites', async (visit) => {
  await signInToApp(visit, users.alice);
  const cookies = await visit.context.cookies(world.doorward.issuer);
  const session = cookies.find(({ name }) => name === 'doorward-session');
  assert.ok(session, 'there is a session cookie');
  assert.equal(session.httpOnly, true);
  assert.equal(session.sameSite, 'Lax');
  assert.equal(session.path, '/');
});

function isFocused(page, selector) {
  return page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);
}

/** Presses Tab until the element has the focus: a person would give up after a while, and so does this. */
async function tabTo(page, selector) {
  await page.waitForSelector(selector);
  for (let presses = 0; presses < 15; presses += 1) {
    if (await isFocused(page, selector)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${selector} cannot be reached with the keyboard`);
}
