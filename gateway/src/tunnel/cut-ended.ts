import type { Principal } from '../admission.ts';
import type { FleetChange } from '../fleet-view.ts';
import type { TunnelTable } from './tunnel-table.ts';

/**
 * Cuts the tunnels that a change of the feed takes the ground from. An exit that is gone cuts none: what is open through it
 * may end in peace. Cost: O(1) for a change that concerns no open tunnel, else O(live tunnels).
 */
export function cutEnded(tunnels: TunnelTable, change: FleetChange, isStillGood: (owner: Principal) => boolean): void {
  switch (change.kind) {
    case 'reset':
      tunnels.cut('credential_ended', ({ owner }) => !isStillGood(owner));
      break;
    case 'account':
    case 'key':
    case 'sub_user':
    case 'authorized_source':
    case 'tombstone':
      if (tunnels.tunnelsOf(change.id) > 0) {
        tunnels.cut('credential_ended', ({ owner }) => owner.credential === change.id && !isStillGood(owner));
      }
      if (tunnels.tunnelsOfAccount(change.id) > 0) {
        tunnels.cut('account_ended', ({ owner }) => owner.account === change.id && !isStillGood(owner));
      }
      break;
    default:
  }
}
