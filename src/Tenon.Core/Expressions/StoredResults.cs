using System.Collections.Immutable;

namespace Tenon.Core.Expressions;

/// <summary>The tables of the platform that a function reads; another platform may have others.</summary>
internal enum PlatformTables
{
    None,

    /// <summary>Upper and lower case, classes of characters.</summary>
    Unicode,
}

/// <summary>
/// The promise that a function gives the same forever, by the version of its code. The stamp of what computed them is kept
/// beside stored results; where it is another one at start, they are computed anew.
/// </summary>
internal sealed record StoredResults(int Version, PlatformTables Tables = PlatformTables.None)
{
    public static readonly StoredResults First = new(1);
    public static readonly StoredResults FirstByUnicode = new(1, PlatformTables.Unicode);

    /// <summary>When the promise holds for some arguments only; null: for all.</summary>
    public Func<ImmutableArray<Expr>, bool>? When { get; init; }

    public string Stamp => Tables == PlatformTables.None ? $"{Version}" : $"{Version}/{UnicodeTables.Stamp}";
}
