import { type FailureCode, failures } from '@marvel/shared/failures';
import { expect } from 'vitest';
import type { WireAnswer } from './wire.ts';

/** Checks that an answer of the Marvel dialect says its reason in all four places: status, phrase, fields, body. */
export function expectRefusal(answer: WireAnswer, code: FailureCode): void {
  const { marvel, reason } = failures[code];
  expect({ status: answer.status, reason: answer.reason }).toEqual({ status: marvel, reason });
  expect(answer.fields.get('x-marvel-error')).toBe(code);
  expect(answer.fields.get('proxy-status')).toContain(`"${code}"`);
  expect(answer.fields.get('x-marvel-request-id')).toMatch(/^[0-9a-f]{32}$/);
  expect(answer.body.split('\n')[0]).toBe(reason);
  const [, page = 'no link'] = /^<(https?:\/\/.+)>; rel="help"$/.exec(answer.fields.get('link') ?? '') ?? [];
  expect(page).toContain(`/docs/errors#${code}`);
  expect(answer.body.split('\n')[2]).toBe(page);
}
