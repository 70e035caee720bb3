// Where the server is and the publishable key: from Vite's environment, else from the server that served the page.
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type { Database } from './database.types';

export type Client = SupabaseClient<Database>;
export type Tables<T extends keyof Database['public']['Tables']> = Database['public']['Tables'][T]['Row'];
export type Enums<T extends keyof Database['public']['Enums']> = Database['public']['Enums'][T];

interface Place {
  url: string;
  publishableKey: string;
}

async function findServer(): Promise<Place> {
  const url = import.meta.env.VITE_TENON_URL as string | undefined;
  const publishableKey = import.meta.env.VITE_TENON_KEY as string | undefined;
  if (url && publishableKey) return { url, publishableKey };
  const response = await fetch('/.well-known/tenon.json', { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`The server did not say where it is (${response.status}).`);
  const place = (await response.json()) as Place;
  return { url: place.url || location.origin, publishableKey: place.publishableKey };
}

export async function connect(): Promise<Client> {
  const place = await findServer();
  return createClient<Database>(place.url, place.publishableKey, {
    auth: { storageKey: 'mortise-session', detectSessionInUrl: false },
  });
}
