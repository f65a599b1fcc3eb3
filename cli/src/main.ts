#!/usr/bin/env node
import manifest from '../package.json' with { type: 'json' };
import { processTerminal } from './process-terminal.ts';
import { runCommandLine } from './program.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
const terminal = processTerminal(process, interrupt.signal);
process.exitCode = await runCommandLine(process.argv.slice(2), terminal, process.cwd(), manifest.version);
