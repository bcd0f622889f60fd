// The world of a test file: a server with users, an app beside it, and a browser.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

import { createUser } from './cli.mjs';
import { Doorward } from './doorward.mjs';
import { RelyingParty } from './relying_party.mjs';

/** The users of every world. */
export const users = {
  alice: { username: 'alice', password: 'tulip-harbour-ninety', email: 'alice@example.com' },
  bob: { username: 'bob', password: 'lantern-brook-seventy', email: 'bob@example.com' },
};

const folder = process.env.DOORWARD_SCREENSHOTS
  ?? fileURLToPath(new URL('../../../target/screenshots', import.meta.url));

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Starts Chromium with an empty profile. */
export function launchBrowser() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, headless: true, args: flags });
}

/** Starts a world, which `furnish` can add to before anybody asks, and takes it down after the file's last test. */
export async function startWorld(furnish = async () => {}) {
  const world = new World();
  after(() => world.stop());
  await world.start(furnish);
  return world;
}

class World {
  async start(furnish) {
    try {
      this.app = await RelyingParty.listen();
      this.doorward = await Doorward.prepare();
      for (const user of Object.values(users)) await createUser(this.doorward, user);
      await this.app.register(this.doorward);
      await furnish(this);
      await this.doorward.start();
      await this.app.discover();
      this.browser = await launchBrowser();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop() {
    await this.browser?.close();
    await this.doorward?.stop();
    await this.app?.stop();
  }

  /** A test with a browser of its own: no cookies, and no complaint from the browser at the end. */
  scenario(title, run, options = {}) {
    test(title, { timeout: 180_000 }, async () => {
      const visit = await Visit.open(this, options);
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
}

/** One person's browser: tabs that share cookies. */
export class Visit {
  /** What the browser refused or the server broke: content policy violations, script errors, 5xx. */
  complaints = [];

  static async open(world, options) {
    const visit = new Visit();
    visit.world = world;
    visit.context = await world.browser.newContext({ locale: 'en-US', ...options });
    visit.context.setDefaultTimeout(30_000);
    visit.context.on('console', (message) => visit.#heard(message));
    visit.context.on('weberror', (error) => visit.complaints.push(`script: ${error.error().message}`));
    visit.context.on('response', (response) => {
      if (response.status() >= 500) visit.complaints.push(`${response.status()} ${response.url()}`);
    });
    visit.page = await visit.context.newPage();
    return visit;
  }

  close() {
    return this.context.close();
  }

  /** Saves a picture of the whole page as `name`. */
  async picture(name, page = this.page) {
    await mkdir(folder, { recursive: true });
    const file = name.replace(/[^\w.-]+/g, '-').slice(0, 120);
    await page.screenshot({ path: join(folder, `${file}.png`), fullPage: true });
  }

  #heard(message) {
    if (message.type() === 'error' && message.text().includes('Content Security Policy')) {
      this.complaints.push(message.text());
    }
  }
}
