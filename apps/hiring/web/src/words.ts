// Figures and dates as a person reads them.

const regions = new Intl.DisplayNames('en', { type: 'region' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

export function countryName(code: string): string {
  try {
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}

export function placeName(city: { name: string; country: string } | null, remote = false): string {
  const where = city ? `${city.name}, ${countryName(city.country)}` : '';
  if (!remote) return where || 'No place given';
  return where ? `${where} or remote` : 'Remote';
}

export function ago(instant: string | null): string {
  if (!instant) return '';
  const days = Math.round((new Date(instant).getTime() - Date.now()) / 86_400_000);
  if (Math.abs(days) < 14) return relative.format(days, 'day');
  if (Math.abs(days) < 60) return relative.format(Math.round(days / 7), 'week');
  return relative.format(Math.round(days / 30), 'month');
}

export function money(amount: number, currency: string): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency, maximumFractionDigits: 0 }).format(amount);
}

export function yearsAsked(years: number): string {
  if (years === 0) return 'No experience needed';
  return `${years}+ ${years === 1 ? 'year' : 'years'}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** PostgREST reads commas, parentheses and quotes in a filter tree as syntax; a quoted pattern takes them literally. */
export function likePattern(text: string): string {
  return `"%${text.replace(/[\\%_]/g, '\\$&').replace(/["\\]/g, '\\$&')}%"`;
}
