using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql.Writing;

/// <summary>The texts of <see cref="TableProgram"/>. Rows to come stand in from as "new", their cells c0, c1 … by ordinal.</summary>
internal sealed class TableWriter : MySqlDialect
{
    private const string New = "tenon: new";
    private const string Keys = "k";
    private const string Stored = "tenon: stored";
    private const string Proposed = "tenon: proposed";
    private static readonly ImmutableArray<RowField> OneCount = [new RowField("count", LogicalType.Int8)];

    private readonly GuardedWrite write;
    private readonly TableProgram program;
    private readonly MySqlFacts facts;
    private readonly Table table;

    public TableWriter(GuardedWrite write, MySqlFacts facts, TableProgram program)
        : base(facts)
    {
        this.write = write;
        this.program = program;
        this.facts = facts;
        table = write.Table;
        Learn(write.Range, table.Name);
    }

    private ColumnExpr Own(int ordinal) => new(write.Range, table.Columns[ordinal].Name) { Type = table.Columns[ordinal].Type };

    private ColumnExpr Cell(int ordinal) =>
        new(New, Name(ordinal)) { Type = ordinal < program.Width ? table.Columns[ordinal].Type : program.KeyTypes[ordinal - program.Width] };

    private static string Name(int ordinal) => string.Create(CultureInfo.InvariantCulture, $"c{ordinal}");

    private ImmutableArray<RowField> KeyFields => [.. program.KeyColumns.Select(o => new RowField(table.Columns[o].Name, table.Columns[o].Type))];

    // ---- targets ----

    public MySqlCompiled Targets()
    {
        Select asked = write.Parts.Targets!;
        var core = (SelectCore)asked.Body;
        var byKey = asked with
        {
            Body = core with { Items = [.. program.KeyColumns.Select(o => new SelectItem(Own(o), null))] },
            Output = KeyFields,
        };
        WriteQuery(byKey);
        Syntax(" for update");
        return Finished(KeyFields);
    }

    public MySqlCompiled Existing(IReadOnlyList<int> arbiter, int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            Syntax(row > 0 ? " union all (select " : "(select ").Number(row);
            foreach (int key in program.KeyColumns)
            {
                Syntax(", ");
                Write(new OutwardExpr(Own(key)) { Type = table.Columns[key].Type });
            }
            Syntax(" from ");
            WriteFrom(write.RowsByKey);
            for (int i = 0; i < arbiter.Count; i++)
            {
                // The column's own comparison: it is the unique key's.
                Syntax(i == 0 ? " where " : " and ");
                Write(Own(arbiter[i]));
                Syntax(" = ");
                Write(new RowCellExpr(row, arbiter[i]) { Type = table.Columns[arbiter[i]].Type });
            }
            Syntax(" for update)");
        }
        return Finished([new RowField("row", LogicalType.Int8), .. KeyFields]);
    }

    // ---- rows to come ----

    public MySqlCompiled Defaults(ImmutableArray<int> ordinals, int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            Syntax(row > 0 ? " union all select " : "select ");
            for (int i = 0; i < ordinals.Length; i++)
            {
                Syntax(i > 0 ? ", " : "");
                Column column = table.Columns[ordinals[i]];
                Write(new OutwardExpr(column.Default!) { Type = column.Type });
            }
        }
        return Finished([.. ordinals.Select(o => new RowField(table.Columns[o].Name, table.Columns[o].Type))]);
    }

    private void WriteRows(int rows, bool keys)
    {
        int width = program.Width + (keys ? program.KeyColumns.Length : 0);
        for (int row = 0; row < rows; row++)
        {
            Syntax(row == 0 ? "(select " : " union all select ");
            for (int i = 0; i < width; i++)
            {
                Syntax(i > 0 ? ", " : "");
                Write(new RowCellExpr(row, i) { Type = Cell(i).Type });
                Syntax(row == 0 ? " as " : "");
                if (row == 0)
                {
                    Identifier(Name(i));
                }
            }
        }
        Syntax(") as ").Identifier(New);
    }

    public MySqlCompiled CheckRows(Expr check, int rows)
    {
        Syntax("select count(*) from ");
        WriteRows(rows, keys: false);
        WriteFailing(PolicyBinder.PutNewRow(check, Cell));
        return Finished(OneCount);
    }

    /// <summary>
    /// The conditions name columns as the table does, and are asked of the values as those columns would store them: rounded, in
    /// their collation, a label with its number. A recursive query stores its rows in what its first part is, here the columns of
    /// the table in a row of nulls. Null passes a check constraint.
    /// </summary>
    public MySqlCompiled CheckConstraints(ImmutableArray<string> conditions, int rows)
    {
        int[] named = [.. Enumerable.Range(0, program.Width).Where(o => conditions.Any(c => TableFacts.IsNamedIn(c, table.Columns[o].Name)))];
        Syntax("with recursive ").Identifier(Stored).Syntax(" as (select 0 as ").Identifier(Proposed);
        WriteNamed("t");
        // A limit of 0 opens no table; a condition that is never true reads all of it.
        Syntax(" from (select 1) as ").Identifier("one").Syntax(" left join (select 1 as ").Identifier(Proposed);
        WriteNamed(null);
        Syntax(" from ");
        WriteTable();
        Syntax(" limit 0) as ").Identifier("t").Syntax(" on true union all select 1");
        foreach (int ordinal in named)
        {
            Syntax(", ");
            Write(Cell(ordinal));
        }
        Syntax(" from ");
        WriteRows(rows, keys: false);
        Syntax(" join ").Identifier(Stored).Syntax(" as ").Identifier("s").Syntax(" on ").Identifier("s").Syntax(".").Identifier(Proposed).Syntax(" = 0)");
        Syntax(" select count(*) from ").Identifier(Stored).Syntax(" as ").Identifier(table.Name.Name).Syntax(" where ").Identifier(Proposed).Syntax(" = 1 and (");
        for (int i = 0; i < conditions.Length; i++)
        {
            Syntax(i > 0 ? " or not (" : "not (").Syntax(conditions[i]).Syntax(")");
        }
        Syntax(")");
        return Finished(OneCount);

        void WriteNamed(string? range)
        {
            foreach (int ordinal in named)
            {
                Syntax(", ");
                if (range is not null)
                {
                    Identifier(range).Syntax(".");
                }
                Identifier(table.Columns[ordinal].Name);
            }
        }
    }

    public MySqlCompiled CheckMerged(Expr check, int rows)
    {
        Syntax("select count(*) from ");
        WriteMergeJoin(rows);
        WriteFailing(PolicyBinder.PutNewRow(check, o => program.Set.Contains(o) ? Cell(o) : Own(o)));
        return Finished(OneCount);
    }

    private void WriteMergeJoin(int rows)
    {
        WriteRows(rows, keys: true);
        Syntax(" join ");
        WriteFrom(write.RowsByKey);
        for (int i = 0; i < program.KeyColumns.Length; i++)
        {
            Syntax(i == 0 ? " on " : " and ");
            Write(Own(program.KeyColumns[i]));
            Syntax(" = ");
            Write(Cell(program.Width + i));
            if (facts.Find(table.Name, table.Columns[program.KeyColumns[i]].Name) is { IsUtf8: true, Collation: { } collation })
            {
                Syntax(" collate ").Syntax(collation);
            }
        }
    }

    /// <summary>Null fails a check of a policy.</summary>
    private void WriteFailing(Expr condition) => WriteCounted(condition, failing: true);

    private void WriteCounted(Expr condition, bool failing)
    {
        Learn(condition);
        Syntax(" where case when ");
        Write(condition);
        Syntax(failing ? " then 0 else 1 end = 1" : " then 1 else 0 end = 1");
    }

    // ---- rows by key ----

    private void WriteByKey()
    {
        WriteFrom(new ParentKeysFrom(Keys, [.. program.KeyTypes]));
        Syntax(" join ");
        WriteFrom(write.RowsByKey);
        for (int i = 0; i < program.KeyColumns.Length; i++)
        {
            Syntax(i == 0 ? " on " : " and ");
            Write(new KeyEqualExpr(Own(program.KeyColumns[i]), new ParentKeyExpr(Keys, i, program.KeyColumns.Length)) { Type = LogicalType.Boolean });
        }
    }

    public MySqlCompiled CheckByKey(Expr check, ImmutableArray<int> set)
    {
        Syntax("select count(*) from ");
        WriteByKey();
        WriteFailing(PolicyBinder.PutNewRow(check, o => set.Contains(o) ? new RowCellExpr(0, o) { Type = table.Columns[o].Type } : Own(o)));
        return Finished(OneCount);
    }

    public MySqlCompiled PassingByKey(Expr check)
    {
        Syntax("select count(*) from ");
        WriteByKey();
        WriteCounted(PolicyBinder.PutNewRow(check, Own), failing: false);
        return Finished(OneCount);
    }

    public MySqlCompiled CheckExisting(Expr condition)
    {
        Syntax("select count(*) from ");
        WriteByKey();
        WriteFailing(condition);
        return Finished(OneCount);
    }

    public MySqlCompiled Update()
    {
        Syntax("update ");
        WriteByKey();
        WriteAssignments(o => new RowCellExpr(0, o) { Type = table.Columns[o].Type });
        return Finished([]);
    }

    public MySqlCompiled Merge(int rows)
    {
        Syntax("update ");
        WriteMergeJoin(rows);
        WriteAssignments(Cell);
        return Finished([]);
    }

    private void WriteAssignments(Func<int, Expr> value)
    {
        for (int i = 0; i < program.Set.Length; i++)
        {
            Syntax(i == 0 ? " set " : ", ").Identifier(write.Range).Syntax(".").Identifier(table.Columns[program.Set[i]].Name).Syntax(" = ");
            Write(value(program.Set[i]));
        }
    }

    public MySqlCompiled Delete()
    {
        Syntax("delete ").Identifier(write.Range).Syntax(" from ");
        WriteByKey();
        return Finished([]);
    }

    // ---- insert ----

    public MySqlCompiled Insert(ImmutableArray<int> ordinals, int rows, bool keys)
    {
        WriteValues(ordinals, rows);
        if (!keys)
        {
            return Finished([]);
        }
        Syntax(" returning ");
        for (int i = 0; i < program.KeyColumns.Length; i++)
        {
            // Without the alias of a range: the statement has none.
            Syntax(i > 0 ? ", " : "");
            Write(new OutwardExpr(new TableColumnExpr(table.Columns[program.KeyColumns[i]].Name) { Type = program.KeyTypes[i] }) { Type = program.KeyTypes[i] });
        }
        return Finished(KeyFields);
    }

    private void WriteValues(ImmutableArray<int> ordinals, int rows)
    {
        Syntax("insert into ");
        WriteTable();
        Syntax(" (");
        for (int i = 0; i < ordinals.Length; i++)
        {
            Syntax(i > 0 ? ", " : "").Identifier(table.Columns[ordinals[i]].Name);
        }
        Syntax(") values ");
        for (int row = 0; row < rows; row++)
        {
            Syntax(row > 0 ? ", (" : "(");
            for (int i = 0; i < ordinals.Length; i++)
            {
                Syntax(i > 0 ? ", " : "");
                Write(new RowCellExpr(row, ordinals[i]) { Type = table.Columns[ordinals[i]].Type });
            }
            Syntax(")");
        }
    }

    private void WriteTable()
    {
        if (facts.Find(table.Name)?.Database is { } database)
        {
            Identifier(database).Syntax(".");
        }
        Identifier(table.Name.Name);
    }

    // ---- in one round trip ----

    public MySqlCompiled InsertStraight(ImmutableArray<int> ordinals, ImmutableArray<SelectItem> answered, int rows)
    {
        WriteValues(ordinals, rows);
        // The statement has no range; the table's own name stands for it.
        Learn(table.Name.Name, table.Name);
        return Answered(" returning ", answered, table.Name.Name);
    }

    public MySqlCompiled UpdateStraight(ImmutableArray<SelectItem> answered)
    {
        Expr where = ((SelectCore)write.Parts.Targets!.Body).Where!;
        Learn(where);
        Syntax("update ");
        WriteFrom(write.RowsByKey);
        WriteAssignments(o => new RowCellExpr(0, o) { Type = table.Columns[o].Type });
        Syntax(" where ");
        Write(where);
        if (answered.IsEmpty)
        {
            return Finished([]);
        }
        return Answered("; select ", answered, write.Range, () =>
        {
            Syntax(" from ");
            WriteFrom(write.RowsByKey);
            Syntax(" where ");
            Write(where);
        });
    }

    private MySqlCompiled Answered(string word, ImmutableArray<SelectItem> answered, string range, Action? behind = null)
    {
        if (answered.IsEmpty)
        {
            return Finished([]);
        }
        Syntax(word);
        var fields = ImmutableArray.CreateBuilder<RowField>();
        foreach (SelectItem item in answered)
        {
            ColumnExpr column = (ColumnExpr)item.Value with { Range = range };
            Syntax(fields.Count > 0 ? ", " : "");
            Write(new OutwardExpr(column) { Type = column.Type });
            fields.Add(new RowField(column.Column, column.Type));
        }
        behind?.Invoke();
        return Finished(fields.ToImmutable());
    }

    /// <summary>A column of the one table an insert names.</summary>
    private sealed record TableColumnExpr(string Name) : Expr;

    protected override void WriteOther(Expr expr)
    {
        if (expr is TableColumnExpr column)
        {
            Identifier(column.Name);
            return;
        }
        base.WriteOther(expr);
    }
}
