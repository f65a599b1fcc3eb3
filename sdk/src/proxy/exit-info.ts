/** Which exit carries a tunnel, as the gateway told when it opened it. */
export interface ExitInfo {
  /** Names the tunnel in the gateway's log; tell it to support. */
  readonly requestId: string | undefined;
  readonly exitId: string | undefined;
  /** The address that the destination sees. */
  readonly exitIp: string | undefined;
  readonly country: string | undefined;
  readonly asn: number | undefined;
  /** 0 to 100. */
  readonly purity: number | undefined;
  readonly grade: string | undefined;
  /** Of a sticky target; the generation rises whenever the session gets another exit. */
  readonly session: { readonly generation: number; readonly expiresAt: Date } | undefined;
}

/** Reads a header by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined;

export function readExitInfo(header: ReadHeader): ExitInfo {
  return {
    requestId: header('x-marvel-request-id'),
    exitId: header('x-marvel-exit-id'),
    exitIp: header('x-marvel-exit-ip'),
    country: header('x-marvel-exit-country'),
    asn: readNumber(header('x-marvel-exit-asn')),
    purity: readNumber(header('x-marvel-exit-purity')),
    grade: header('x-marvel-exit-grade'),
    session: readSession(header('x-marvel-session-generation'), header('x-marvel-session-expires')),
  };
}

function readSession(generation: string | undefined, expires: string | undefined): ExitInfo['session'] {
  const number = readNumber(generation);
  if (number === undefined || expires === undefined) return undefined;
  return { generation: number, expiresAt: new Date(expires) };
}

function readNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}(?:\.\d{1,6})?$/.test(text) ? Number(text) : undefined;
}
