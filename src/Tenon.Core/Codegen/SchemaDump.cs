using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Codegen;

/// <summary>
/// A catalog as PostgreSQL's SQL, in an order that loads again: what tables are made of, then (with a place for the rows
/// between) what looks at rows: indexes, references, triggers, policies, grants. What <paramref name="own"/> has already, the
/// server's own tables, is left out but for what the app added to it. The same catalog gives the same text.
/// </summary>
internal sealed partial class SchemaDump(Catalog.Catalog catalog, Catalog.Catalog own)
{
    private readonly StringBuilder text = new();
    private readonly List<string> statements = [];

    private static readonly ImmutableArray<RoleName> KnownRoles = [RoleName.Anon, RoleName.Authenticated, RoleName.Service, RoleName.Public];

    /// <summary>Schemas, roles, types, tables, functions and views.</summary>
    public string BeforeRows()
    {
        foreach (string schema in catalog.Schemas.Except(own.Schemas))
        {
            Line($"create schema {SqlNames.Name(schema)};");
        }
        foreach (RoleName role in catalog.Roles.Where(r => !own.Roles.Contains(r) && !KnownRoles.Contains(r)).OrderBy(r => r.Text, StringComparer.Ordinal))
        {
            Line($"create role {SqlNames.Name(role.Text)};");
        }
        foreach (EnumType type in catalog.Enums.Values.Where(e => !own.Enums.ContainsKey(e.Name)).OrderBy(e => e.Name.ToString(), StringComparer.Ordinal))
        {
            Line($"create type {SqlNames.Of(type.Name)} as enum ({string.Join(", ", type.Labels.Select(SqlNames.Literal))});");
        }
        foreach (string statement in DumpOrder.Of(Objects()))
        {
            text.Append('\n');
            Line(statement);
        }
        return Take();
    }

    /// <summary>Indexes, foreign keys, triggers, row security, policies, grants, comments, publications.</summary>
    public string AfterRows()
    {
        ImmutableArray<Table> tables = [.. catalog.Tables.Values.OrderBy(t => t.Name.ToString(), StringComparer.Ordinal)];
        Section(tables, Indexes);
        Section(tables, ForeignKeys);
        Section(tables, Triggers);
        Section(tables, RowSecurity);
        Section(tables, Policies);
        Section(tables, Grants);
        foreach (Routine routine in Routines())
        {
            ExecuteGrants(routine);
        }
        Section(tables, Comments);
        Publications();
        return Take();
    }

    /// <summary>All statements one by one: two schemas differ where these do.</summary>
    public ImmutableArray<string> Statements()
    {
        statements.Clear();
        BeforeRows();
        AfterRows();
        return [.. statements];
    }

    /// <summary>The app's tables in the order in which their rows refer to each other; cycles are cut where they close.</summary>
    public static ImmutableArray<Table> TablesByReference(IEnumerable<Table> tables)
    {
        Dictionary<QualifiedName, Table> all = tables.ToDictionary(t => t.Name);
        var order = ImmutableArray.CreateBuilder<Table>();
        var seen = new HashSet<QualifiedName>();
        void Visit(Table table)
        {
            if (!seen.Add(table.Name))
            {
                return;
            }
            foreach (ForeignKey key in table.ForeignKeys.OrderBy(k => k.Name, StringComparer.Ordinal))
            {
                if (all.TryGetValue(key.Target, out Table? target))
                {
                    Visit(target);
                }
            }
            order.Add(table);
        }
        foreach (Table table in all.Values.OrderBy(t => t.Name.ToString(), StringComparer.Ordinal))
        {
            Visit(table);
        }
        return order.ToImmutable();
    }

    private IEnumerable<DumpObject> Objects()
    {
        foreach (Table table in catalog.Tables.Values.Where(t => own.Find(t.Name) is null))
        {
            string statement = table.Kind == RelationKind.View ? View(table) : CreateTable(table);
            yield return new DumpObject(table.Name.ToString(), table.Name.Name, statement, statement);
        }
        foreach (Routine routine in Routines())
        {
            string head = Head(routine);
            string statement = Function(routine, head);
            // When a function is made, PostgreSQL looks at a body in language sql as a whole, and at the declared types of PL/pgSQL.
            string needs = head + " " + (routine.Language == "sql" ? routine.Text : string.Join(' ', Declarations().Matches(routine.Text)));
            yield return new DumpObject(Signature(routine), routine.Name.Name, statement, needs);
        }
    }

    [GeneratedRegex(@"\bdeclare\b.*?\bbegin\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Declarations();

    public IEnumerable<Routine> Routines() =>
        catalog.Routines.Values
            .SelectMany(r => r)
            .Where(r => !own.Routines.ContainsKey(r.Name))
            .OrderBy(Signature, StringComparer.Ordinal);

    // ---- tables and views ----

    private static string CreateTable(Table table)
    {
        var lines = new List<string>();
        lines.AddRange(table.Columns.Select(Column));
        if (table.PrimaryKey is { } key)
        {
            lines.Add($"constraint {SqlNames.Name(key.Name)} primary key ({SqlNames.List(key.Columns)})");
        }
        foreach (KeyConstraint unique in table.Uniques.OrderBy(u => u.Name, StringComparer.Ordinal))
        {
            string nulls = unique.NullsNotDistinct ? " nulls not distinct" : "";
            lines.Add($"constraint {SqlNames.Name(unique.Name)} unique{nulls} ({SqlNames.List(unique.Columns)})");
        }
        foreach (CheckConstraint check in table.Checks.OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            lines.Add($"constraint {SqlNames.Name(check.Name)} check ({SyntaxPrinter.Print(check.Condition)})");
        }
        return $"create table {SqlNames.Of(table.Name)} (\n  {string.Join(",\n  ", lines)}\n);";
    }

    private static string Column(Column column)
    {
        var line = new StringBuilder($"{SqlNames.Name(column.Name)} {SqlNames.Of(column.Type)}");
        if (column.Generated is { } generated)
        {
            line.Append($" generated always as ({SyntaxPrinter.Print(generated)}) stored");
        }
        else if (column.Identity != IdentityKind.None)
        {
            string start = column.IdentityStart == 1 ? "" : $" (start with {column.IdentityStart.ToString(System.Globalization.CultureInfo.InvariantCulture)})";
            line.Append($" generated {(column.Identity == IdentityKind.Always ? "always" : "by default")} as identity{start}");
        }
        else if (column.Default is { } value)
        {
            line.Append($" default {Operand(value)}");
        }
        return line.Append(column.NotNull ? " not null" : "").ToString();
    }

    // A default is not read to its end by every operator: what is more than a value or a call stands in parentheses.
    private static string Operand(Expr value) =>
        value is LiteralExpr or NumberExpr or ConstantExpr or CallExpr or CastExpr ? SyntaxPrinter.Print(value) : $"({SyntaxPrinter.Print(value)})";

    private static string View(Table view)
    {
        string columns = view.ViewColumnNames.IsEmpty ? "" : $" ({SqlNames.List(view.ViewColumnNames)})";
        string invoker = view.SecurityInvoker ? " with (security_invoker = true)" : "";
        string check = view.CheckOption switch
        {
            CheckOption.Local => "\nwith local check option",
            CheckOption.Cascaded => "\nwith cascaded check option",
            _ => "",
        };
        return $"create view {SqlNames.Of(view.Name)}{columns}{invoker} as\n{SyntaxPrinter.Print(view.ViewQuery!)}{check};";
    }

    // ---- functions ----

    public static string Signature(Routine routine) =>
        $"{SqlNames.Of(routine.Name)}({string.Join(", ", routine.Parameters.Select(p => SqlNames.Of(p.Type)))})";

    private static string Head(Routine routine)
    {
        ImmutableArray<RowField> results = routine.ResultName is not null ? [routine.ValueField] : routine.ResultColumns;
        bool outs = !results.IsEmpty && !routine.ReturnsSet;
        IEnumerable<string> parameters = routine.Parameters.Select(Parameter);
        if (outs)
        {
            parameters = parameters.Concat(results.Select(c => "out " + Field(c)));
        }
        string returns = outs ? "" : " returns " + Returns(routine);
        return $"create function {SqlNames.Of(routine.Name)}({string.Join(", ", parameters)}){returns}";
    }

    private static string Returns(Routine routine) =>
        !routine.ResultColumns.IsEmpty ? $"table ({string.Join(", ", routine.ResultColumns.Select(Field))})"
        : (routine.ReturnsSet ? "setof " : "") + SqlNames.Of(routine.Result);

    private static string Field(RowField field) => $"{SqlNames.Name(field.Name)} {SqlNames.Of(field.Type)}";

    private static string Parameter(RoutineParameter parameter)
    {
        string name = parameter.Name.Length == 0 ? "" : SqlNames.Name(parameter.Name) + " ";
        string value = parameter.Default is { } given ? " default " + SyntaxPrinter.Print(given) : "";
        return $"{(parameter.Variadic ? "variadic " : "")}{name}{SqlNames.Of(parameter.Type)}{value}";
    }

    private static string Function(Routine routine, string head)
    {
        string quote = "$$";
        for (int i = 1; routine.Text.Contains(quote, StringComparison.Ordinal); i++)
        {
            quote = $"$body{i}$";
        }
        string behaviour = routine.Volatility == Volatility.Volatile ? "" : $" {routine.Volatility.ToString().ToLowerInvariant()}";
        behaviour += routine.Strict ? " strict" : "";
        behaviour += routine.OneRow ? " rows 1" : "";
        // Whoever calls it must not choose what its names mean.
        behaviour += routine.SecurityDefiner ? " security definer set search_path = public, extensions" : "";
        return $"{head}\nlanguage {routine.Language}{behaviour} as {quote}{routine.Text}{quote};";
    }

    // ---- output ----

    private void Line(string statement)
    {
        statements.Add(statement);
        text.Append(statement).Append('\n');
    }

    private void Section(ImmutableArray<Table> tables, Action<Table, Table?> write)
    {
        int before = text.Length;
        foreach (Table table in tables)
        {
            write(table, own.Find(table.Name));
        }
        if (text.Length > before && before > 0)
        {
            text.Insert(before, '\n');
        }
    }

    private string Take()
    {
        string taken = text.ToString();
        text.Clear();
        return taken;
    }
}
