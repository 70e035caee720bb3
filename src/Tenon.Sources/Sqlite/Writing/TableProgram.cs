using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

/// <summary>
/// The statements that write one table's rows, whatever asks for it, made once per catalog. A row is an array of datums by
/// column ordinal; parameter i is column i.
/// </summary>
internal sealed class TableProgram
{
    private static readonly ConditionalWeakTable<Catalog, ConcurrentDictionary<QualifiedName, TableProgram>> Known = [];

    private readonly ConcurrentDictionary<string, SqliteCompiled> updates = new();
    private readonly ConcurrentDictionary<string, SqliteCompiled> lookups = new();

    private TableProgram(Table table, Catalog catalog)
    {
        Table = table;
        Templates templates = Templates.Of(catalog);
        Stored = [.. table.Columns.Select((c, i) => (c, i)).Where(p => p.c.Generated is null).Select(p => p.i)];
        Defaults = [.. table.Columns.Select(c => c.Default is null ? null : templates.Bind(table, c.Default, c.Type))];
        Generated = [.. table.Columns.Select(c => c.Generated is null ? null : templates.Bind(table, c.Generated, c.Type))];
        Checks =
        [
            .. InOrder(table.Checks).Select(c => (c.Name, RowParameters.Put(templates.Bind(table, c.Condition, LogicalType.Boolean), table))),
        ];
        RowIdColumn = table.PrimaryKey is { Columns: [var only] } && table.Find(only)!.Type.IsInteger ? table.OrdinalOf(only) : -1;
        Insert = new Statements(table).Insert(Stored);
        Delete = new Statements(table).Delete();
        Row = new Statements(table).Row();
        CallsInDefaults = [.. Defaults.Select(d => d is not null && ExprFacts.Of(d).HasUserCall)];
        // PostgreSQL fires triggers of one kind in the order of their names.
        Trigger[] ordered = [.. table.Triggers.OrderBy(t => t.Name, StringComparer.Ordinal)];
        OfStatement = [.. ordered.Where(t => !t.ForEachRow)];
        BeforeRow = [.. ordered.Where(t => t.Before && t.ForEachRow)];
        Incoming = IncomingKey.Of(table, catalog);
        RefersToItself = table.ForeignKeys.Any(k => k.Target == table.Name);
        AfterRow = [.. ordered.Where(t => !t.Before && t.ForEachRow)];
    }

    public Table Table { get; }

    /// <summary>Ordinals of the columns that are written (generated ones are not).</summary>
    public int[] Stored { get; }

    /// <summary>Bound defaults by ordinal; null where there is none.</summary>
    public Expr?[] Defaults { get; }
    public Expr?[] Generated { get; }

    /// <summary>The conditions of the check constraints over parameters, in the order they are asked in.</summary>
    public (string Name, Expr Condition)[] Checks { get; }

    /// <summary>Ordinal of the integer primary key, which is the row key itself; -1 when there is none.</summary>
    public int RowIdColumn { get; }
    public SqliteCompiled Insert { get; }
    public SqliteCompiled Delete { get; }

    /// <summary>All columns of the row with this row key, which a guarded write or a referential action chose.</summary>
    public SqliteCompiled Row { get; }

    /// <summary>Defaults that call functions of the app, by ordinal: they run as whoever writes.</summary>
    public bool[] CallsInDefaults { get; }

    /// <summary>Triggers that fire once for a statement, however many rows it has.</summary>
    public Trigger[] OfStatement { get; }
    public Trigger[] BeforeRow { get; }
    public Trigger[] AfterRow { get; }

    /// <summary>Foreign keys of other tables (or its own) that point at this one.</summary>
    public IncomingKey[] Incoming { get; }

    /// <summary>Rows of one statement may refer to each other, in any order.</summary>
    public bool RefersToItself { get; }
    public bool HasTriggers => Table.Triggers.Length > 0;

    public static TableProgram Of(Catalog catalog, Table table) =>
        Known
            .GetValue(catalog, static _ => new())
            .GetOrAdd(table.Name, static (_, key) => new TableProgram(key.table, key.catalog), (table, catalog));

    /// <summary>PostgreSQL asks check constraints in the order of their names.</summary>
    public static IEnumerable<CheckConstraint> InOrder(IEnumerable<CheckConstraint> checks) => checks.OrderBy(c => c.Name, StringComparer.Ordinal);

    /// <summary>update … set these columns where the row key is the last parameter.</summary>
    public SqliteCompiled Update(IReadOnlyList<int> columns) =>
        updates.GetOrAdd(string.Join(',', columns), _ => new Statements(Table).Update(columns));

    /// <summary>The row key of the row that has these values in these columns.</summary>
    public SqliteCompiled Lookup(IReadOnlyList<int> columns) =>
        lookups.GetOrAdd(string.Join(',', columns), _ => new Statements(Table).Lookup(columns));

    /// <summary>Ordinal used by statements for the row key.</summary>
    public int KeySlot => Table.Columns.Length;

    /// <summary>Writes the few row statements; shares the dialect's appends and forms.</summary>
    private sealed class Statements(Table table) : SqliteDialectText
    {
        public SqliteCompiled Insert(int[] stored)
        {
            Syntax("insert into ");
            TableName(table.Name);
            if (stored.Length == 0)
            {
                Syntax(" default values");
                return Compiled();
            }
            for (int i = 0; i < stored.Length; i++)
            {
                Syntax(i > 0 ? ", " : " (").Identifier(table.Columns[stored[i]].Name);
            }
            Syntax(") values (");
            for (int i = 0; i < stored.Length; i++)
            {
                Syntax(i > 0 ? ", " : "");
                Value(stored[i]);
            }
            Syntax(")");
            return Compiled();
        }

        public SqliteCompiled Update(IReadOnlyList<int> columns)
        {
            Syntax("update ");
            TableName(table.Name);
            for (int i = 0; i < columns.Count; i++)
            {
                Syntax(i > 0 ? ", " : " set ").Identifier(table.Columns[columns[i]].Name).Syntax(" = ");
                Value(columns[i]);
            }
            Syntax(" where _rowid_ = ");
            Key();
            return Compiled();
        }

        public SqliteCompiled Delete()
        {
            Syntax("delete from ");
            TableName(table.Name);
            Syntax(" where _rowid_ = ");
            Key();
            return Compiled();
        }

        public SqliteCompiled Row()
        {
            Syntax(table.Columns.Length == 0 ? "select 1" : "select ");
            for (int i = 0; i < table.Columns.Length; i++)
            {
                Syntax(i > 0 ? ", " : "").Identifier(table.Columns[i].Name);
            }
            Syntax(" from ");
            TableName(table.Name);
            Syntax(" where _rowid_ = ");
            Key();
            return Compiled([.. table.Columns.Select(c => c.Type)]);
        }

        public SqliteCompiled Lookup(IReadOnlyList<int> columns)
        {
            Syntax("select _rowid_ from ");
            TableName(table.Name);
            for (int i = 0; i < columns.Count; i++)
            {
                Syntax(i > 0 ? " and " : " where ").Identifier(table.Columns[columns[i]].Name);
                Syntax(SqliteDialect.CollationOf(table.Columns[columns[i]].Type)).Syntax(" = ");
                Value(columns[i]);
            }
            return Compiled([LogicalType.Int8]);
        }

        private void Value(int ordinal)
        {
            LogicalType type = table.Columns[ordinal].Type;
            Parameter(new ParameterExpr(ordinal) { Type = type }, type);
        }

        private void Key() => Parameter(new ParameterExpr(table.Columns.Length) { Type = LogicalType.Int8 }, LogicalType.Int8);
    }
}
