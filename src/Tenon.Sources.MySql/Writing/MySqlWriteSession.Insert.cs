using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql.Writing;

// Insert and upsert. ON DUPLICATE KEY would fire on any unique key, so the rows in the way of the named one are looked up
// and locked first; a clash on another key is an error, as in PostgreSQL.
internal sealed partial class MySqlWriteSession
{
    private (List<Datum[]> Keys, int Inserted) Insert(MySqlWrite write, IReadOnlyList<Datum[]> rows, StatementArguments arguments, bool wantsKeys)
    {
        TableProgram program = write.Program;
        GuardedWrite guarded = write.Write;
        List<Datum[]> proposed = Complete(program, rows, arguments, [.. write.Options.Given]);
        if (guarded.Parts.Check is { } check && !program.IsInsertDecidedByDatabase(check))
        {
            DemandProposed(program, check, proposed, arguments);
        }
        if (guarded.Kind == WriteKind.Insert)
        {
            return (InsertRows(write, proposed, arguments, wantsKeys), proposed.Count);
        }
        upserts = true;
        return Upsert(write, proposed, arguments);
    }

    private void DemandProposed(TableProgram program, Expr check, IEnumerable<Datum[]> proposed, StatementArguments arguments)
    {
        foreach (Datum[][] part in proposed.Chunk(Chunk))
        {
            Demand(program.CheckRows(check, part.Length), RowPolicy(program.Table), arguments, part);
        }
    }

    private List<Datum[]> InsertRows(MySqlWrite write, List<Datum[]> rows, StatementArguments arguments, bool wantsKeys)
    {
        TableProgram program = write.Program;
        Table table = program.Table;
        Expr? check = write.Write.Parts.Check;
        ImmutableArray<int> ordinals = [.. Enumerable.Range(0, program.Width).Where(o => table.Columns[o].Generated is null && IsWritten(table.Columns[o], o, write))];
        bool decided = check is not null && program.IsInsertDecidedByDatabase(check);
        // The database makes the key only where one of its columns counts up by itself.
        bool returned = program.KeyColumns.Any(o => table.Columns[o].Identity != IdentityKind.None);
        if (decided && program.KeyColumns.IsEmpty)
        {
            throw Refusals.NotSupported($"inserting into {table.Name.Name}, which has no primary key, under a policy on what the database computes").ToException();
        }
        var keys = new List<Datum[]>(rows.Count);
        DoDecided(InsertAll, decided ? () => DemandProposed(program, check!, rows, arguments) : () => { });
        if (decided)
        {
            DemandWritten(program, check!, keys, arguments);
        }
        return keys;

        void InsertAll()
        {
            foreach (Datum[][] part in rows.Chunk(Chunk))
            {
                MySqlCompiled insert = program.Insert(ordinals, part.Length, returned);
                if (returned)
                {
                    keys.AddRange(Read(insert, arguments, part));
                    continue;
                }
                Do(insert, arguments, part);
                keys.AddRange(part.Select(r => program.KeyColumns.Select(o => r[o]).ToArray()));
            }
        }
    }

    /// <summary>A column without a value and without a default is left to the database, which refuses it or makes it NULL.</summary>
    private static bool IsWritten(Column column, int ordinal, MySqlWrite write) =>
        write.Options.Given.Contains(ordinal) || column.Default is not null || column.Identity != IdentityKind.None;

    private (List<Datum[]> Keys, int Inserted) Upsert(MySqlWrite write, List<Datum[]> proposed, StatementArguments arguments)
    {
        TableProgram program = write.Program;
        bool updates = write.Write.Kind == WriteKind.InsertOrUpdate;
        Datum[]?[] existing = new Datum[proposed.Count][];
        foreach (IReadOnlyList<int> arbiter in write.Options.Arbiters)
        {
            FindExisting(program, arbiter, proposed, existing, arguments);
        }
        bool[] dropped = Repeated(write, proposed, updates);
        List<int> fresh = [.. Enumerable.Range(0, proposed.Count).Where(i => existing[i] is null && !dropped[i])];
        DemandConstraints(program, proposed, arguments);
        List<int> merged = updates ? [.. Enumerable.Range(0, proposed.Count).Where(i => existing[i] is not null)] : [];
        Merge(write, proposed, existing, merged, arguments);
        List<Datum[]> inserted = fresh.Count == 0 ? [] : InsertRows(write, [.. fresh.Select(i => proposed[i])], arguments, wantsKeys: true);

        // In the order the rows came.
        var keys = new Datum[]?[proposed.Count];
        for (int i = 0; i < fresh.Count; i++)
        {
            keys[fresh[i]] = inserted[i];
        }
        foreach (int i in merged)
        {
            keys[i] = existing[i];
        }
        return ([.. keys.Where(k => k is not null).Select(k => k!)], fresh.Count);
    }

    private void FindExisting(TableProgram program, IReadOnlyList<int> arbiter, List<Datum[]> proposed, Datum[]?[] existing, StatementArguments arguments)
    {
        for (int from = 0; from < proposed.Count && arbiter.Count > 0; from += Chunk)
        {
            List<Datum[]> part = proposed.GetRange(from, Math.Min(Chunk, proposed.Count - from));
            foreach (Datum[] found in Read(program.Existing(arbiter, part.Count), arguments, part))
            {
                existing[from + (int)found[0].Integer] ??= found[1..];
            }
        }
    }

    /// <summary>Rows that repeat the key of an earlier one: an update would touch its row twice, which is an error; else they are left out.</summary>
    private static bool[] Repeated(MySqlWrite write, List<Datum[]> proposed, bool updates)
    {
        var repeated = new bool[proposed.Count];
        foreach (IReadOnlyList<int> arbiter in write.Options.Arbiters.Where(a => a.Count > 0))
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (int i = 0; i < proposed.Count; i++)
            {
                Datum[] row = proposed[i];
                if (arbiter.Any(o => row[o].IsNull))
                {
                    continue;
                }
                repeated[i] |= !seen.Add(string.Join('\u001f', arbiter.Select(o => row[o].ToString())));
            }
        }
        if (updates && Array.IndexOf(repeated, true) >= 0)
        {
            throw new Error(
                ErrorCodes.CardinalityViolation,
                "ON CONFLICT DO UPDATE command cannot affect row a second time",
                null,
                "Ensure that no rows proposed for insertion within the same command have duplicate constrained values."
            ).ToException();
        }
        return repeated;
    }

    /// <summary>
    /// What the table asks of the rows proposed, before one of them is found to be there: as PostgreSQL does. Of all of them, so
    /// that no refusal tells which are there.
    /// </summary>
    private void DemandConstraints(TableProgram program, List<Datum[]> rows, StatementArguments arguments)
    {
        DemandNoNull(program, rows.Select(program.MissingIn).FirstOrDefault(c => c is not null));
        foreach (Datum[][] part in rows.Chunk(Chunk))
        {
            if (program.CheckConstraints(part.Length) is { } failing)
            {
                Demand(failing, MySqlErrors.OfCheck(), arguments, part);
            }
        }
    }

    private void Merge(MySqlWrite write, List<Datum[]> proposed, Datum[]?[] existing, List<int> merged, StatementArguments arguments)
    {
        if (merged.Count == 0)
        {
            return;
        }
        TableProgram program = write.Program;
        List<Datum[]> keys = [.. merged.Select(i => existing[i]!)];
        StatementArguments byKey = WithKeys(program, arguments, keys);
        if (write.Write.Parts.ConflictTarget is { } target)
        {
            Demand(program.CheckExisting(target), RowPolicyUsing(program.Table), byKey, null);
        }
        List<Datum[]> rows = [.. merged.Select(i => proposed[i])];
        if (write.Write.Parts.Check is { } proposal && program.IsInsertDecidedByDatabase(proposal) && !program.ReadsComputed(proposal))
        {
            // Nothing is inserted, so no trigger runs: the row is checked as it was proposed.
            DemandProposed(program, proposal, rows, arguments);
        }
        for (int i = 0; i < rows.Count; i++)
        {
            keys[i].CopyTo(rows[i], program.Width);
        }
        WriteMerged(program, write.Write.Parts.ConflictCheck, rows, keys, arguments);
    }

    private void WriteMerged(TableProgram program, Expr? check, List<Datum[]> rows, List<Datum[]> keys, StatementArguments arguments)
    {
        bool decided = check is not null && program.IsUpdateDecidedByDatabase(check);
        if (check is not null && !decided)
        {
            DemandMerged();
        }
        DoDecided(MergeAll, decided ? DemandMerged : () => { });
        if (decided)
        {
            DemandWritten(program, check!, keys, arguments);
        }

        void DemandMerged()
        {
            foreach (Datum[][] part in rows.Chunk(Chunk))
            {
                Demand(program.CheckMerged(check!, part.Length), RowPolicy(program.Table), arguments, part);
            }
        }

        void MergeAll()
        {
            DemandNoNull(program, rows.Select(program.NulledBy).FirstOrDefault(c => c is not null));
            foreach (Datum[][] part in rows.Chunk(Chunk))
            {
                Do(program.Merge(part.Length), arguments, part);
            }
        }
    }
}
