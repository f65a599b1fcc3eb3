// The whole check. Every step runs whatever the ones before it said, and the last line is the sum of them all.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';

type Tally = { passed: number; failed: number };

const checks: readonly { name: string; command: readonly [string, ...string[]] }[] = [
  { name: 'lint', command: ['oxlint', '--deny-warnings'] },
  { name: 'types', command: ['node', 'scripts/types.ts'] },
  { name: 'arrows', command: ['node', 'scripts/arrows.ts'] },
  { name: 'unused', command: ['knip'] },
  { name: 'format', command: ['oxfmt', '--check'] },
];

/** How many checks run at once, the longest first: parts of each have use for one core only. */
const checksAtOnce = 2;

/** What this script reads of the report that vitest writes. */
const VitestReport = v.object({
  testResults: v.array(v.object({ status: v.string(), assertionResults: v.array(v.object({ status: v.string() })) })),
});

/** Runs a program of node_modules/.bin to its end; with `capture` its output is kept instead of shown. */
function run(
  [program, ...args]: readonly [string, ...string[]],
  capture: boolean,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const stdio = capture ? 'pipe' : 'inherit';
    const child = spawn(join('node_modules/.bin', program), args, { stdio: ['ignore', stdio, stdio] });
    let output = '';
    const keep = (chunk: Buffer) => (output += chunk.toString());
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Counts every test that did not pass as failed: a skipped one proves nothing. */
async function readTally(reportFile: string, exitCode: number): Promise<Tally> {
  let report: v.InferOutput<typeof VitestReport>;
  try {
    report = v.parse(VitestReport, JSON.parse(await readFile(reportFile, 'utf8')));
  } catch {
    return { passed: 0, failed: 1 };
  }
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const passed = tests.filter((test) => test.status === 'passed').length;
  const brokenFiles = report.testResults.filter(
    (file) => file.status !== 'passed' && file.assertionResults.length === 0,
  );
  const failed = tests.length - passed + brokenFiles.length;
  // An unhandled rejection or a leaked process fails the run without failing a test.
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

async function runVitest(): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'marvel-test-'));
  try {
    const reportFile = join(folder, 'vitest.json');
    const { code } = await run(
      ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
      false,
    );
    return await readTally(reportFile, code);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const total: Tally = { passed: 0, failed: 0 };

const left = checks.values();
async function runChecks(): Promise<void> {
  for (const { name, command } of left) {
    const startedAt = performance.now();
    const { code, output } = await run(command, true);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${name}: ${code === 0 ? 'ok' : 'failed'} (${seconds} s)`);
    if (code === 0) total.passed += 1;
    else {
      total.failed += 1;
      console.log(output);
    }
  }
}
await Promise.all(Array.from({ length: checksAtOnce }, runChecks));

// Needs a C compiler; the tests of native sockets fail without.
await run(['node', 'gateway/native/compile.ts'], false);

const startedAt = performance.now();
const tests = await runVitest();
total.passed += tests.passed;
total.failed += tests.failed;
console.log(
  `tests: ${tests.failed === 0 ? 'ok' : 'failed'} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`,
);

process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`${total.passed} passed, ${total.failed} failed`);
