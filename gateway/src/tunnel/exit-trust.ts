import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * What the certificate of an exit with TLS is checked against: the roots of this system (those that come with Node, where
 * the system has none) and further ones. Made once, since reading some hundred roots takes a tenth of a second.
 *
 * `further`: PEM. Errors: throws when it holds no certificate, or one that cannot be read.
 */
export function createExitTrust(further = ''): SecureContext {
  const added = further.match(certificatePattern) ?? [];
  if (further !== '' && added.length === 0) throw new Error('no PEM certificate in it');
  for (const certificate of added) new X509Certificate(certificate);
  const system = getCACertificates('system');
  return createSecureContext({ ca: [...(system.length > 0 ? system : getCACertificates('bundled')), ...added] });
}
