using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Functions;

// Window functions: every engine has them natively, so only their signatures are here; the evaluator works on one row.

internal static class WindowFunctions
{
    private static readonly LogicalType E = LogicalType.AnyElement;
    private static readonly LogicalType I = LogicalType.Int4;

    public static IEnumerable<Function> Functions() =>
        [
            Window("row_number", "row_number", [], LogicalType.Int8),
            Window("rank", "rank", [], LogicalType.Int8),
            Window("dense_rank", "dense_rank", [], LogicalType.Int8),
            Window("percent_rank", "percent_rank", [], LogicalType.Float8),
            Window("cume_dist", "cume_dist", [], LogicalType.Float8),
            Window("ntile", "ntile", [I], I) with
            {
                Total = false,
            },
            Generic("lag", "lag", [E]),
            Generic("lag_offset", "lag", [E, I]),
            Generic("lag_default", "lag", [E, I, E]),
            Generic("lead", "lead", [E]),
            Generic("lead_offset", "lead", [E, I]),
            Generic("lead_default", "lead", [E, I, E]),
            Generic("first_value", "first_value", [E]),
            Generic("last_value", "last_value", [E]),
            Generic("nth_value", "nth_value", [E, I]) with
            {
                Total = false,
            },
        ];

    private static Function Window(string id, string name, LogicalType[] parameters, LogicalType result) =>
        new(id, name, [.. parameters], result)
        {
            Shape = FunctionShape.Window,
            Total = true,
            Strict = false,
        };

    private static Function Generic(string id, string name, LogicalType[] parameters) =>
        Window(id, name, parameters, E).Polymorphic((Function f) => f);
}
