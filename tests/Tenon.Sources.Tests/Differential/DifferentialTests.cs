using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Types;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests.Differential;

public sealed class DifferentialTests : IClassFixture<DifferentialTests.Fixture>
{
    private const int RowsPerCase = 60;
    private readonly ThreeWays ways;

    public DifferentialTests(Fixture fixture) => ways = fixture.Ways;

    public sealed class Fixture : IDisposable
    {
        internal ThreeWays Ways { get; } = new();

        public void Dispose() => Ways.Dispose();
    }

    [Fact]
    public void The_evaluator_SQLite_and_PostgreSQL_agree_on_every_value_and_every_error()
    {
        Assert.SkipUnless(ways.HasPostgres, "PostgreSQL is not installed");
        var found = new List<string>();
        int compared = 0;
        foreach (DifferentialCase test in DifferentialCases.All())
        {
            Compare(test, found, ref compared);
        }
        if (Environment.GetEnvironmentVariable("TENON_DIFFERENTIAL_REPORT") is { Length: > 0 } path)
        {
            File.WriteAllLines(path, found);
        }
        Assert.True(found.Count == 0, $"{found.Count} of {compared} differ:\n" + string.Join("\n", found.Take(40)));
        Assert.True(compared > 60 * 30, $"only {compared} comparisons ran");
    }

    [Fact]
    public void The_guide_of_differences_says_what_the_test_allows()
    {
        string path = Repository.PathTo("docs/guides/differences.md");
        if (Environment.GetEnvironmentVariable("TENON_GOLDEN") == "write")
        {
            File.WriteAllText(path, Differences.Document());
        }
        Assert.Equal(Differences.Document(), File.ReadAllText(path));
    }

    private void Compare(DifferentialCase test, List<string> found, ref int compared)
    {
        if (!ThreeWays.Bind(test).TryGet(out Expr expr, out Error error))
        {
            if (Differences.Refused(test) is null)
            {
                found.Add($"{test}: refused: {error.Code} {error.Message}");
            }
            return;
        }
        string type = ways.PostgresType(test);
        // A type's modifiers do not survive an expression there; an error while typing shows again in every row.
        if (
            type[0] != '!'
            && type != expr.Type.Unmodified.SqlName
            && expr.Type.Kind != TypeKind.Char
            && Differences.Reason(test, [], "type " + expr.Type.SqlName, "type " + type) is null
        )
        {
            found.Add($"{test}: type {expr.Type.SqlName}, PostgreSQL {type}");
        }
        foreach (string?[] row in Rows(test.Types))
        {
            compared++;
            Datum[] data =
            [
                .. row.Select(
                    (v, i) => v is null ? Datum.Null : TypeInput.Parse(EdgeValues.Types[test.Types[i]], v).Value
                ),
            ];
            string expected = ways.Postgres(test, row);
            string memory = ThreeWays.Evaluate(expr, data);
            string sqlite = ways.Sqlite(expr, test.Types, data);
            foreach ((string who, string got) in new[] { ("evaluator", memory), ("SQLite", sqlite) })
            {
                if (got != expected && Differences.Reason(test, row, got, expected) is null)
                {
                    found.Add(
                        $"{test} ({string.Join(" | ", row.Select(v => v ?? "NULL"))}): {who} {got}, PostgreSQL {expected}"
                    );
                }
            }
        }
    }

    // Every value of every column at least once, combinations spread evenly over what is left.
    internal static IEnumerable<string?[]> Rows(string[] types)
    {
        string?[][] values = [.. types.Select(EdgeValues.Of)];
        long all = values.Aggregate(1L, (n, v) => n * v.Length);
        long step = Math.Max(1, all / RowsPerCase);
        while (step > 1 && values.Any(v => Gcd(step, v.Length) != 1))
        {
            step++;
        }
        for (long i = 0, at = 0; i < Math.Min(all, RowsPerCase); i++, at = (at + step) % all)
        {
            long rest = at;
            yield return
            [
                .. values.Select(v =>
                {
                    string? value = v[rest % v.Length];
                    rest /= v.Length;
                    return value;
                }),
            ];
        }
    }

    private static long Gcd(long a, long b) => b == 0 ? a : Gcd(b, a % b);
}
