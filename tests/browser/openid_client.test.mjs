// The certified library `openid-client`, unchanged, with the real pages in between.

import assert from 'node:assert/strict';
import * as oidc from 'openid-client';

import { finish, signIn, signInToApp } from './harness/pages.mjs';
import { startWorld, users } from './harness/world.mjs';

const world = await startWorld();
// Core §11: offline_access counts only when the user is asked.
const offline = { scope: 'openid profile email offline_access', prompt: 'consent' };

world.scenario('UserInfo answers with the claims of the scopes', async (visit) => {
  const tokens = await signInToApp(visit, users.alice);
  const { sub } = tokens.claims();
  const info = await oidc.fetchUserInfo(world.app.configuration, tokens.access_token, sub);
  assert.equal(info.sub, sub);
  assert.equal(info.email, users.alice.email);
  assert.equal(info.preferred_username, users.alice.username);
});

world.scenario('a refresh token brings new tokens of the same user', async (visit) => {
  const first = await signInToApp(visit, users.alice, offline);
  assert.ok(first.refresh_token);
  const second = await oidc.refreshTokenGrant(world.app.configuration, first.refresh_token);
  assert.notEqual(second.access_token, first.access_token);
  if (second.id_token) assert.equal(second.claims().sub, first.claims().sub);
  const { sub } = first.claims();
  const info = await oidc.fetchUserInfo(world.app.configuration, second.access_token, sub);
  assert.equal(info.sub, sub);
});

world.scenario('without offline_access there is no refresh token', async (visit) => {
  const tokens = await signInToApp(visit, users.alice, { scope: 'openid profile', prompt: 'consent' });
  assert.equal(tokens.refresh_token, undefined);
});

world.scenario('introspection tells of live tokens, and of no dead ones', async (visit) => {
  const tokens = await signInToApp(visit, users.alice, offline);
  const { configuration } = world.app;
  const alive = await oidc.tokenIntrospection(configuration, tokens.access_token);
  assert.equal(alive.active, true);
  assert.equal(alive.client_id, world.app.web.client_id);
  assert.equal(alive.sub, tokens.claims().sub);
  await oidc.tokenRevocation(configuration, tokens.refresh_token);
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    assert.deepEqual(await oidc.tokenIntrospection(configuration, token), { active: false });
  }
});

world.scenario('a revoked refresh token is invalid_grant', async (visit) => {
  const tokens = await signInToApp(visit, users.alice, offline);
  await oidc.tokenRevocation(world.app.configuration, tokens.refresh_token);
  const again = oidc.refreshTokenGrant(world.app.configuration, tokens.refresh_token);
  await assert.rejects(again, { error: 'invalid_grant', status: 400 });
});

world.scenario('a code works once, and the second try takes the tokens back', async ({ page }) => {
  const { url, checks } = await world.app.begin();
  await page.goto(url);
  await signIn(page, users.bob);
  const answer = await finish(page);
  const tokens = await world.app.redeem(answer, checks);
  await assert.rejects(world.app.redeem(answer, checks), { error: 'invalid_grant', status: 400 });
  const info = oidc.fetchUserInfo(world.app.configuration, tokens.access_token, tokens.claims().sub);
  await assert.rejects(info, { status: 401 });
});

world.scenario('a machine gets a token for itself', async () => {
  const tokens = await oidc.clientCredentialsGrant(world.app.machineConfiguration);
  assert.ok(tokens.access_token);
  assert.equal(tokens.refresh_token, undefined);
  assert.equal(tokens.id_token, undefined);
});

world.scenario('a wrong client secret is invalid_client', async () => {
  const { issuer, web } = world.app;
  const options = { execute: [oidc.allowInsecureRequests] };
  const wrong = oidc.ClientSecretBasic('not the secret');
  const configuration = await oidc.discovery(new URL(issuer), web.client_id, undefined, wrong, options);
  const attempt = oidc.clientCredentialsGrant(configuration);
  await assert.rejects(attempt, (error) => error.cause?.[0]?.scheme === 'basic' || error.error === 'invalid_client');
});
