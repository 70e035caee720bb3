using System.Runtime.CompilerServices;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

// What all writes share: evaluating expressions over a row, finding target rows, running one row statement, explaining
// its failure.
internal sealed partial class SqliteWriteSession
{
    private static readonly ConditionalWeakTable<Expr, SqliteCompiled> Expressions = [];
    private static readonly ConditionalWeakTable<GuardedWrite, SqliteCompiled> TargetQueries = [];

    private static StatementArguments WithSlots(StatementArguments arguments, Datum[] slots) =>
        new() { Slots = slots, Context = arguments.Context, Variables = arguments.Variables };

    // ---- expressions ----

    /// <summary>The value of an expression whose parameters are the row's columns.</summary>
    private Datum Evaluate(Expr expr, Datum[] row, StatementArguments arguments)
    {
        if (expr is ConstantExpr constant)
        {
            return constant.Value;
        }
        SqliteCompiled statement = Expressions.GetValue(expr, static e => CompileExpression(e));
        using RowReader reader = Run(statement, WithSlots(arguments, row));
        return reader.Read() ? SqliteValues.Read(reader, 0, expr.Type) : Datum.Null;
    }

    private static SqliteCompiled CompileExpression(Expr expr) =>
        SqliteSource.CompileSelect(
            new Select(new SelectCore([new SelectItem(expr, null)])) { Output = [new RowField("", expr.Type)] }
        );

    private void CheckNewRow(GuardedWrite write, Expr? check, Datum[] row, StatementArguments arguments)
    {
        if (check is null)
        {
            return;
        }
        Datum passes = Evaluate(check, row, arguments);
        // Null fails a check of a policy, unlike a check constraint (rule 7).
        if (passes.IsNull || !passes.Boolean)
        {
            throw SqliteConstraints.RowPolicy(write.Table).ToException();
        }
    }

    /// <summary>The table's check constraints of a row that is not written.</summary>
    private void DemandChecks(TableProgram program, Datum[] row, StatementArguments arguments)
    {
        foreach ((string name, Expr condition) in program.Checks)
        {
            if (Evaluate(condition, row, arguments) is { IsNull: false, Boolean: false })
            {
                throw KnownTo(arguments).Check(program.Table, name).ToException();
            }
        }
    }

    private void CheckViews(GuardedWrite write, Datum[] row, StatementArguments arguments)
    {
        foreach (ViewCheck check in write.Parts.ViewChecks)
        {
            Datum passes = Evaluate(check.Condition, row, arguments);
            if (passes.IsNull || !passes.Boolean)
            {
                throw SqliteConstraints.CheckOption(check.View).ToException();
            }
        }
    }

    // ---- targets ----

    private List<long> TargetKeys(GuardedWrite write, StatementArguments arguments)
    {
        var keys = new List<long>();
        using RowReader reader = Run(TargetsOf(write), arguments);
        while (reader.Read())
        {
            keys.Add(reader.GetInt64(0));
        }
        return keys;
    }

    private static SqliteCompiled TargetsOf(GuardedWrite write) => TargetQueries.GetValue(write, static w => SqliteSource.CompileSelect(w.Parts.Targets!));

    private static SqliteCompiled CompileTargets(GuardedWrite write, Expr? condition) =>
        SqliteSource.CompileSelect(
            new Select(
                new SelectCore([new SelectItem(new RowKeyExpr(write.Range) { Type = LogicalType.Int8 }, null)])
                {
                    From = write.RowsByKey,
                    Where = condition,
                }
            )
            {
                Output = [new RowField("", LogicalType.Int8)],
            }
        );

    /// <summary>Does the existing row with this key satisfy a condition over the write's range?</summary>
    private bool Holds(GuardedWrite write, Expr condition, long key, StatementArguments arguments)
    {
        // The key's parameter stands behind those of the request.
        int slot = arguments.Slots.Length;
        Expr isRow = new KeyEqualExpr(
            new RowKeyExpr(write.Range) { Type = LogicalType.Int8 },
            new ParameterExpr(slot) { Type = LogicalType.Int8 }
        );
        SqliteCompiled query = CompileTargets(write, Conjunction.All([isRow, condition]));
        Datum[] slots = [.. arguments.Slots, Datum.Of(key)];
        using RowReader reader = Run(query, WithSlots(arguments, slots));
        return reader.Read();
    }

    /// <summary>All columns of the row with this key, with a free slot behind them for the key; null when a trigger or an action took it.</summary>
    private Datum[]? ReadRow(TableProgram program, long key)
    {
        SqliteStatement statement = context.Prepare(program.Row.Sql);
        using RowReader reader = statement;
        statement.Bind(1, key);
        if (!reader.Read())
        {
            return null;
        }
        var row = new Datum[program.KeySlot + 1];
        for (int i = 0; i < program.KeySlot; i++)
        {
            row[i] = SqliteValues.Read(reader, i, program.Table.Columns[i].Type);
        }
        return row;
    }

    // ---- one row ----

    private void Execute(TableProgram program, SqliteCompiled statement, Datum[] row, StatementArguments arguments)
    {
        Statements++;
        using SqliteStatement prepared = context.Prepare(statement.Sql);
        SqliteBinding.Bind(prepared, statement.Parameters, WithSlots(arguments, row));
        try
        {
            prepared.Execute();
        }
        catch (SqliteException failure) when (failure.Failure.SqlState == "23503" && !ReferenceEquals(statement, program.Delete))
        {
            throw Referencing(program, row, failure, KnownTo(arguments));
        }
        catch (SqliteException failure) when (failure.Failure.SqlState is "23505" or "23502" or "23514")
        {
            throw SqliteConstraints.Explain(failure, program.Table, row, KnownTo(arguments));
        }
    }

    /// <summary>The foreign key of this row that has no target, for the error.</summary>
    private TenonException Referencing(TableProgram program, Datum[] row, SqliteException failure, ErrorKnowledge caller) =>
        MissingParent(program, row) is { } key
            ? new TenonException(SqliteConstraints.ForeignKey(program.Table, key, row, caller), failure)
            : new TenonException(failure.Failure.ToError(), failure);

    private ForeignKey? MissingParent(TableProgram program, Datum[] row)
    {
        foreach (ForeignKey key in program.Table.ForeignKeys)
        {
            if (key.Columns.Any(c => row[program.Table.OrdinalOf(c)].IsNull) || catalog.Find(key.Target) is not { } target)
            {
                continue;
            }
            var wanted = new Datum[target.Columns.Length + 1];
            for (int i = 0; i < key.Columns.Length; i++)
            {
                wanted[target.OrdinalOf(key.TargetColumns[i])] = row[program.Table.OrdinalOf(key.Columns[i])];
            }
            SqliteCompiled lookup = TableProgram.Of(catalog, target).Lookup([.. key.TargetColumns.Select(target.OrdinalOf)]);
            using RowReader reader = Run(lookup, new StatementArguments { Slots = wanted, Context = NoContext });
            if (!reader.Read())
            {
                return key;
            }
        }
        return null;
    }

    /// <summary>The foreign key of another table that still refers to this row, for the error.</summary>
    private TenonException Referencing(Table target, Datum[] row, SqliteException failure, ErrorKnowledge caller)
    {
        foreach (Table child in catalog.Tables.Values)
        {
            foreach (ForeignKey key in child.ForeignKeys.Where(k => k.Target == target.Name))
            {
                var wanted = new Datum[child.Columns.Length + 1];
                for (int i = 0; i < key.Columns.Length; i++)
                {
                    wanted[child.OrdinalOf(key.Columns[i])] = row[target.OrdinalOf(key.TargetColumns[i])];
                }
                SqliteCompiled lookup = TableProgram.Of(catalog, child).Lookup([.. key.Columns.Select(child.OrdinalOf)]);
                using RowReader reader = Run(lookup, new StatementArguments { Slots = wanted, Context = NoContext });
                if (reader.Read())
                {
                    return new TenonException(SqliteConstraints.StillReferenced(target, child, key, row, caller), failure);
                }
            }
        }
        return new TenonException(failure.Failure.ToError(), failure);
    }

    private ErrorKnowledge KnownTo(StatementArguments arguments) => new(catalog, Principal.Of(arguments.Context.Caller));

    private static readonly RequestContext NoContext = new() { Now = 0, CurrentUser = RoleName.Public };

    /// <summary>The next number of an identity column whose numbers are not SQLite's own.</summary>
    private long NextIdentity(Table table, Column column)
    {
        using SqliteStatement statement = context.Prepare(SqliteIdentity.Next);
        statement.BindText(1, SqliteDialect.PhysicalName(table.Name));
        statement.BindText(2, column.Name);
        statement.Bind(3, column.IdentityStart);
        statement.Bind(4, column.IdentityIncrement);
        return statement.Read()
            ? statement.GetInt64(0)
            : throw new InvalidOperationException($"no sequence for {table.Name}.{column.Name}");
    }

    /// <summary>The next number of an identity column outside an insert, where SQLite does not count by itself.</summary>
    private long NextNumber(Table table, Column column)
    {
        if (!SqliteIdentity.IsNative(table, column))
        {
            return NextIdentity(table, column);
        }
        long next = (SqliteIdentity.Last(context.Connection, table, column) ?? column.IdentityStart - 1) + 1;
        SqliteIdentity.Set(context.Connection, table, column, next);
        return next;
    }
}

/// <summary>Columns of a row template → parameters by ordinal.</summary>
internal sealed class RowParameters(Table table) : ExprRewriter
{
    public static Expr Put(Expr template, Table table) => new RowParameters(table).Visit(template);

    public override Expr Visit(Expr expr) =>
        expr is ColumnExpr { Range: Templates.Row } column
            ? new ParameterExpr(table.OrdinalOf(column.Column)) { Type = column.Type }
            : base.Visit(expr);
}
