// Doorward's pages as a person meets them. Ids and field names of the pages are named here.

/** Paths of the pages. */
export const paths = {
  login: '/login',
  consent: '/consent',
  roleMissing: '/role-missing',
  selectAccount: '/select-account',
  account: '/account',
  apiKeys: '/account/api-keys',
  newApiKey: '/account/api-keys/new',
  setup: '/setup',
  logout: '/logout',
  signedOut: '/signed-out',
};

/** Elements of the pages. */
export const elements = {
  username: 'input[name="username"]',
  password: 'input[name="password"]',
  signIn: '#sign-in',
  cancel: '#cancel',
  allow: '#allow',
  back: '#back',
  signOut: '#sign-out',
  stay: '#stay',
  alert: '[role="alert"]',
  errorCode: '#error-code',
  chooseAccount: 'button[name="account"]',
  anotherAccount: '#another-account',
  continue: '#continue',
  accountUsername: '#account-username',
  endOtherSessions: '#end-others',
  revokeApp: 'form[action="/account/apps/revoke"] button',
  toApiKeys: '#to-api-keys',
  newApiKey: '#new-api-key',
  makeApiKey: '#make',
  apiKey: '#api-key',
  copyApiKey: '#copy',
  apiKeyDone: '#done',
  rotateLink: 'a.rotate',
  rotateApiKey: '#rotate',
  revokeLink: 'a.revoke',
  revokeApiKey: '#revoke',
  createAdministrator: '#create',
};

/** Waits until the page is one of the named paths, and says which. */
export async function arrive(page, ...expected) {
  await page.waitForURL((url) => expected.includes(url.pathname));
  return new URL(page.url());
}

/** Fills in the sign-in form and sends it. */
export async function signIn(page, { username, password }) {
  await arrive(page, paths.login);
  await page.fill(elements.username, username);
  await page.fill(elements.password, password);
  await page.click(elements.signIn);
}

/** Makes an API key on the account pages of whoever is signed in, and returns its text. */
export async function makeApiKey(page, issuer, name, ...permissions) {
  await page.goto(`${issuer}${paths.newApiKey}`);
  await page.fill('#name', name);
  for (const permission of permissions) await page.check(`[name="permission:${permission}"]`);
  await page.click(elements.makeApiKey);
  return page.inputValue(elements.apiKey);
}

/** Says yes to the app if it asks, and comes back to it. Returns the URL it came back to. */
export async function finish(page) {
  const url = await arrive(page, paths.consent, '/callback');
  if (url.pathname === '/callback') return url;
  await page.click(elements.allow);
  return arrive(page, '/callback');
}

/** Signs in to the app from a cold start and returns its tokens. */
export async function signInToApp({ page, world }, user, parameters = {}) {
  const { url, checks } = await world.app.begin(parameters);
  await page.goto(url);
  await signIn(page, user);
  return world.app.redeem(await finish(page), checks);
}

/** The same request with `prompt=none`: the answer's parameters, with no page between. */
export async function signInSilently({ page, world }, parameters = {}) {
  const { url, checks } = await world.app.begin({ prompt: 'none', ...parameters });
  await page.goto(url);
  const answer = new URL(page.url());
  return { answer, checks, error: answer.searchParams.get('error') };
}
