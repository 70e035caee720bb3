// Writing plain INSERT statements: quoting, and many rows a statement.

export function literal(value) {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return `'${String(value).replaceAll("'", "''")}'`;
}

/** One INSERT per `size` rows; `tail` is what follows the rows, such as an ON CONFLICT clause. */
export function inserts(table, columns, rows, { size = 500, tail = '' } = {}) {
  const out = [];
  for (let i = 0; i < rows.length; i += size) {
    const values = rows.slice(i, i + size).map((row) => `(${row.map(literal).join(',')})`);
    out.push(`insert into ${table} (${columns.join(', ')}) values\n${values.join(',\n')}${tail ? `\n${tail}` : ''};\n`);
  }
  return out.join('');
}
