import { Marvel } from '@marvel/sdk';
import { operatorToken, sessionToken } from './session.ts';

/** A person waits for the answer and can ask again, so nothing is tried again unseen. */
const timeoutMs = 20_000;

/** The API of the origin that this page came from, as the signed-in account. */
export const marvel = new Marvel({
  baseUrl: window.location.origin,
  token: () => sessionToken.value,
  timeoutMs,
  maxTries: 1,
});

/** The same as the operator. */
export const operator = new Marvel({
  baseUrl: window.location.origin,
  token: () => operatorToken.value,
  timeoutMs,
  maxTries: 1,
}).operator;
