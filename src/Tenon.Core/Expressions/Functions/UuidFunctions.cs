using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// Random uuids, under all the names that schemas in the wild use.
internal static class UuidFunctions
{
    public static IEnumerable<Function> Functions()
    {
        Function random = Total(
                "gen_random_uuid",
                "gen_random_uuid",
                [],
                LogicalType.Uuid,
                _ => Datum.Of(Guid.NewGuid().ToString())
            )
            .AsVolatile();
        return [random, random.Alias("uuid_generate_v4", "uuid_generate_v4")];
    }
}
