import type { Failure, FailureCode } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';

/** Fields that have a code of their own in the catalogue: one for a missing field, one for a wrong one. */
export type FieldFailures = Readonly<Record<string, { readonly missing?: FailureCode; readonly wrong: FailureCode }>>;

/** The most wrong fields that a failure names. */
const maxIssues = 20;

/**
 * Parses what a client sent.
 *
 * Errors: `invalid`, naming the first wrong field and what it must be, and holding nothing of what was sent but
 * the name of a field that is not known; or the
 * code that `fieldFailures` has for that field.
 */
export function validate<S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  fieldFailures: FieldFailures = {},
): Result<v.InferOutput<S>, Failure> {
  const misplaced = arrayForObject(schema, input, []);
  if (misplaced !== undefined) {
    const field = misplaced.join('.');
    return err({ code: 'invalid', message: field === '' ? 'must be an object' : `${field}: must be an object` });
  }
  const parsed = v.safeParse(schema, input, { abortPipeEarly: true, message: describeIssue });
  if (parsed.success) return ok(parsed.output);
  const [issue] = parsed.issues;
  const issues = parsed.issues.slice(0, maxIssues).map((each) => ({ field: fieldOf(each), message: each.message }));
  const field = fieldOf(issue);
  const own = Object.hasOwn(fieldFailures, field) ? fieldFailures[field] : undefined;
  if (own !== undefined) return err({ code: (isMissing(issue) ? own.missing : undefined) ?? own.wrong });
  return err({ code: 'invalid', message: field === '' ? issue.message : `${field}: ${issue.message}`, issues });
}

/** A name that may be repeated to whoever sent it: an identifier, and not a long one. */
const safeName = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/** Schemas do not go deeper; nor does what is looked at. */
const maxDepth = 16;
const objectTypes: ReadonlySet<string> = new Set(['object', 'strict_object', 'loose_object', 'record']);

/** Where an array stands in the place of an object: Valibot takes one whose members may all be missing. */
function arrayForObject(schema: unknown, input: unknown, path: readonly string[]): readonly string[] | undefined {
  if (typeof schema !== 'object' || schema === null || typeof input !== 'object' || input === null) return undefined;
  if (path.length > maxDepth) return undefined;
  const type: unknown = Reflect.get(schema, 'type');
  const wrapped: unknown = Reflect.get(schema, 'wrapped');
  if (wrapped !== undefined) return arrayForObject(wrapped, input, path);
  if (type === 'array' && Array.isArray(input)) {
    const item: unknown = Reflect.get(schema, 'item');
    return firstOf(input, (member, index) => arrayForObject(item, member, [...path, String(index)]));
  }
  if (typeof type !== 'string' || !objectTypes.has(type)) return undefined;
  if (Array.isArray(input)) return path;
  const entries: unknown = Reflect.get(schema, 'entries');
  if (typeof entries !== 'object' || entries === null) return undefined;
  return firstOf(Object.entries(entries), ([name, entry]) =>
    Object.hasOwn(input, name) ? arrayForObject(entry, Reflect.get(input, name), [...path, name]) : undefined,
  );
}

function firstOf<T, R>(items: readonly T[], look: (item: T, index: number) => R | undefined): R | undefined {
  for (const [index, item] of items.entries()) {
    const found = look(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The place of an issue, as `limits.hosts_allow.0`; of an unknown member whose name is the client's own text, its object. */
function fieldOf(issue: v.BaseIssue<unknown>): string {
  const path = issue.path ?? [];
  const named = isUnknownMember(issue) && !isNamed(issue) ? path.slice(0, -1) : path;
  return named.map((item) => String(item.key)).join('.');
}

/** Whether the name of an unknown member is harmless enough to be repeated. */
function isNamed(issue: v.BaseIssue<unknown>): boolean {
  return safeName.test(String(issue.path?.at(-1)?.key));
}

/** Valibot's own messages repeat what was received; these do not. A message given in a schema goes before. */
function describeIssue(issue: v.BaseIssue<unknown>): string {
  if (isUnknownMember(issue)) return isNamed(issue) ? 'is not known here' : 'has a field that is not known here';
  if (isMissing(issue)) return 'is required';
  const { requirement } = issue;
  const bound = typeof requirement === 'number' ? requirement : undefined;
  const what = typeof issue.input === 'string' ? 'characters' : 'entries';
  switch (issue.type) {
    case 'min_length':
      if (bound === 1) return 'must not be empty';
      return bound === undefined ? 'is too short' : `must have at least ${bound} ${what}`;
    case 'max_length':
      return bound === undefined ? 'is too long' : `must have at most ${bound} ${what}`;
    case 'min_value':
      return bound === undefined ? 'is too small' : `must be at least ${bound}`;
    case 'max_value':
      return bound === undefined ? 'is too large' : `must be at most ${bound}`;
    case 'email':
      return 'must be an e-mail address';
    case 'ip':
      return 'must be an IPv4 or IPv6 address';
    case 'url':
      return 'must be a URL';
    case 'iso_timestamp':
    case 'ends_with':
      return 'must be an RFC 3339 time in UTC, like 2026-11-20T12:00:00Z';
    case 'safe_integer':
      if (!Number.isInteger(issue.input)) return 'must be an integer';
      return Number(issue.input) > 0
        ? `must be at most ${Number.MAX_SAFE_INTEGER}`
        : `must be at least ${Number.MIN_SAFE_INTEGER}`;
    case 'integer':
      return 'must be an integer';
    case 'strict_object':
    case 'loose_object':
    case 'object':
    case 'record':
      return 'must be an object';
    case 'picklist':
    case 'literal':
    case 'variant':
      return `must be one of ${issue.expected ?? 'the documented values'}`;
    default:
      return issue.kind === 'schema' && /^[a-z_]+$/.test(issue.type)
        ? `must be ${article(issue.type)}`
        : 'is not valid';
  }
}

/** A member that a strict object does not have: its name is the client's own text. */
function isUnknownMember(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never';
}

function isMissing(issue: v.BaseIssue<unknown>): boolean {
  return issue.received === 'undefined';
}

function article(type: string): string {
  return `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;
}
