import { generate } from 'selfsigned';

/** A certificate and its key, both PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

const daysValid = 30;
const msPerDay = 86_400_000;

/** Makes a certificate that is its own authority, for the names and addresses given. */
export async function makeCertificate(
  names: readonly string[] = ['localhost'],
  addresses: readonly string[] = ['127.0.0.1'],
): Promise<TestCertificate> {
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + daysValid * msPerDay),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          ...addresses.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { certificate: made.cert, key: made.private };
}
