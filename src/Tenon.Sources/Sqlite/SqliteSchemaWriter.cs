using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// Schema steps → SQLite's DDL. Tables are STRICT and hold storage forms (DECISIONS §3). Defaults are not in the DDL: the
/// write path computes them. What SQLite cannot alter in place is made anew and copied, with foreign keys off around it.
/// </summary>
internal static partial class SqliteSchemaWriter
{
    private const string Temporary = "tenon.rebuild";

    public static IEnumerable<string> Write(SchemaStep step, RequestContext context) =>
        step switch
        {
            CreateTableStep s =>
            [
                Table(s.Table, SqliteDialect.PhysicalName(s.Table.Name), s.Catalog),
                .. IdentityStarts(s.Table),
                .. Indexes(s.Table, s.Catalog),
            ],
            DropTableStep s =>
            [
                .. DropTexts(s.Table),
                $"drop table {Quote(SqliteDialect.PhysicalName(s.Table.Name))}",
                $"delete from \"tenon.identities\" where relation = {Text(s.Table.Name)}",
            ],
            IdentityRuleStep s => Recount(s),
            RenameTableStep s =>
            [
                $"update \"tenon.identities\" set relation = {Text(s.After.Name)} where relation = {Text(s.Before.Name)}",
                $"alter table {Quote(SqliteDialect.PhysicalName(s.Before.Name))} rename to {Quote(SqliteDialect.PhysicalName(s.After.Name))}",
            ],
            RenameColumnStep s =>
            [
                $"update \"tenon.identities\" set name = {Literal(s.To)} where relation = {Text(s.Table.Name)} and name = {Literal(s.From)}",
                $"alter table {Quote(SqliteDialect.PhysicalName(s.Table.Name))} rename column {Quote(s.From)} to {Quote(s.To)}",
            ],
            AlterTableStep { AddedColumn: { } added } s =>
            [
                $"alter table {Quote(SqliteDialect.PhysicalName(s.After.Name))} add column {Column(s.After, added, false, Templates.Of(s.Catalog))}",
            ],
            AlterTableStep s => Rebuild(s, context),
            CreateIndexStep s => Index(s.Table, s.Index, s.Catalog),
            DropIndexStep s =>
            [
                $"drop index if exists {Quote(IndexName(s.Table, s.Name))}",
                DropText(new QualifiedName(s.Table.Name.Schema, s.Name)),
            ],
            CreateUniqueStep s =>
            [
                $"create unique index {Quote(IndexName(s.Table, s.Key.Name))} on {Quote(SqliteDialect.PhysicalName(s.Table.Name))} ({Names(s.Key.Columns)})",
            ],
            _ => throw new InvalidOperationException($"no DDL for {step.GetType().Name}"),
        };

    private static IEnumerable<string> Rebuild(AlterTableStep step, RequestContext context)
    {
        string old = Quote(SqliteDialect.PhysicalName(step.Before.Name));
        foreach (string drop in DropTexts(step.Before))
        {
            yield return drop;
        }
        yield return Table(step.After, Temporary, step.Catalog);
        if (RowIdentity(step.After) is not null && RowIdentity(step.Before) is not null)
        {
            // A number once given is not given again, whatever rows are left.
            yield return $"insert into sqlite_sequence (name, seq) select '{Temporary}', seq from sqlite_sequence where name = {Text(step.Before.Name)}";
        }
        var targets = step.Columns.Where(c => c.Target.Generated is null && (c.Source is not null || c.Value is not null || IsNumbered(step, c))).ToList();
        if (targets.Count > 0)
        {
            string into = string.Join(", ", targets.Select(c => Quote(c.Target.Name)));
            string from = string.Join(", ", targets.Select(c => Copy(step, c, context)));
            yield return $"insert into {Quote(Temporary)} ({into}) select {from} from {old} order by _rowid_";
        }
        foreach (ColumnCopy numbered in step.Columns.Where(c => IsNumbered(step, c)))
        {
            yield return $"insert into \"tenon.identities\" select {Text(step.After.Name)}, {Literal(numbered.Target.Name)}, "
                + $"{(numbered.Target.IdentityIncrement < 0 ? "min" : "max")}({Quote(numbered.Target.Name)}) from {Quote(Temporary)} having count(*) > 0";
        }
        foreach (Column gone in step.Before.Columns.Where(c => step.After.Find(c.Name) is not { Identity: not IdentityKind.None }))
        {
            yield return $"delete from \"tenon.identities\" where relation = {Text(step.Before.Name)} and name = {Literal(gone.Name)}";
        }
        yield return $"drop table {old}";
        yield return $"alter table {Quote(Temporary)} rename to {Quote(SqliteDialect.PhysicalName(step.After.Name))}";
        foreach (string index in Indexes(step.After, step.Catalog))
        {
            yield return index;
        }
    }

    private static string Copy(AlterTableStep step, ColumnCopy copy, RequestContext context)
    {
        if (IsNumbered(step, copy))
        {
            return $"{copy.Target.IdentityStart} + (row_number() over (order by _rowid_) - 1) * {copy.Target.IdentityIncrement}";
        }
        if (copy.Value is null)
        {
            return Quote(copy.Source!);
        }
        Expr bound = Templates.Of(step.Catalog.With(step.Before)).Bind(step.Before, copy.Value, copy.Target.Type);
        return new RowText().Text(new AtMigration(context).Visit(bound), copy.Target.Type);
    }

    /// <summary>A new identity column numbers the rows that are there; as a row key SQLite does it.</summary>
    private static bool IsNumbered(AlterTableStep step, ColumnCopy copy) =>
        copy is { Source: null, Value: null, Target.Identity: not IdentityKind.None } && !SqliteIdentity.IsNative(step.After, copy.Target);

    /// <summary>What SQLite counted goes on in our table when the increment is no longer one.</summary>
    private static IEnumerable<string> Recount(IdentityRuleStep step)
    {
        if (SqliteIdentity.IsNative(step.Table, step.Before) && !SqliteIdentity.IsNative(step.Table, step.After))
        {
            yield return $"insert into \"tenon.identities\" select {Text(step.Table.Name)}, {Literal(step.After.Name)}, seq from sqlite_sequence where name = {Text(step.Table.Name)}";
        }
    }

    private static string Text(QualifiedName name) => Literal(SqliteDialect.PhysicalName(name));

    private static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    /// <summary>A new column's default in old rows: now() is the time of the migration, and nobody is signed in.</summary>
    private sealed class AtMigration(RequestContext context) : ExprRewriter
    {
        public override Expr Visit(Expr expr) =>
            expr is ContextExpr value ? new ConstantExpr(context.Get(value)) { Type = expr.Type, At = expr.At } : base.Visit(expr);
    }

    private static IEnumerable<string> Indexes(Table table, Catalog catalog)
    {
        foreach (KeyConstraint key in table.Uniques)
        {
            if (key.NullsNotDistinct)
            {
                throw Refusals.NotSupported("UNIQUE NULLS NOT DISTINCT on this source").ToException();
            }
            yield return $"create unique index {Quote(IndexName(table, key.Name))} on {Quote(SqliteDialect.PhysicalName(table.Name))} ({Names(key.Columns)})";
        }
        foreach (string sql in table.Indexes.SelectMany(i => Index(table, i, catalog)))
        {
            yield return sql;
        }
    }

    /// <summary>Is there an index in the file?</summary>
    public static bool IsMade(Core.Catalog.Index index) => index.Method is "btree" or "hash";

    // Of the containment indexes (gin, gist) those over the words of a text are made; the others speed up what SQLite answers
    // by scanning: recorded in the catalog, nothing to make.
    private static IEnumerable<string> Index(Table table, Core.Catalog.Index index, Catalog catalog)
    {
        if (!IsMade(index))
        {
            return CreateText(table, index, catalog);
        }
        Templates templates = Templates.Of(catalog);
        var keys = index.Keys.Select(k => new RowText().Key(templates.Bind(table, k.Value, null), k.Descending));
        string where = index.Where is null ? "" : " where " + new RowText().Text(templates.Bind(table, index.Where, LogicalType.Boolean), LogicalType.Boolean);
        string unique = index.Unique ? "unique " : "";
        return [$"create {unique}index {Quote(IndexName(table, index.Name))} on {Quote(SqliteDialect.PhysicalName(table.Name))} ({string.Join(", ", keys)}){where}"];
    }

    private static string IndexName(Table table, string name) => SqliteDialect.PhysicalName(new QualifiedName(table.Name.Schema, name));

    // ---- tables ----

    private static string Table(Table table, string physical, Catalog catalog)
    {
        Templates templates = Templates.Of(catalog);
        string? rowId = RowIdColumn(table);
        var parts = table.Columns.Select(c => Column(table, c, c.Name == rowId, templates)).ToList();
        if (table.PrimaryKey is { } key && rowId is null)
        {
            parts.Add($"constraint {Quote(key.Name)} primary key ({Names(key.Columns)})");
        }
        parts.AddRange(Writing.TableProgram.InOrder(table.Checks).Select(c => $"constraint {Quote(c.Name)} check ({new RowText().Text(templates.Bind(table, c.Condition, LogicalType.Boolean), LogicalType.Boolean)})"));
        parts.AddRange(table.ForeignKeys.Select(k => ForeignKey(k, physical == Temporary && k.Target == table.Name ? Temporary : null)));
        return $"create table {Quote(physical)} (\n  {string.Join(",\n  ", parts)}\n) strict";
    }

    /// <summary>The integer primary key of one column is SQLite's row key itself.</summary>
    private static string? RowIdColumn(Table table) =>
        table.PrimaryKey is { Columns: [var only] } && table.Find(only)!.Type.IsInteger ? only : null;

    private static Column? RowIdentity(Table table) =>
        RowIdColumn(table) is { } name && table.Find(name) is { Identity: not IdentityKind.None } column ? column : null;

    /// <summary>start with: the numbers of an identity column begin there.</summary>
    private static IEnumerable<string> IdentityStarts(Table table)
    {
        if (RowIdentity(table) is { IdentityStart: not 1 } column)
        {
            yield return $"insert into sqlite_sequence (name, seq) values ({Text(table.Name)}, {column.IdentityStart - 1})";
        }
    }

    private static string Column(Table table, Column column, bool isRowId, Templates templates)
    {
        string sql = $"{Quote(column.Name)} {StorageOf(column.Type)}";
        if (isRowId)
        {
            return sql + (column.Identity == IdentityKind.None ? " primary key" : " primary key autoincrement");
        }
        if (column.Generated is { } generated)
        {
            Expr bound = templates.Bind(table, generated, column.Type);
            return $"{sql} generated always as ({new RowText().Text(bound, column.Type)}) stored";
        }
        return sql + (column.NotNull ? " not null" : "");
    }

    private static string StorageOf(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Boolean or TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8 => "integer",
            TypeKind.Date or TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampTz => "integer",
            TypeKind.Numeric => type.IsScaledInteger ? "integer" : "text collate TN_NUMERIC",
            TypeKind.Float4 or TypeKind.Float8 => "real",
            TypeKind.Bytea => "blob",
            TypeKind.Interval => "text collate TN_INTERVAL",
            TypeKind.Char => "text collate rtrim",
            _ => "text",
        };

    private static string ForeignKey(ForeignKey key, string? self)
    {
        string target = Quote(self ?? SqliteDialect.PhysicalName(key.Target));
        string sql = $"constraint {Quote(key.Name)} foreign key ({Names(key.Columns)}) references {target} ({Names(key.TargetColumns)})";
        sql += $" on delete {Action(key.OnDelete)} on update {Action(key.OnUpdate)}";
        return key.Deferrable ? sql + (key.InitiallyDeferred ? " deferrable initially deferred" : " deferrable") : sql;
    }

    private static string Action(ReferentialAction action) =>
        action switch
        {
            ReferentialAction.Restrict => "restrict",
            ReferentialAction.Cascade => "cascade",
            ReferentialAction.SetNull => "set null",
            ReferentialAction.SetDefault => throw Refusals
                .NotSupported("ON DELETE SET DEFAULT on this source", "Use set null, or set the column in a trigger.")
                .ToException(),
            _ => "no action",
        };

    private static string Names(IEnumerable<string> columns) => string.Join(", ", columns.Select(Quote));

    private static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    /// <summary>Expressions over the columns of the one table the DDL is about: columns without a range.</summary>
    private sealed class RowText : SqliteDialectText
    {
        public string Text(Expr expr, LogicalType type)
        {
            WriteAs(expr, type);
            return Finished();
        }

        public string Key(Expr expr, bool descending)
        {
            Write(expr);
            Syntax(CollationOf(expr.Type)).Syntax(descending ? " desc" : "");
            return Finished();
        }

        private string Finished()
        {
            var finished = Finish();
            return finished.Parameters.Length == 0
                ? finished.Text
                : throw Refusals
                    .NotSupported("an expression that depends on the time or the caller in a constraint, index or generated column")
                    .ToException();
        }

        protected override void WriteColumn(ColumnExpr column) => Identifier(column.Column);
    }
}
