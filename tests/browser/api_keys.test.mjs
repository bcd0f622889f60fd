// One's own API keys: made, shown once, copied, rotated, revoked.

import assert from 'node:assert/strict';

import { createApi, permit } from './harness/cli.mjs';
import { looksRight } from './harness/inspect.mjs';
import { arrive, elements, makeApiKey, paths, signIn } from './harness/pages.mjs';
import { startWorld, users } from './harness/world.mjs';

const files = {
  'files:read': 'Read your files',
  'files:write': 'Add files, and change those that are there',
  'files:share': 'Share your files with others',
};

const world = await startWorld(async ({ doorward }) => {
  await createApi(doorward, { audience: 'https://files.example', name: 'Files', permissions: files, role: 'filer' });
  await permit(doorward, 'user', Object.keys(files));
});
const { issuer } = world.doorward;
const keys = `${issuer}${paths.apiKeys}`;
const KEY = /^dw_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{8}$/;

async function enter({ page }, user = users.alice) {
  await page.goto(`${issuer}${paths.account}`);
  await signIn(page, user);
  await page.waitForURL(`${issuer}${paths.account}`);
}

/** The way through all pages, as a person goes it. */
async function whole(visit) {
  const { page } = visit;
  await enter(visit);
  await page.click(elements.toApiKeys);
  const before = await page.locator(elements.revokeLink).count();
  await page.click(elements.newApiKey);
  await page.fill('#name', 'Backup at home');
  await page.getByLabel('Read your files').check();
  await page.selectOption('#days', '30');
  await page.click(elements.makeApiKey);
  const key = await page.inputValue(elements.apiKey);
  assert.match(key, KEY);

  await page.reload();
  await arrive(page, paths.apiKeys);
  assert.match(await page.innerText('[role="status"]'), /shown only once/);
  assert.equal(await page.locator(elements.revokeLink).count(), before + 1, 'a reload makes no second key');
  assert.ok(!(await page.content()).includes(key), 'and shows none');

  await page.locator(elements.rotateLink).first().click();
  await page.selectOption('#overlap', '1');
  await page.click(elements.rotateApiKey);
  const successor = await page.inputValue(elements.apiKey);
  assert.match(successor, KEY);
  assert.notEqual(successor, key);
  await page.click(elements.apiKeyDone);
  assert.match(await page.innerText('main'), /Replaced/);

  await page.locator(elements.revokeLink).first().click();
  await page.click(elements.cancel);
  assert.equal(await page.locator(elements.revokeLink).count(), before + 2, 'a question ends nothing');
  await page.locator(elements.revokeLink).first().click();
  await page.click(elements.revokeApiKey);
  await arrive(page, paths.apiKeys);
  assert.match(await page.innerText('[role="status"]'), /opens nothing/);
  assert.equal(await page.locator(elements.revokeLink).count(), before + 1);
}

world.scenario('a key is made, shown once, rotated and revoked', whole);
world.scenario('and needs no script for it', whole, { javaScriptEnabled: false });

world.scenario('the way back shows no key', async (visit) => {
  const { page } = visit;
  await enter(visit);
  const key = await makeApiKey(page, issuer, 'Looked for', 'files:read');
  await page.click(elements.apiKeyDone);
  await arrive(page, paths.apiKeys);
  // The browser may show a page of its own, which says that it would have to send the form again.
  await page.goBack().catch(() => {});
  await page.waitForURL((url) => url.pathname !== paths.apiKeys, { waitUntil: 'commit' });
  let shown = null;
  while (shown === null) shown = await page.content().catch(() => null); // not while a page comes in
  assert.ok(!shown.includes(key));
  await page.goto(keys);
  assert.equal(await page.getByText('Looked for').count(), 1);
});

world.scenario('the button copies the key', async (visit) => {
  const { page } = visit;
  await enter(visit);
  const key = await makeApiKey(page, issuer, 'Copied', 'files:read');
  await page.click(elements.copyApiKey);
  await page.getByText('Copied.').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
}, { permissions: ['clipboard-read', 'clipboard-write'] });

world.scenario('where the button may not copy, it selects the key', async (visit) => {
  const { page } = visit;
  await enter(visit);
  const key = await makeApiKey(page, issuer, 'Selected', 'files:read');
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));
  });
  await page.click(elements.copyApiKey);
  await page.getByText('The key is selected').waitFor();
  const selected = await page.$eval(elements.apiKey, (field) => field.value.slice(field.selectionStart, field.selectionEnd));
  assert.equal(selected, key);
});

world.scenario('without a script there is no button that does nothing', async (visit) => {
  const { page } = visit;
  await enter(visit);
  await makeApiKey(page, issuer, 'By hand', 'files:read');
  assert.equal(await page.locator(elements.copyApiKey).isVisible(), false);
}, { javaScriptEnabled: false });

world.scenario('what is wrong is said beside its field, and what was typed stays', async (visit) => {
  const { page } = visit;
  await enter(visit);
  await page.goto(`${issuer}${paths.newApiKey}`);
  await page.fill('#name', 'Report');
  await page.fill('#addresses', '192.0.2.300');
  await page.click(elements.makeApiKey);
  await page.waitForSelector(elements.alert);
  assert.equal(await page.inputValue('#name'), 'Report');
  assert.equal(await page.inputValue('#addresses'), '192.0.2.300');
  assert.match(await page.innerText('#permissions-error'), /Tick/);
  assert.match(await page.innerText('#addresses-error'), /203\.0\.113\.7/);
  await page.fill('#addresses', '192.0.2.0/24');
  await page.getByLabel('Share your files').check();
  await page.click(elements.makeApiKey);
  assert.match(await page.inputValue(elements.apiKey), KEY);
});

/** How to get to each page. */
const states = {
  'api-keys-empty': async ({ page }) => {
    await page.goto(keys);
  },
  'api-key-new': async ({ page }) => {
    await page.goto(`${issuer}${paths.newApiKey}`);
  },
  'api-key-new-error': async ({ page }) => {
    await page.goto(`${issuer}${paths.newApiKey}`);
    await page.fill('#name', `Backup of ${'everything '.repeat(10)}`);
    await page.fill('#addresses', 'at home');
    await page.click(elements.makeApiKey);
    await page.waitForSelector(elements.alert);
  },
  'api-key-made': async ({ page }) => {
    await makeApiKey(page, issuer, 'Backup at home', 'files:read', 'files:write');
  },
  'api-key-rotate': async ({ page }) => {
    await page.goto(keys);
    await page.locator(elements.rotateLink).first().click();
  },
  'api-key-revoke': async ({ page }) => {
    await page.goto(keys);
    await page.locator(elements.revokeLink).first().click();
  },
  'api-keys': async ({ page }) => {
    await page.goto(`${issuer}${paths.newApiKey}`);
    await page.fill('#name', 'Nightly report');
    for (const name of Object.keys(files)) await page.check(`[name="permission:${name}"]`);
    await page.check('[name="permission:roles"]');
    await page.fill('#addresses', '192.0.2.0/24 2001:db8::7');
    await page.click(elements.makeApiKey);
    await page.waitForSelector(elements.apiKey);
    await page.goto(keys);
    await page.locator(elements.rotateLink).last().click();
    await page.click(elements.rotateApiKey);
    await makeApiKey(page, issuer, 'Lost laptop', 'files:read');
    await page.goto(keys);
    await page.locator(elements.revokeLink).first().click();
    await page.click(elements.revokeApiKey);
    await arrive(page, paths.apiKeys);
  },
};

world.scenario('the pages look right', async (visit) => {
  await visit.page.goto(`${issuer}${paths.newApiKey}`);
  await arrive(visit.page, paths.login);
  await looksRight(visit, 'sign-in-again');
  await signIn(visit.page, users.bob);
  await arrive(visit.page, paths.newApiKey);
  for (const [state, reach] of Object.entries(states)) {
    await reach(visit);
    await looksRight(visit, state);
  }
});

world.scenario('the pages speak German', async (visit) => {
  const { page } = visit;
  await enter(visit, users.bob);
  await page.goto(keys);
  await looksRight(visit, 'api-keys-german');
  await states['api-key-new-error'](visit);
  await looksRight(visit, 'api-key-new-error-german');
}, { locale: 'de-DE' });
