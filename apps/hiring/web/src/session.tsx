// Who is here: the signed-in user, the company the user hires for, if any, and whether there is a candidate profile.
import type { Session } from '@supabase/supabase-js';
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Client, Enums } from './client';

export interface Membership {
  role: Enums<'company_role'>;
  company: { id: string; name: string; slug: string };
}

interface Here {
  client: Client;
  session: Session | null;
  membership: Membership | null;
  /** False until the session and the membership are known: pages that depend on them wait. */
  ready: boolean;
}

const Context = createContext<Here | null>(null);

export function SessionProvider({ client, children }: { client: Client; children: ReactNode }) {
  const [session, setSession] = useState<Session | null>(null);
  const [known, setKnown] = useState(false);
  const [member, setMember] = useState<{ user: string; membership: Membership | null } | null>(null);

  useEffect(() => {
    const { data } = client.auth.onAuthStateChange((_event, next) => {
      setSession(next);
      setKnown(true);
    });
    return () => data.subscription.unsubscribe();
  }, [client]);

  const user = session?.user.id;
  useEffect(() => {
    if (!user) return;
    let current = true;
    client
      .from('company_members')
      .select('role, company:companies(id, name, slug)')
      .eq('user_id', user)
      .limit(1)
      .then(({ data }) => {
        if (current) setMember({ user, membership: data?.[0] ?? null });
      });
    return () => {
      current = false;
    };
  }, [client, user]);

  const value = useMemo<Here>(() => {
    const settled = known && (!user || member?.user === user);
    return { client, session, membership: user && member?.user === user ? member.membership : null, ready: settled };
  }, [client, session, known, user, member]);
  return <Context value={value}>{children}</Context>;
}

export function useHere(): Here {
  const here = useContext(Context);
  if (!here) throw new Error('useHere outside SessionProvider');
  return here;
}
