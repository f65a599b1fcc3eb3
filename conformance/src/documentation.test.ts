import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { failureCodes } from '@marvel/shared/failures';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CodeBlock, listPages, readCodeBlocks, repository } from '../test-support/documentation.ts';

const runFile = promisify(execFile);
let stack: Stack;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marvel-docs-'));
  const buildCommand = [`${repository}cli/publish/build.ts`, join(folder, 'cli')];
  [stack] = await Promise.all([createStack({ ephemeral: true }), runFile(process.execPath, buildCommand)]);
  const stackFile = join(stack.stateDirectory, 'stack.json');
  const { stdout } = await runFile(process.execPath, [`${repository}scripts/stack-env.ts`, stackFile]);
  await writeFile(join(folder, 'stack.env'), stdout);
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const pages = listPages();
const blocks = pages.flatMap((page) => readCodeBlocks(page));
/** Its examples one after the other, on a busy machine. */
const pageTimeoutMs = 90_000;
const runnable = blocks.filter(({ outcome }) => outcome !== 'not-run');

/** A request that is refused is one that did not work; what is exported is there for the next block of the page. */
const prelude = `set -euo pipefail -o allexport
curl() { command curl --silent --show-error --fail-with-body --max-time 20 "$@"; }
marvel() { "$NODE" "$CLI" "$@"; }
. "$STATE"
`;
const stateOf = (page: string) => join(folder, `${page.replaceAll('/', '-')}.env`);

async function run({ page, language, code, line }: CodeBlock): Promise<{ ended: number | null; output: string }> {
  const program = join(folder, `${page.replaceAll('/', '-')}-${line}.${language}`);
  await writeFile(program, code);
  const body = {
    sh: `${code}\nexport -p > "$STATE"`,
    python: `exec python3 '${program}'`,
    // Run where the package that it imports is found by its name.
    js: `cd sdk && exec "$NODE" --input-type=module < '${program}'`,
  }[language];
  const child = spawn('bash', ['-c', prelude + body], {
    cwd: repository,
    env: {
      ...process.env,
      NODE: process.execPath,
      PATH: `${repository}node_modules/.bin:${process.env['PATH'] ?? ''}`,
      CLI: join(folder, 'cli', 'main.js'),
      STATE: stateOf(page),
      // Nobody's own settings; and what one block has compiled, the next has not to.
      XDG_CONFIG_HOME: folder,
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      output += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (ended) => resolve({ ended, output }));
  });
}

describe('the examples', () => {
  test.concurrent.each(pages.filter((page) => runnable.some((block) => block.page === page)))(
    '%s',
    { timeout: pageTimeoutMs },
    async (page) => {
      await copyFile(join(folder, 'stack.env'), stateOf(page));
      for (const block of runnable.filter((each) => each.page === page)) {
        const { ended, output } = await run(block);
        expect(ended === 0 ? 'works' : 'fails', `line ${block.line}: ${output}`).toBe(block.outcome);
      }
    },
  );

  test('that are not run are few', () => {
    // Deploying takes accounts at Cloudflare, Neon and Stripe.
    const local = blocks.filter(({ page }) => page !== 'deploy.md');
    const unrun = local.filter(({ outcome }) => outcome === 'not-run');
    expect(unrun.length).toBeLessThanOrEqual(local.length / 6);
  });
});

/** Every page that links lead to from the first one, by address, and every link with a fragment. */
async function crawl(): Promise<{ pages: ReadonlyMap<string, string>; links: readonly URL[]; broken: string[] }> {
  const first = new URL('/docs/', stack.info.api);
  const seen = new Map<string, string>();
  const links: URL[] = [];
  const broken: string[] = [];
  const known = new Set([first.pathname]);
  async function visit(at: URL): Promise<readonly URL[]> {
    const response = await fetch(at);
    const html = await response.text();
    if (response.status !== 200) broken.push(`${response.status} ${at.pathname}`);
    if (!at.pathname.startsWith('/docs/')) return [];
    seen.set(at.pathname, html);
    const found = Array.from(html.matchAll(/ href="([^"]+)"/g), ([, href = '']) => {
      return new URL(href.replaceAll('&amp;', '&'), at);
    }).filter(({ origin }) => origin === first.origin);
    links.push(...found);
    return found;
  }
  for (let wave: readonly URL[] = [first]; wave.length > 0;) {
    const found = (await Promise.all(wave.map(visit))).flat();
    wave = found.filter(({ pathname }) => !known.has(pathname) && known.add(pathname));
  }
  return { pages: seen, links, broken };
}

describe('the pages at /docs', () => {
  test('are all reached from the first, lead nowhere that there is not, and need no script', async () => {
    const site = await crawl();
    expect(site.broken).toEqual([]);
    const addresses = pages.map((page) => `/docs/${page.replace(/(?:README)?\.md$/, '')}`);
    expect([...site.pages.keys()]).toEqual(expect.arrayContaining(addresses));
    const lost = site.links.filter(({ hash, pathname }) => {
      const html = site.pages.get(pathname);
      return hash !== '' && html !== undefined && !html.includes(` id="${decodeURIComponent(hash.slice(1))}"`);
    });
    expect(lost.map(({ pathname, hash }) => pathname + hash)).toEqual([]);
    for (const html of site.pages.values()) expect(html).not.toMatch(/<script| style="| on[a-z]+="/);
    const errors = site.pages.get('/docs/errors') ?? '';
    expect(failureCodes.filter((code) => !errors.includes(` id="${code}"`))).toEqual([]);
  });

  test('come under the policy of the dashboard', async () => {
    const response = await fetch(new URL('/docs/quickstart', stack.info.api));
    expect(response.headers.get('Content-Type')).toMatch(/^text\/html/);
    expect(response.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    const absent = await fetch(new URL('/docs/nothing', stack.info.api), { headers: { Accept: 'text/html' } });
    expect(absent.status).toBe(404);
  });
});
