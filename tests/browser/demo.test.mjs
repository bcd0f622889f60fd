// The demo: three users, every button, and the 200, 401 or 403 that each of them must get.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Demo } from './harness/demo.mjs';
import { looksRight } from './harness/inspect.mjs';
import { arrive, elements, makeApiKey, paths, signIn } from './harness/pages.mjs';
import { launchBrowser, Visit } from './harness/world.mjs';

const world = {};
after(async () => {
  await world.browser?.close();
  await world.demo?.stop();
});
world.demo = await Demo.start();
world.browser = await launchBrowser();

/** A test with a browser of its own, without scripts: the demo needs none. */
function scenario(title, run, options = {}) {
  test(title, { timeout: 180_000 }, async () => {
    const visit = await Visit.open(world, { javaScriptEnabled: false, ...options });
    try {
      await run(visit);
    } catch (error) {
      await visit.picture(`failed ${title}`).catch(() => {});
      throw new Error(`at ${visit.page.url()}: ${error.message}`, { cause: error });
    } finally {
      await visit.close();
    }
    assert.deepEqual(visit.complaints, []);
  });
}

async function enter({ page }, username) {
  await page.goto(`${world.demo.notes}/sign-in`);
  await signIn(page, world.demo.user(username));
  const { pathname } = await arrive(page, paths.consent, '/');
  if (pathname === paths.consent) {
    await page.click(elements.allow);
    await arrive(page, '/');
  }
}

async function write(page, text) {
  await page.fill('#text', text);
  await page.click('#add-note');
  await page.getByRole('status').waitFor();
  assert.equal(await page.locator('.notes li').first().locator('p').innerText(), text);
}

/** Presses a button, and returns the response that its page is. */
async function press(page, button) {
  const [response] = await Promise.all([page.waitForResponse((answer) => !answer.request().redirectedFrom()
    && answer.request().isNavigationRequest()), page.click(button)]);
  await page.waitForLoadState();
  return response;
}

/** The API's answer that the page shows: its status, and what the challenge must say. */
async function answered(page, button, status, challenge = []) {
  const response = await press(page, button);
  assert.equal(response.status(), status);
  assert.equal(await page.innerText('#status'), `${status}`);
  for (const part of challenge) {
    assert.ok((await page.innerText('#challenge')).includes(part), `${part} in the challenge`);
  }
  if (challenge.length === 0) assert.equal(await page.locator('#challenge').count(), 0);
}

async function back(page) {
  await page.click('#back');
  await arrive(page, '/');
}

async function roleAndScope(page) {
  const scope = await page.locator('#scope .tag').allInnerTexts();
  return [await page.locator('#roles .tag').allInnerTexts(), scope.filter((name) => name.startsWith('notes:')).sort()];
}

scenario('alice, a user: reads and writes; whatever needs more is 403', async (visit) => {
  const { page } = visit;
  await enter(visit, 'alice');
  assert.deepEqual(await roleAndScope(page), [['user'], ['notes:read', 'notes:write']]);
  await write(page, 'Feed the cat');
  await answered(page, '.notes .delete', 403, ['error="insufficient_scope"', 'scope="notes:delete"', 'resource_metadata=']);
  assert.match(await page.innerText('#words'), /lacks the permission notes:delete/);
  await back(page);
  await answered(page, '#dead-zone', 403, ['error="insufficient_scope"', 'role']);
  await back(page);
  await page.fill('#user', 'mod');
  await answered(page, '#ban', 403, ['scope="notes:admin_access"']);
  await back(page);
  await page.fill('#user', 'mod');
  await answered(page, '#lift-ban', 403, ['scope="notes:admin_access"']);
  await back(page);
  assert.equal(await page.locator('.notes li').count(), 1, 'the note is still there');
});

scenario('mod, a moderator: deletes; the dead zone and the ban are 403', async (visit) => {
  const { page } = visit;
  await enter(visit, 'mod');
  assert.deepEqual(await roleAndScope(page), [['moderator', 'user'], ['notes:delete', 'notes:read', 'notes:write']]);
  const before = await page.locator('.notes li').count();
  await write(page, 'Feed the dog');
  assert.match(await page.locator('.notes li').first().innerText(), /mod \(you\)/);
  await press(page, '.notes .delete');
  await arrive(page, '/');
  assert.match(await page.innerText('[role="status"]'), /gone/);
  assert.equal(await page.locator('.notes li').count(), before);
  await answered(page, '#dead-zone', 403, ['error="insufficient_scope"']);
  await back(page);
  await page.fill('#user', 'alice');
  await answered(page, '#ban', 403, ['scope="notes:admin_access"']);
});

scenario('admin: the dead zone is 200; nobody and the last administrator cannot be banned', async (visit) => {
  const { page } = visit;
  await enter(visit, 'admin');
  const all = ['notes:admin_access', 'notes:delete', 'notes:read', 'notes:write'];
  assert.deepEqual(await roleAndScope(page), [['admin', 'moderator', 'user'], all]);
  await answered(page, '#dead-zone', 200);
  assert.equal(await page.innerText('#body'), 'Nobody lives here.');
  await back(page);
  await page.fill('#user', 'nobody-of-that-name');
  await answered(page, '#ban', 404);
  await back(page);
  await page.fill('#user', 'admin');
  await answered(page, '#ban', 409);
  await back(page);
});

scenario('who does not say who they are gets 401', async (visit) => {
  const { page } = visit;
  await enter(visit, 'alice');
  await answered(page, '#without-token', 401, ['Bearer realm=', 'resource_metadata=']);
  assert.doesNotMatch(await page.innerText('#challenge'), /error=/);
  await back(page);
  await answered(page, '#forged-token', 401, ['error="invalid_token"']);
  await back(page);
  await answered(page, '#stateless', 200);
  assert.equal(JSON.parse(await page.innerText('#body')).roles[0], 'user');
});

scenario('the figures are for API keys: the token of the app is 403, no key is 401', async (visit) => {
  const { page } = visit;
  await enter(visit, 'alice');
  await answered(page, '#figures', 403, ['scope="notes:data"']);
  await back(page);
  await page.fill('#key', 'dw_nosuchkey_nosuchsecret_000000');
  await answered(page, '#figures-by-key', 401, ['error="invalid_token"']);
  assert.ok(!page.url().includes('dw_'), 'a key stands in no address');
});

scenario('a key of the account page reads the figures, and a revoked one does not', async (visit) => {
  const { page } = visit;
  await enter(visit, 'alice');
  const subject = await page.locator('dd code').first().innerText();
  await page.click('#to-api-keys');
  await arrive(page, paths.apiKeys);
  await page.click(elements.newApiKey);
  await page.fill('#name', 'Figures for Notes');
  await page.getByLabel('Read figures about the board').check();
  await page.click(elements.makeApiKey);
  const key = await page.inputValue(elements.apiKey);

  const figures = async (status, challenge) => {
    await page.goto(world.demo.notes);
    await page.fill('#key', key);
    await answered(page, '#figures-by-key', status, challenge);
    assert.ok(!(await page.content()).includes(key), 'the key is not shown again');
  };
  await figures(200);
  assert.equal(JSON.parse(await page.innerText('#body')).reader, subject);
  await page.goto(`${world.demo.issuer}${paths.apiKeys}`);
  await page.click(elements.revokeLink);
  await page.click(elements.revokeApiKey);
  await page.getByRole('status').waitFor();
  await figures(401, ['error="invalid_token"']);
});

scenario('a key is offered no more than its owner may do, and opens no more than it names', async (visit) => {
  const { page } = visit;
  await enter(visit, 'alice');
  await page.goto(`${world.demo.issuer}${paths.newApiKey}`);
  assert.equal(await page.locator('[name="permission:notes:delete"]').count(), 0);
  const key = await makeApiKey(page, world.demo.issuer, 'Nothing to do with figures', 'notes:read');
  await page.goto(world.demo.notes);
  await page.fill('#key', key);
  await answered(page, '#figures-by-key', 403, ['scope="notes:data"']);
});

scenario('a banned user: the token, the session and the sign-in are dead at once', async (visit) => {
  const { page } = visit;
  await enter(visit, 'alice');
  const other = await Visit.open(world, {});
  try {
    await enter(other, 'admin');
    await other.page.fill('#user', 'alice');
    await other.page.click('#ban');
    await other.page.getByText('The user is banned').waitFor();

    await answered(page, '#stateless', 200);
    assert.match(await page.innerText('#words'), /asked nobody.*believed to its end/);
    await page.goto(`${world.demo.notes}/dead-zone`);
    assert.equal(await page.innerText('#status'), '401');
    assert.match(await page.innerText('#challenge'), /error="invalid_token"/);
    assert.match(await page.innerText('#ended'), /invalid_grant/);
    await visit.picture('demo-banned');
    await page.goto(world.demo.notes);
    assert.equal(await page.locator('#name').count(), 0, 'the session at Notes has ended');
    await page.click('#sign-in');
    await arrive(page, paths.login); // the session at Doorward too: it asks for the password
    await signIn(page, world.demo.user('alice'));
    await page.waitForSelector(elements.alert);
    assert.equal(new URL(page.url()).pathname, paths.login);

    await other.page.fill('#user', 'alice');
    await other.page.click('#lift-ban');
    await other.page.getByText('can sign in again').waitFor();
    await enter(visit, 'alice');
    assert.equal(await page.locator('#name').count(), 1);
  } finally {
    await other.close();
  }
});

scenario('a form without the token of its session changes nothing', async (visit) => {
  const { page } = visit;
  await enter(visit, 'mod');
  const before = await page.locator('.notes li').count();
  for (const path of ['/notes', '/notes/delete', '/ban', '/lift-ban', '/figures']) {
    const form = { text: 'planted', id: '1', user: 'alice', key: 'dw_a_b_c' };
    const response = await visit.context.request.post(`${world.demo.notes}${path}`, { form });
    assert.equal(response.status(), 403, path);
  }
  await page.goto(world.demo.notes);
  assert.equal(await page.locator('.notes li').count(), before);
});

scenario('the pages look right', async (visit) => {
  const { page } = visit;
  await page.goto(world.demo.notes);
  await looksRight(visit, 'demo-welcome');
  await enter(visit, 'alice');
  await write(page, 'Water the plants, the tall ones twice');
  await looksRight(visit, 'demo-board');
  await page.click('.notes .delete');
  await looksRight(visit, 'demo-403');
  await back(page);
  await page.click('#without-token');
  await looksRight(visit, 'demo-401');
}, { javaScriptEnabled: true });
