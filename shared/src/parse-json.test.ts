import * as v from 'valibot';
import { expect, test } from 'vitest';
import { parseJson } from './parse-json.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

test('JSON is read only if it is UTF-8, JSON and of the shape', () => {
  const Shape = v.strictObject({ a: v.number() });
  expect(parseJson(utf8('{"a":1}'), Shape)).toEqual({ a: 1 });
  expect(parseJson(utf8('{"a":"1"}'), Shape)).toBeUndefined();
  expect(parseJson(utf8('{"a":1'), Shape)).toBeUndefined();
  expect(parseJson(utf8(''), Shape)).toBeUndefined();
  const notUtf8 = Uint8Array.from([...utf8('"'), 0xff, ...utf8('"')]);
  expect(parseJson(notUtf8, v.string())).toBeUndefined();
  expect(parseJson(utf8('{"a":1,"__proto__":{"a":2}}'), Shape)).toBeUndefined();
});
