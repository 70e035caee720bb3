using System.Diagnostics;
using System.Globalization;

namespace Tenon.Benchmarks.Load;

/// <summary>Own time of one step inside the process.</summary>
internal readonly record struct OwnTime(double Micros, double Bytes);

/// <summary>Runs benchmarks/Micro and reads its lines: name, microseconds, bytes.</summary>
internal static class MicroRun
{
    public static IReadOnlyDictionary<string, OwnTime> Measure(string root)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList =
            {
                Path.Combine(root, "artifacts/bin/Micro/release/Tenon.Benchmarks.dll"),
                Path.Combine(root, "benchmarks/app"),
            },
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("cannot start benchmarks/Micro");
        var times = new Dictionary<string, OwnTime>(StringComparer.Ordinal);
        while (process.StandardOutput.ReadLine() is { } line)
        {
            var fields = line.Split('\t');
            times[fields[0]] = new OwnTime(Number(fields[1]), Number(fields[2]));
        }

        process.WaitForExit();
        return process.ExitCode == 0 ? times : throw new InvalidOperationException("benchmarks/Micro failed");
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
