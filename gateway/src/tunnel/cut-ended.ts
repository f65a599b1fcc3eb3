import type { Principal } from '../admission.ts';
import type { FleetChange } from '../fleet-view.ts';
import type { TunnelTable } from './tunnel-table.ts';

/**
 * Cuts the tunnels that a change of the feed takes the ground from. An exit that is gone cuts none: what is open through it
 * may end in peace. Cost: O(1) for a change that concerns no open tunnel, else O(live tunnels).
 */
export function cutEnded(tunnels: TunnelTable, change: FleetChange, mayGoOn: (owner: Principal) => boolean): void {
  if (change.kind === 'reset') {
    tunnels.cut('credential_ended', ({ owner }) => !mayGoOn(owner));
    return;
  }
  const concerned = change.kind === 'tombstone' ? change.of : change.kind;
  if (concerned === 'authorized_source') {
    // What it let in may be held to the sub-user that it stands for, so its id finds none.
    tunnels.cut('credential_ended', ({ owner }) => owner.proof.kind === 'source' && !mayGoOn(owner));
    return;
  }
  // Ids of different kinds never meet, so one that counts tunnels is that of a credential or an account.
  if (tunnels.tunnelsOf(change.id) > 0) {
    tunnels.cut('credential_ended', ({ owner }) => owner.credential === change.id && !mayGoOn(owner));
  } else if (tunnels.tunnelsOfAccount(change.id) > 0) {
    tunnels.cut('account_ended', ({ owner }) => owner.account === change.id && !mayGoOn(owner));
  }
}
