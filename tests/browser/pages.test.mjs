// Every page in every state, looked at: pictures for people, rules for the rest.

import { arrive, elements, paths, signIn, signInToApp } from './harness/pages.mjs';
import { looksRight, pictures } from './harness/inspect.mjs';
import { startWorld, users } from './harness/world.mjs';

const world = await startWorld();

/** How to get to each page. */
const states = {
  'sign-in': async ({ page }) => {
    await page.goto((await world.app.begin()).url);
    await arrive(page, paths.login);
  },
  'sign-in-error': async ({ page }) => {
    await page.goto((await world.app.begin()).url);
    await signIn(page, { username: 'someone', password: 'not-the-password' });
    await page.waitForSelector(elements.alert);
  },
  'sign-in-too-many': async ({ page }) => {
    await page.goto((await world.app.begin()).url);
    for (let status = 0; status !== 429;) {
      const answered = page.waitForResponse((response) => response.request().method() === 'POST');
      await signIn(page, { username: 'somebody', password: 'not-the-password' });
      status = (await answered).status();
      await page.waitForSelector(elements.alert);
    }
  },
  'sign-in-here': async ({ page }) => {
    await page.goto(`${world.doorward.issuer}${paths.account}`);
    await arrive(page, paths.login);
  },
  'sign-in-german': async ({ page }) => {
    await page.goto((await world.app.begin({ ui_locales: 'de' })).url);
    await arrive(page, paths.login);
  },
  consent: async ({ page }) => {
    await page.goto((await world.app.begin({ scope: 'openid profile email roles offline_access', prompt: 'consent' })).url);
    await signIn(page, users.alice);
    await arrive(page, paths.consent);
  },
  'consent-permissions': async ({ page }) => {
    await page.goto((await world.app.begin({ scope: 'openid email notes:read notes:write', prompt: 'consent' })).url);
    await signIn(page, users.alice);
    await arrive(page, paths.consent);
  },
  'role-missing': async ({ page }) => {
    await page.goto((await world.app.begin({ scope: 'openid notes:delete' })).url);
    await signIn(page, users.alice);
    await arrive(page, paths.roleMissing);
  },
  'select-account': async (visit) => {
    await signInToApp(visit, users.alice);
    await visit.page.goto((await world.app.begin({ prompt: 'select_account' })).url);
    await arrive(visit.page, paths.selectAccount);
  },
  'confirm-sign-out': async (visit) => {
    await signInToApp(visit, users.alice);
    await visit.page.goto(`${world.doorward.issuer}${paths.logout}`);
    await visit.page.waitForSelector(elements.signOut);
  },
  'signed-out': async (visit) => {
    await states['confirm-sign-out'](visit);
    await visit.page.click(elements.signOut);
    await arrive(visit.page, paths.signedOut);
  },
  account: async (visit) => {
    await signInToApp(visit, users.alice);
    await visit.page.goto(`${world.doorward.issuer}${paths.account}`);
  },
  error: async ({ page }) => {
    await page.goto(`${world.doorward.issuer}/authorize?response_type=code&client_id=unknown`);
  },
  'not-found': async ({ page }) => {
    await page.goto(`${world.doorward.issuer}/no-such-page`);
  },
};

for (const [state, reach] of Object.entries(states)) {
  world.scenario(`the page ${state}`, async (visit) => {
    await reach(visit);
    await looksRight(visit, state);
  });
}

world.scenario('the page form-post, when scripts are off', async (visit) => {
  const { page } = visit;
  await page.goto((await world.app.begin({ response_mode: 'form_post' })).url);
  await page.click(elements.cancel);
  await page.waitForSelector(elements.continue);
  await pictures(visit, 'form-post');
}, { javaScriptEnabled: false });
