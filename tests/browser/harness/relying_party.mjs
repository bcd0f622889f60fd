// An app that signs its users in with Doorward. It lives on 127.0.0.1, Doorward on localhost: two
// sites to a browser, so that the rules for cross-site cookies and forms apply as they do in life.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import * as oidc from 'openid-client';

import { createApi, createClient, permit } from './cli.mjs';
import { bodyOf } from './net.mjs';

const files = {
  '/spa/': ['../spa/index.html', 'text/html'],
  '/spa/app.js': ['../spa/app.js', 'text/javascript'],
  '/spa/oidc-client-ts.js': ['../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js', 'text/javascript'],
};

/** The app's own web server, and three clients: a web app, a page in the browser, a machine. */
export class RelyingParty {
  #server;
  /** Every request to the callback: `{ method, url, form }`. */
  arrivals = [];

  static async listen() {
    const app = new RelyingParty();
    app.#server = createServer((request, response) => app.#answer(request, response));
    await new Promise((resolve) => app.#server.listen(0, '127.0.0.1', resolve));
    app.origin = `http://127.0.0.1:${app.#server.address().port}`;
    app.callback = `${app.origin}/callback`;
    app.onward = `${app.origin}/onward`;
    app.elsewhere = `http://localhost:${app.#server.address().port}/landed`;
    app.afterSignOut = `${app.origin}/bye`;
    app.page = `${app.origin}/spa/`;
    return app;
  }

  /** Registers the clients through the CLI. */
  async register(doorward) {
    this.issuer = doorward.issuer;
    await createApi(doorward, {
      audience: 'https://notes.example',
      name: 'Notes',
      permissions: {
        'notes:read': 'Read the notes on the board',
        'notes:write': 'Add notes to the board',
        'notes:delete': 'Delete the notes of everybody',
      },
      role: 'eraser',
    });
    await permit(doorward, 'user', ['notes:read', 'notes:write']);
    this.web = await createClient(doorward, 'web', {
      client_name: 'Paper Trail',
      redirect_uris: [this.callback, this.onward],
      post_logout_redirect_uris: [this.afterSignOut],
      scopes: ['openid', 'profile', 'email', 'roles', 'offline_access', 'notes:read', 'notes:write', 'notes:delete'],
      essential_scopes: ['notes:delete'],
    });
    this.public = await createClient(doorward, 'spa', {
      client_name: 'Pocket Garden',
      redirect_uris: [this.page],
      post_logout_redirect_uris: [this.page],
      scopes: ['openid', 'profile', 'email', 'offline_access'],
    });
    this.machine = await createClient(doorward, 'machine', { client_name: 'Night Watch' });
  }

  /** Reads the discovery document. Needs a running server. */
  async discover() {
    this.configuration = await this.#discoverAs(this.web);
    this.machineConfiguration = await this.#discoverAs(this.machine);
  }

  /** Begins a sign-in: the URL to send the browser to, and what the answer is checked against. */
  async begin(parameters = {}) {
    const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
    const state = oidc.randomState();
    const nonce = oidc.randomNonce();
    const url = oidc.buildAuthorizationUrl(this.configuration, {
      redirect_uri: this.callback,
      scope: 'openid profile email',
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...parameters,
    });
    return { url: url.href, checks: { pkceCodeVerifier, expectedState: state, expectedNonce: nonce } };
  }

  /** Redeems the answer, a callback URL or the posted form, for tokens. */
  redeem(answer, checks) {
    return oidc.authorizationCodeGrant(this.configuration, answer, checks);
  }

  /** The URL that asks Doorward to sign the user out. */
  endSession(parameters = {}) {
    return oidc.buildEndSessionUrl(this.configuration, parameters).href;
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  async #discoverAs({ client_id, client_secret }) {
    const authentication = oidc.ClientSecretBasic(client_secret);
    const options = { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] };
    return oidc.discovery(new URL(this.issuer), client_id, undefined, authentication, options);
  }

  async #answer(request, response) {
    const url = new URL(request.url, this.origin);
    if (url.pathname === '/callback') {
      const form = request.method === 'POST' ? await bodyOf(request) : undefined;
      this.arrivals.push({ method: request.method, url, form, headers: request.headers });
      return html(response, 'Back at the app');
    }
    // Some apps keep their callback on one origin and live on another.
    if (url.pathname === '/onward') return response.writeHead(303, { location: this.elsewhere }).end();
    if (url.pathname === '/landed') return html(response, 'At home');
    if (url.pathname === '/bye') return html(response, 'Signed out of the app');
    if (url.pathname === '/spa/settings.json') {
      const settings = { authority: this.issuer, client_id: this.public.client_id };
      return send(response, JSON.stringify(settings), 'application/json');
    }
    const file = files[url.pathname];
    if (!file) return response.writeHead(404).end();
    send(response, await readFile(new URL(file[0], import.meta.url)), file[1]);
  }
}

function send(response, body, type) {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body);
}

function html(response, heading) {
  const icon = '<link rel="icon" href="data:,">';
  send(response, `<!doctype html><html lang="en"><title>App</title>${icon}<h1>${heading}</h1></html>`, 'text/html');
}
