import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A block of code as a page has it. */
export interface CodeBlock {
  readonly page: string;
  /** Of its first line of code. */
  readonly line: number;
  readonly language: 'sh' | 'js' | 'python';
  /** What is to become of it: `fails` says that it is shown for its failure. */
  readonly outcome: 'works' | 'fails' | 'not-run';
  readonly code: string;
}

export const repository = fileURLToPath(new URL('../../', import.meta.url));
const documents = fileURLToPath(new URL('../../docs/', import.meta.url));
const fence = /^```(sh|js|python)(?: (fails|not-run))?$/;

/** The pages of the documentation, relative to `docs`. */
export function listPages(): readonly string[] {
  return globSync('**/*.md', { cwd: documents }).toSorted();
}

/** The blocks of a page in a language that runs, in order. */
export function readCodeBlocks(page: string): readonly CodeBlock[] {
  const lines = readFileSync(`${documents}${page}`, 'utf8').split('\n');
  const blocks: CodeBlock[] = [];
  for (const [index, line] of lines.entries()) {
    const [isFence, language, outcome = 'works'] = fence.exec(line) ?? [];
    if (isFence === undefined) continue;
    const end = lines.indexOf('```', index + 1);
    blocks.push({
      page,
      line: index + 2,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the pattern lets nothing else through
      language: language as CodeBlock['language'],
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same
      outcome: outcome as CodeBlock['outcome'],
      code: lines.slice(index + 1, end).join('\n'),
    });
  }
  return blocks;
}
