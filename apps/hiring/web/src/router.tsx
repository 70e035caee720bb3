// A router of the size this app needs: the path and query as state, links, and focus moved to the new heading.
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type AnchorHTMLAttributes, type ReactNode } from 'react';

interface Router {
  path: string;
  query: URLSearchParams;
  go: (to: string, options?: { replace?: boolean; keepScroll?: boolean }) => void;
}

const Context = createContext<Router | null>(null);

export function RouterProvider({ children }: { children: ReactNode }) {
  const [href, setHref] = useState(location.pathname + location.search);

  useEffect(() => {
    const onPop = () => setHref(location.pathname + location.search);
    addEventListener('popstate', onPop);
    return () => removeEventListener('popstate', onPop);
  }, []);

  const go = useCallback<Router['go']>((to, options = {}) => {
    if (options.replace) history.replaceState(null, '', to);
    else history.pushState(null, '', to);
    setHref(to);
    if (!options.keepScroll) scrollTo(0, 0);
  }, []);

  const value = useMemo<Router>(() => {
    const [path = '/', search = ''] = href.split('?');
    return { path, query: new URLSearchParams(search), go };
  }, [href, go]);
  return <Context value={value}>{children}</Context>;
}

export function useRouter(): Router {
  const router = useContext(Context);
  if (!router) throw new Error('useRouter outside RouterProvider');
  return router;
}

export function Link({ href, children, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const { path, go } = useRouter();
  const current = href === path || (href !== '/' && path.startsWith(`${href}/`));
  return (
    <a
      {...rest}
      href={href}
      aria-current={current ? 'page' : undefined}
      onClick={(event) => {
        rest.onClick?.(event);
        if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(href);
      }}
    >
      {children}
    </a>
  );
}

/** `/roles/:id` against a path: the named parts, or null. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.replace(/\/$/, '').split('/');
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? '';
    if (part.startsWith(':')) found[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return null;
  }
  return found;
}

let lastPath = location.pathname;

/** The page's one h1: names the document and takes the focus after a navigation, so that readers hear where they are. */
export function PageTitle({ children, title }: { children: ReactNode; title: string }) {
  const { path } = useRouter();
  useEffect(() => {
    document.title = `${title} · Mortise`;
  }, [title]);
  const focus = useCallback(
    (heading: HTMLHeadingElement | null) => {
      if (heading && lastPath !== path) {
        lastPath = path;
        heading.focus({ preventScroll: true });
      }
    },
    [path],
  );
  return (
    <h1 tabIndex={-1} ref={focus}>
      {children}
    </h1>
  );
}
