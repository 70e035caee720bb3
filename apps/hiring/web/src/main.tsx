import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { connect } from './client';
import { RouterProvider } from './router';
import { SessionProvider } from './session';
import './styles/base.css';
import './styles/parts.css';
import './styles/pages.css';

const root = createRoot(document.getElementById('root')!);
try {
  const client = await connect();
  root.render(
    <StrictMode>
      <RouterProvider>
        <SessionProvider client={client}>
          <App />
        </SessionProvider>
      </RouterProvider>
    </StrictMode>,
  );
} catch (reason) {
  root.render(
    <main className="page">
      <h1>The server cannot be reached</h1>
      <p role="alert">{reason instanceof Error ? reason.message : String(reason)}</p>
      <p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Try again
        </button>
      </p>
    </main>,
  );
}
