// A page in the browser that signs in with `oidc-client-ts`: a public client, no server of its own.

const { UserManager } = globalThis.oidc;

const settings = await (await fetch('settings.json')).json();
const home = `${location.origin}/spa/`;
const manager = new UserManager({
  ...settings,
  redirect_uri: home,
  post_logout_redirect_uri: home,
  scope: 'openid profile email offline_access',
  prompt: 'consent',
  loadUserInfo: true,
  automaticSilentRenew: false,
});

const status = document.querySelector('[role="status"]');
const output = document.querySelector('pre');

/** Says what is so: a word, and the user as JSON. */
function show(word, user) {
  output.textContent = user ? JSON.stringify({ ...user, profile: user.profile }) : '';
  status.textContent = word;
}

/** Runs one step and shows its failure, if any. */
async function step(action) {
  try {
    status.textContent = '';
    await action();
  } catch (error) {
    show(`failed: ${error.message}`);
  }
}

document.querySelector('#go').onclick = () => step(() => manager.signinRedirect());
document.querySelector('#renew').onclick = () => step(async () => show('renewed', await manager.signinSilent()));
document.querySelector('#leave').onclick = () => step(() => manager.signoutRedirect({ state: 'left' }));

await step(async () => {
  const answer = new URLSearchParams(location.search);
  if (answer.has('code') || answer.has('error')) {
    show('signed in', await manager.signinRedirectCallback());
  } else if (answer.has('state')) {
    await manager.signoutRedirectCallback();
    show('signed out', await manager.getUser());
  } else {
    show('hello', await manager.getUser());
  }
});
