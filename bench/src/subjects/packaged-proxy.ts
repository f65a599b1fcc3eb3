import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Site } from '../site.ts';
import type { Topology, Workload } from '../workloads.ts';
import { findProgram, programVersion } from './installed.ts';
import { startPinned } from './pinned-proxy.ts';
import type { Door, Subject } from './subject.ts';

/** What makes one proxy of a distribution a subject. */
export interface Packaged {
  readonly name: string;
  readonly program: string;
  /** The package of Debian and Ubuntu that has it. */
  readonly aptPackage: string;
  /** How to ask for its version; absent where it has no way of telling. */
  readonly versionOption?: string;
  readonly note: string;
  runs(workload: Workload): boolean;
  door(port: number, topology: Topology): Door;
  /** Files by name, written into `folder` before the start. */
  files(place: Place): Readonly<Record<string, string>>;
  args(place: Place): readonly string[];
}

/** What a configuration has to name. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  readonly originPort: number;
  readonly exitPort: number;
  readonly topology: Topology;
  /** Files that one process may hold open. */
  readonly fileLimit: number;
  /** The path of a file of this proxy. */
  readonly file: (name: string) => string;
}

/** Makes a subject of a proxy that a person may have installed. */
export function packagedProxy(packaged: Packaged): Subject {
  const path = findProgram(packaged.program);
  return {
    name: packaged.name,
    note: packaged.note,
    missing: () => (path === undefined ? `apt-get install ${packaged.aptPackage}` : undefined),
    version: () =>
      path === undefined || packaged.versionOption === undefined
        ? undefined
        : programVersion(path, packaged.versionOption),
    runs: (workload) => packaged.runs(workload),
    async start(site: Site, topology: Topology) {
      if (path === undefined) throw new Error(`${packaged.program} is not installed`);
      const port = await site.reservePort();
      const place: Place = {
        folder: site.folder,
        port,
        originPort: site.origin.port,
        exitPort: site.exit.port,
        topology,
        fileLimit: site.fileLimit,
        file: (name) => join(site.folder, `${port}-${name}`),
      };
      for (const [name, text] of Object.entries(packaged.files(place))) {
        await writeFile(place.file(name), text, { mode: 0o755 });
      }
      return startPinned(site, [path, ...packaged.args(place)], packaged.door(port, topology));
    },
  };
}
