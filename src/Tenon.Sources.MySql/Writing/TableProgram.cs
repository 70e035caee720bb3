using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql.Writing;

/// <summary>
/// The statements of one guarded write (ENGINES §4.3): targets locked and listed by key, checks over rows to come as one
/// query for all of them, rows written by key. Every statement takes any number of rows.
/// </summary>
internal sealed class TableProgram
{
    private readonly GuardedWrite write;
    private readonly MySqlFacts facts;
    private readonly TableFacts table;
    private readonly Lazy<MySqlCompiled> targets;
    private readonly Lazy<MySqlCompiled> delete;

    public TableProgram(GuardedWrite write, InsertOptions options, MySqlFacts facts, TableFacts table)
    {
        this.write = write;
        this.facts = facts;
        this.table = table;
        Set = [.. options.Set];
        KeyColumns = [.. (write.Table.PrimaryKey?.Columns ?? []).Select(write.Table.OrdinalOf)];
        targets = new Lazy<MySqlCompiled>(() => Writer().Targets());
        delete = new Lazy<MySqlCompiled>(() => Writer().Delete());
    }

    /// <summary>Ordinals an update or upsert sets.</summary>
    public ImmutableArray<int> Set { get; }
    public ImmutableArray<int> KeyColumns { get; }
    public Table Table => write.Table;
    public LogicalType[] KeyTypes => [.. KeyColumns.Select(o => Table.Columns[o].Type)];

    /// <summary>Behind the columns of a row: the key of the row it changes.</summary>
    public int Width => Table.Columns.Length;

    public bool IsUpdate => write.Kind == WriteKind.Update;

    /// <summary>A trigger may change a row that is updated.</summary>
    public bool ChangesUpdates => table.ChangesUpdates;

    public MySqlCompiled Targets => targets.Value;
    public MySqlCompiled Delete => delete.Value;

    /// <summary>Compiles once what has to be expressible.</summary>
    public void Prove()
    {
        if (write.Parts.Targets is not null)
        {
            _ = Targets;
        }
        if (write.Kind == WriteKind.Update && write.Parts.Check is { } check)
        {
            _ = CheckByKey(check);
        }
        else if (write.Parts.Check is { } inserted)
        {
            _ = CheckRows(inserted, 1);
        }
        if (write.Parts.ConflictCheck is { } merged)
        {
            _ = CheckMerged(merged, 1);
        }
        if (write.Parts.ConflictTarget is { } existing)
        {
            _ = CheckExisting(existing);
        }
    }

    /// <summary>A new row's check can be known only when the database has written it: it computes, counts or changes columns itself.</summary>
    public bool IsInsertDecidedByDatabase(Expr check) =>
        table.ChangesInserts || ReadsComputed(check) || Reads(check).Any(o => Table.Columns[o].Identity != IdentityKind.None);

    public bool ReadsComputed(Expr check) => Reads(check).Any(o => Table.Columns[o].Generated is not null);

    /// <summary>A column that the row proposed leaves null and that nothing fills.</summary>
    public string? MissingIn(Datum[] row) =>
        table.ChangesInserts ? null
            : Table.Columns.Where((c, o) => c.NotNull && c.Generated is null && c.Identity == IdentityKind.None && row[o].IsNull).FirstOrDefault()?.Name;

    /// <summary>A column that the update sets null and that must not be.</summary>
    public string? NulledBy(Datum[] row) => Set.Where(o => Table.Columns[o].NotNull && row[o].IsNull).Select(o => Table.Columns[o].Name).FirstOrDefault();

    /// <summary>Whether a check of this write waits for the database.</summary>
    public bool IsDecidedByDatabase(Expr check) => IsUpdate ? IsUpdateDecidedByDatabase(check) : IsInsertDecidedByDatabase(check);

    /// <summary>The same of a row that is changed.</summary>
    public bool IsUpdateDecidedByDatabase(Expr check) => table.ChangesUpdates || ReadsComputed(check);

    private static HashSet<int> Reads(Expr check)
    {
        var read = new Slots();
        read.Visit(check);
        return read.Found;
    }

    private sealed class Slots : ExprVisitor
    {
        public HashSet<int> Found { get; } = [];

        public override void Visit(Expr expr)
        {
            if (expr is ParameterExpr parameter)
            {
                Found.Add(parameter.Slot);
            }
            base.Visit(expr);
        }

        public override void VisitFrom(FromItem from)
        {
            if (from is GuardedTable { Filter: { } filter })
            {
                Visit(filter);
            }
            base.VisitFrom(from);
        }
    }

    private TableWriter Writer() => new(write, facts, this);

    /// <summary>Values of the defaults of these columns, one row of them for each row to insert.</summary>
    public MySqlCompiled Defaults(ImmutableArray<int> ordinals, int rows) => Writer().Defaults(ordinals, rows);

    /// <summary>How many proposed rows fail the check.</summary>
    public MySqlCompiled CheckRows(Expr check, int rows) => Writer().CheckRows(check, rows);

    /// <summary>How many proposed rows fail the table's check constraints; null where there is none to ask.</summary>
    public MySqlCompiled? CheckConstraints(int rows) => table.Checks.IsEmpty || table.ChangesInserts ? null : Writer().CheckConstraints(table.Checks, rows);

    /// <summary>How many rows of the keys fail the check as the update would make them.</summary>
    public MySqlCompiled CheckByKey(Expr check) => Writer().CheckByKey(check, Set);

    /// <summary>How many rows of the keys pass the check as they are.</summary>
    public MySqlCompiled PassingByKey(Expr check) => Writer().PassingByKey(check);

    /// <summary>How many rows of the keys fail a condition on existing rows.</summary>
    public MySqlCompiled CheckExisting(Expr condition) => Writer().CheckExisting(condition);

    /// <summary>How many rows an upsert would change fail the check as they would become.</summary>
    public MySqlCompiled CheckMerged(Expr check, int rows) => Writer().CheckMerged(check, rows);

    public MySqlCompiled Insert(ImmutableArray<int> ordinals, int rows, bool keys) => Writer().Insert(ordinals, rows, keys);

    /// <summary>The rows in the way, locked: the place of the proposed row, and their keys.</summary>
    public MySqlCompiled Existing(IReadOnlyList<int> arbiter, int rows) => Writer().Existing(arbiter, rows);

    public MySqlCompiled Update() => Writer().Update();

    /// <summary>An insert that answers these columns of its rows.</summary>
    public MySqlCompiled InsertStraight(ImmutableArray<int> ordinals, ImmutableArray<SelectItem> answered, int rows) =>
        Writer().InsertStraight(ordinals, answered, rows);

    /// <summary>An update by its own condition, and behind it these columns of the row it names.</summary>
    public MySqlCompiled UpdateStraight(ImmutableArray<SelectItem> answered) => Writer().UpdateStraight(answered);

    public MySqlCompiled Merge(int rows) => Writer().Merge(rows);
}
