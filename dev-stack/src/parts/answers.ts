import { once } from 'node:events';
import { connect } from 'node:net';

/** A part that is up answers at once; one that hangs is asked again. */
const askTimeoutMs = 2_000;

/** Whether a URL answers 2xx now. */
export async function answersOk(url: string, signal?: AbortSignal): Promise<boolean> {
  const timeout = AbortSignal.timeout(askTimeoutMs);
  try {
    const response = await fetch(url, { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // refused, reset or too slow
  }
}

/** Whether something takes TCP connections on a port of 127.0.0.1 now. */
export async function takesConnections(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(askTimeoutMs) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
