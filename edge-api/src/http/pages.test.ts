import { failures } from '@marvel/shared/failures';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge, type Edge } from '../../test-support/edge.ts';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
});

const browser = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

async function open(path: string, method = 'GET') {
  return edge.call(method, path, { headers: browser });
}

describe('a browser', () => {
  test.each(['/', '/keys', '/billing?checkout=success', '/no/such/page'])('finds the dashboard at %s', async (path) => {
    const page = await open(path);
    expect([page.status, page.headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text).toContain('<div id="app">');
  });

  test('may run what comes with the page and nothing else, and show it in no frame', async () => {
    for (const path of ['/', '/keys']) {
      const { headers } = await open(path);
      const policy = headers.get('Content-Security-Policy');
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('Referrer-Policy')).toBe('no-referrer');
      expect(headers.get('Cache-Control')).toBe('public, max-age=0, must-revalidate');
    }
  });

  test('keeps for ever what is named by its contents', async () => {
    const { text } = await open('/');
    const script = /src="(\/assets\/[^"]+[.]js)"/.exec(text)?.[1] ?? '';
    const { status, headers } = await edge.call('GET', script);
    expect(status).toBe(200);
    expect(headers.get('Content-Type')).toContain('javascript');
    expect(headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
  });

  test('is told that a page of the documentation does not exist', async () => {
    const page = await open('/docs/no-such-page');
    expect([page.status, page.headers.get('Content-Type')]).toEqual([404, 'text/html; charset=utf-8']);
  });

  test('gets no page where the API is', async () => {
    for (const path of ['/v1', '/v1/nothing', '/dialects/nothing']) expectFailure(await open(path), 'not_found');
    expectFailure(await open('/v1/me'), 'unauthenticated');
    expectFailure(await open('/v1/keys/x/rotate'), 'method_not_allowed');
  });
});

test('/llms.txt tells programs how to connect, what fixes each failure, and of pages that there are', async () => {
  const { status, headers, text } = await edge.call('GET', '/llms.txt');
  expect([status, headers.get('Content-Type')]).toEqual([200, 'text/plain; charset=utf-8']);
  expect(text).toMatch(/^# Marvel\n\n> /);
  for (const [code, { meaning, fix }] of Object.entries(failures)) {
    expect(text.split('\n').find((line) => line.includes(`/docs/errors#${code})`))).toContain(`${meaning} Fix: ${fix}`);
  }
  const links = new Set([...text.matchAll(/\]\((\/[^)#]*)/g)].map(([, link]) => link ?? ''));
  for (const link of ['/v1/openapi.json', '/v1/docs/', '/docs/quickstart', '/docs/deploy'])
    expect(links).toContain(link);
  for (const link of links) expect([link, (await edge.call('GET', link)).status]).toEqual([link, 200]);
});

describe('the reference of the API', () => {
  test('is a page of its own, found without its slash too, kept from frames and from scripts of others', async () => {
    const { status, headers } = await open('/v1/docs');
    expect([status, headers.get('Location')]).toEqual([307, '/v1/docs/']);
    const page = await open('/v1/docs/');
    expect([page.status, page.headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text).toContain('swagger-ui-bundle.js');
    expect(page.text).not.toMatch(/<script(?![^>]* src="\/)|<style|https?:/);
    const policy = page.headers.get('Content-Security-Policy');
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; .*frame-ancestors 'none'$/);
    expect(policy).not.toContain('unsafe');
    expect(page.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(page.headers.get('X-Frame-Options')).toBe('DENY');
    expect((await open('/v1/docs/none')).status).toBe(404);
  });
});

test('a program that is lost is told so, and gets no page', async () => {
  expectFailure(await edge.call('GET', '/keys'), 'not_found');
  expectFailure(await edge.call('POST', '/keys', { headers: browser, body: {} }), 'not_found');
  expectFailure(await edge.call('GET', '/assets/gone.js'), 'not_found');
});
