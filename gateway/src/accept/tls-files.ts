import { X509Certificate } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { err, ok, type Result } from '@marvel/shared/result';

/** A certificate with its chain, and its key, both PEM and proven to belong together. */
export interface KeyPair {
  readonly certificate: Buffer;
  readonly key: Buffer;
  /** When the certificate ends, ms since 1970. */
  readonly expiresAtMs: number;
}

/** Why files do not hold what is needed: one cannot be read, one is not PEM, or they do not belong together. */
export interface KeyPairFault {
  readonly kind: 'unreadable' | 'unusable';
  /** An error code of the system or of OpenSSL; never anything of the files. */
  readonly code: string;
}

/** Where a certificate and its key are kept. */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** How long whoever renews a certificate has for its several steps before they are looked at, ms. */
const settleMs = 200;

/** Reads a certificate and its key. */
export async function readKeyPair({ certificateFile, keyFile }: TlsFiles): Promise<Result<KeyPair, KeyPairFault>> {
  let certificate: Buffer;
  let key: Buffer;
  try {
    [certificate, key] = await Promise.all([readFile(certificateFile), readFile(keyFile)]);
  } catch (error) {
    return err({ kind: 'unreadable', code: codeOf(error) });
  }
  try {
    createSecureContext({ cert: certificate, key });
    return ok({ certificate, key, expiresAtMs: Date.parse(new X509Certificate(certificate).validTo) });
  } catch (error) {
    return err({ kind: 'unusable', code: codeOf(error) });
  }
}

/** What a watch tells, each only when it is something new. */
export interface KeyPairEvents {
  readonly onRenewed: (pair: KeyPair) => void;
  /** The files have changed into something that is of no use: what was read last goes on. */
  readonly onFault: (fault: KeyPairFault) => void;
}

/**
 * Looks after a certificate and its key for as long as the gateway runs: reads them again when their directory changes,
 * and every `pollMs` too, since not every file system tells of its changes.
 */
export class TlsFilesWatch {
  readonly #files: TlsFiles;
  readonly #events: KeyPairEvents;
  readonly #watchers: FSWatcher[] = [];
  readonly #poll: NodeJS.Timeout;
  #settling: NodeJS.Timeout | undefined;
  #pair: KeyPair;
  #fault: KeyPairFault | undefined;
  #isReading = false;
  #mustReadAgain = false;
  #isClosed = false;

  /** `pair`: as it was read at the start. */
  constructor(files: TlsFiles, pair: KeyPair, pollMs: number, events: KeyPairEvents) {
    this.#files = files;
    this.#pair = pair;
    this.#events = events;
    for (const directory of new Set([dirname(files.certificateFile), dirname(files.keyFile)])) this.#watch(directory);
    this.#poll = setInterval(() => {
      this.#read();
    }, pollMs);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers) watcher.close();
  }

  /** Watches a directory rather than a file: a file that is replaced is another file. Where that cannot be done, the poll does. */
  #watch(directory: string): void {
    try {
      const watcher = watch(directory, () => {
        if (this.#isClosed) return;
        this.#settling ??= setTimeout(() => {
          this.#settling = undefined;
          this.#read();
        }, settleMs);
      });
      watcher.on('error', () => {
        watcher.close();
      });
      this.#watchers.push(watcher);
    } catch {
      // Out of watches, or a file system without them.
    }
  }

  #read(): void {
    if (this.#isReading) {
      this.#mustReadAgain = true;
      return;
    }
    this.#isReading = true;
    this.#mustReadAgain = false;
    this.#readNow().catch((error: unknown) => {
      this.#events.onFault({ kind: 'unusable', code: codeOf(error) });
    });
  }

  async #readNow(): Promise<void> {
    const result = await readKeyPair(this.#files);
    this.#isReading = false;
    if (this.#isClosed) return;
    if (this.#mustReadAgain) this.#read();
    this.#note(result);
  }

  #note(result: Result<KeyPair, KeyPairFault>): void {
    if (result.ok) {
      this.#fault = undefined;
      const { certificate, key } = result.value;
      if (this.#pair.certificate.equals(certificate) && this.#pair.key.equals(key)) return;
      this.#pair = result.value;
      this.#events.onRenewed(result.value);
    } else if (this.#fault?.code !== result.error.code) {
      this.#fault = result.error;
      this.#events.onFault(result.error);
    }
  }
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
