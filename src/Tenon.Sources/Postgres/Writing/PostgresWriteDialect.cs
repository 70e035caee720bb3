using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Writing;

/// <summary>
/// INSERT, UPDATE, DELETE and upsert with the policies' conditions inside (ENGINES §4.2-4.3). A row that fails a check calls
/// tenon.deny, which raises 42501 at exactly the place where PostgreSQL's own row security would: row by row, before the
/// row's constraints, and under the statement's own snapshot.
/// </summary>
internal sealed class PostgresWriteDialect : PostgresDialect
{
    private const string New = "new";
    private const string Excluded = "excluded";
    internal const string Written = "written";

    private readonly GuardedWrite write;
    private readonly InsertOptions options;
    private readonly RowsForm form;
    private readonly Table table;

    private PostgresWriteDialect(GuardedWrite write, InsertOptions options, RowsForm form)
    {
        this.write = write;
        this.options = options;
        this.form = form;
        table = write.Table;
    }

    private bool TellsInserted => write.Kind == WriteKind.InsertOrUpdate && table.Kind == RelationKind.Table;

    public static PostgresCompiled Compile(GuardedWrite write, InsertOptions options, RowsForm form, ReadUnit? representation)
    {
        var dialect = new PostgresWriteDialect(write, options, form);
        return representation is null ? dialect.Counted() : dialect.Answered(representation);
    }

    // ---- the whole ----

    /// <summary>The rows a delete is about to remove, as they are answered: for a delete whose children must be read before they go.</summary>
    public static PostgresCompiled CompileTargets(GuardedWrite write, ReadUnit representation)
    {
        var dialect = new PostgresWriteDialect(write, new InsertOptions([]), RowsForm.Parameters);
        var rows = new WrittenRowsPass(dialect.table, write.Range);
        Select answer = PostgresOutward.Of(rows.VisitSelect(representation.Select));
        dialect.Syntax("with ").Identifier(Written).Syntax(" as (select ");
        dialect.WriteReturning(rows.Columns);
        dialect.Syntax(" from ");
        dialect.WriteTarget();
        dialect.WriteTargets();
        dialect.Syntax(") ");
        dialect.Write(answer);
        return Finished(dialect, representation.Select.Output);
    }

    private PostgresCompiled Answered(ReadUnit representation)
    {
        var rows = new WrittenRowsPass(table, write.Range);
        Select answer = PostgresOutward.Of(rows.VisitSelect(representation.Select));
        Syntax("with ").Identifier(Written).Syntax(" as (");
        WriteStatement();
        Syntax(" returning ");
        WriteReturning(rows.Columns);
        Syntax(") ");
        if (TellsInserted)
        {
            var core = (SelectCore)answer.Body;
            var inserted = new ColumnExpr(write.Range, InsertedColumn) { Type = LogicalType.Boolean };
            answer = answer with { Body = core with { Items = core.Items.Add(new SelectItem(inserted, null)) } };
        }
        Write(answer);
        return Finished(this, representation.Select.Output, TellsInserted);
    }

    private const string InsertedColumn = "tenon: inserted";

    private void WriteReturning(IReadOnlyCollection<string> columns)
    {
        int count = 0;
        foreach (string column in columns)
        {
            Syntax(count++ > 0 ? ", " : "").Identifier(write.Range).Syntax(".").Identifier(column);
        }
        if (TellsInserted)
        {
            Syntax(count++ > 0 ? ", " : "");
            WriteInserted();
        }
        Syntax(count == 0 ? "true" : "");
    }

    /// <summary>
    /// True of a row that the statement made, false of one that was there. The system column says it (a version that nobody has
    /// locked or replaced), but only the table's owner and who may read every column may read it: run as the caller, a setting
    /// of the transaction says it, which the update of the row in the way makes.
    /// </summary>
    private void WriteInserted()
    {
        if (write.Enforcement == Enforcement.Native)
        {
            Syntax("case when current_setting('tenon.merged', true) = 'y' then set_config('tenon.merged', '', true) <> '' else true end");
        }
        else
        {
            Syntax("(").Identifier(write.Range).Syntax(".xmax = 0)");
        }
        Syntax(" as ").Identifier(InsertedColumn);
    }

    private PostgresCompiled Counted()
    {
        if (!TellsInserted)
        {
            WriteStatement();
            return new PostgresCompiled(Finish(), [], []) { IsCommand = true };
        }
        Syntax("with ").Identifier(Written).Syntax(" as (");
        WriteStatement();
        Syntax(" returning ");
        WriteInserted();
        Syntax(") select count(*), count(*) filter (where ").Identifier(InsertedColumn).Syntax(") from ").Identifier(Written);
        return Finished(this, [new RowField("count", LogicalType.Int8), new RowField("inserted", LogicalType.Int8)]);
    }

    private void WriteStatement()
    {
        switch (write.Kind)
        {
            case WriteKind.Update:
                WriteUpdate();
                break;
            case WriteKind.Delete:
                Syntax("delete from ");
                WriteTarget();
                WriteTargets();
                break;
            default:
                WriteInsert();
                break;
        }
    }

    private void WriteTarget()
    {
        TableName(table.Name);
        Syntax(" as ").Identifier(write.Range);
    }

    /// <summary>The rows an update or delete touches: filter and USING of the policies.</summary>
    private void WriteTargets()
    {
        if (((SelectCore)write.Parts.Targets!.Body).Where is { } where)
        {
            Syntax(" where ");
            Write(where);
        }
    }

    // ---- insert ----

    private void WriteInsert()
    {
        Syntax("insert into ");
        WriteTarget();
        if (options.Given.Count == 0 && write.Parts.Check is null && form == RowsForm.Parameters)
        {
            Syntax(" default values");
            WriteConflict();
            return;
        }
        WriteNames(options.Given);
        Syntax(" select ");
        for (int i = 0; i < options.Given.Count; i++)
        {
            Syntax(i > 0 ? ", " : "").Identifier(New).Syntax(".").Identifier(NameOf(options.Given[i]));
        }
        Syntax(" from ");
        WriteRows();
        if (write.Parts.Check is { } check)
        {
            Syntax(" where ");
            WriteDemand(PolicyBinder.PutNewRow(check, NewValue), "deny");
        }
        WriteConflict();
    }

    private void WriteNames(IReadOnlyList<int> ordinals)
    {
        for (int i = 0; i < ordinals.Count; i++)
        {
            Syntax(i > 0 ? ", " : " (").Identifier(NameOf(ordinals[i]));
        }
        Syntax(ordinals.Count > 0 ? ")" : "");
    }

    private string NameOf(int ordinal) => table.Columns[ordinal].Name;

    /// <summary>The proposed rows under the alias new, their columns by name.</summary>
    private void WriteRows()
    {
        Syntax("(");
        WriteCells();
        Syntax(") as ").Identifier(New);
    }

    private void WriteCells()
    {
        Syntax("select ");
        for (int i = 0; i < options.Given.Count; i++)
        {
            Syntax(i > 0 ? ", " : "");
            WriteCell(i);
            Syntax(" as ").Identifier(NameOf(options.Given[i]));
        }
        if (form != RowsForm.Parameters)
        {
            WriteRecordset();
        }
    }

    private void WriteCell(int place)
    {
        Column column = table.Columns[options.Given[place]];
        if (form == RowsForm.Parameters)
        {
            Write(new RowValueExpr(options.Given[place]) { Type = column.Type });
            Syntax("::");
            TypeName(column.Type.Unmodified);
            return;
        }
        if (form == RowsForm.JsonWithDefaults)
        {
            Syntax("case when ").Identifier(Cell('d', place)).Syntax(" then ");
            WriteDefault(column);
            Syntax(" else ").Identifier(Cell('c', place)).Syntax(" end");
            return;
        }
        Identifier(Cell('c', place));
    }

    private static string Cell(char kind, int place) => string.Create(CultureInfo.InvariantCulture, $"{kind}{place}");

    private void WriteDefault(Column column)
    {
        if (column.Identity != IdentityKind.None)
        {
            Syntax("nextval(pg_get_serial_sequence(");
            Literal($"\"{table.Name.Schema}\".\"{table.Name.Name}\"");
            Syntax(", ").Literal(column.Name).Syntax("))");
            return;
        }
        Write(column.Default ?? new ConstantExpr(Datum.Null) { Type = column.Type });
    }

    private void WriteRecordset()
    {
        // Rows of nothing but defaults have no cells, only a number.
        Syntax(options.Given.Count == 0 ? " from json_array_elements(" : " from json_to_recordset(");
        Parameter(new RowsJsonExpr(), LogicalType.Json);
        Syntax("::json) as ").Identifier("json");
        if (options.Given.Count == 0)
        {
            return;
        }
        Syntax("(");
        for (int i = 0; i < options.Given.Count; i++)
        {
            Syntax(i > 0 ? ", " : "").Identifier(Cell('c', i)).Syntax(" ");
            TypeName(table.Columns[options.Given[i]].Type.Unmodified);
            if (form == RowsForm.JsonWithDefaults)
            {
                Syntax(", ").Identifier(Cell('d', i)).Syntax(" boolean");
            }
        }
        Syntax(")");
    }

    /// <summary>A column of the row to be inserted, as far as it can be known before the insert.</summary>
    private Expr NewValue(int ordinal)
    {
        Column column = table.Columns[ordinal];
        if (options.Given.Contains(ordinal))
        {
            return new ColumnExpr(New, column.Name) { Type = column.Type };
        }
        if (column.Generated is not null || column.Identity != IdentityKind.None || column.Default is NativeExpr { Sql: var sql } && !IsStable(sql))
        {
            throw Refusals.NotSupported($"a check of the default of {column.Name}").ToException();
        }
        return column.Default is null ? new ConstantExpr(Datum.Null) { Type = column.Type } : column.Default with { Type = column.Type };
    }

    // The check reads the default once and the insert a second time: both must see the same.
    private static bool IsStable(string sql) =>
        !sql.Contains('(', StringComparison.Ordinal) || sql is "now()" or "auth.uid()" or "auth.role()" or "auth.jwt()" or "auth.email()";

    // ---- conflicts ----

    private void WriteConflict()
    {
        if (options.Arbiters is not [var arbiter, ..] || write.Kind == WriteKind.Insert)
        {
            return;
        }
        Syntax(" on conflict");
        WriteNames(arbiter);
        if (write.Kind == WriteKind.InsertOrIgnore || options.Set.Count == 0)
        {
            Syntax(" do nothing");
            return;
        }
        Syntax(" do update set ");
        for (int i = 0; i < options.Set.Count; i++)
        {
            Syntax(i > 0 ? ", " : "").Identifier(NameOf(options.Set[i])).Syntax(" = ").Identifier(Excluded).Syntax(".");
            Identifier(NameOf(options.Set[i]));
        }
        if (write.Enforcement == Enforcement.Native)
        {
            Syntax(TellsInserted ? " where set_config('tenon.merged', 'y', true) = 'y'" : "");
            return;
        }
        if (write.Parts.ConflictTarget is null && write.Parts.ConflictCheck is null)
        {
            return;
        }
        Syntax(" where case when ");
        WriteDemand(write.Parts.ConflictTarget ?? Conjunction.True, "deny_using");
        Syntax(" then ");
        WriteDemand(PolicyBinder.PutNewRow(write.Parts.ConflictCheck ?? Conjunction.True, MergedValue), "deny");
        Syntax(" end");
    }

    private Expr MergedValue(int ordinal)
    {
        DemandNotGenerated(ordinal);
        string range = options.Set.Contains(ordinal) ? Excluded : write.Range;
        return new ColumnExpr(range, NameOf(ordinal)) { Type = table.Columns[ordinal].Type };
    }

    private void DemandNotGenerated(int ordinal)
    {
        if (table.Columns[ordinal].Generated is not null)
        {
            throw Refusals.NotSupported($"a check of the generated column {NameOf(ordinal)}").ToException();
        }
    }

    // ---- update ----

    /// <summary>
    /// Values of which some are defaults stand in a common table, made once: what the check saw is what is stored, whatever
    /// the default calls, and all rows take the same as in PostgREST.
    /// </summary>
    private bool TakesDefaults => form == RowsForm.JsonWithDefaults;

    private void WriteUpdate()
    {
        if (TakesDefaults)
        {
            Syntax("with ").Identifier(New).Syntax(" as materialized (");
            WriteCells();
            Syntax(") ");
        }
        Syntax("update ");
        WriteTarget();
        Syntax(" set ");
        for (int i = 0; i < options.Given.Count; i++)
        {
            Syntax(i > 0 ? ", " : "").Identifier(NameOf(options.Given[i])).Syntax(" = ");
            // Asked where the row's values are made: only of rows that the where lets through, and before they are stored.
            bool asks = i == 0 && write.Parts.Check is not null;
            if (asks)
            {
                Syntax("case when ");
                WriteDemand(PolicyBinder.PutNewRow(write.Parts.Check!, ChangedValue), "deny");
                Syntax(" then ");
            }
            WriteValue(options.Given[i]);
            Syntax(asks ? " end" : "");
        }
        if (TakesDefaults)
        {
            Syntax(" from ").Identifier(New);
        }
        WriteTargets();
    }

    private void WriteValue(int ordinal)
    {
        if (TakesDefaults)
        {
            Identifier(New).Syntax(".").Identifier(NameOf(ordinal));
            return;
        }
        Column column = table.Columns[ordinal];
        Write(new RowValueExpr(ordinal) { Type = column.Type });
        Syntax("::");
        TypeName(column.Type.Unmodified);
    }

    private Expr ChangedValue(int ordinal)
    {
        DemandNotGenerated(ordinal);
        Column column = table.Columns[ordinal];
        if (TakesDefaults && options.Given.Contains(ordinal))
        {
            return new ColumnExpr(New, column.Name) { Type = column.Type };
        }
        return options.Given.Contains(ordinal)
            ? new ConvertExpr(new RowValueExpr(ordinal) { Type = column.Type }, true) { Type = column.Type.Unmodified }
            : new ColumnExpr(write.Range, column.Name) { Type = column.Type };
    }

    /// <summary>The condition, or else an error that ends the statement. Null fails, unlike in a check constraint (rule 7).</summary>
    private void WriteDemand(Expr condition, string otherwise)
    {
        Syntax("case when ");
        Write(condition);
        Syntax(" then true else tenon.").Syntax(otherwise).Syntax("(").Literal(table.Name.Name).Syntax(") end");
    }
}
