import * as v from 'valibot';
import { Id, Line, Timestamp } from '../units.ts';

/** What an API key may do: look, or whatever its account may at the mounts. */
export const ApiKeyAccess = v.picklist(['read', 'full']);

export const CreateApiKeyRequest = v.strictObject({
  label: v.optional(Line(100), ''),
  access: v.optional(ApiKeyAccess, 'full'),
  /** After it the key is refused; without it never. */
  expires_at: v.optional(Timestamp),
});

/** A credential that speaks for the account at the API. It is no proxy key: neither is taken for the other. */
export const ApiKey = v.strictObject({
  id: Id,
  /** The first 12 characters of the key. */
  prefix: v.string(),
  label: v.string(),
  access: ApiKeyAccess,
  created_at: Timestamp,
  expires_at: v.nullable(Timestamp),
  /** Exact to the minute. */
  last_used_at: v.nullable(Timestamp),
});
export type ApiKey = v.InferOutput<typeof ApiKey>;

export const CreatedApiKey = v.strictObject({
  id: Id,
  /** The whole key, `ma_live_...`, shown once. */
  api_key: v.string(),
  prefix: v.string(),
  label: v.string(),
  access: ApiKeyAccess,
  expires_at: v.nullable(Timestamp),
});

/** Every key that was not revoked, newest first. */
export const ApiKeyList = v.strictObject({ data: v.array(ApiKey), next_cursor: v.null() });
