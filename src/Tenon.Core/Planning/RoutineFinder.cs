using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>
/// Chooses the overload of a function by the names of the arguments, as PostgREST does: all required parameters, any of the
/// optional ones, nothing else; else a function of one unnamed parameter takes the whole body.
/// </summary>
internal static class RoutineFinder
{
    public static ImmutableArray<Routine> Overloads(Catalog.Catalog catalog, string name, PlanOptions options) =>
        catalog.Routines.TryGetValue(new QualifiedName(options.Schema, name), out var found)
            ? found.RemoveAll(r => r.Result.Kind == TypeKind.Trigger)
            : [];

    /// <summary>wholeBody: the type kinds a single unnamed parameter may have for this body; empty when there is none.</summary>
    public static Outcome<Routine> Find(
        Catalog.Catalog catalog,
        string name,
        IReadOnlyCollection<string> arguments,
        ImmutableArray<TypeKind> wholeBody,
        PlanOptions options
    )
    {
        ImmutableArray<Routine> overloads = Overloads(catalog, name, options);
        Routine[] matching = [.. overloads.Where(r => Matches(r, arguments))];
        if (matching.Length == 0)
        {
            matching = [.. overloads.Where(r => TakesWhole(r, wholeBody))];
        }
        return matching switch
        {
            [var only] => only,
            [] => NoFunction(catalog, name, overloads, arguments, wholeBody, options),
            _ => PlanErrors.AmbiguousFunction(matching.Select(Signature)),
        };
    }

    public static bool TakesWhole(Routine routine, ImmutableArray<TypeKind> wholeBody) =>
        routine.Parameters is [{ Name: "" } only] && wholeBody.Contains(only.Type.Kind);

    private static bool Matches(Routine routine, IReadOnlyCollection<string> arguments)
    {
        int required = 0;
        int given = 0;
        foreach (var parameter in routine.Parameters)
        {
            bool isGiven = parameter.Name.Length > 0 && arguments.Contains(parameter.Name);
            given += isGiven ? 1 : 0;
            required += isGiven || parameter.Default is not null ? 0 : 1;
        }
        return required == 0 && given == arguments.Count;
    }

    private static string Signature(Routine routine) =>
        $"{routine.Name.Schema}.{routine.Name.Name}({string.Join(", ", routine.Parameters.Select(p => $"{p.Name} => {p.Type.SqlName}"))})";

    private static Error NoFunction(
        Catalog.Catalog catalog,
        string name,
        ImmutableArray<Routine> overloads,
        IReadOnlyCollection<string> arguments,
        ImmutableArray<TypeKind> wholeBody,
        PlanOptions options
    )
    {
        string[] sorted = [.. arguments.Order(StringComparer.Ordinal)];
        string? near = overloads.IsEmpty
            ? NearMiss.Find(name, Visible(catalog, options))
            : NearMiss.Find(List(sorted), overloads.Where(r => MayName(r, options)).Select(ParameterList)) is { } list ? name + list
            : null;
        return PlanErrors.NoFunction(options.Schema, name, sorted, wholeBody.Contains(TypeKind.Jsonb), near);
    }

    private static IEnumerable<string> Visible(Catalog.Catalog catalog, PlanOptions options) =>
        catalog
            .Routines.Where(r => r.Key.Schema == options.Schema && r.Value.Any(o => o.Result.Kind != TypeKind.Trigger && MayName(o, options)))
            .Select(r => r.Key.Name);

    private static bool MayName(Routine routine, PlanOptions options) =>
        options.SeesEverything || routine.ExecuteRoles.Any(r => r == options.Role || r == RoleName.Public);

    private static string ParameterList(Routine routine) => List(routine.Parameters.Select(p => p.Name).Order(StringComparer.Ordinal));

    private static string List(IEnumerable<string> names) => $"({string.Join(", ", names)})";
}
