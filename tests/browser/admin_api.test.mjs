// The page for trying the admin API out: it signs in at Doorward itself, and lists the users.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { createUser } from './harness/cli.mjs';
import { Doorward } from './harness/doorward.mjs';
import { elements, paths, signIn } from './harness/pages.mjs';
import { launchBrowser, Visit } from './harness/world.mjs';

const root = {
  username: 'root',
  password: 'seven-lighthouses-in-fog',
  email: 'root@example.com',
  roles: ['admin'],
};

const doorward = await Doorward.prepare();
after(() => doorward.stop());
await createUser(doorward, root);
await doorward.start();
const browser = await launchBrowser();
after(() => browser.close());

test('Swagger UI signs in with PKCE and lists the users', { timeout: 180_000 }, async () => {
  const visit = await Visit.open({ browser }, {});
  try {
    const { page } = visit;
    await page.goto(`${doorward.issuer}/admin/api/docs`);
    await page.click('button.authorize');
    const opened = page.waitForEvent('popup');
    await page.click('.modal-ux .auth-btn-wrapper button.authorize');
    const popup = await opened;
    await popup.waitForURL((url) => url.pathname === paths.login);
    const asked = new URL(popup.url());
    await signIn(popup, root);
    await popup.waitForURL((url) => url.pathname === paths.consent);
    const closed = popup.waitForEvent('close');
    await popup.click(elements.allow);
    await closed;
    assert.equal(asked.origin, doorward.issuer);
    await page.waitForSelector('.modal-ux .auth-btn-wrapper button:has-text("Logout")');
    await page.click('.modal-ux button.btn-done');

    const list = page.locator('#operations-users-get-users');
    await list.locator('.opblock-summary-control').click();
    await list.locator('button:has-text("Try it out")').click();
    await list.locator('button.execute').click();
    const answer = list.locator('.live-responses-table .response').first();
    await answer.waitFor();
    assert.match(await answer.locator('.response-col_status').innerText(), /^200/);
    assert.match(await answer.innerText(), /"username": "root"/);
    await visit.picture('admin-api');
  } finally {
    await visit.close();
  }
  // Swagger UI writes style attributes, which the policy of its page refuses: it works without them.
  const serious = visit.complaints.filter((text) => !text.startsWith('Applying inline style'));
  assert.deepEqual(serious, []);
});
