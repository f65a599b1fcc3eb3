/** The secret of an endpoint: made of its seed and the pepper, so that neither the database nor the pepper alone gives it. */
export async function webhookSecret(pepper: string, endpointId: string, seed: string): Promise<string> {
  const key = await crypto.subtle.importKey('raw', encode(pepper), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const mac = await crypto.subtle.sign('HMAC', key, encode(`webhook\n${endpointId}\n${seed}`));
  const hex = Array.from(new Uint8Array(mac), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `whsec_${hex}`;
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}
