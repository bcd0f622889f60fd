// prompt and max_age. OpenID Connect Core 1.0 §3.1.2.1.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { arrive, elements, finish, paths, signIn, signInSilently, signInToApp } from './harness/pages.mjs';
import { startWorld, users } from './harness/world.mjs';

const world = await startWorld();

world.scenario('prompt=none without a session is login_required', async (visit) => {
  const { answer, checks, error } = await signInSilently(visit);
  assert.equal(answer.origin + answer.pathname, world.app.callback);
  assert.equal(error, 'login_required');
  assert.equal(answer.searchParams.get('state'), checks.expectedState);
});

world.scenario('prompt=none with a session and a remembered yes shows no page', async (visit) => {
  const first = await signInToApp(visit, users.alice, { max_age: '3600' });
  const { answer, checks } = await signInSilently(visit, { max_age: '3600' });
  const second = await world.app.redeem(answer, checks);
  assert.equal(second.claims().sub, first.claims().sub);
  assert.equal(second.claims().auth_time, first.claims().auth_time);
});

world.scenario('prompt=login asks again and moves auth_time forward', async (visit) => {
  const first = await signInToApp(visit, users.alice, { max_age: '3600' });
  await sleep(1_100); // auth_time counts whole seconds
  const second = await signInToApp(visit, users.alice, { prompt: 'login', max_age: '3600' });
  assert.ok(second.claims().auth_time > first.claims().auth_time);
});

world.scenario('max_age=0 asks again', async (visit) => {
  await signInToApp(visit, users.alice);
  await visit.page.goto((await world.app.begin({ max_age: '0' })).url);
  await arrive(visit.page, paths.login);
});

world.scenario('prompt=login can end as another user, unless the hint says who', async (visit) => {
  const alice = await signInToApp(visit, users.alice);
  const bob = await signInToApp(visit, users.bob, { prompt: 'login' });
  assert.notEqual(bob.claims().sub, alice.claims().sub);
  const { error } = await signInSilently(visit, { id_token_hint: alice.id_token });
  assert.equal(error, 'login_required');
});

world.scenario('prompt=select_account lets the user go on as who is signed in', async (visit) => {
  const first = await signInToApp(visit, users.alice);
  const { url, checks } = await world.app.begin({ prompt: 'select_account' });
  await visit.page.goto(url);
  await arrive(visit.page, paths.selectAccount);
  await visit.page.locator(elements.chooseAccount).filter({ hasText: 'alice' }).click();
  const second = await world.app.redeem(await finish(visit.page), checks);
  assert.equal(second.claims().sub, first.claims().sub);
});

world.scenario('prompt=select_account lets the user be somebody else', async (visit) => {
  const first = await signInToApp(visit, users.alice);
  const { url, checks } = await world.app.begin({ prompt: 'select_account' });
  await visit.page.goto(url);
  await arrive(visit.page, paths.selectAccount);
  await visit.page.click(elements.anotherAccount);
  await signIn(visit.page, users.bob);
  const second = await world.app.redeem(await finish(visit.page), checks);
  assert.notEqual(second.claims().sub, first.claims().sub);
});
