namespace Tenon.Core.Query;

internal enum ParameterKind
{
    Select,
    Columns,
    OnConflict,
    Order,
    Limit,
    Offset,
    Logic,
    Filter,
}

/// <summary>What a query parameter is, by its (decoded) key: the words that a column cannot be named by in a filter.</summary>
internal static class ParameterKinds
{
    public static ParameterKind Of(ReadOnlySpan<char> key)
    {
        switch (key)
        {
            case "select":
                return ParameterKind.Select;
            case "columns":
                return ParameterKind.Columns;
            case "on_conflict":
                return ParameterKind.OnConflict;
        }
        ReadOnlySpan<char> last = key[(key.LastIndexOf('.') + 1)..];
        return last switch
        {
            "order" => ParameterKind.Order,
            "limit" => ParameterKind.Limit,
            "offset" => ParameterKind.Offset,
            "and" or "or" => ParameterKind.Logic,
            _ => ParameterKind.Filter,
        };
    }

    /// <summary>GET /rpc/fn: a key that names no embed and no json path may be an argument.</summary>
    public static bool MayBeArgument(ReadOnlySpan<char> key) => !key.Contains('.') && key.IndexOf("->") < 0 && !key.Contains('"');
}
