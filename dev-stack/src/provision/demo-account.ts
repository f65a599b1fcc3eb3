import { ApiKeyList, CreatedApiKey } from '@marvel/shared/api/api-key';
import { CreatedKey, KeyList } from '@marvel/shared/api/key';
import { CreatedSubUser } from '@marvel/shared/api/sub-user';
import { ok, type Result } from '@marvel/shared/result';
import { bytesPerGb } from '@marvel/shared/units';
import type { StackInfo } from '../stack-info.ts';
import type { SecretStore } from '../state/secrets.ts';
import type { Api, ApiFailure } from './api.ts';
import { creditFirstBytes, enter } from './enter.ts';

/** The demo account, signed in. */
export type DemoAccount = Pick<StackInfo, 'account' | 'sub_user'>;

const firstBytes = { bytes: 10 * bytesPerGb, reason: 'first bytes of the demo account' };
const keyLabel = 'demo';

/** The key of an earlier start while it is valid, else a new one. */
async function obtainKey(api: Api, secrets: SecretStore, token: string): Promise<Result<string, ApiFailure>> {
  const path = '/v1/keys';
  const { demo } = secrets.current;
  const listed = await api.call({ method: 'GET', path, token, reply: KeyList });
  if (!listed.ok) return listed;
  const isValid = listed.value.some((key) => key.id === demo.key?.id && key.revoked_at === null);
  if (isValid && demo.key !== null) return ok(demo.key.key);
  const made = await api.call({ method: 'POST', path, token, body: { label: keyLabel }, reply: CreatedKey });
  if (!made.ok) return made;
  await secrets.update({ demo: { ...secrets.current.demo, key: { id: made.value.id, key: made.value.key } } });
  return ok(made.value.key);
}

/** The API key of an earlier start while it is valid, else a new one. */
async function obtainApiKey(api: Api, secrets: SecretStore, token: string): Promise<Result<string, ApiFailure>> {
  const path = '/v1/api-keys';
  const { api_key: known } = secrets.current.demo;
  const listed = await api.call({ method: 'GET', path, token, reply: ApiKeyList });
  if (!listed.ok) return listed;
  if (known !== null && listed.value.data.some(({ id }) => id === known.id)) return ok(known.key);
  const made = await api.call({ method: 'POST', path, token, body: { label: keyLabel }, reply: CreatedApiKey });
  if (!made.ok) return made;
  const { id, api_key: key } = made.value;
  await secrets.update({ demo: { ...secrets.current.demo, api_key: { id, key } } });
  return ok(key);
}

/** Makes the sub-user unless there is one. */
async function obtainSubUser(api: Api, secrets: SecretStore, token: string): Promise<Result<void, ApiFailure>> {
  const body = secrets.current.demo.sub_user;
  const made = await api.call({ method: 'POST', path: '/v1/sub-users', token, body, reply: CreatedSubUser });
  return made.ok || made.error.status === 409 ? ok(undefined) : made;
}

/**
 * Makes the demo account with a key, an API key, a sub-user and 10 GB, or finds it as an earlier start left it. Every step may be
 * interrupted and done again. Errors: `ApiFailure`.
 */
export async function obtainDemoAccount(api: Api, secrets: SecretStore): Promise<Result<DemoAccount, ApiFailure>> {
  const { email, password, sub_user } = secrets.current.demo;
  const entered = await enter(api, email, password);
  if (!entered.ok) return entered;
  const { account_id, token } = entered.value;
  const credited = await creditFirstBytes(api, secrets.current.operator_token, account_id, firstBytes);
  if (!credited.ok) return credited;
  const subUser = await obtainSubUser(api, secrets, token);
  if (!subUser.ok) return subUser;
  const apiKey = await obtainApiKey(api, secrets, token);
  if (!apiKey.ok) return apiKey;
  const key = await obtainKey(api, secrets, token);
  if (!key.ok) return key;
  return ok({ account: { email, password, account_id, token, key: key.value, api_key: apiKey.value }, sub_user });
}
