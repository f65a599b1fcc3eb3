import { render } from 'preact';
import { App } from './app.tsx';
import { followLinks } from './router.ts';
import { applyTheme } from './session/theme.ts';
import './style/index.css';

applyTheme();
followLinks();
const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
