// What the peer is set up to do: the same clients, lifetimes and algorithms as Doorward in the benchmark.

import { generateKeyPairSync, randomBytes } from 'node:crypto';

const resource = 'https://api.example';

/** The user of the benchmark; `alice-0` and so on are others with the same password. */
export const user = { sub: 'alice', username: 'alice', password: 'tulip-harbour-ninety', email: 'alice@example.com' };

const redirect_uris = ['http://127.0.0.1:9/callback'];
const client_secret = 'benchmark-secret-0123456789abcdef0123456789abcdef';
const app = {
  client_secret,
  redirect_uris,
  grant_types: ['authorization_code', 'refresh_token'],
  id_token_signed_response_alg: process.env.PEER_ID_TOKEN_ALG ?? 'RS256',
};
const machine = {
  client_secret,
  redirect_uris: [],
  response_types: [],
  grant_types: ['client_credentials'],
};

// The client's name says which access token it gets.
const clients = [
  { ...machine, client_id: 'machine-jwt' },
  { ...machine, client_id: 'machine-opaque' },
  { ...app, client_id: 'app-jwt' },
  { ...app, client_id: 'app-opaque' },
  { ...app, client_id: 'public-jwt', client_secret: undefined, token_endpoint_auth_method: 'none' },
  { ...app, client_id: 'public-opaque', client_secret: undefined, token_endpoint_auth_method: 'none' },
];

function signingKeys() {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const jwk = (key, alg) => ({ ...key.export({ format: 'jwk' }), alg, use: 'sig', kid: alg });
  return { keys: [jwk(rsa, 'RS256'), jwk(ec, 'ES256')] };
}

const resourceIndicators = {
  enabled: true,
  defaultResource: (_ctx, client) => (client.clientId.endsWith('-jwt') ? resource : undefined),
  useGrantedResource: () => true,
  getResourceServerInfo: () => ({
    scope: 'notes:read',
    audience: resource,
    accessTokenTTL: 300,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  }),
};

/** Every user has said yes to everything already, as after a remembered consent. */
async function grantEverything({ oidc }) {
  const known = oidc.session.grantIdFor(oidc.client.clientId);
  if (known) return oidc.provider.Grant.find(known);
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope('openid profile email offline_access');
  grant.addResourceScope(resource, 'notes:read');
  await grant.save();
  return grant;
}

/** The configuration of `oidc-provider`, over the adapter class of its storage. */
export function configuration(adapter) {
  return {
    adapter,
    clients,
    jwks: signingKeys(),
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      resourceIndicators,
    },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => claimsOf(sub) }),
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: grantEverything,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    rotateRefreshToken: ({ oidc }) => oidc.client.clientAuthMethod === 'none',
    pkce: { required: () => true },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      ClientCredentials: 300,
      Grant: 86_400,
      IdToken: 300,
      Interaction: 3_600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
  };
}

function claimsOf(sub) {
  return { sub, preferred_username: sub, email: user.email, email_verified: true };
}
