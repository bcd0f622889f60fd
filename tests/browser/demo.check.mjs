// The README's demo command starts, signs in through the real pages, and stops cleanly.
// Not part of `npm test`: it needs the default ports. `.ci/run` calls it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { elements, paths } from './harness/pages.mjs';
import { launchBrowser } from './harness/world.mjs';

const STARTED_WITHIN_MS = 15 * 60_000; // the first start builds it
const root = fileURLToPath(new URL('../..', import.meta.url));

const demo = spawn('cargo', ['run', '--quiet', '--example', 'demo'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true, // a process group of its own, as a terminal gives it
});
const exited = once(demo, 'exit');
let printed = '';
demo.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
after(() => signal('SIGKILL'));

test('the demo prints its addresses, signs alice in, and stops on Ctrl-C', { timeout: STARTED_WITHIN_MS }, async () => {
  const notes = await line(/^\s*Notes\s+(http:\S+)/m);
  const password = await line(/\balice\b\W+(\S+)/);
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(notes);
    await begin(page);
    await page.waitForURL((url) => url.pathname === paths.login);
    await page.fill(elements.username, 'alice');
    await page.fill(elements.password, password);
    await page.click(elements.signIn);
    await page.waitForURL((url) => url.pathname === paths.consent || url.origin === new URL(notes).origin);
    if (new URL(page.url()).pathname === paths.consent) await page.click(elements.allow);
    await page.waitForURL((url) => url.origin === new URL(notes).origin);
    assert.match(await page.innerText('body'), /alice/i);
  } finally {
    await browser.close();
  }
  signal('SIGINT');
  const [code, by] = await exited;
  assert.deepEqual([code, by], [0, null], 'the demo exits with 0');
});

/** Notes sends the visitor to sign in at once, or shows a link that does. */
async function begin(page) {
  if (new URL(page.url()).pathname === paths.login) return;
  await page.locator('a, button').filter({ hasText: /sign in/i }).first().click();
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
