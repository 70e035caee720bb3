using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Tenon.Core.Expressions.Functions;

// The closed list of functions and operators (DECISIONS §2): whatever is not here is refused by name and position.
// Families live in files of their own; this file only indexes them.

internal static class FunctionCatalog
{
    public static readonly ImmutableArray<Function> All =
    [
        .. Aggregates.Functions(),
        .. ArrayFunctions.Functions().Stored(),
        .. Comparisons.Functions().Stored(),
        .. ConditionalFunctions.Functions().Stored(),
        .. DateTimeFunctions.Functions(),
        .. FloatFunctions.Functions(),
        .. FormatFunctions.Functions(),
        .. FullTextFunctions.Functions(),
        .. IntegerFunctions.Functions().Stored(),
        .. JsonFunctions.Functions().Stored(),
        .. NumericFunctions.Functions().Stored(),
        .. SettingFunctions.Functions(),
        .. TextFunctions.Functions().Stored(),
        .. UuidFunctions.Functions(),
        .. WindowFunctions.Functions(),
    ];

    private static readonly FrozenDictionary<string, ImmutableArray<Function>> ByName = Index(
        All.Where(f => f.Operator is null),
        f => f.Name
    );

    private static readonly FrozenDictionary<string, ImmutableArray<Function>> ByOperator = Index(
        All.Where(f => f.Operator is not null),
        f => f.Operator!
    );

    private static readonly FrozenDictionary<string, Function> ById = All.ToFrozenDictionary(f => f.Id);

    /// <summary>Names a call can use, for "perhaps you meant".</summary>
    public static IEnumerable<string> Names => ByName.Keys;

    /// <summary>All overloads of a function by its lower-case name; empty when there is none.</summary>
    public static ImmutableArray<Function> Named(string name) => ByName.GetValueOrDefault(name, []);

    /// <summary>All overloads of an operator by its SQL spelling; prefix operators have one parameter, infix two.</summary>
    public static ImmutableArray<Function> Operators(string spelling) => ByOperator.GetValueOrDefault(spelling, []);

    /// <summary>The function of this Id (not of a specialisation); null when there is none.</summary>
    public static Function? Find(string id) => ById.GetValueOrDefault(id);

    private static FrozenDictionary<string, ImmutableArray<Function>> Index(
        IEnumerable<Function> functions,
        Func<Function, string> key
    ) => functions.GroupBy(key).ToFrozenDictionary(g => g.Key, g => g.ToImmutableArray());
}
