// Reading data in a page: loading, failed (with the server's own words) or there; the old rows stay while new ones load.
import { useCallback, useEffect, useRef, useState } from 'react';

export interface Loaded<T> {
  data: T | undefined;
  count: number | null;
  error: string | null;
  loading: boolean;
  reload: () => void;
}

interface Answer {
  data: unknown;
  count?: number | null;
  error: { message: string; hint?: string | null } | null;
}

export function sayError(error: { message: string; hint?: string | null }): string {
  return error.hint ? `${error.message} ${error.hint}` : error.message;
}

export function useLoad<A extends Answer>(key: string | null, ask: () => PromiseLike<A>): Loaded<NonNullable<A['data']>> {
  type T = NonNullable<A['data']>;
  const [state, setState] = useState<{ key: string | null; data?: T; count: number | null; error: string | null }>({
    key: null, count: null, error: null,
  });
  const [turn, setTurn] = useState(0);
  const asked = useRef(ask);
  asked.current = ask;

  useEffect(() => {
    if (key === null) return;
    let current = true;
    asked.current().then(
      ({ data, count, error }) => {
        if (!current) return;
        if (error) setState((old) => ({ ...old, key, error: sayError(error) }));
        else setState({ key, data: (data ?? undefined) as T | undefined, count: count ?? null, error: null });
      },
      (reason: unknown) => {
        if (current) setState((old) => ({ ...old, key, error: String(reason) }));
      },
    );
    return () => {
      current = false;
    };
  }, [key, turn]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  return { data: state.data, count: state.count, error: state.error, loading: key !== null && state.key !== key, reload };
}
