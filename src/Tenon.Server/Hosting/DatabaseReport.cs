using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Policies;

namespace Tenon.Server.Hosting;

/// <summary>Who enforces row policies on a database that can do it itself, and why; the same lines at start, in doctor and in a plan.</summary>
internal static class DatabaseReport
{
    private const int Named = 5;

    public static IEnumerable<string> Policies(Catalog catalog, IReadOnlyCollection<string> schemas, Enforcement? wanted)
    {
        if (wanted == Enforcement.Native)
        {
            yield return "row policies: native, the database's own under the caller's role, because of [db] security = \"native\"";
            yield break;
        }
        ImmutableArray<NativeObject> native = EnforcementReport.Of(catalog, schemas);
        yield return native.IsEmpty
            ? "row policies: compiled by Tenon, which reads all that the exposed schemas have"
            : $"row policies: compiled by Tenon; native, the database's own under the caller's role, for {native.Length} it does not read";
        foreach (NativeObject one in native.Take(Named))
        {
            yield return $"native: {one.Name}, {one.Reason}";
        }
        if (native.Length > Named)
        {
            yield return $"native: and {native.Length - Named} more";
        }
    }
}
