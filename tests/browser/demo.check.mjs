// The README's demo command starts, signs in through the real pages, refreshes, signs out everywhere,
// and stops cleanly. Not part of `npm test`: it needs the default ports. `.ci/run` calls it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { arrive, elements, paths, signIn } from './harness/pages.mjs';
import { launchBrowser, Visit } from './harness/world.mjs';

const STARTED_WITHIN_MS = 15 * 60_000; // the first start builds it
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'doorward-check-'));
after(() => rm(folder, { recursive: true, force: true }));

const demo = spawn('cargo', ['run', '--quiet', '--example', 'demo'], {
  cwd: root,
  env: { ...process.env, TMPDIR: folder },
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true, // a process group of its own, as a terminal gives it
});
const exited = once(demo, 'exit');
let printed = '';
demo.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
after(() => signal('SIGKILL'));

test('the demo signs alice in, refreshes, signs her out and stops on Ctrl-C', { timeout: STARTED_WITHIN_MS }, async () => {
  assert.equal(await line(/^Doorward {2}(\S+)$/m), 'http://localhost:8000');
  const notes = await line(/^Notes {5}(\S+)$/m);
  assert.equal(notes, 'http://localhost:8001');
  const alice = { username: 'alice', password: await line(/^alice +(\S+) +user$/m) };

  const browser = await launchBrowser();
  const visit = await Visit.open({ browser }, {});
  try {
    await useNotes(visit, notes, alice);
  } finally {
    await visit.close();
    await browser.close();
  }
  assert.deepEqual(visit.complaints, []);

  assert.deepEqual(await ownFolders(), 1, 'its data is in one temporary folder');
  signal('SIGINT');
  assert.deepEqual(await exited, [0, null], 'the demo exits with 0');
  assert.deepEqual(await ownFolders(), 0, 'nothing is left behind');
});

async function useNotes(visit, notes, alice) {
  const { page } = visit;
  await page.goto(notes);
  await visit.picture('demo-welcome');
  await page.click('#sign-in');
  await signIn(page, alice);
  await arrive(page, paths.consent);
  await visit.picture('demo-consent');
  await page.click(elements.allow);
  await arrive(page, '/');
  assert.match(await page.innerText('#name'), /alice/i);
  assert.equal(await page.innerText('#roles'), 'user');
  await visit.picture('demo-notes');

  await page.click('#refresh');
  await page.getByRole('status').waitFor();
  assert.match(await page.innerText('[role="status"]'), /fresh tokens/i);

  await page.click('#user-info');
  const claims = JSON.parse(await page.innerText('#user-info-claims'));
  assert.equal(claims.preferred_username, alice.username);
  assert.deepEqual(claims.roles, ['user']);

  await page.goBack();
  await page.click('#sign-out-everywhere');
  await page.waitForURL((url) => [paths.logout, paths.signedOut].includes(url.pathname));
  if (await page.locator(elements.signOut).count()) await page.click(elements.signOut);
  await arrive(page, paths.signedOut);
  assert.match(await page.innerText('h1'), /signed out everywhere/);
  await page.goto(`${notes}/sign-in`);
  await arrive(page, paths.login);
}

/** How many data folders of the demo there are. */
async function ownFolders() {
  return (await readdir(folder)).filter((name) => name.startsWith('doorward-demo-')).length;
}

/** Waits until the demo has printed what the pattern captures. */
async function line(pattern) {
  for (;;) {
    const found = printed.match(pattern);
    if (found) return found[1];
    if (demo.exitCode !== null) assert.fail(`the demo stopped:\n${printed}`);
    await Promise.race([once(demo.stdout, 'data'), exited]);
  }
}

function signal(name) {
  if (demo.exitCode === null && demo.signalCode === null) process.kill(-demo.pid, name);
}
