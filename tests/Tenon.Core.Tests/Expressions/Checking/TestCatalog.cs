using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;

namespace Tenon.Core.Tests.Expressions.Checking;

/// <summary>Just enough of create type, table, view and function to give the checker names to find.</summary>
internal static class TestCatalog
{
    public static Core.Catalog.Catalog Load(string file, [CallerFilePath] string caller = "") =>
        Of(File.ReadAllText(Path.Combine(Path.GetDirectoryName(caller)!, "..", "..", "golden", file)));

    public static Core.Catalog.Catalog Of(string sql)
    {
        Core.Catalog.Catalog catalog = Core.Catalog.Catalog.Empty;
        foreach (SchemaStatement statement in SchemaParser.ParseScript(sql).Value)
        {
            catalog = statement switch
            {
                CreateEnum e => catalog.With(new EnumType(InPublic(e.Name), e.Labels)),
                CreateTable t => catalog.With(TableOf(t, catalog)),
                CreateView v => catalog.With(ViewOf(v, catalog)),
                CreateFunction f => catalog.With(RoutineOf(f, catalog)),
                _ => catalog,
            };
        }
        return catalog;
    }

    private static QualifiedName InPublic(QualifiedName name) => name.Schema.Length == 0 ? name with { Schema = "public" } : name;

    private static Table TableOf(CreateTable t, Core.Catalog.Catalog catalog)
    {
        var columns = t.Columns.Select(c => new Column(c.Name, TypeNames.TryResolve(c.Type, catalog).Value)
        {
            NotNull = c.NotNull || c.Constraints.Any(k => k is PrimaryKeyDefinition),
            Default = c.Default,
            Generated = c.Generated,
            Identity = c.Identity,
        });
        QualifiedName name = InPublic(t.Name);
        var keys = t.Constraints.Concat(t.Columns.SelectMany(c => c.Constraints)).OfType<PrimaryKeyDefinition>().ToList();
        string? inline = t.Columns.FirstOrDefault(c => c.Constraints.Any(k => k is PrimaryKeyDefinition))?.Name;
        ImmutableArray<string> key = keys is [{ Columns: { IsEmpty: false } named }] ? named : inline is null ? [] : [inline];
        var foreign = t.Columns.SelectMany(c => c.Constraints.OfType<ForeignKeyDefinition>().Select(f => f with { Columns = f.Columns.IsEmpty ? [c.Name] : f.Columns }))
            .Concat(t.Constraints.OfType<ForeignKeyDefinition>())
            .Select(f => new ForeignKey(
                f.Name ?? $"{name.Name}_{string.Join('_', f.Columns)}_fkey",
                f.Columns,
                InPublic(f.Target),
                f.TargetColumns.IsEmpty ? catalog.Find(InPublic(f.Target))!.PrimaryKey!.Columns : f.TargetColumns
            ));
        var unique = t.Columns.Where(c => c.Constraints.Any(k => k is UniqueDefinition))
            .Select(c => new KeyConstraint($"{name.Name}_{c.Name}_key", [c.Name]));
        return new Table(name, [.. columns])
        {
            PrimaryKey = key.IsEmpty ? null : new KeyConstraint(name.Name + "_pkey", key),
            ForeignKeys = [.. foreign],
            Uniques = [.. unique],
        };
    }

    private static Table ViewOf(CreateView v, Core.Catalog.Catalog catalog)
    {
        Select query = new TypeChecker(catalog).CheckSelect(v.Query).Value;
        return new Table(InPublic(v.Name), [.. query.Output.Select(f => new Column(f.Name, f.Type))])
        {
            Kind = RelationKind.View,
            ViewQuery = v.Query,
        };
    }

    private static Routine RoutineOf(CreateFunction f, Core.Catalog.Catalog catalog)
    {
        LogicalType Resolve(TypeSyntax type) => TypeNames.TryResolve(type, catalog).Value;
        var parameters = f.Parameters.Select(p => new RoutineParameter(p.Name, Resolve(p.Type), p.Default, p.Variadic));
        ImmutableArray<RowField> columns = [.. f.ReturnsTable.Select(p => new RowField(p.Name, Resolve(p.Type)))];
        LogicalType result = f.Returns is null ? LogicalType.RecordOf(columns) : Resolve(f.Returns);
        return new Routine(InPublic(f.Name), [.. parameters], result)
        {
            ReturnsSet = f.ReturnsSet || !columns.IsEmpty,
            ResultColumns = columns,
            Language = f.Language,
            Volatility = f.Volatility,
            SecurityDefiner = f.SecurityDefiner,
            Body = f.Body,
            Text = f.Text,
        };
    }
}
