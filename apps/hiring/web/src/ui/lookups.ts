// The three taxonomy searches. Labels that begin with the text come first, then those that hold it.
import type { Client } from '../client';
import { countryName } from '../words';
import type { Choice } from './Typeahead';

const plain = (text: string) => text.replace(/[\\%_]/g, '\\$&');

async function byLabel(client: Client, table: 'skills' | 'occupations', text: string): Promise<Choice[]> {
  const [starts, holds] = await Promise.all([
    client.from(table).select('id, label').ilike('label', `${plain(text)}%`).order('label').limit(8),
    client.from(table).select('id, label').ilike('label', `%${plain(text)}%`).order('label').limit(8),
  ]);
  const found = new Map<number, Choice>();
  for (const row of [...(starts.data ?? []), ...(holds.data ?? [])]) found.set(row.id, row);
  const exact = text.toLowerCase();
  return [...found.values()]
    .sort((a, b) => Number(b.label.toLowerCase() === exact) - Number(a.label.toLowerCase() === exact))
    .slice(0, 10);
}

export const findSkills = (client: Client) => (text: string) => byLabel(client, 'skills', text);
export const findOccupations = (client: Client) => (text: string) => byLabel(client, 'occupations', text);

export const findCities = (client: Client) => async (text: string): Promise<Choice[]> => {
  const { data } = await client
    .from('cities')
    .select('id, name, country')
    .ilike('name', `${plain(text)}%`)
    .order('name')
    .limit(10);
  return (data ?? []).map((c) => ({ id: c.id, label: c.name, detail: countryName(c.country) }));
};
