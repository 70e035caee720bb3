namespace Tenon.Core.Query;

/// <summary>How much one request may ask for; each bound has an error code of its own (DECISIONS §5).</summary>
internal sealed record QueryLimits
{
    public static readonly QueryLimits Default = new();

    /// <summary>Characters of the request target.</summary>
    public int UrlLength { get; init; } = 16 * 1024;

    /// <summary>Levels of embedding below the root.</summary>
    public int Depth { get; init; } = 5;

    /// <summary>Levels of and(…)/or(…) inside one another.</summary>
    public int LogicDepth { get; init; } = 10;

    /// <summary>Embedded resources in one request.</summary>
    public int Embeds { get; init; } = 8;

    /// <summary>Conditions in one request, those inside and/or counted one by one.</summary>
    public int Filters { get; init; } = 100;

    /// <summary>Elements of one in.(…).</summary>
    public int ListItems { get; init; } = 10_000;
}
