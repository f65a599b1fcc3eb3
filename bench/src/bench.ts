import { join } from 'node:path';
import { describeMachine } from './machine.ts';
import { type Options, readOptions, usage } from './options.ts';
import { renderReport } from './report/render-report.ts';
import { writeResult } from './report/write-result.ts';
import type { BenchResult, SubjectResult } from './result.ts';
import { runWorkload } from './run-workload.ts';
import { openSite, type Site } from './site.ts';
import { allSubjects } from './subjects/all-subjects.ts';
import type { Subject } from './subjects/subject.ts';
import { systemMeasures } from './system/all-measures.ts';
import { Figures } from './system/figures.ts';
import type { SystemMeasure } from './system/system-measure.ts';
import { workloads } from './workloads.ts';

const scratch = join(import.meta.dirname, '../../.marvel/bench');
const groups = [...new Set([...workloads, ...systemMeasures].map(({ group }) => group))];

/** Runs what was asked for, prints its report and keeps its result. */
async function main(): Promise<number> {
  const names = allSubjects.map((subject) => subject.name);
  const options = readOptions(process.argv.slice(2), groups, names);
  if (!options.ok) {
    console.error(`${options.error}\n\n${usage}`);
    return 2;
  }
  if (options.value.help) {
    console.log(`${usage}\n\nWork: ${groups.join(', ')}\nSubjects: ${names.join(', ')}`);
    return 0;
  }
  const site = await openSite(scratch);
  if (!site.ok) {
    console.error(site.error);
    return 1;
  }
  await using opened = site.value;
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  process.once('SIGTERM', () => stopping.abort());
  const result = await measureAll(opened, options.value, stopping.signal);
  if (stopping.signal.aborted) {
    console.error('Stopped; nothing is written.');
    return 1;
  }
  console.log(`\n${renderReport(result)}\n`);
  for (const file of await writeResult(result, options.value, scratch)) console.log(`written: ${file}`);
  return 0;
}

async function measureAll(site: Site, options: Options, signal: AbortSignal): Promise<BenchResult> {
  const wanted = allSubjects.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const described = wanted.map((subject) => describeSubject(subject));
  for (const { name, missing } of described) if (missing !== null) console.log(`not here: ${name} (${missing})`);
  const present = wanted.filter((subject) => subject.missing() === undefined);
  const isChosen = ({ group }: { readonly group: string }) =>
    options.groups.length === 0 || options.groups.includes(group);

  const result: BenchResult = {
    date: new Date().toISOString().slice(0, 10),
    rounds: options.extent.rounds,
    quick: options.quick,
    machine: describeMachine(),
    subjects: described,
    workloads: [],
    figures: [],
    measures: [],
  };
  for (const workload of workloads.filter(isChosen)) {
    if (signal.aborted) break;
    console.log(`${workload.name}: ${workload.what}`);
    result.workloads.push(await runWorkload(site, workload, present, options.extent, signal, console.log));
  }
  // Nobody is compared with these, so a run of some subjects is a run without them.
  for (const measure of options.only.length === 0 ? systemMeasures.filter(isChosen) : []) {
    if (signal.aborted) break;
    console.log(`${measure.group}: ${measure.what}`);
    result.measures.push({ group: measure.group, trouble: await attempt(measure, site, result, options, signal) });
  }
  return result;
}

/** Adds the figures of a measure to the result. What fails is not measured, which its targets then say; the rest goes on. */
async function attempt(
  measure: SystemMeasure,
  site: Site,
  result: BenchResult,
  { extent }: Options,
  signal: AbortSignal,
): Promise<string | null> {
  const figures = new Figures();
  try {
    await measure.run(figures, site, extent, signal, console.log);
    return null;
  } catch (error) {
    console.error(`  ${measure.group}:`, error);
    return error instanceof Error ? error.message : String(error);
  } finally {
    result.figures.push(...figures.all());
  }
}

function describeSubject(subject: Subject): SubjectResult {
  const { name, note } = subject;
  return { name, note, version: subject.version() ?? null, missing: subject.missing() ?? null };
}

process.exitCode = await main();
