// OAuth 2.0 Form Post Response Mode.

import assert from 'node:assert/strict';

import { arrive, elements, paths, signIn } from './harness/pages.mjs';
import { startWorld, users } from './harness/world.mjs';

const world = await startWorld();
const request = { response_mode: 'form_post', prompt: 'login consent' };

world.scenario('the code is posted to the app and is not in the address', async ({ page }) => {
  const { url, checks } = await world.app.begin(request);
  await page.goto(url);
  await signIn(page, users.alice);
  await arrive(page, paths.consent);
  await page.click(elements.allow);
  const arrival = await arrivalAt(page);
  assert.equal(new URLSearchParams(arrival.form).get('iss'), world.doorward.issuer);
  assert.ok((await world.app.redeem(posted(arrival), checks)).access_token);
});

world.scenario('an error is posted as well', async ({ page }) => {
  const { url, checks } = await world.app.begin(request);
  await page.goto(url);
  await arrive(page, paths.login);
  await page.click(elements.cancel);
  const form = new URLSearchParams((await arrivalAt(page)).form);
  assert.equal(form.get('error'), 'access_denied');
  assert.equal(form.get('state'), checks.expectedState);
  assert.equal(form.get('iss'), world.doorward.issuer);
});

world.scenario('an app may send the user on to another origin', async ({ page }) => {
  await page.goto((await world.app.begin({ ...request, redirect_uri: world.app.onward })).url);
  await arrive(page, paths.login);
  await page.click(elements.cancel);
  await page.waitForURL(world.app.elsewhere);
});

world.scenario('without script a button posts the answer', async ({ page }) => {
  const { url, checks } = await world.app.begin(request);
  await page.goto(url);
  await signIn(page, users.alice);
  await arrive(page, paths.consent);
  await page.click(elements.allow);
  await page.click(elements.continue);
  assert.ok((await world.app.redeem(posted(await arrivalAt(page)), checks)).access_token);
}, { javaScriptEnabled: false });

/** The newest request to the callback, which must be a POST without a query. */
async function arrivalAt(page) {
  await arrive(page, '/callback');
  const arrival = world.app.arrivals.at(-1);
  assert.equal(arrival.method, 'POST');
  assert.equal(arrival.url.search, '');
  return arrival;
}

function posted({ form }) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return new Request(world.app.callback, { method: 'POST', headers, body: form });
}
