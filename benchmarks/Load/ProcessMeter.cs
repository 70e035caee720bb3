using System.Globalization;

namespace Tenon.Benchmarks.Load;

/// <summary>Processor time and resident memory of a process, as the kernel counts them.</summary>
internal static class ProcessMeter
{
    private const double TicksPerSecond = 100;

    /// <summary>User and system time in seconds.</summary>
    public static double CpuSeconds(int processId)
    {
        var text = File.ReadAllText($"/proc/{processId}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture))
            / TicksPerSecond;
    }

    /// <summary>Resident memory in MiB.</summary>
    public static double ResidentMiB(int processId)
    {
        foreach (var line in File.ReadLines($"/proc/{processId}/status"))
        {
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
            {
                return long.Parse(line.AsSpan(6).Trim(" \tkB"), CultureInfo.InvariantCulture) / 1024.0;
            }
        }

        return 0;
    }

    public static string Processor()
    {
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal));
        return line is null ? "unknown processor" : line[(line.IndexOf(':') + 1)..].Trim();
    }
}
