import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * What the certificate of an exit with TLS is checked against: the roots that Node trusts (with `NODE_USE_SYSTEM_CA=1`
 * those of the system too) and further ones. Made once for all dials: to read some hundred roots takes as many
 * tenths of a millisecond.
 *
 * `further`: PEM. Errors: throws when it holds no certificate, or one that cannot be read.
 */
export function createExitTrust(further?: string): SecureContext {
  if (further === undefined) return createSecureContext();
  const added = further.match(certificatePattern) ?? [];
  if (added.length === 0) throw new Error('MARVEL_EXIT_CA holds no PEM certificate');
  const certificates = added.map(readCertificate);
  return createSecureContext({ ca: [...getCACertificates('default'), ...certificates] });
}

function readCertificate(pem: string): string {
  try {
    return new X509Certificate(pem).toString();
  } catch (error) {
    throw new Error('MARVEL_EXIT_CA holds a certificate that cannot be read', { cause: error });
  }
}
