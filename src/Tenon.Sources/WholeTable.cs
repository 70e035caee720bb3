using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>All rows of a table as its owner sees them, these columns in this order.</summary>
internal static class WholeTable
{
    public static Select Of(Catalog catalog, QualifiedName table, ImmutableArray<string> columns)
    {
        string text = $"select {SqlNames.List(columns)} from {SqlNames.Of(table)}";
        Select bound = new TypeChecker(catalog).CheckSelect(SqlParser.ParseSelect(text).Value).Value;
        return GuardedSelect.Bind(bound, new PolicyBinder(catalog, Principal.Owner)).Select;
    }

    /// <summary>Types of these columns.</summary>
    public static LogicalType[] Types(Catalog catalog, QualifiedName table, ImmutableArray<string> columns)
    {
        Table found = catalog.Find(table)!;
        return [.. columns.Select(c => found.Find(c)!.Type)];
    }
}
