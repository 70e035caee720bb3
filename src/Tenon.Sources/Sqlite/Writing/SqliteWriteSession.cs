using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

/// <summary>
/// One write unit on the writer's connection. Every row goes: defaults, before triggers, policy check, not null, the row
/// itself (SQLite checks keys and references), after triggers; so a policy failure wins over a constraint (ENGINES §4.2, 22).
/// All rows are checked before the first is written: a check sees the state before the statement (25).
/// </summary>
internal sealed partial class SqliteWriteSession(WriteContext context, Catalog catalog) : WriteSession
{
    private readonly long runBefore = context.Connection.StatementsRun;

    public Catalog Catalog => catalog;

    /// <summary>All that ran for the unit: the rows themselves, what checks and triggers asked, savepoints of blocks.</summary>
    public override int Statements => (int)(context.Connection.StatementsRun - runBefore);

    public override RowReader Run(CompiledStatement statement, StatementArguments arguments)
    {
        if (((SqliteCompiled)statement).Calls.Count > 0)
        {
            context.Connection.Caller = (called, values) => Run(called, values, arguments);
        }
        context.Connection.Made = arguments.Context.Made;
        return context.Prepare((SqliteCompiled)statement, arguments);
    }

    /// <summary>The unit's connection and savepoint belong to the writer.</summary>
    public override void Dispose() { }

    public override WrittenRows Write(
        CompiledWrite write,
        IReadOnlyList<Datum[]> rows,
        StatementArguments arguments,
        Action<RowReader>? represent
    )
    {
        GuardedWrite guarded = write.Write;
        RowKeys written;
        if (guarded.Kind == WriteKind.Delete)
        {
            // What is about to go is read before it goes.
            Represent(write, represent is null ? null : Targets(guarded, arguments), arguments, represent);
            written = Delete(guarded, arguments);
        }
        else
        {
            IReadOnlyList<int> given = write.Options.Given;
            written = guarded.Kind == WriteKind.Update
                ? Update(guarded, given, [.. given.Select(i => rows[0][i])], arguments)
                : Insert(guarded, rows, arguments, write.Options);
            Represent(write, written, arguments, represent);
        }
        return new WrittenRows(written.Count, written.Inserted);
    }

    private void Represent(CompiledWrite write, RowKeys? written, StatementArguments arguments, Action<RowReader>? represent)
    {
        if (represent is null)
        {
            return;
        }
        ReadOnlyMemory<byte> outer = arguments.ParentKeys;
        arguments.ParentKeys = written!.Json();
        using RowReader reader = Run(write.Representation!.Statement, arguments);
        arguments.ParentKeys = outer;
        represent(reader);
    }

    // ---- insert ----

    private RowKeys Insert(
        GuardedWrite write,
        IReadOnlyList<Datum[]> rows,
        StatementArguments arguments,
        InsertOptions options
    )
    {
        TableProgram program = TableProgram.Of(catalog, write.Table);
        TriggerEvents events = write.Kind == WriteKind.InsertOrUpdate ? TriggerEvents.Insert | TriggerEvents.Update : TriggerEvents.Insert;
        OfStatement(program, events, true, arguments, options.Set);
        var proposed = new List<Datum[]>(rows.Count);
        foreach (Datum[] row in rows)
        {
            Datum[] complete = Complete(program, row, options.Given, arguments);
            if (Before(program, TriggerEvents.Insert, null, complete, arguments) is { } kept)
            {
                CheckNewRow(write, write.Parts.Check, kept, arguments);
                proposed.Add(kept);
            }
        }
        var written = new RowKeys();
        var touched = write.Kind == WriteKind.InsertOrUpdate ? new HashSet<long>() : null;
        Together(program, proposed.Count, () => InsertRows(write, program, proposed, written, touched, options, arguments));
        OfStatement(program, events, false, arguments, options.Set);
        written.Count = written.Keys.Count;
        return written;
    }

    private void InsertRows(
        GuardedWrite write,
        TableProgram program,
        List<Datum[]> proposed,
        RowKeys written,
        HashSet<long>? touched,
        InsertOptions options,
        StatementArguments arguments
    )
    {
        foreach (Datum[] row in proposed)
        {
            context.ThrowIfStopped();
            if (write.Kind != WriteKind.Insert)
            {
                // As PostgreSQL: of the proposed row, whether or not it meets another.
                DemandNotNull(program, row, true, arguments);
            }
            long? existing = FindExisting(program, options, row, arguments);
            if (existing is null)
            {
                long key = InsertRow(program, row, arguments);
                CheckViews(write, row, arguments);
                written.Keys.Add(key);
                written.Inserted++;
                touched?.Add(key);
            }
            else
            {
                // Of a row that meets none SQLite asks it.
                DemandChecks(program, row, arguments);
                if (write.Kind == WriteKind.InsertOrUpdate && MergeInto(write, program, existing.Value, row, options, arguments, touched!) is { } merged)
                {
                    written.Keys.Add(merged);
                }
            }
        }
    }

    private Datum[] Complete(TableProgram program, Datum[] row, IReadOnlyList<int> given, StatementArguments arguments)
    {
        var complete = new Datum[program.KeySlot + 1];
        row.CopyTo(complete, 0);
        for (int i = 0; i < program.Defaults.Length; i++)
        {
            if (given.Contains(i) && !IsDefaultMark(row[i]))
            {
                continue;
            }
            complete[i] = DefaultOf(program, i, complete, arguments);
            if (program.Table.Columns[i].Identity != IdentityKind.None && !SqliteIdentity.IsNative(program.Table, program.Table.Columns[i]))
            {
                complete[i] = Datum.Of(NextIdentity(program.Table, program.Table.Columns[i]));
            }
        }
        ComputeGenerated(program, complete, arguments);
        return complete;
    }

    private static bool IsDefaultMark(Datum value) =>
        value.Kind == DatumKind.Bytes && ReferenceEquals(value.Bytes, DefaultMark.Bytes);

    private void ComputeGenerated(TableProgram program, Datum[] row, StatementArguments arguments)
    {
        for (int i = 0; i < program.Generated.Length; i++)
        {
            if (program.Generated[i] is { } generated)
            {
                row[i] = Evaluate(RowParameters.Put(generated, program.Table), row, arguments);
            }
        }
    }

    private long InsertRow(TableProgram program, Datum[] row, StatementArguments arguments)
    {
        DemandNotNull(program, row, true, arguments);
        Execute(program, program.Insert, row, arguments);
        long key = context.Connection.LastInsertRowId;
        if (program.RowIdColumn >= 0)
        {
            row[program.RowIdColumn] = Datum.Of(key);
        }
        DemandParents(program, row);
        After(program, TriggerEvents.Insert, null, row, arguments);
        return key;
    }

    private long? MergeInto(
        GuardedWrite write,
        TableProgram program,
        long key,
        Datum[] proposed,
        InsertOptions options,
        StatementArguments arguments,
        HashSet<long> touched
    )
    {
        if (!touched.Add(key))
        {
            throw SqliteConstraints.TwiceInOneStatement().ToException();
        }
        if (write.Parts.ConflictTarget is { } target && !Holds(write, target, key, arguments))
        {
            throw SqliteConstraints.RowPolicyUsing(write.Table).ToException();
        }
        if (ReadRow(program, key) is not { } old)
        {
            return null;
        }
        Datum[]? changed = options.Merge is null ? TakeProposed(old, proposed, options.Set) : options.Merge(old, proposed);
        if (changed is null || Before(program, TriggerEvents.Update, old, changed, arguments, options.Set) is not { } kept)
        {
            return null;
        }
        ComputeGenerated(program, kept, arguments);
        CheckNewRow(write, write.Parts.ConflictCheck, kept, arguments);
        long merged = UpdateRow(program, key, old, kept, arguments, options.Set);
        touched.Add(merged);
        CheckViews(write, kept, arguments);
        return merged;
    }

    private static Datum[] TakeProposed(Datum[] old, Datum[] proposed, IReadOnlyList<int> set)
    {
        var changed = (Datum[])old.Clone();
        foreach (int ordinal in set)
        {
            changed[ordinal] = proposed[ordinal];
        }
        return changed;
    }

    private long? FindExisting(TableProgram program, InsertOptions options, Datum[] row, StatementArguments arguments)
    {
        foreach (IReadOnlyList<int> arbiter in options.Arbiters)
        {
            if (Find(program, arbiter, row, arguments) is { } key)
            {
                return key;
            }
        }
        return null;
    }

    private long? Find(TableProgram program, IReadOnlyList<int> columns, Datum[] row, StatementArguments arguments)
    {
        if (columns.Any(c => row[c].IsNull))
        {
            return null;
        }
        using RowReader reader = Run(program.Lookup(columns), WithSlots(arguments, row));
        return reader.Read() ? reader.GetInt64(0) : null;
    }

    // ---- update ----

    private RowKeys Update(GuardedWrite write, IReadOnlyList<int> set, Datum[] values, StatementArguments arguments)
    {
        TableProgram program = TableProgram.Of(catalog, write.Table);
        var changes = new List<(long Key, Datum[] Old, Datum[] New)>();
        bool made = false;
        foreach (long key in TargetKeys(write, arguments))
        {
            if (ReadRow(program, key) is not { } old)
            {
                continue;
            }
            if (!made)
            {
                // Once for all rows, as PostgREST does.
                MakeDefaults(program, set, values, arguments);
                made = true;
            }
            var changed = (Datum[])old.Clone();
            for (int i = 0; i < set.Count; i++)
            {
                changed[set[i]] = values[i];
            }
            changes.Add((key, old, changed));
        }
        return WriteChanges(write, program, changes, set, arguments);
    }

    private void MakeDefaults(TableProgram program, IReadOnlyList<int> set, Datum[] values, StatementArguments arguments)
    {
        for (int i = 0; i < set.Count; i++)
        {
            if (IsDefaultMark(values[i]))
            {
                Column column = program.Table.Columns[set[i]];
                values[i] = column.Identity == IdentityKind.None
                    ? DefaultOf(program, set[i], new Datum[program.KeySlot + 1], arguments)
                    : Datum.Of(NextNumber(program.Table, column));
            }
        }
    }

    /// <summary>Checks all new rows, then writes them.</summary>
    private RowKeys WriteChanges(
        GuardedWrite write,
        TableProgram program,
        List<(long Key, Datum[] Old, Datum[] New)> changes,
        IReadOnlyList<int> set,
        StatementArguments arguments
    )
    {
        OfStatement(program, TriggerEvents.Update, true, arguments, set);
        var checkedRows = new List<(long Key, Datum[] Old, Datum[] New)>(changes.Count);
        foreach (var (key, old, changed) in changes)
        {
            if (Before(program, TriggerEvents.Update, old, changed, arguments, set) is not { } kept)
            {
                continue;
            }
            ComputeGenerated(program, kept, arguments);
            CheckNewRow(write, write.Parts.Check, kept, arguments);
            checkedRows.Add((key, old, kept));
        }
        var written = new RowKeys { Count = checkedRows.Count };
        Together(
            program,
            checkedRows.Count,
            () =>
            {
                foreach (var (key, old, changed) in checkedRows)
                {
                    context.ThrowIfStopped();
                    written.Keys.Add(UpdateRow(program, key, old, changed, arguments, set));
                    CheckViews(write, changed, arguments);
                }
            }
        );
        OfStatement(program, TriggerEvents.Update, false, arguments, set);
        return written;
    }

    /// <summary>Writes one changed row; returns its row key, which changes with an integer primary key.</summary>
    private long UpdateRow(
        TableProgram program,
        long key,
        Datum[] old,
        Datum[] changed,
        StatementArguments arguments,
        IReadOnlyList<int> set
    )
    {
        DemandNotNull(program, changed, false, arguments);
        int[] columns = program.BeforeRow.Length == 0 ? [.. set.Where(program.Stored.Contains)] : program.Stored;
        if (columns.Length > 0)
        {
            changed[program.KeySlot] = Datum.Of(key);
            Execute(program, program.Update(columns), changed, arguments);
            DemandParents(program, changed);
            ActOnUpdate(program, old, changed, arguments);
        }
        After(program, TriggerEvents.Update, old, changed, arguments, set);
        return program.RowIdColumn >= 0 ? changed[program.RowIdColumn].Integer : key;
    }

    // ---- delete ----

    private RowKeys Targets(GuardedWrite write, StatementArguments arguments)
    {
        var targets = new RowKeys();
        targets.Keys.AddRange(TargetKeys(write, arguments));
        targets.Count = targets.Keys.Count;
        return targets;
    }

    private RowKeys Delete(GuardedWrite write, StatementArguments arguments)
    {
        TableProgram program = TableProgram.Of(catalog, write.Table);
        var written = new RowKeys();
        OfStatement(program, TriggerEvents.Delete, true, arguments);
        List<long> keys = TargetKeys(write, arguments);
        Together(
            program,
            keys.Count,
            () =>
            {
                foreach (long key in keys)
                {
                    context.ThrowIfStopped();
                    if (DeleteByKey(program, key, arguments))
                    {
                        written.Keys.Add(key);
                    }
                }
            }
        );
        OfStatement(program, TriggerEvents.Delete, false, arguments);
        written.Count = written.Keys.Count;
        return written;
    }

    /// <summary>False when a trigger kept the row, or it is gone already.</summary>
    private bool DeleteByKey(TableProgram program, long key, StatementArguments arguments)
    {
        Datum[]? old = null;
        if (NeedsOld(program))
        {
            old = ReadRow(program, key);
            if (old is null || Before(program, TriggerEvents.Delete, old, null, arguments) is null)
            {
                return false;
            }
            ActOnDelete(program, old, arguments);
        }
        DeleteRow(program, key, old, arguments);
        return true;
    }

    private void DeleteRow(TableProgram program, long key, Datum[]? old, StatementArguments arguments)
    {
        var slots = new Datum[program.KeySlot + 1];
        slots[program.KeySlot] = Datum.Of(key);
        try
        {
            Execute(program, program.Delete, slots, arguments);
        }
        catch (SqliteException failure) when (failure.Failure.SqlState == "23503")
        {
            throw ReadRow(program, key) is { } row ? Referencing(program.Table, row, failure, KnownTo(arguments)) : failure;
        }
        if (old is not null)
        {
            DemandNoChildren(program, old);
            After(program, TriggerEvents.Delete, old, null, arguments);
        }
    }

    private void DemandNotNull(TableProgram program, Datum[] row, bool inserting, StatementArguments arguments)
    {
        Table table = program.Table;
        for (int i = 0; i < table.Columns.Length; i++)
        {
            Column column = table.Columns[i];
            bool given = !row[i].IsNull || !column.NotNull || column.Generated is not null;
            if (!given && !(inserting && i == program.RowIdColumn && column.Identity != IdentityKind.None))
            {
                throw KnownTo(arguments).NotNull(table, column.Name).ToException();
            }
        }
    }
}
