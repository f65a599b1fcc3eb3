import { writeFile } from 'node:fs/promises';
import { generate } from 'selfsigned';
import { writeFileAtomically } from '../state/write-file-atomically.ts';

/** A key and its certificate for this machine: its own authority, valid for `localhost` and 127.0.0.1. */
export interface Certificate {
  /** PEM */
  readonly key: string;
  /** PEM */
  readonly cert: string;
  readonly keyFile: string;
  readonly certificateFile: string;
}

const lifetimeMs = 30 * 86_400_000;

/** Makes a certificate, and writes it and its key to their files. */
export async function makeCertificate(files: Pick<Certificate, 'keyFile' | 'certificateFile'>): Promise<Certificate> {
  const { keyFile, certificateFile } = files;
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Marvel on this machine' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + lifetimeMs),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  await writeFileAtomically(keyFile, key);
  await writeFile(certificateFile, cert);
  return { key, cert, keyFile, certificateFile };
}
