import { endpoint } from '../endpoint';
import { Account } from '../session/Account';
import { Mark } from './Mark';

export function TopBar({ canSignIn }: { canSignIn: boolean }) {
  return (
    <header className="hansa-bar">
      <Mark />
      <span className="hansa-wordmark">Hansa</span>
      <code className="hansa-endpoint">{endpoint}</code>
      <span className="hansa-bar-space" />
      {canSignIn && <Account />}
    </header>
  );
}
