// A fit, explained: the score as one bar of its parts, the gates by name, and skill by skill.
import type { ReactNode } from 'react';
import { partNames, type Fit, type FitGate, type FitPart } from '../fit';
import { Dots } from './parts';

export function ScoreBar({ parts, score }: { parts: FitPart[]; score: number }) {
  return (
    <div className="bar" role="img" aria-label={`${score} of 100 points: ${parts.map((p) => `${partNames[p.part]} ${p.points} of ${p.of}`).join(', ')}`}>
      {parts.map((p) => (
        <span key={p.part} className={`room ${p.part}`} style={{ flexGrow: p.of }}>
          <span style={{ width: `${(100 * p.points) / p.of}%` }} />
        </span>
      ))}
    </div>
  );
}

export function Gates({ gates }: { gates: FitGate[] }) {
  if (gates.length === 0) return null;
  return (
    <ul className="gates" aria-label="To talk about">
      {gates.map((g) => (
        <li key={g.says} className={g.gate}>
          {g.says}
        </li>
      ))}
    </ul>
  );
}

/** `children` stand between the sum and the skills: what the reader can do next. */
export function FitView({ fit, you = false, children }: { fit: Fit; you?: boolean; children?: ReactNode }) {
  return (
    <div className="fit">
      <p className="fit-score">
        <strong>{fit.score.toFixed(1)}</strong> <span>of 100</span>
      </p>
      <ScoreBar parts={fit.parts} score={fit.score} />
      <table className="fit-parts">
        <caption className="unseen">The parts of the score</caption>
        <thead className="unseen">
          <tr>
            <th scope="col">Part</th>
            <th scope="col">Points</th>
          </tr>
        </thead>
        <tbody>
          {fit.parts.map((p) => (
            <tr key={p.part}>
              <th scope="row">
                <i className={`key ${p.part}`} />
                {partNames[p.part]}
                <small>{p.why}</small>
              </th>
              <td>
                {p.points.toFixed(1)} <small>of {p.of}</small>
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Score</th>
            <td>{fit.score.toFixed(1)}</td>
          </tr>
        </tfoot>
      </table>
      <Gates gates={fit.gates} />
      <p className="note">Nobody is rejected by a score. It says where to look first, and why.</p>
      {children}
      <h3>Skill by skill</h3>
      <ul className="fit-skills">
        {fit.skills.map((s) => (
          <li key={s.skill_id}>
            <span>
              {s.skill}
              <small>
                {s.need === 'must' ? 'must have' : 'nice to have'}
                {s.has === 0 && s.near ? `, ${you ? 'you have' : 'has'} a related skill` : ''}
              </small>
            </span>
            <Dots level={s.has} asked={s.asked} />
          </li>
        ))}
      </ul>
    </div>
  );
}
