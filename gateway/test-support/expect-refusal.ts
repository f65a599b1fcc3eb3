import { type FailureCode, failures } from '@marvel/shared/failures';
import { expect } from 'vitest';
import type { TestGateway } from './test-gateway.ts';
import { Wire, type WireAnswer } from './wire.ts';

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

/** Sends a request that is refused; checks that the answer came whole, the connection ended in order, and it cost nothing. */
export async function refused(gateway: TestGateway, request: string): Promise<WireAnswer> {
  const spenders = gateway.meter.spenders.length;
  const wire = await Wire.open(gateway.address);
  wire.send(request);
  const answer = await wire.answer();
  expect(await wire.drain()).toEqual({ bytes: 0, end: 'fin' });
  expect(gateway.meter.spenders).toHaveLength(spenders);
  wire.finish();
  return answer;
}
