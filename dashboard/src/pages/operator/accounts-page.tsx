import { route } from '../../router.ts';
import { AccountList } from './account-list.tsx';
import { AccountView } from './account-view.tsx';
import { OperatorPage } from './operator-page.tsx';

/** Accounts of customers: all of them, or the one that the address names. */
export function AccountsPage() {
  const id = route.value.query.get('account');
  if (id === null) {
    return (
      <OperatorPage title="Accounts">
        <AccountList />
      </OperatorPage>
    );
  }
  return (
    <OperatorPage title="Account" lead={<a href="/operator/accounts">All accounts</a>}>
      <AccountView key={id} id={id} />
    </OperatorPage>
  );
}
