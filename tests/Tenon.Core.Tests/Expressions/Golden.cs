using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Tenon.Core.Tests.Expressions;

/// <summary>
/// Files of blocks: a text, then "=> " and what becomes of it. TENON_GOLDEN=write writes the answers anew, to be reviewed.
/// </summary>
internal static class Golden
{
    public static void Check(string file, Func<string, string> answer, [CallerFilePath] string caller = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(caller)!, "..", "golden", file);
        string before = File.ReadAllText(path);
        var after = new StringBuilder();
        var input = new StringBuilder();
        bool inAnswer = false;
        foreach (string line in before.Split('\n'))
        {
            // An answer of several lines goes on with indented ones.
            inAnswer &= line.StartsWith("   ", StringComparison.Ordinal);
            if (inAnswer)
            {
                continue;
            }
            if (line.StartsWith("=>", StringComparison.Ordinal))
            {
                string text = input.ToString().Trim('\n');
                after.Append(text).Append("\n=> ").Append(answer(text)).Append("\n\n");
                input.Clear();
                inAnswer = true;
            }
            else
            {
                input.Append(line).Append('\n');
            }
        }
        string result = after.ToString().TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("TENON_GOLDEN") == "write")
        {
            File.WriteAllText(path, result);
            return;
        }
        Assert.Equal(before, result);
    }
}
