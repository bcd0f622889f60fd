// Requests in progress live in the browser: tabs do not get in each other's way.

import assert from 'node:assert/strict';

import { arrive, elements, finish, paths, signIn } from './harness/pages.mjs';
import { startWorld, users } from './harness/world.mjs';

const world = await startWorld();

world.scenario('a second tab that signs in does not spoil the first', async ({ context, page }) => {
  const first = await world.app.begin();
  const second = await world.app.begin();
  const other = await context.newPage();
  await page.goto(first.url);
  await other.goto(second.url);
  await arrive(page, paths.login);
  await arrive(other, paths.login);
  await signIn(other, users.alice);
  await signIn(page, users.alice);
  const [one, two] = [await finish(page), await finish(other)];
  assert.ok((await world.app.redeem(one, first.checks)).access_token);
  assert.ok((await world.app.redeem(two, second.checks)).access_token);
});

world.scenario('what one user was asked another cannot answer', async ({ context, page }) => {
  await page.goto((await world.app.begin({ prompt: 'consent' })).url);
  await signIn(page, users.alice);
  await arrive(page, paths.consent);

  const other = await context.newPage();
  const second = await world.app.begin({ prompt: 'login' });
  await other.goto(second.url);
  await signIn(other, users.bob);
  assert.ok((await world.app.redeem(await finish(other), second.checks)).access_token);

  await page.click(elements.allow);
  await page.waitForSelector(elements.errorCode);
  assert.equal(new URL(page.url()).origin, world.doorward.issuer);
});

world.scenario('twenty tabs all finish', async ({ context }) => {
  const tabs = [];
  for (let count = 0; count < 20; count += 1) {
    const request = await world.app.begin({ prompt: 'consent' });
    const page = await context.newPage();
    await page.goto(request.url);
    tabs.push({ page, ...request });
  }
  for (const { page } of tabs) {
    await page.bringToFront();
    if (new URL(page.url()).pathname === paths.login) await signIn(page, users.alice);
    await arrive(page, paths.consent);
  }
  for (const { page, checks } of tabs.reverse()) {
    await page.bringToFront();
    await page.click(elements.allow);
    assert.ok((await world.app.redeem(await arrive(page, '/callback'), checks)).access_token);
  }
});
