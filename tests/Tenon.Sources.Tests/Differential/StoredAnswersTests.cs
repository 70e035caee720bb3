using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests.Differential;

/// <summary>
/// A function whose answers change without a new version would leave old answers in indexes. A file keeps a digest of what
/// every case answers that may be stored, with the versions that took part; a new digest asks for a new version.
/// </summary>
public sealed class StoredAnswersTests
{
    private static readonly string File = Repository.PathTo("tests/Tenon.Sources.Tests/Differential/stored-answers.txt");

    [Fact]
    public void A_function_whose_answers_change_has_a_new_version()
    {
        Dictionary<string, (string Versions, string Digest)> before = Read();
        Dictionary<string, (string Versions, string Digest)> now = Compute();
        string[] silent =
        [
            .. now.Where(n => before.TryGetValue(n.Key, out var b) && b.Versions == n.Value.Versions && b.Digest != n.Value.Digest)
                .Select(n => $"{n.Key} answers otherwise: raise the version of one of {n.Value.Versions}"),
        ];
        Assert.True(silent.Length == 0, string.Join("\n", silent));
        string text = string.Concat(now.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => $"{n.Key}\t{n.Value.Versions}\t{n.Value.Digest}\n"));
        if (Environment.GetEnvironmentVariable("TENON_GOLDEN") == "write")
        {
            System.IO.File.WriteAllText(File, text);
        }
        Assert.Equal(System.IO.File.ReadAllText(File), text);
        Assert.True(now.Count > 200, $"only {now.Count} cases may be stored");
    }

    private static Dictionary<string, (string, string)> Read() =>
        System.IO.File.Exists(File)
            ? System.IO.File.ReadLines(File).Select(l => l.Split('\t')).ToDictionary(l => l[0], l => (l[1], l[2]), StringComparer.Ordinal)
            : [];

    private static Dictionary<string, (string, string)> Compute()
    {
        var found = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        foreach (DifferentialCase test in DifferentialCases.All())
        {
            if (!ThreeWays.Bind(test).TryGet(out Expr expr, out _) || StoredUses.Of(expr) is not { Refused: null, Stamps.Count: > 0 } uses)
            {
                continue;
            }
            var answers = new StringBuilder();
            foreach (string?[] row in DifferentialTests.Rows(test.Types))
            {
                Datum[] data = [.. row.Select((v, i) => v is null ? Datum.Null : TypeInput.Parse(EdgeValues.Types[test.Types[i]], v).Value)];
                answers.Append(CultureInfo.InvariantCulture, $"{ThreeWays.Evaluate(expr, data)}\n");
            }
            string versions = string.Join(' ', uses.Stamps.Select(s => $"{s.Key}={s.Value.Split('/')[0]}"));
            found[test.ToString()] = (versions, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(answers.ToString())))[..16]);
        }
        return found;
    }
}
