using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql.Writing;

/// <summary>
/// The statements of one transaction. All rows are checked before the first is written, so a policy's failure wins over a
/// constraint's and a check sees the state before the statement; what only the database knows is checked again afterwards.
/// </summary>
internal sealed partial class MySqlWriteSession(MySqlLease lease, bool single) : WriteSession
{
    /// <summary>Rows of one statement: their texts stay well below the packet the database takes.</summary>
    private const int Chunk = 500;

    private bool upserts;

    /// <summary>A row that was not there when it was looked for is there now.</summary>
    public bool LostRace(MySqlFailure failure) => upserts && failure.Code == ErrorCodes.UniqueViolation;

    public override RowReader Run(CompiledStatement statement, StatementArguments arguments) =>
        MySqlChildren.Run((MySqlCompiled)statement, arguments, StatementPlace.Inside, Send);

    private MySqlReader Send(MySqlCompiled statement, StatementArguments arguments, StatementPlace place, ParentBatch? batch)
    {
        Statements++;
        return lease.Run(statement, arguments, place: place, batch: batch);
    }

    private MySqlReader Run(CompiledStatement statement, StatementArguments arguments, IReadOnlyList<Datum[]>? rows)
    {
        Statements++;
        return lease.Run((MySqlCompiled)statement, arguments, rows);
    }

    public override List<Datum[]> Rows(CompiledStatement statement, StatementArguments arguments) => Read(statement, arguments, null);

    private List<Datum[]> Read(CompiledStatement statement, StatementArguments arguments, IReadOnlyList<Datum[]>? rows)
    {
        using MySqlReader reader = Run(statement, arguments, rows);
        return MySqlValues.ReadAll(reader, statement.Columns);
    }

    private void Do(CompiledStatement statement, StatementArguments arguments, IReadOnlyList<Datum[]>? rows)
    {
        using MySqlReader reader = Run(statement, arguments, rows);
        reader.Read();
    }

    /// <summary>The lease belongs to the source, which commits.</summary>
    public override void Dispose() { }

    public override WrittenRows Write(
        CompiledWrite write,
        IReadOnlyList<Datum[]> rows,
        StatementArguments arguments,
        Action<RowReader>? represent
    )
    {
        var own = (MySqlWrite)write;
        if (own.Straight is { } straight && IsStraight(own, straight, rows, arguments))
        {
            return Write(own, straight, rows, arguments, represent);
        }
        switch (write.Write.Kind)
        {
            case WriteKind.Delete:
                List<Datum[]> gone = Rows(own.Program.Targets, arguments);
                // What is about to go is read before it goes.
                Represent(own, gone, arguments, represent);
                if (gone.Count > 0)
                {
                    Do(own.Program.Delete, WithKeys(own.Program, arguments, gone), null);
                }
                return new WrittenRows(gone.Count, 0);
            case WriteKind.Update:
                List<Datum[]> changed = Update(own, rows[0], arguments);
                Represent(own, changed, arguments, represent);
                return new WrittenRows(changed.Count, 0);
            default:
                (List<Datum[]> written, int inserted) = Insert(own, rows, arguments, represent is not null);
                Represent(own, written, arguments, represent);
                return new WrittenRows(written.Count, inserted);
        }
    }

    // ---- in one round trip ----

    /// <summary>
    /// Values only: a cell that takes a default is for the longer way, and so is an update that is refused if there is a row
    /// to refuse it for.
    /// </summary>
    private static bool IsStraight(MySqlWrite write, StraightWrite straight, IReadOnlyList<Datum[]> rows, StatementArguments arguments)
    {
        bool update = write.Program.IsUpdate;
        IReadOnlyList<int> given = update ? write.Program.Set : write.Options.Given;
        return rows.Count <= Chunk
            && rows.All(r => !given.Any(o => IsDefault(r[o])))
            && !(update && (write.Program.NulledBy(rows[0]) is not null || !Passes(straight, rows[0], arguments)));
    }

    private static bool Passes(StraightWrite straight, Datum[] row, StatementArguments arguments) =>
        straight.Check is not { } check || CheckedHere.Passes(check, row, arguments.Context);

    private WrittenRows Write(MySqlWrite write, StraightWrite straight, IReadOnlyList<Datum[]> rows, StatementArguments arguments, Action<RowReader>? represent)
    {
        if (!write.Program.IsUpdate && rows.Any(r => !Passes(straight, r, arguments)))
        {
            throw RowPolicy(write.Program.Table).ToException();
        }
        // Alone it stands when it has run; a pair is a unit, which may end with it.
        StatementPlace place = !single ? StatementPlace.Inside : straight.IsPair ? StatementPlace.Last : StatementPlace.Alone;
        Statements++;
        using MySqlReader reader = lease.Run(straight.Statement(rows.Count), arguments, rows, place);
        if (!write.Program.IsUpdate)
        {
            represent?.Invoke(reader);
            reader.Read();
            return new WrittenRows(rows.Count, rows.Count);
        }
        // No row was there to update: one that came meanwhile is not answered.
        long found = reader.AffectedBefore;
        if (found > 0)
        {
            represent?.Invoke(reader);
        }
        while (reader.Read()) { }
        return new WrittenRows(straight.IsPair ? found : reader.Affected, 0);
    }

    private void Represent(MySqlWrite write, List<Datum[]> keys, StatementArguments arguments, Action<RowReader>? represent)
    {
        if (represent is null)
        {
            return;
        }
        ReadOnlyMemory<byte> outer = arguments.ParentKeys;
        arguments.ParentKeys = KeysOf(write.Program, keys);
        using RowReader reader = Run(write.Representation!.Statement, arguments);
        arguments.ParentKeys = outer;
        represent(reader);
    }

    // ---- keys ----

    private static StatementArguments WithKeys(TableProgram program, StatementArguments arguments, List<Datum[]> keys) =>
        new() { Slots = arguments.Slots, Context = arguments.Context, Variables = arguments.Variables, ParentKeys = KeysOf(program, keys) };

    private static byte[] KeysOf(TableProgram program, List<Datum[]> keys)
    {
        LogicalType[] types = program.KeyTypes;
        var json = new StringBuilder("[");
        foreach (Datum[] key in keys)
        {
            json.Append(json.Length > 1 ? "," : "").Append(types.Length > 1 ? "[" : "");
            for (int i = 0; i < types.Length; i++)
            {
                json.Append(i > 0 ? "," : "");
                bool counted = types[i].Kind is TypeKind.Date or TypeKind.Timestamp or TypeKind.TimestampTz;
                MySqlBinding.AppendItem(counted ? LogicalType.Int8 : types[i], key[i], json);
            }
            json.Append(types.Length > 1 ? "]" : "");
        }
        return Encoding.UTF8.GetBytes(json.Append(']').ToString());
    }

    // ---- checks ----

    private void Demand(MySqlCompiled failing, Error refusal, StatementArguments arguments, IReadOnlyList<Datum[]>? rows)
    {
        if (Read(failing, arguments, rows)[0][0].Integer > 0)
        {
            throw refusal.ToException();
        }
    }

    private static Error RowPolicy(Table table) =>
        new(ErrorCodes.InsufficientPrivilege, $"new row violates row-level security policy for table \"{table.Name.Name}\"");

    private static Error RowPolicyUsing(Table table) =>
        new(ErrorCodes.InsufficientPrivilege, $"new row violates row-level security policy (USING expression) for table \"{table.Name.Name}\"");

    /// <summary>The rows as the database made them. One whose key it changed is not found again, and so does not pass.</summary>
    private void DemandWritten(TableProgram program, Expr check, List<Datum[]> keys, StatementArguments arguments)
    {
        if (keys.Count > 0 && Read(program.PassingByKey(check), WithKeys(program, arguments, keys), null)[0][0].Integer != keys.Count)
        {
            throw RowPolicy(program.Table).ToException();
        }
    }

    /// <summary>
    /// A row whose check comes after it is written fails its constraints first. Who may not write it as it was proposed is told
    /// that alone: a duplicate key would say what there is.
    /// </summary>
    private void DoDecided(Action write, Action demand)
    {
        try
        {
            write();
        }
        catch (Exception failure) when (failure is MySqlFailure { IsOfConstraint: true } || failure is TenonException refused && refused.Error.Code == ErrorCodes.NotNullViolation)
        {
            demand();
            throw;
        }
    }

    // ---- update ----

    private List<Datum[]> Update(MySqlWrite write, Datum[] values, StatementArguments arguments)
    {
        TableProgram program = write.Program;
        List<Datum[]> keys = Rows(program.Targets, arguments);
        if (keys.Count == 0)
        {
            return keys;
        }
        if (program.Set.Where(o => IsDefault(values[o])).FirstOrDefault(o => program.Table.Columns[o].Identity != IdentityKind.None, -1) is >= 0 and var counted)
        {
            throw Refusals.NotSupported($"the next number of {program.Table.Columns[counted].Name} in an update of an attached source", "Send the number.").ToException();
        }
        Datum[][] row = [Complete(program, [values], arguments, program.Set)[0]];
        Expr? check = write.Write.Parts.Check;
        bool decided = check is not null && program.IsUpdateDecidedByDatabase(check);
        StatementArguments byKey = WithKeys(program, arguments, keys);
        void Demanded() => Demand(program.CheckByKey(check!), RowPolicy(program.Table), byKey, row);
        if (check is not null && !decided)
        {
            Demanded();
        }
        DoDecided(ChangeAll, decided ? Demanded : () => { });
        foreach (Datum[] key in keys)
        {
            for (int i = 0; i < key.Length; i++)
            {
                key[i] = program.Set.Contains(program.KeyColumns[i]) ? row[0][program.KeyColumns[i]] : key[i];
            }
        }
        if (decided)
        {
            DemandWritten(program, check!, keys, arguments);
        }
        return keys;

        void ChangeAll()
        {
            DemandNoNull(program, program.NulledBy(row[0]));
            Do(program.Update(), byKey, row);
        }
    }

    /// <summary>
    /// MariaDB does not always see to it itself: with a trigger on the table an update by a list of keys stores '' or 0 in the
    /// place of a null that the column refuses.
    /// </summary>
    private static void DemandNoNull(TableProgram program, string? nulled)
    {
        if (nulled is not null)
        {
            throw new Error(
                ErrorCodes.NotNullViolation,
                $"null value in column \"{nulled}\" of relation \"{program.Table.Name.Name}\" violates not-null constraint"
            ).ToException();
        }
    }

    private static bool IsDefault(Datum value) => value.Kind == DatumKind.Bytes && ReferenceEquals(value.Bytes, DefaultMark.Bytes);

    /// <summary>The rows with the values their columns take by default: what a policy asks of a row must be known before it is written.</summary>
    private List<Datum[]> Complete(TableProgram program, IReadOnlyList<Datum[]> rows, StatementArguments arguments, IReadOnlyCollection<int> given)
    {
        Table table = program.Table;
        bool Wants(int o, Datum[] row) => (!given.Contains(o) || IsDefault(row[o])) && table.Columns[o].Default is not null;
        var complete = rows.Select(r => { var c = new Datum[program.Width + program.KeyColumns.Length]; r.CopyTo(c, 0); return c; }).ToList();
        ImmutableArray<int> wanted = [.. Enumerable.Range(0, program.Width).Where(o => rows.Any(r => Wants(o, r)))];
        for (int from = 0; from < rows.Count && wanted.Length > 0; from += Chunk)
        {
            int count = Math.Min(Chunk, rows.Count - from);
            List<Datum[]> values = Read(program.Defaults(wanted, count), arguments, null);
            for (int i = 0; i < count; i++)
            {
                for (int j = 0; j < wanted.Length; j++)
                {
                    complete[from + i][wanted[j]] = Wants(wanted[j], rows[from + i]) ? values[i][j] : rows[from + i][wanted[j]];
                }
            }
        }
        foreach (Datum[] row in complete)
        {
            for (int o = 0; o < program.Width; o++)
            {
                row[o] = IsDefault(row[o]) ? Datum.Null : row[o];
            }
        }
        return complete;
    }

    // ---- not here ----

    public override List<Datum[]> Execute(CompiledStatement own, StatementArguments arguments) =>
        throw Refusals.NotSupported("SQL of the server's own on an attached source").ToException();

    public override List<Datum[]> Execute(Statement bound, Principal principal, StatementArguments arguments) =>
        throw Refusals.NotSupported("SQL at the prompt on an attached source").ToException();

    public override List<Datum[]> Call(Routine routine, Datum[] values, Principal principal, StatementArguments arguments) =>
        throw Refusals.NotSupported("a function of an attached source").ToException();
}
