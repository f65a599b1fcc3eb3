import type { Socket } from 'node:net';
import { type ConnectRequest, connectThrough } from './connect.ts';
import { eventually } from './customer.ts';

/** Opens a tunnel with credentials that a gateway may not know yet. Errors: throws when it lets nobody through for 10 s. */
export async function openTunnel(request: ConnectRequest): Promise<Socket> {
  return eventually('the gateway knows the credentials', async () => {
    const { status, socket } = await connectThrough(request);
    if (status === 200) return socket;
    socket.destroy();
    return undefined;
  });
}
