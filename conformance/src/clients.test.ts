import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { chromium } from 'playwright-core';
import { ProxyAgent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * The clients people use, each unchanged, each getting through, and each showing the best reason its design allows when
 * refused. What a client drops is the client's design; the test says what it keeps.
 */
let stack: Stack;
let folder: string;
let certificateFile: string;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
  folder = await mkdtemp(join(tmpdir(), 'marvel-clients-'));
  certificateFile = join(folder, 'origin.pem');
  await writeFile(certificateFile, stack.echo.certificate);
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const targetReason = 'unknown target field; supported fields: country, session, min_purity';
const proxy = (password: string) => `http://${stack.info.account.key}:${password}@${stack.info.gateway.marvel}`;

interface Run {
  readonly code: number;
  readonly output: string;
}

function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { timeout: 20_000, env: { ...process.env, NO_PROXY: '', no_proxy: '', ...environment } },
      (error, stdout, stderr) => {
        resolve({
          code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
          output: stdout + stderr,
        });
      },
    );
  });
}

describe('curl', () => {
  it.each(['http', 'https'])('gets an %s page', async (scheme) => {
    const url = scheme === 'http' ? stack.info.echo : stack.echo.tlsUrl;
    const { code, output } = await run('curl', [
      '-sS',
      '--cacert',
      certificateFile,
      '-x',
      proxy('country-US'),
      `${url}/`,
    ]);
    expect(output).toContain('"method":"GET"');
    expect(code).toBe(0);
  });

  it('shows the reason phrase, header and body of a refusal', async () => {
    const { output } = await run('curl', ['-sv', '-p', '-x', proxy('country-US-city-nyc'), `${stack.info.echo}/`]);
    expect(output).toContain(`HTTP/1.1 400 ${targetReason}`);
    expect(output).toMatch(/x-marvel-error: target_unknown_field/i);
  });
});

describe('Python urllib', () => {
  const script = [
    'import sys, ssl, urllib.request, urllib.error',
    'opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": sys.argv[1], "https": sys.argv[1]}), urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=sys.argv[3])))',
    'try:',
    '    print(opener.open(sys.argv[2], timeout=15).read().decode())',
    'except urllib.error.HTTPError as error:',
    '    print("HTTPError", error.code, error.reason, error.headers.get("x-marvel-error"), error.read().decode())',
    'except urllib.error.URLError as error:',
    '    print("URLError", error.reason)',
  ].join('\n');
  const fetchWith = (password: string, url: string) =>
    run('python3', ['-c', script, proxy(password), url, certificateFile]);

  it('gets an http and an https page', async () => {
    expect((await fetchWith('country-US', `${stack.info.echo}/`)).output).toContain('"method":"GET"');
    expect((await fetchWith('country-US', `${stack.echo.tlsUrl}/`)).output).toContain('"method":"GET"');
  });

  it('shows status and reason of a refused CONNECT, and all of a refused http request', async () => {
    expect((await fetchWith('country-US-city-nyc', `${stack.echo.tlsUrl}/`)).output).toContain(`400 ${targetReason}`);
    expect((await fetchWith('country-US-city-nyc', `${stack.info.echo}/`)).output).toContain(
      `HTTPError 400 ${targetReason} target_unknown_field`,
    );
  });
});

describe('undici ProxyAgent', () => {
  it('gets an https page', async () => {
    const dispatcher = new ProxyAgent({ uri: proxy('country-US'), requestTls: { ca: stack.echo.certificate } });
    const { statusCode, body } = await request(`${stack.echo.tlsUrl}/`, { dispatcher });
    expect(statusCode).toBe(200);
    expect(await body.json()).toMatchObject({ method: 'GET' });
    await dispatcher.close();
  });

  it('shows the status of a refusal, which is all it keeps', async () => {
    const dispatcher = new ProxyAgent({
      uri: proxy('country-US-city-nyc'),
      requestTls: { ca: stack.echo.certificate },
    });
    await expect(request(`${stack.echo.tlsUrl}/`, { dispatcher })).rejects.toThrow(/400/);
    await dispatcher.destroy();
  });
});

const getWithAgent = (
  password: string,
): Promise<{ status: number; reason: string; code: string | undefined; body: string }> =>
  new Promise((resolve, reject) => {
    const agent = new HttpsProxyAgent(proxy(password));
    get(`${stack.echo.tlsUrl}/`, { agent, ca: stack.echo.certificate }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => {
        const code = response.headers['x-marvel-error'];
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? '',
          code: typeof code === 'string' ? code : undefined,
          body,
        });
      });
    }).on('error', reject);
  });

describe('https-proxy-agent', () => {
  it('gets an https page', async () => {
    expect(await getWithAgent('country-US')).toMatchObject({ status: 200 });
  });

  it('shows status, reason, header and body of a refusal', async () => {
    const answer = await getWithAgent('country-US-city-nyc');
    expect(answer).toMatchObject({ status: 400, reason: targetReason, code: 'target_unknown_field' });
    expect(answer.body).toContain(targetReason);
  });
});

async function openPage(password: string, url: string) {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--proxy-bypass-list=<-loopback>',
    ],
    proxy: { server: `http://${stack.info.gateway.marvel}`, username: stack.info.account.key, password },
  });
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const response = await page.goto(url).catch((error: unknown) => String(error));
    return {
      response: typeof response === 'string' ? response : (response?.status() ?? 0),
      text: await page.textContent('body').catch(() => ''),
    };
  } finally {
    await browser.close();
  }
}

describe('headless Chromium', () => {
  it.each(['http', 'https'])('opens an %s page', async (scheme) => {
    const { response, text } = await openPage(
      'country-US',
      `${scheme === 'http' ? stack.info.echo : stack.echo.tlsUrl}/`,
    );
    expect(response).toBe(200);
    expect(text).toContain('"method":"GET"');
  });

  it('shows status and reason of a refused http request, and that the tunnel failed for https', async () => {
    const http = await openPage('country-US-city-nyc', `${stack.info.echo}/`);
    expect(http.response).toBe(400);
    expect(http.text).toContain(targetReason);
    const https = await openPage('country-US-city-nyc', `${stack.echo.tlsUrl}/`);
    expect(https.response).toContain('ERR_TUNNEL_CONNECTION_FAILED');
  });
});
