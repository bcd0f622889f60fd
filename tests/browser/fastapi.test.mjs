// The API in FastAPI: its Swagger UI signs in with Doorward, without anything from outside.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { createApi, createClient, createUser, empower, permit } from './harness/cli.mjs';
import { Doorward } from './harness/doorward.mjs';
import { freePort } from './harness/net.mjs';
import { arrive, elements, makeApiKey, paths, signIn } from './harness/pages.mjs';
import { launchBrowser, users, Visit } from './harness/world.mjs';

const STARTED_WITHIN_MS = 30_000;
const example = fileURLToPath(new URL('../../examples/fastapi', import.meta.url));
const python = fileURLToPath(new URL('../../target/fastapi/bin/python', import.meta.url));
const permissions = {
  'notes:read': 'Read the notes on the board',
  'notes:write': 'Add notes to the board',
  'notes:delete': 'Delete the notes of everybody',
  'notes:admin_access': 'Ban users',
  'notes:data': 'Read figures about the board',
};
const admin = { username: 'admin', password: 'fern-lighthouse-sixty', email: 'admin@example.com', roles: ['admin', 'everything'] };

const world = {};
after(async () => {
  await world.browser?.close();
  world.process?.kill('SIGKILL');
  await world.doorward?.stop();
});
world.doorward = await Doorward.prepare();
const port = await freePort();
const api = `http://localhost:${port}`;
await register(world.doorward);
await world.doorward.start();
await startApi();
world.browser = await launchBrowser();

/** A test with a browser of its own, which tells what the browser asked for. */
function scenario(title, run) {
  test(title, { timeout: 180_000 }, async () => {
    const visit = await Visit.open(world, {});
    const asked = [];
    visit.context.on('request', (request) => asked.push(request.url()));
    try {
      await run(visit, asked);
    } catch (error) {
      await visit.picture(`failed ${title}`).catch(() => {});
      throw new Error(`at ${visit.page.url()}: ${error.message}`, { cause: error });
    } finally {
      await visit.close();
    }
    assert.deepEqual(visit.complaints, []);
  });
}

scenario('Swagger UI signs in with the authorization code flow and PKCE, and shows 200, 201 and 403', async (visit, asked) => {
  await use(visit);
  const request = new URL(asked.find((url) => url.startsWith(`${world.doorward.issuer}/authorize`)));
  assert.equal(request.searchParams.get('response_type'), 'code');
  assert.equal(request.searchParams.get('code_challenge_method'), 'S256');
  assert.equal(request.searchParams.get('resource'), api);
  for (const url of asked.filter((url) => /^https?:/.test(url))) {
    assert.equal(new URL(url).hostname, 'localhost', `${url} comes from outside`);
  }
});

scenario('a key of the account page reads the figures, and a revoked one does not', async (visit) => {
  const { page } = visit;
  const { issuer } = world.doorward;
  await page.goto(`${issuer}${paths.account}`);
  await signIn(page, users.alice);
  await arrive(page, paths.account);
  const key = await makeApiKey(page, issuer, 'Figures', 'notes:data');

  const docs = await visit.context.newPage();
  await docs.goto(`${api}/docs`);
  assert.equal(await status(docs, 'get', '/data'), '401');
  await docs.click('button.authorize');
  const dialog = docs.locator('.auth-container', { hasText: 'X-API-Key' });
  await dialog.locator('input').fill(key);
  await dialog.locator('button.authorize').click();
  await dialog.getByRole('button', { name: 'Remove authorization' }).waitFor();
  await docs.locator('.modal-ux .close-modal').click();
  assert.equal(await status(docs, 'get', '/data'), '200');
  assert.equal(await status(docs, 'get', '/notes'), '403');
  await visit.picture('fastapi-api-key', docs);

  await page.goto(`${issuer}${paths.apiKeys}`);
  await page.click(elements.revokeLink);
  await page.click(elements.revokeApiKey);
  await page.getByRole('status').waitFor();
  assert.equal(await status(docs, 'get', '/data'), '401');
});

scenario('an administrator bans a user, who is out at once, and lifts the ban', async (visit) => {
  const { page } = visit;
  await authorize(visit, admin, ['notes:admin_access']);
  const other = await Visit.open(world, {});
  try {
    await authorize(other, users.alice, ['notes:read', 'notes:admin_access']);
    assert.equal(await status(other.page, 'get', '/notes'), '200');
    assert.equal(await status(other.page, 'post', '/users/{user}/ban', { user: 'admin' }), '403');
    assert.equal(await status(page, 'post', '/users/{user}/ban', { user: 'nobody-of-that-name' }), '404');
    assert.equal(await status(page, 'post', '/users/{user}/ban', { user: 'admin' }), '409');
    assert.equal(await status(page, 'post', '/users/{user}/ban', { user: 'alice' }), '204');
    await visit.picture('fastapi-ban');

    assert.equal(await status(other.page, 'get', '/notes'), '401');
    const account = await other.context.newPage();
    await account.goto(`${world.doorward.issuer}${paths.account}`);
    await signIn(account, users.alice);
    await account.waitForSelector(elements.alert);

    assert.equal(await status(page, 'delete', '/users/{user}/ban', { user: 'alice' }), '204');
    await signIn(account, users.alice);
    await arrive(account, paths.account);
    assert.equal(await status(other.page, 'get', '/notes'), '401', 'what ended stays ended');
  } finally {
    await other.close();
  }
  assert.deepEqual(other.complaints, []);
});

async function use(visit) {
  const { page } = visit;
  await page.goto(`${api}/docs`);
  assert.equal(await status(page, 'get', '/notes'), '401');

  await authorize(visit, users.alice, ['notes:read', 'notes:write', 'notes:delete', 'roles']);

  assert.equal(await status(page, 'get', '/notes'), '200');
  assert.equal(await status(page, 'post', '/notes'), '201');
  assert.equal(await status(page, 'delete', '/notes/{id}'), '403');
  const refused = await page.locator('.opblock-delete .live-responses-table .response').first().innerText();
  assert.match(refused, /insufficient_scope/);
  assert.equal(await status(page, 'get', '/dead-zone'), '403');
  await visit.picture('fastapi-swagger-ui');
}

/** Signs in through the dialog of Swagger UI. */
async function authorize(visit, user, scopes) {
  const { page } = visit;
  if (!page.url().startsWith(api)) await page.goto(`${api}/docs`);
  await page.click('button.authorize');
  const dialog = page.locator('.auth-container', { hasText: 'authorizationCode' });
  for (const scope of scopes) await dialog.locator(`label[for^="${scope}-"]`).click();
  await visit.picture('fastapi-authorize');
  const [popup] = await Promise.all([page.waitForEvent('popup'), dialog.locator('button.authorize').click()]);
  await popup.waitForURL((url) => url.pathname === paths.login);
  await signIn(popup, user);
  await arrive(popup, paths.consent);
  await visit.picture('fastapi-consent', popup);
  await Promise.all([popup.waitForEvent('close'), popup.click(elements.allow)]);
  await dialog.getByRole('button', { name: 'Remove authorization' }).waitFor();
  await dialog.locator('.btn-done').click();
}

/** Tries an operation out, and returns the status that Swagger UI shows. */
async function status(page, method, path, typed = { id: '1' }) {
  const block = page.locator(`.opblock-${method}`, { has: page.locator(`[data-path="${path}"]`) });
  if (!(await block.locator('.opblock-body').count())) await block.locator('.opblock-summary-control').click();
  // The page is drawn after the click: what is not there yet is waited for before anything is counted.
  await block.locator('.try-out__btn').waitFor();
  const tryOut = block.locator('.try-out__btn:not(.cancel)');
  if (await tryOut.count()) await tryOut.click();
  await block.locator('button.execute').waitFor();
  for (const [name, value] of Object.entries(typed)) {
    const field = block.locator(`input[placeholder="${name}"]`);
    if (await field.count()) await field.fill(value);
  }
  const answered = page.waitForResponse((response) => response.url().startsWith(api)
    && response.request().method() === method.toUpperCase());
  await block.locator('button.execute').click();
  const code = `${(await answered).status()}`;
  await block.locator('.live-responses-table .response-col_status', { hasText: code }).first().waitFor();
  return code;
}

async function register(doorward) {
  await createApi(doorward, { audience: api, name: 'Notes API', permissions, role: 'everything' });
  await permit(doorward, 'user', ['notes:read', 'notes:write', 'notes:data']);
  await createUser(doorward, users.alice);
  await createUser(doorward, admin);
  world.introspector = await createClient(doorward, 'api', { client_name: 'Notes API', audiences: [api] });
  const rights = ['doorward:users:read', 'doorward:users:write'];
  world.bans = await createClient(doorward, 'machine', { client_name: 'Notes bans', scopes: rights });
  await empower(doorward, world.bans, 'notes-bans', { permissions: rights, contains: ['user'] });
  world.docs = await createClient(doorward, 'spa', {
    client_name: 'Swagger UI',
    redirect_uris: [`${api}/docs/oauth2-redirect`],
    scopes: ['roles', ...Object.keys(permissions)],
  });
}

async function startApi() {
  const args = ['-m', 'uvicorn', '--factory', 'notes.main:app', '--port', `${port}`, '--log-level', 'warning'];
  const env = {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: '1',
    NOTES_ISSUER: world.doorward.issuer,
    NOTES_AUDIENCE: api,
    NOTES_DOCS_CLIENT_ID: world.docs.client_id,
    NOTES_CLIENT_ID: world.introspector.client_id,
    NOTES_CLIENT_SECRET: world.introspector.client_secret,
    NOTES_ADMIN_CLIENT_ID: world.bans.client_id,
    NOTES_ADMIN_CLIENT_SECRET: world.bans.client_secret,
    // What is taken back is dead at once.
    NOTES_STRICT: '1',
    NOTES_REMEMBER: '0',
  };
  world.process = spawn(python, args, { cwd: example, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const exited = once(world.process, 'exit').then(([code]) => assert.fail(`the API stopped with ${code}`));
  exited.catch(() => {});
  process.once('exit', () => world.process.kill('SIGKILL'));
  const deadline = Date.now() + STARTED_WITHIN_MS;
  for (;;) {
    const answer = await Promise.race([fetch(`${api}/openapi.json`).catch(() => undefined), exited]);
    if (answer?.ok) return;
    assert.ok(Date.now() < deadline, 'the API does not answer');
    await sleep(100);
  }
}
