using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

/// <summary>
/// A bound SQL statement made ready for one principal: guarded, its queries compiled. Made once per (statement, principal)
/// and kept with the statement.
/// </summary>
internal sealed class StatementProgram
{
    private static readonly ConditionalWeakTable<Statement, ConcurrentDictionary<Principal, StatementProgram>> Known = [];

    private StatementProgram(Statement statement, Catalog catalog, Principal principal)
    {
        Statement = statement;
        Output = TypeChecker.OutputOf(statement);
        var binder = new PolicyBinder(catalog, principal);
        switch (statement)
        {
            case SelectStatement select:
                Query = SqliteSource.CompileSelect(GuardedSelect.Bind(select.Select, binder).Select);
                break;
            case InsertStatement insert:
                PrepareInsert(insert, catalog, binder);
                break;
            case UpdateStatement update:
                RefuseWith(update.With);
                Table = Find(catalog, update.Table, WriteKind.Update);
                Set = Ordinals([.. update.Set.Select(a => a.Column)], WriteKind.Update);
                PrepareTargets(
                    WriteKind.Update,
                    update.Alias,
                    update.From,
                    update.Where,
                    [.. update.Set.Where(a => a.Value is not DefaultExpr).Select(a => a.Value)],
                    update.Returning,
                    binder,
                    [.. update.Set.Select(a => a.Column)]
                );
                break;
            case DeleteStatement delete:
                RefuseWith(delete.With);
                Table = Find(catalog, delete.Table, WriteKind.Delete);
                PrepareTargets(WriteKind.Delete, delete.Alias, delete.Using, delete.Where, [], delete.Returning, binder, []);
                break;
        }
    }

    private UpdatableView? view;

    public Statement Statement { get; }

    /// <summary>on conflict …, in the names of the table below where the statement names a view.</summary>
    public OnConflict? Conflict { get; private set; }
    public ImmutableArray<RowField> Output { get; }
    public Table? Table { get; private set; }
    public GuardedWrite? Write { get; private set; }

    /// <summary>The rows of a select, or the source rows of an insert … select.</summary>
    public SqliteCompiled? Query { get; private set; }

    /// <summary>Row keys and new values of an update or delete.</summary>
    public SqliteCompiled? Targets { get; private set; }
    public LogicalType[] TargetTypes { get; private set; } = [];

    /// <summary>Ordinals of the columns given (insert) or set (update).</summary>
    public int[] Set { get; private set; } = [];

    /// <summary>What returning answers, by row keys.</summary>
    public SqliteCompiled? Returning { get; private set; }

    public static StatementProgram Of(Statement bound, Catalog catalog, Principal principal) =>
        Known
            .GetValue(bound, static _ => new())
            .GetOrAdd(principal, static (p, key) => new StatementProgram(key.bound, key.catalog, p), (bound, catalog));

    /// <summary>The table written: the one named, or the one below the view named.</summary>
    private Table Find(Catalog catalog, QualifiedName name, WriteKind kind)
    {
        Table table = catalog.Find(name) ?? throw new InvalidOperationException($"{name} left the catalog");
        if (table.Kind == RelationKind.Table)
        {
            return table;
        }
        view = UpdatableView.Of(catalog, table, kind).Value;
        return view.Base;
    }

    /// <summary>Where the columns named stand in the table; through a view none may be one that the table computes.</summary>
    private int[] Ordinals(ImmutableArray<string> columns, WriteKind kind)
    {
        if (view is null)
        {
            return [.. columns.Select(Table!.OrdinalOf)];
        }
        ImmutableArray<string> below = view.BaseColumns(columns, kind).Value;
        if (below.Select(c => Table!.Find(c)!).FirstOrDefault(c => c.Generated is not null || c.Identity == IdentityKind.Always) is { } computed)
        {
            bool identity = computed.Generated is null;
            throw (kind == WriteKind.Update ? PlanErrors.UpdateGenerated(computed.Name, identity) : PlanErrors.InsertGenerated(computed.Name, identity)).ToException();
        }
        return [.. below.Select(Table!.OrdinalOf)];
    }

    private static void RefuseWith(ImmutableArray<CommonTable> with)
    {
        if (with.Length > 0)
        {
            throw Refusals.NotSupported("WITH before an update or delete on this source", "Use a subquery.").ToException();
        }
    }

    private void PrepareInsert(InsertStatement insert, Catalog catalog, PolicyBinder binder)
    {
        Table = Find(catalog, insert.Table, WriteKind.Insert);
        Set = Ordinals(insert.Columns, WriteKind.Insert);
        OnConflict? conflict = insert.Conflict;
        Conflict = view is null || conflict is null ? conflict : Below(conflict, view, insert.Alias);
        WriteKind kind = conflict is null ? WriteKind.Insert : conflict.DoNothing ? WriteKind.InsertOrIgnore : WriteKind.InsertOrUpdate;
        var demand = new WriteDemand(kind, Table, insert.Alias)
        {
            View = view,
            ViewWritten = insert.Columns,
            ViewUpdated = conflict is null ? [] : [.. conflict.Set.Select(a => a.Column)],
            Written = [.. Set.Select(i => Table.Columns[i].Name)],
            Updated = Conflict is null ? [] : [.. Conflict.Set.Select(a => a.Column)],
            Read = [.. conflict?.Columns ?? [], .. ReadOf(insert.Returning.Select(i => i.Value), insert.Alias)],
            Returning = insert.Returning.Length > 0,
            ReturningItems = insert.Returning,
        };
        Bind(demand, binder);
        if (insert.Source is { } source && source.Body is not ValuesBody)
        {
            Select query = insert.With.IsEmpty ? source : source with { With = [.. insert.With, .. source.With] };
            Query = SqliteSource.CompileSelect(GuardedSelect.Bind(query, binder).Select);
        }
    }

    private static OnConflict Below(OnConflict conflict, UpdatableView view, string range)
    {
        var names = new BaseNames(view, range);
        ImmutableArray<string> set = view.BaseColumns(conflict.Set.Select(a => a.Column), WriteKind.Update).Value;
        return conflict with
        {
            Columns = [.. conflict.Columns.Select(names.Of)],
            Set = [.. conflict.Set.Zip(set, (a, column) => new ColumnAssignment(column, names.Visit(a.Value)) { At = a.At })],
            Where = conflict.Where is null ? null : names.Visit(conflict.Where),
        };
    }

    /// <summary>Columns of the row in the way and of the proposed one, by the names of the table below the view.</summary>
    private sealed class BaseNames(UpdatableView view, string range) : ExprRewriter
    {
        public string Of(string column) =>
            view.Columns.TryGetValue(column, out string? name)
                ? name
                : throw Refusals.NotSupported($"the computed column {column} in ON CONFLICT", "Write to the table below the view.").ToException();

        public override Expr Visit(Expr expr) =>
            expr is ColumnExpr column && (column.Range == range || column.Range == TypeChecker.ExcludedRange)
                ? column with { Column = Of(column.Column) }
                : base.Visit(expr);
    }

    private void PrepareTargets(
        WriteKind kind,
        string range,
        FromItem? from,
        Expr? where,
        ImmutableArray<Expr> values,
        ImmutableArray<SelectItem> returning,
        PolicyBinder binder,
        ImmutableArray<string> written
    )
    {
        RefuseOthers(returning, from);
        Select targets = WriteDemand.TargetsOf((view?.View ?? Table!).Name, range, where);
        var core = (SelectCore)targets.Body;
        var items = core.Items.AddRange(values.Select(v => new SelectItem(v, null)));
        FromItem all = from is null ? core.From! : new JoinFrom(JoinKind.Cross, core.From!, from, null, []);
        targets = targets with
        {
            Body = core with { Items = items, From = all },
            Output = [.. items.Select(i => new RowField("", i.Value.Type))],
        };
        IEnumerable<Expr> mentioned = values.Concat(returning.Select(i => i.Value));
        var demand = new WriteDemand(kind, Table!, range)
        {
            View = view,
            ViewWritten = written,
            Written = [.. Set.Select(i => Table!.Columns[i].Name)],
            Read = [.. ReadOf(where is null ? mentioned : mentioned.Append(where), range)],
            Targets = targets,
            Returning = returning.Length > 0,
            ReturningItems = returning,
        };
        Bind(demand, binder);
        Targets = SqliteSource.CompileSelect(Write!.Parts.Targets!);
        TargetTypes = [.. items.Select(i => i.Value.Type)];
    }

    // What is answered is read by the keys of the rows written, where the other tables of the statement are gone.
    private static void RefuseOthers(ImmutableArray<SelectItem> returning, FromItem? from)
    {
        if (from is not null && returning.SelectMany(i => ExprFacts.Of(i.Value).Columns.Keys).Intersect(Ranges(from)).Any())
        {
            throw Refusals.NotSupported("RETURNING columns of another table than the one written", "Return the key, and read the other table by it.").ToException();
        }
    }

    private static IEnumerable<string> Ranges(FromItem from) =>
        from switch
        {
            JoinFrom join => Ranges(join.Left).Concat(Ranges(join.Right)),
            TableFrom table => [table.Alias],
            SelectFrom derived => [derived.Alias],
            FunctionFrom function => [function.Alias],
            _ => [],
        };

    private void Bind(WriteDemand demand, PolicyBinder binder)
    {
        Write = GuardedWrite.Bind(demand, binder).Value;
        if (Write.Returning.Length > 0)
        {
            Returning = CompileReturning(Write);
        }
    }

    private static IEnumerable<string> ReadOf(IEnumerable<Expr> expressions, string range) =>
        expressions.SelectMany(e => ExprFacts.Of(e).Columns.TryGetValue(range, out var read) ? read : []).Distinct();

    private static SqliteCompiled CompileReturning(GuardedWrite write)
    {
        Expr isRow = new Core.Sql.KeyEqualExpr(
            new RowKeyExpr(write.Range) { Type = LogicalType.Int8 },
            new Core.Sql.ParentKeyExpr("k", 0, 1)
        );
        FromItem from = new JoinFrom(JoinKind.Cross, new Core.Sql.ParentKeysFrom("k", [LogicalType.Int8]), write.Returned, null, []);
        return SqliteSource.CompileSelect(
            new Select(new SelectCore(write.Returning) { From = from, Where = isRow })
            {
                Output = [.. write.Returning.Select(i => new RowField(i.Alias ?? "", i.Value.Type))],
            }
        );
    }
}
