// Small pieces that several pages share.
import type { ReactNode } from 'react';
import type { Enums } from '../client';
import { levelNames, statusNames } from '../fit';

export function Alert({ children }: { children: ReactNode }) {
  return children ? (
    <p className="alert" role="alert">
      {children}
    </p>
  ) : null;
}

export function Dots({ level, asked = 0 }: { level: number; asked?: number }) {
  return (
    <span className="dots" role="img" aria-label={asked ? `${level} of ${asked} asked` : `level ${level} of 5, ${levelNames[level]}`}>
      {[1, 2, 3, 4, 5].map((n) => (
        <i key={n} className={n <= level ? 'on' : n <= asked ? 'wanted' : ''} />
      ))}
    </span>
  );
}

export function Status({ status }: { status: Enums<'application_status'> | Enums<'posting_status'> }) {
  const word = status in statusNames ? statusNames[status as Enums<'application_status'>] : status[0]!.toUpperCase() + status.slice(1);
  return <span className={`status ${status}`}>{word}</span>;
}

export function Skeleton({ rows, height }: { rows: number; height: number }) {
  return (
    <div className="skeletons" aria-hidden="true">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="skeleton" style={{ height }} />
      ))}
    </div>
  );
}

export function Pager({ page, pages, onPage }: { page: number; pages: number; onPage: (page: number) => void }) {
  if (pages < 2) return null;
  return (
    <nav className="pager" aria-label="Pages">
      <button type="button" className="button ghost" disabled={page <= 1} onClick={() => onPage(page - 1)}>
        Previous
      </button>
      <span>
        Page {page} of {pages}
      </span>
      <button type="button" className="button ghost" disabled={page >= pages} onClick={() => onPage(page + 1)}>
        Next
      </button>
    </nav>
  );
}

export function LevelSelect({ label, value, onChange }: { label: string; value: number; onChange: (level: number) => void }) {
  return (
    <label className="inline">
      <span className="unseen">{label}</span>
      <select value={value} onChange={(event) => onChange(Number(event.target.value))}>
        {[1, 2, 3, 4, 5].map((n) => (
          <option key={n} value={n}>
            {n} · {levelNames[n]}
          </option>
        ))}
      </select>
    </label>
  );
}
