using System.Globalization;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Policies;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Prompt;

/// <summary>Rows as INSERT statements, read page by page in one snapshot as the owner.</summary>
internal sealed class RowDump(Source source, Catalog catalog)
{
    private const int PageSize = 1000;
    private const int RowsAStatement = 100;

    public async Task WriteAsync(IEnumerable<Table> tables, TextWriter output, CancellationToken cancellation)
    {
        using SourceSession session = await source.OpenAsync(new SessionNeeds(false), cancellation);
        foreach (Table table in tables)
        {
            WriteTable(session, table, output, cancellation);
        }
    }

    /// <summary>The same catalog, its identity columns beginning behind the rows there are, so that loaded rows and new ones do not meet.</summary>
    public async Task<Catalog> WithIdentitiesAsync(CancellationToken cancellation)
    {
        Catalog result = catalog;
        using SourceSession session = await source.OpenAsync(new SessionNeeds(false), cancellation);
        foreach (Table table in catalog.Tables.Values.Where(t => t.Kind == RelationKind.Table))
        {
            foreach (Column column in table.Columns.Where(c => c.Identity != IdentityKind.None))
            {
                Datum last = Query(session, $"select max({SqlNames.Name(column.Name)}) from {SqlNames.Of(table.Name)}")[0][0];
                long next = last.IsNull ? column.IdentityStart : Math.Max(column.IdentityStart, last.Integer + 1);
                Table current = result.Find(table.Name)!;
                result = result.With(current with { Columns = current.Columns.Replace(column, column with { IdentityStart = next }) });
            }
        }
        return result;
    }

    private void WriteTable(SourceSession session, Table table, TextWriter output, CancellationToken cancellation)
    {
        Column[] columns = [.. table.Columns.Where(c => c.Generated is null)];
        string names = SqlNames.List(columns.Select(c => c.Name));
        string order = table.PrimaryKey is { } key ? $" order by {SqlNames.List(key.Columns)}" : "";
        string overriding = columns.Any(c => c.Identity == IdentityKind.Always) ? " overriding system value" : "";
        string head = $"insert into {SqlNames.Of(table.Name)} ({names}){overriding} values\n  ";
        for (long offset = 0; ; offset += PageSize)
        {
            cancellation.ThrowIfCancellationRequested();
            string page = string.Create(CultureInfo.InvariantCulture, $" limit {PageSize} offset {offset}");
            List<Datum[]> rows = Query(session, $"select {names} from {SqlNames.Of(table.Name)}{order}{page}");
            foreach (Datum[][] chunk in rows.Chunk(RowsAStatement))
            {
                output.Write(head);
                output.Write(string.Join(",\n  ", chunk.Select(row => $"({string.Join(", ", row.Select((v, i) => Value(columns[i].Type, v)))})")));
                output.Write(";\n");
            }
            if (rows.Count < PageSize)
            {
                return;
            }
        }
    }

    private List<Datum[]> Query(SourceSession session, string text)
    {
        Select parsed = SqlParser.ParseSelect(text).Value;
        Select bound = new TypeChecker(catalog).CheckSelect(parsed).Value;
        CompiledStatement compiled = source.Compile(GuardedSelect.Bind(bound, new PolicyBinder(catalog, Principal.Owner)).Select);
        return session.Rows(compiled, new StatementArguments { Context = new RequestContext { Now = 0, CurrentUser = Principal.Owner.Role } });
    }

    private static string Value(LogicalType type, Datum value)
    {
        if (value.IsNull)
        {
            return "null";
        }
        string text = TypeOutput.CastToText(type, value);
        bool bare = type.Kind is TypeKind.Boolean || (type.IsNumber && text.All(c => char.IsAsciiDigit(c) || c is '-' or '.'));
        return bare ? text : SqlNames.Literal(text);
    }
}
