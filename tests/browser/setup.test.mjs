// The first start of an empty server prints a link, once, to make the first administrator.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Doorward } from './harness/doorward.mjs';
import { looksRight } from './harness/inspect.mjs';
import { arrive, elements, paths, signIn } from './harness/pages.mjs';
import { launchBrowser, Visit } from './harness/world.mjs';

const doorward = await Doorward.prepare();
after(() => doorward.stop());
await doorward.start();
const browser = await launchBrowser();
after(() => browser.close());

test('the printed link makes the first administrator, and works once', { timeout: 180_000 }, async () => {
  const link = doorward.log.match(/http:\/\/localhost:\d+\/setup[^\s"]*/)?.[0];
  assert.ok(link, doorward.log);
  const visit = await Visit.open({ browser }, {});
  try {
    const { page } = visit;
    await page.goto(link);
    await looksRight(visit, 'setup');

    await fillIn(page, 'password');
    await page.waitForSelector(elements.alert);
    await looksRight(visit, 'setup-error');

    const administrator = { username: 'root-of-it', password: 'seven-lighthouses-in-fog' };
    await fillIn(page, administrator.password);
    await page.waitForSelector(elements.createAdministrator, { state: 'detached' });
    await looksRight(visit, 'setup-done');

    await page.context().clearCookies();
    await page.goto(`${doorward.issuer}${paths.account}`);
    await signIn(page, administrator);
    await arrive(page, paths.account);

    await page.goto(link);
    assert.equal(await page.locator(elements.createAdministrator).count(), 0, 'the link is used up');
  } finally {
    await visit.close();
  }
  assert.deepEqual(visit.complaints, []);
});

async function fillIn(page, password) {
  await page.fill(elements.username, 'root-of-it');
  await page.fill(elements.password, password);
  await page.fill('input[name="password_again"]', password);
  await page.click(elements.createAdministrator);
}
