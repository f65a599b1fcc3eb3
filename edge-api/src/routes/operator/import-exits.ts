import { ExitImportLine, ExitImportReport, ImportExitsRequest } from '@marvel/shared/api/operator';
import { failureEntry } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { judgeImport, reportImport } from '../../domain/exit-import.ts';
import { endpoint } from '../../http/endpoint.ts';
import { validate } from '../../http/validate.ts';
import { importExits as importStoredExits } from '../../store/exit-import.ts';

/** A thousand exits with their evidence. */
const maxBodyBytes = 2 * 1024 * 1024;

export const importExits = endpoint({
  method: 'POST',
  path: '/v1/operator/exits',
  access: 'operator',
  tag: 'Operator',
  summary: 'Take exits into the Reserve',
  description:
    'Each line is judged by the Gauntlet and by itself: one that is wrong or dropped does not stop the others. The same exit_ip, reached through the same transport type, host and port, is the same exit and is updated.',
  body: ImportExitsRequest,
  maxBodyBytes,
  reply: { status: 200, description: 'What became of each line.', body: ExitImportReport },
  failures: [],
  duringMaintenance: true,
  async handle({ body: { exits } }, { db, requestId }) {
    const judged = judgeImport(exits, readLine);
    const { passed, dropped } = judged;
    const detail = { lines: exits.length, passed: passed.length, dropped: dropped.length };
    const stored = await importStoredExits(db, passed, dropped, {
      action: 'exits.import',
      target: 'exits',
      detail,
      requestId,
    });
    return stored.ok ? ok({ data: reportImport(judged, stored.value) }) : stored;
  },
});

function readLine(line: unknown): Result<ExitImportLine, string> {
  const read = validate(ExitImportLine, line);
  return read.ok ? read : err(read.error.message ?? failureEntry(read.error.code).reason);
}
