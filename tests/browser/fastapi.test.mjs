// The API in FastAPI: its Swagger UI signs in with Doorward, without anything from outside.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { createApi, createClient, createUser, permit } from './harness/cli.mjs';
import { Doorward } from './harness/doorward.mjs';
import { freePort } from './harness/net.mjs';
import { arrive, elements, paths, signIn } from './harness/pages.mjs';
import { launchBrowser, users, Visit } from './harness/world.mjs';

const STARTED_WITHIN_MS = 30_000;
const example = fileURLToPath(new URL('../../examples/fastapi', import.meta.url));
const python = fileURLToPath(new URL('../../target/fastapi/bin/python', import.meta.url));
const permissions = {
  'notes:read': 'Read the notes on the board',
  'notes:write': 'Add notes to the board',
  'notes:delete': 'Delete the notes of everybody',
  'notes:data': 'Read figures about the board',
};

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

test('Swagger UI signs in with the authorization code flow and PKCE, and shows 200, 201 and 403', { timeout: 180_000 }, async () => {
  const visit = await Visit.open(world, {});
  const asked = [];
  visit.context.on('request', (request) => asked.push(request.url()));
  try {
    await use(visit);
    const request = new URL(asked.find((url) => url.startsWith(`${world.doorward.issuer}/authorize`)));
    assert.equal(request.searchParams.get('response_type'), 'code');
    assert.equal(request.searchParams.get('code_challenge_method'), 'S256');
    assert.equal(request.searchParams.get('resource'), api);
    for (const url of asked.filter((url) => /^https?:/.test(url))) {
      assert.equal(new URL(url).hostname, 'localhost', `${url} comes from outside`);
    }
  } catch (error) {
    await visit.picture('failed-swagger-ui').catch(() => {});
    throw error;
  } finally {
    await visit.close();
  }
  assert.deepEqual(visit.complaints, []);
});

async function use(visit) {
  const { page } = visit;
  await page.goto(`${api}/docs`);
  assert.equal(await status(page, 'get', '/notes'), '401');

  await page.click('button.authorize');
  const dialog = page.locator('.auth-container', { hasText: 'authorizationCode' });
  for (const scope of ['notes:read', 'notes:write', 'notes:delete', 'roles']) {
    await dialog.locator(`label[for^="${scope}-"]`).click();
  }
  await visit.picture('fastapi-authorize');
  const [popup] = await Promise.all([page.waitForEvent('popup'), dialog.locator('button.authorize').click()]);
  await popup.waitForURL((url) => url.pathname === paths.login);
  await signIn(popup, users.alice);
  await arrive(popup, paths.consent);
  await visit.picture('fastapi-consent', popup);
  await Promise.all([popup.waitForEvent('close'), popup.click(elements.allow)]);
  await dialog.getByRole('button', { name: 'Remove authorization' }).waitFor();
  await dialog.locator('.btn-done').click();

  assert.equal(await status(page, 'get', '/notes'), '200');
  assert.equal(await status(page, 'post', '/notes'), '201');
  assert.equal(await status(page, 'delete', '/notes/{id}'), '403');
  const refused = await page.locator('.opblock-delete .live-responses-table .response').first().innerText();
  assert.match(refused, /insufficient_scope/);
  assert.equal(await status(page, 'get', '/dead-zone'), '403');
  await visit.picture('fastapi-swagger-ui');
}

/** Tries an operation out, and returns the status that Swagger UI shows. */
async function status(page, method, path) {
  const block = page.locator(`.opblock-${method}`, { has: page.locator(`[data-path="${path}"]`) });
  if (!(await block.locator('.opblock-body').count())) await block.locator('.opblock-summary-control').click();
  // The page is drawn after the click: what is not there yet is waited for before anything is counted.
  await block.locator('.try-out__btn').waitFor();
  const tryOut = block.locator('.try-out__btn:not(.cancel)');
  if (await tryOut.count()) await tryOut.click();
  await block.locator('button.execute').waitFor();
  const id = block.locator('input[placeholder="id"]');
  if (await id.count()) await id.fill('1');
  const answered = page.waitForResponse((response) => response.url().startsWith(api)
    && response.request().method() === method.toUpperCase());
  await block.locator('button.execute').click();
  const code = `${(await answered).status()}`;
  await block.locator('.live-responses-table .response-col_status', { hasText: code }).first().waitFor();
  return code;
}

async function register(doorward) {
  await createApi(doorward, { audience: api, name: 'Notes API', permissions, role: 'everything' });
  await permit(doorward, 'user', ['notes:read', 'notes:write']);
  await createUser(doorward, users.alice);
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
